"""The smith lives by the full config: in play, everything that can happen to items does."""

import numpy as np
import pytest

from metammo.envs.batch import make_vec
from metammo.evaluation.match import play_match
from metammo.evaluation.summary import summarize
from metammo.observe.layout import Market
from metammo.policies.hub import load_policy
from metammo.policies.smith import SmithPolicy
from metammo.world.columns import Event
from tests.contract.batches import mix_of

MINI_EVENTS = {Event.SEIZE_TILE}
"""What no game of these has."""


def play(game, worlds, ticks, seed):
    """Let smiths play a game; return how often each event happened in all episodes."""
    batch = make_vec(mix_of(game, config="full"), worlds, seed=seed, config="full")
    smith = SmithPolicy(seed=seed)
    counts = np.zeros(len(Event), np.int64)
    world_of = np.repeat(np.arange(worlds), batch.agent_count)
    invalid = 0
    for _ in range(ticks):
        before = batch.worlds.player_event_count.astype(np.int64).sum((0, 1))
        rows = batch.observations.reshape(-1)
        masks = batch.masks.reshape(len(rows), -1)
        actions, _ = smith.act(rows, masks, None, Market(batch.markets, world_of))
        starts = np.cumsum([0, *(head.size for head in batch.heads[:-1])])
        chosen = np.take_along_axis(masks, actions + starts, axis=1)
        invalid += int((chosen == 0).sum(axis=1)[batch.alive.reshape(-1)].sum())
        batch.step(actions.reshape(worlds, batch.agent_count, -1))
        if not batch.done.any():
            counts += batch.worlds.player_event_count.astype(np.int64).sum((0, 1)) - before
    batch.close()
    assert invalid == 0
    return counts


def test_every_event_happens():
    counts = sum(play(game, 4, 300, 1) for game in ("survive", "team_battle"))
    missing = {event.name for event in Event if counts[event] == 0}
    assert missing == {Event.SEIZE_TILE.name}


def test_it_plays_the_full_config_alone():
    smith = SmithPolicy()
    batch = make_vec(mix_of("survive"), 1)
    with pytest.raises(ValueError, match="full config only"):
        smith.act(batch.observations[0], batch.masks[0], None)


def test_it_meets_the_others_in_matches():
    names = ("smith", "scripted", "random")
    game = mix_of("survive", config="full")
    match = play_match(game, [load_policy(name) for name in names], 4, config="full", worlds=4)
    rows = {row["policy"]: row for row in summarize(match.episodes)}
    assert rows["smith"]["progress"] > rows["random"]["progress"]
