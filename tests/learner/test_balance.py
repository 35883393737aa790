"""Games of a mix get their shares of the agent-steps, however long their episodes are."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from metammo.cli.main import main
from metammo.learner.balance import Balance
from metammo.learner.playlist import PLAYLISTS, read_games
from metammo.learner.settings import PoolSettings, PPOSettings, TrainSettings
from metammo.learner.train import Run
from metammo.minigames.minigame import find_game

AGENTS = 100


def play(lengths, shares, worlds, rollouts=600, seed=0):
    """Play made-up episodes; return each game's share of the steps, and the weights of the end."""
    rng = np.random.default_rng(seed)
    shares = np.array(shares)
    balance = Balance(len(lengths), worlds)

    def begin(weights):
        game = rng.choice(len(lengths), p=weights)
        return game, max(round(lengths[game] * rng.uniform(0.7, 1.3)), 1)

    weights, played, history = shares, np.zeros(len(lengths)), []
    games, ends = map(list, zip(*(begin(weights) for _ in range(worlds)), strict=True))
    ticks = np.zeros(worlds, np.int64)
    for _ in range(rollouts):
        for _ in range(32):
            for world in range(worlds):
                played[games[world]] += AGENTS
                ticks[world] += 1
                if ticks[world] == ends[world]:
                    balance.note(games[world], int(ticks[world]) * AGENTS)
                    games[world], ends[world] = begin(weights)
                    ticks[world] = 0
        balance.update(shares, played, np.array(games), ticks * AGENTS)
        weights = balance.weights(shares)
        history.append(weights)
    return played / played.sum(), np.array(history)


@pytest.mark.parametrize(
    ("lengths", "shares", "worlds"),
    [
        ((80, 280, 680, 150, 630), (0.2,) * 5, 8),
        ((80, 280, 680), (0.6, 0.3, 0.1), 64),
        ((20, 1024), (0.5, 0.5), 8),
        ((5, 7), (0.5, 0.5), 4),
    ],
)
def test_shares_are_met_whatever_the_lengths(lengths, shares, worlds):
    got, _ = play(lengths, shares, worlds)
    assert got == pytest.approx(np.array(shares), abs=0.02)


def test_weights_settle_where_a_round_of_episodes_gives_the_shares():
    lengths = np.array([80, 280, 680])
    _, history = play(lengths, (1 / 3,) * 3, worlds=64, rollouts=400)
    late = history[200:]
    wanted = 1 / lengths / (1 / lengths).sum()
    assert late.mean(0) == pytest.approx(wanted, rel=0.15)
    # No swinging to and fro: what is left is the chance of the draws.
    assert (late.std(0) < 0.4 * wanted).all()
    assert (history > 0).all()


def test_a_game_that_is_behind_is_drawn_oftener():
    balance = Balance(2, 4)
    shares = np.array([0.5, 0.5])
    for game in (0, 1):
        balance.note(game, 1000)
    # Both are being played, and are as far; the second has had three times as much.
    games, steps = np.array([0, 0, 1, 1]), np.array([500, 500, 500, 500])
    balance.update(shares, np.array([1000.0, 3000.0]), games, steps)
    first, second = balance.weights(shares)
    assert balance.behind.tolist() == [1000, -1000]
    assert balance.running.tolist() == [1000, 1000]
    # To come are two rounds of 4,000, and 2,000 of what is running: 5,000 + 1,000 - 1,000 of each.
    assert first / second == pytest.approx(5000 / 3000)


def settings_in(folder, **changes):
    settings = TrainSettings(
        games=("race_to_center", "survive", "team_battle"),
        worlds=2,
        rollout=8,
        threads=1,
        folder=folder,
        ppo=PPOSettings(sequence=4, minibatch=512),
        pool=PoolSettings(share=0.0),
    )
    return replace(settings, **changes)


def hurry(run, ticks):
    """Let each game's episodes last so many ticks."""
    step = run.batch.step

    def hurried(actions):
        worlds = run.batch.worlds
        worlds["rule_horizon"][:] = np.array(ticks)[worlds["game"]]
        return step(actions)

    run.batch.step = hurried


def test_games_of_a_run_get_their_shares_of_the_steps(tmp_path):
    shares = {}
    for balance, rollouts in (("steps", 50), ("episodes", 15)):
        run = Run(settings_in(tmp_path, balance=balance))
        hurry(run, (4, 12, 32))
        for _ in range(rollouts):
            run.note_episodes(run.actor.collect())
        steps = np.array(run.actor.game_steps)
        shares[balance] = steps / steps.sum()
        if run.mix.balance is not None:
            assert run.batch.table.weight.tolist() == run.mix.game_weights().tolist()
        run.batch.close()
    assert shares["steps"] == pytest.approx(np.full(3, 1 / 3), abs=0.02)
    assert shares["episodes"][0] < 0.2


