"""Which legs and tournaments do the settings ask for?"""

import pytest
from experiments.generalist.legs import HERE, choose_legs, read_experiment


def test_the_settings_have_the_legs_that_the_readme_lists():
    mini = read_experiment(HERE / "mini.toml", scale=1_000_000, seeds=[1])
    steps = {leg.name: leg.steps for leg in mini.legs}
    assert steps["specialist-team_battle-s1"] == 1_000_000
    assert steps["generalist-s1"] == steps["frozen-s1"] == 5_000_000
    # As many as the generalist, but for the last digit of the share that the settings give.
    assert steps["wide-s1"] == pytest.approx(5_000_000, rel=1e-4)
    assert steps["tuned-survive-s1"] == steps["scratch-survive-s1"] == 50_000
    assert sum(steps.values()) == pytest.approx(20_500_000, rel=1e-4)
    legs = {leg.name: leg for leg in mini.legs}
    assert legs["tuned-survive-s1"].init == "generalist-s1"
    assert legs["frozen-s1"].options["curriculum"] is False
    full = read_experiment(HERE / "full.toml", scale=1_000_000, seeds=[1])
    assert sum(leg.steps for leg in full.legs) == 6_000_000
    for each in (mini, full):
        for tournament in each.tournaments:
            for game in tournament.games:
                families = {leg.family for leg in each.players(tournament, game, 1)}
                assert families == {word.partition("-")[0] for word in tournament.policies}


def test_who_meets_is_told_by_family_game_and_seed(experiment):
    ratings, transfer, _, _ = experiment.tournaments
    names = [leg.name for leg in experiment.players(ratings, "survive", 2)]
    assert names == ["generalist-s2", "specialist-survive-s2"]
    assert experiment.seeds_of(ratings) == (1, 2)
    names = [leg.name for leg in experiment.players(transfer, "survive", 1)]
    assert names == ["specialist-survive-s1", "specialist-race_to_center-s1", "generalist-s1"]
    assert experiment.seeds_of(transfer) == (1,)


def test_no_two_seeds_of_the_training_have_a_map_in_common(experiment, tiny):
    assert experiment.matches_of(1) == [1001]
    assert experiment.matches_of(2) == [2001]
    text = tiny.read_text()
    tiny.write_text(text.replace("seeds = [1]\n", "seeds = [1, 1000]\n"))
    with pytest.raises(ValueError, match=r"seeds are some numbers from 0 to 999, got \[1, 1000\]"):
        read_experiment(tiny)


def test_the_first_seed_is_the_settings_own(tiny):
    _, transfer, _, _ = read_experiment(tiny, seeds=[2, 1]).tournaments
    assert read_experiment(tiny, seeds=[2, 1]).seeds_of(transfer) == (1,)
    assert read_experiment(tiny, seeds=[2]).seeds_of(transfer) == ()


@pytest.mark.parametrize("words", ['policies = ["specialist", "generalist"]', "checkpoints = true"])
def test_several_policies_of_a_kind_play_for_one_seed_alone(words, tiny):
    text = tiny.read_text()
    assert f"{words}\n" in text
    one = text.replace("first_seed_only = true\n", "")
    one = one.replace("checkpoints = true\n", "") if "policies" in words else one
    tiny.write_text(one)
    with pytest.raises(ValueError, match="one policy of each kind plays for a seed, here are sev"):
        read_experiment(tiny)


def test_chosen_legs_bring_those_that_they_begin_with(experiment):
    chosen = choose_legs(experiment, ["tuned-team_battle-s2", "specialist-survive"])
    assert {leg.name for leg in chosen.legs} == {
        *("generalist-s2", "specialist-survive-s1", "specialist-survive-s2"),
        "tuned-team_battle-s2",
    }


def test_who_does_not_play_cannot_be_compared(tiny):
    text = tiny.read_text()
    ask = 'policies = ["tuned-{game}"]\ncompare = '
    tiny.write_text(text.replace('policies = ["tuned-{game}"]', f'{ask}[["tuned", "scripted"]]'))
    assert read_experiment(tiny).tournaments[-1].compare == (("tuned", "scripted"),)
    tiny.write_text(text.replace('policies = ["tuned-{game}"]', f'{ask}[["tuned", "generalist"]]'))
    with pytest.raises(ValueError, match=r"'generalist' cannot be compared.* there are tuned, scr"):
        read_experiment(tiny)
