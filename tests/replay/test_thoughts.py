"""What policies think: of a network whose logits are known, recorded beside a scripted player."""

import numpy as np
import pytest
import torch

from metammo.actions import MASK_TALK, MASK_TARGET, MINI_HEADS, NO_TARGET, head_sizes
from metammo.evaluation.match import Table
from metammo.observe.layout import MINI_LAYOUT, OwnFeature
from metammo.policies.heads import ActionHeads
from metammo.policies.policy import TorchPolicy
from metammo.policies.scripted import ScriptedPolicy
from metammo.replay.format import THOUGHTS, Replay, write_replay
from metammo.replay.frames import thought_rows
from metammo.replay.header import ReplayError
from metammo.replay.recorder import Recorder
from tests.contract.batches import make_batch, only
from tests.replay.files import made_up_replay

MOVE, STYLE, TARGET, TALK = range(4)
LOGITS = torch.arange(sum(head_sizes(MINI_HEADS))) % 7 / 4
"""The same for every observation; within a head they differ."""


class Known(torch.nn.Module):
    """A network whose logits are known, and whose value is the tick."""

    state_size = 1
    head_sizes = head_sizes(MINI_HEADS)
    layout_name = "mini"

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def step(self, inputs, state):
        rows = inputs.rows
        own = rows.numpy().view(MINI_LAYOUT.dtype)["own"][:, 0]
        ticks = torch.from_numpy(own[:, OwnFeature.TICK].astype(np.float32))
        return LOGITS.repeat(len(rows), 1), ticks, state


def likely(mask):
    """Return each head's likeliest choices and their shares, written out plainly."""
    choices, shares = [], []
    first = 0
    for size in head_sizes(MINI_HEADS):
        allowed = np.flatnonzero(mask[first : first + size])
        odds = np.exp(LOGITS[first : first + size].double().numpy())
        best = sorted(allowed, key=lambda choice: -odds[choice])[:3]
        choices.append([int(choice) for choice in best])
        shares.append([odds[choice] / odds[allowed].sum() for choice in best])
        first += size
    return choices, shares


@pytest.fixture(scope="module")
def episode():
    """A recorded episode, and what the table was thinking, seeing and choosing in each tick."""
    batch = make_batch(
        worlds=2, games=only("team_battle"), seed=4, size="tiny", horizon=24, playable=16
    )
    table = Table(batch, [TorchPolicy(Known(), "known"), ScriptedPolicy()], keeps_thoughts=True)
    recorder = Recorder(batch, 1)
    seen = []
    while not recorder.is_over:
        actions = table.actions()
        world = batch.worlds[1]
        seen.append(
            {
                "alive": batch.alive[1].copy(),
                "masks": batch.masks[1].copy(),
                "entity": world.observed_entity.copy(),
                "thoughts": table.thoughts,
            }
        )
        recorder.step(actions, table.thoughts)
    return recorder.replay(), table.seats[1] == 0, seen


def test_choices_and_shares_are_those_of_the_logits(episode):
    replay, knows, seen = episode
    for frame, sight in enumerate(seen):
        for agent in np.flatnonzero(sight["alive"] & knows):
            choices, shares = likely(sight["masks"][agent])
            told = sight["thoughts"]
            for head in range(4):
                count = len(choices[head])
                kept = told.share[1, agent, head]
                assert kept[:count] == pytest.approx(shares[head], abs=1e-6)
                assert (kept[count:] == 0).all()
                assert (told.choice[1, agent, head][count:] == -1).all()
                written = replay["player_share"][frame, agent, head]
                assert np.abs(written[:count] - 255 * np.array(shares[head])).max() < 0.501
                if head != TARGET and len(set(shares[head])) == count:
                    assert told.choice[1, agent, head, :count].tolist() == choices[head]
                    assert (
                        replay["player_choice"][frame, agent, head, :count].tolist()
                        == (choices[head])
                    )
            assert replay["player_value"][frame, agent] == frame


def test_masked_choices_never_appear(episode):
    _, knows, seen = episode
    starts = np.cumsum((0, *head_sizes(MINI_HEADS)[:-1]))
    for sight in seen:
        rows = np.flatnonzero(sight["alive"] & knows)
        choice = sight["thoughts"].choice[1, rows]
        place = np.where(choice < 0, 0, choice) + starts[None, :, None]
        allowed = np.take_along_axis(sight["masks"][rows][:, None, :], place, 2)
        assert (allowed[choice >= 0] == 1).all()


def test_targets_are_rows_of_entities(episode):
    replay, knows, seen = episode
    players = replay.header["players"]
    first_npc = seen[0]["entity"].shape[0]
    found = set()
    for frame, sight in enumerate(seen):
        for agent in np.flatnonzero(sight["alive"] & knows):
            told = sight["thoughts"].choice[1, agent, TARGET]
            for place in range(3):
                row = int(replay["player_choice"][frame, agent, TARGET, place])
                if told[place] < 0 or told[place] == NO_TARGET:
                    assert row == -1
                    continue
                entity = int(sight["entity"][agent, told[place]])
                assert row == (entity if entity < first_npc else entity - first_npc + players)
                assert replay["entity_alive"][frame, row] == 1
                found.add("npc" if row >= players else "agent")
    assert found == {"npc", "agent"}