def test_a_game_that_pays_a_hundredfold_is_learned_no_harder(tmp_path):
    # The race pays for standing still, survival a hundredfold for going north.
    games = ("race_to_center", "survive", "team_battle=1e-9")
    run = Run(settings_in(tmp_path, games=games, worlds=4))
    hurry(run, (8, 8, 8))
    step, paid_moves, pay = run.batch.step, np.array([4, 0, 0]), np.array([1.0, 100.0, 0.0])

    def paid(actions):
        games = run.batch.worlds.game.copy()
        result = step(actions)
        earned = np.asarray(actions)[..., 0] == paid_moves[games][:, None]
        run.batch.rewards[:] = earned * pay[games][:, None]
        return result

    run.batch.step = paid
    shares = {0: [], 1: []}
    for update in range(20):
        run.note_episodes(run.actor.collect())
        buffer = run.actor.buffer
        targets, _ = run.algorithm.targets(buffer)
        for game, seen in shares.items():
            which = buffer.alive & (buffer.games == game)
            if which.any():
                moves = buffer.actions[which][:, 0]
                seen.append(float((moves == paid_moves[game]).float().mean()))
                # Later there is little left to learn.
                if 4 < update < 12:
                    size = float(targets.advantages[which].pow(2).mean().sqrt())
                    assert 0.3 < size < 3
                    errors = (targets.values - targets.returns)[which]
                    assert float((errors**2).mean()) < 4
        run.algorithm.update(buffer, 3e-3)
    run.batch.close()
    for seen in shares.values():
        assert seen[0] < 0.4
        assert seen[-1] > 0.6, shares


def test_weights_and_mixes_are_read():
    assert read_games(["race_to_center=2", "team_battle"]) == (
        ("race_to_center", "team_battle"),
        (2.0, 1.0),
        None,
    )
    assert read_games(["runs/seed=1/well.py", "well.py=0.5"])[:2] == (
        ("runs/seed=1/well.py", "well.py"),
        (1.0, 0.5),
    )
    games, weights, config = read_games(["mini_gen=2", "survive"])
    assert games == (*PLAYLISTS["mini_gen"][1], "survive")
    assert weights == (2.0,) * 5 + (1.0,)
    assert config == "mini"
    assert all(find_game(game) for _, games in PLAYLISTS.values() for game in games)


def test_settings_hold_games_and_weights_apart():
    settings = TrainSettings(games=("race_to_center=3", "survive")).settled()
    assert settings.games == ("race_to_center", "survive")
    assert settings.weights == (3.0, 1.0)
    assert settings.settled() == settings
    assert TrainSettings(games=("race_to_center", "survive")).settled().weights == ()
    mix = TrainSettings(games=("full_gen",), seed=3).settled()
    assert (mix.config, mix.name) == ("full", "full_gen-3")
    with pytest.raises(ValueError, match="1 games have 2 weights"):
        replace(settings, games=("survive",)).settled()


def test_the_command_says_what_is_wrong_with_a_mix(tmp_path, capsys):
    assert main(["train", "--games", "survive=0", "--folder", str(tmp_path)]) == 2
    told = "metammo: a game's weight is a number above 0, as in race_to_center=2; got 'survive=0'"
    assert capsys.readouterr().err.strip() == told
    assert main(["train", "--balance", "time", "--folder", str(tmp_path)]) == 2
    assert "balance must be one of steps, episodes, got 'time'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["race_to_center=0"], "a game's weight is a number above 0, as in race_to_center=2"),
        (["race_to_center=much"], "got 'race_to_center=much'"),
        (["race_to_center=inf"], "got 'race_to_center=inf'"),
        (["mini_gen", "sandwich"], "sandwich is named twice in --games mini_gen sandwich"),
        (["mini_gen", "full_gen"], "team_battle is named twice"),
        ([], "no game given; name at least one, or mini_gen, full_gen"),
    ],
)
def test_games_that_cannot_be_are_refused(words, error):
    with pytest.raises(ValueError, match=error):
        read_games(words)


def test_a_mix_goes_on_bit_for_bit(tmp_path):
    whole = Run(settings_in(tmp_path, games=("race_to_center=2", "survive", "team_battle")))
    parts = Run(settings_in(tmp_path, games=("race_to_center=2", "survive", "team_battle")))
    runs = [whole, parts]
    for run in runs:
        hurry(run, (4, 6, 9))
    for _ in range(4):
        whole.learn()
    for _ in range(2):
        parts.learn()
    parts.save("last")
    resumed = Run(settings_in(tmp_path, resume=parts.folder, steps=None))
    runs.append(resumed)
    hurry(resumed, (4, 6, 9))
    assert resumed.settings.weights == (2.0, 1.0, 1.0)
    for _ in range(2):
        resumed.learn()
    kept, again = whole.mix.state_dict(), resumed.mix.state_dict()
    assert all(torch.equal(kept[name], again[name]) for name in kept)
    assert "balance.behind" in kept
    assert whole.batch.table.weight.tolist() == resumed.batch.table.weight.tolist()
    row = whole.measures.row({}, 0.0, 1.0, 1.0)
    assert sum(row[f"{game}/share_of_steps"] for game in whole.settings.games) == pytest.approx(1)
    assert json.loads((parts.folder / "settings.json").read_text())["weights"] == [2.0, 1.0, 1.0]
    for run in runs:
        run.batch.close()