def test_scripted_agents_the_dead_and_the_last_frame_are_unknown(episode):
    replay, knows, seen = episode
    share, value = replay["player_share"], replay["player_value"]
    assert share[0, knows].all(2).any()
    assert not share[:, ~knows].any()
    assert not value[:, ~knows].any()
    assert (replay["player_choice"][:, ~knows] == -1).all()
    for frame, sight in enumerate(seen):
        assert not share[frame, ~sight["alive"]].any()
    assert not share[-1].any()
    assert not value[-1].any()


def test_thoughts_are_written_and_read(episode, tmp_path):
    replay = episode[0]
    write_replay(tmp_path / "a", replay)
    again = Replay.open(tmp_path / "a")
    assert again.header["heads"] == ["move", "attack_style", "attack_target", "talk"]
    for name in THOUGHTS:
        assert np.array_equal(again[name], replay[name])


def test_nothing_is_thought_unless_asked_for():
    batch = make_batch(worlds=1, games=only("team_battle"), size="tiny", playable=16)
    policy = TorchPolicy(Known(), "known")
    table = Table(batch, [policy])
    recorder = Recorder(batch)
    recorder.step(table.actions(), table.thoughts)
    assert policy.thoughts is None
    assert not set(THOUGHTS) & set(recorder.replay().names)
    assert "heads" not in recorder.replay().header


def test_a_head_with_few_choices_has_few_best_ones():
    masks = torch.zeros(1, sum(head_sizes(MINI_HEADS)), dtype=torch.uint8)
    masks[0, [1, MASK_TARGET + NO_TARGET, MASK_TALK + 3, MASK_TALK + 9]] = 1
    choices, shares = ActionHeads().best(torch.zeros(1, masks.shape[1]), masks, 3)
    assert choices[0, MOVE].tolist() == [1, -1, -1]
    assert choices[0, STYLE].tolist() == [-1, -1, -1]
    assert choices[0, TARGET].tolist() == [NO_TARGET, -1, -1]
    assert sorted(choices[0, TALK].tolist()) == [-1, 3, 9]
    assert shares[0].sum(-1).tolist() == [1, 0, 1, 1]


@pytest.mark.pure
def test_rounded_values_are_close_and_what_is_no_number_is_unknown():
    class World:
        player_count = 4
        observed_entity = np.full((4, 32), -1, np.int16)

    value = np.array([1.2345678, -3e-5, np.nan, np.inf], np.float32)
    none = np.zeros((4, 4, 3))
    kept = thought_rows(World, value, none.astype(np.int16), none)["player_value"]
    assert kept[:2] == pytest.approx(value[:2], rel=1 / 4096)
    assert kept[2:].tolist() == [0, 0]
    assert not (kept.view(np.uint32) & 0xFFF).any()


@pytest.mark.pure
def test_places_become_rows_and_choices_too_unlikely_to_tell_are_none():
    class World:
        player_count = 3
        observed_entity = np.full((8, 32), -1, np.int16)

    # Five seats of the size class are empty: the first NPC, entity 8, is row 3.
    World.observed_entity[1, :3] = [2, 8, 9]
    choice = np.full((8, 4, 3), -1, np.int16)
    share = np.zeros((8, 4, 3))
    choice[1, TARGET], share[1, TARGET] = [1, NO_TARGET, 0], [0.5, 0.3, 0.2]
    choice[1, MOVE], share[1, MOVE] = [4, 2, 0], [0.995, 0.004, 0.001]
    rows = thought_rows(World, np.zeros(8, np.float32), choice, share)
    assert rows["player_choice"].shape == (3, 4, 3)
    assert rows["player_choice"][1, TARGET].tolist() == [3, -1, 2]
    assert rows["player_share"][1, TARGET].tolist() == [128, 76, 51]
    assert rows["player_choice"][1, MOVE].tolist() == [4, 2, -1]
    assert rows["player_share"][1, MOVE].tolist() == [254, 1, 0]
    assert (rows["player_choice"][[0, 2]] == -1).all()


def changed(replay, header=None, **arrays):
    kept = {name: replay[name] for name in replay.names} | arrays
    kept = {name: array for name, array in kept.items() if array is not None}
    return Replay({**replay.header, **(header or {})}, kept)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict.fromkeys(["player_value"]), "but not all"),
        (dict.fromkeys(["player_choice", "player_share"]), "but not all"),
        ({"header": {"heads": ["move", 3]}}, "heads cannot be"),
        ({"header": {"heads": "move"}}, "heads cannot be"),
        ({"header": {"heads": ["move"]}}, "player_choice has shape"),
        ({"header": {"heads": ["head"] * 65}}, "heads cannot be"),
    ],
)
def test_half_thoughts_are_refused(change, words, tmp_path):
    with pytest.raises(ReplayError, match=words):
        write_replay(tmp_path / "a", changed(made_up_replay(), **change))


@pytest.mark.pure
def test_targets_beyond_the_entities_are_refused(tmp_path):
    replay = made_up_replay()
    choice = replay["player_choice"].copy()
    # The second head names entities, the first does not.
    choice[2, 1, 0, 0] = 99
    write_replay(tmp_path / "a", changed(replay, player_choice=choice))
    assert Replay.open(tmp_path / "a")["player_choice"][2, 1, 0, 0] == 99
    choice[2, 1, 1, 0] = replay.header["entities"]
    write_replay(tmp_path / "b", changed(replay, player_choice=choice))
    with pytest.raises(ReplayError, match="values that cannot be"):
        Replay.open(tmp_path / "b")["player_choice"]
