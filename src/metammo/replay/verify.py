"""Whether an episode was played as its replay says: it is played again, and compared.

A replay's start is a world's bytes, which compiled code takes as they are. Its indices are checked
before; what a game keeps for itself cannot be. Verify replays whose origin you trust.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.actions import no_op
from metammo.envs.batch import Batch
from metammo.replay.format import FRAMES, ITEMS, TRUTH, Replay
from metammo.replay.header import ReplayError
from metammo.replay.recorder import Recorder
from metammo.rules.items import ITEM_TYPE_COUNT
from metammo.rules.materials import MATERIAL_COUNT
from metammo.rules.rules import RULE_COLUMNS
from metammo.rules.sizes import SIZE_CLASSES, Sizes
from metammo.rules.skills import LEVEL_LIMIT, STYLE_COUNT
from metammo.world.columns import OBJECTIVE_LIMIT, STEP_LIMIT, Kind
from metammo.world.worlds import restore


@dataclass(frozen=True)
class Verdict:
    """What playing an episode again has shown."""

    ticks: int
    """How many were compared."""
    first_difference: int | None = None
    """First frame that differs; None: none does."""
    columns: tuple[str, ...] = ()
    """Sections that differ in that frame; none where the difference is in what no viewer shows."""

    @property
    def is_same(self) -> bool:
        """The episode was played as the replay says."""
        return self.first_difference is None


def _limits(sizes: Sizes) -> dict[str, tuple[int, int]]:
    """Return for each column that holds an index its least value and what it lies below."""
    side, players, entities = sizes.map_size, sizes.players, sizes.entities
    ranges = [
        (0, 1, "game tick is_game_over"),
        (0, side, "entity_row entity_col entity_spawn_row entity_spawn_col"),
        (0, side, "npc_queue npc_spawn_depth"),
        (-1, side, "objective_row objective_col npc_rally_row npc_rally_col"),
        (
            -1,
            entities,
            "entity_next tile_first_entity entity_attacker entity_killer npc_target "
            "npc_victim npc_attack entity_attack_target observed_entity",
        ),
        (-1, players, "entity_team objective_owner listing_seller buyer"),
        (0, players, "player_order team_first"),
        (0, players + 1, "player_count team_count team_size"),
        (0, sizes.npcs + 1, "npc_limit npc_alive_count npc_queue_count"),
        (0, sizes.npcs, "npc_queue_first"),
        (0, len(Kind), "entity_kind"),
        (0, STYLE_COUNT, "entity_style"),
        (0, MATERIAL_COUNT, "tile_material"),
        (0, ITEM_TYPE_COUNT, "item_type npc_drop"),
        (0, LEVEL_LIMIT + 1, "item_level entity_level player_skill_level"),
        (0, OBJECTIVE_LIMIT + 1, "objective_count"),
        (-1, OBJECTIVE_LIMIT, "player_objective"),
        (0, 12, "listing_place"),
        (0, STEP_LIMIT + 1, "task_length"),
        (0, side * side + 1, "depleted_count"),
        (0, side * side, "depleted_tile"),
    ]
    return {name: (low, high) for low, high, names in ranges for name in names.split()}


def check_start(world: Any, sizes: Sizes) -> None:
    """Raise ReplayError where a world's indices would lead out of its arrays, or in circles.

    Args:
        world: one record, of unknown origin.
        sizes: its size class.
    """
    for name, (low, high) in _limits(sizes).items():
        values = world[name]
        if np.min(values) < low or np.max(values) >= high:
            raise ReplayError(f"the replay's start is damaged: {name} is out of range")
    if not 0 < int(world.rule_playable) <= sizes.playable_limit:
        raise ReplayError("the replay's start is damaged: rule_playable is out of range")
    for column in RULE_COLUMNS:
        if not abs(float(world[column.name])) < 1 << 31:
            raise ReplayError(f"the replay's start is damaged: {column.name} is out of range")
    seen = np.zeros(sizes.entities, np.bool_)
    for first in world.tile_first_entity[world.tile_first_entity >= 0]:
        entity = int(first)
        while entity >= 0:
            if seen[entity]:
                raise ReplayError("the replay's start is damaged: an entity stands twice")
            seen[entity] = True
            entity = int(world.entity_next[entity])


def _make_batch(replay: Replay, game: str | None) -> Batch:
    """Return a batch of one world of a replay's game."""
    header = replay.header
    if header["size"] not in SIZE_CLASSES:
        raise ReplayError(f"{replay.label} is of an unknown size class {header['size']!r}")
    name = game or str(header["game"])
    options: dict[str, Any] = {"config": header["config"], "size": header["size"], "threads": 1}
    batch = Batch(name, worlds=1, **options)
    if batch.agent_count < header["players"]:
        batch.close()
        sizes = [team["size"] for team in header["teams"]]
        batch = Batch(name, worlds=1, teams=sizes, **options)
    return batch


def _restore(batch: Batch, replay: Replay) -> None:
    """Put a batch's first world where a replay starts."""
    header = replay.header
    if header["game"] not in batch.game_names:
        raise ReplayError(f"{replay.label} is of {header['game']}, not {batch.game_names[0]}")
    game = batch.game_names.index(header["game"])
    if batch.game_versions[game] != header["game_version"]:
        raise ReplayError(
            f"{replay.label} was recorded with version {header['game_version']} of "
            f"{header['game']}, here is version {batch.game_versions[game]}; "
            "give the game's file of then with --game"
        )
    worlds = batch.worlds.copy()
    try:
        restore(worlds, 0, replay["start"].tobytes())
    except ValueError as error:
        raise ReplayError(f"{replay.label} cannot be played again: {error}") from error
    check_start(worlds[0], batch.sizes)
    if int(worlds.player_count[0]) != header["players"] or batch.agent_count < header["players"]:
        raise ReplayError(f"{replay.label}: start and header differ in the number of players")
    worlds.game[0] = game
    worlds.task_number[0] += int(batch.table["task_first"][game])
    batch.worlds[0] = worlds[0]
    # Observing prepares the batch's arrays and may change the world: it is put back as it was.
    batch.observe()
    batch.worlds[0] = worlds[0]


def _difference(replay: Replay, frame: int, played: Replay) -> tuple[str, ...]:
    names = []
    for name in (*FRAMES, *ITEMS):
        if name not in replay or name not in played or name in ("map", "tile_changes"):
            continue
        ours, theirs = played[name][frame], replay[name][frame]
        if name.startswith("entity_"):
            count = min(len(ours), len(theirs))
            ours, theirs = ours[:count], theirs[:count]
        if not np.array_equal(ours, theirs):
            names.append(name)
    return tuple(names)


def _padded(actions: NDArray[np.int16], batch: Batch) -> NDArray[np.int16]:
    """Return a tick's actions, int16[worlds, agents, heads]: no-ops for rows that it lacks."""
    shape = (batch.world_count, batch.agent_count, 1)
    full = np.tile(np.array(no_op(batch.heads), np.int16), shape)
    full[0, : len(actions)] = actions
    return full


def verify(
    replay: Replay,
    *,
    game: str | None = None,
    batch: Batch | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Play a replay's episode again, and compare the state of the world at every frame.

    Args:
        replay: with the truth.
        game: path of the game's file, where it is not one of the package's.
        batch: play in the first world of this batch, which has the replay's game, config and
            size; None makes one.
        progress: called with the number of ticks played.

    Raises:
        ReplayError: it cannot be played again, as it lacks the truth or is of another version.
        GameError: the game is not known.
    """
    replay.require(TRUTH, "played again")
    if replay.header["source"] != "metammo":
        raise ReplayError(f"{replay.label} was not recorded here; there is nothing to play again")
    own = _make_batch(replay, game) if batch is None else None
    try:
        return _compare(replay, own or batch, progress)
    finally:
        if own:
            own.close()


def _compare(replay: Replay, batch: Any, progress: Callable[[int], None] | None) -> Verdict:
    _restore(batch, replay)
    actions, hashes = replay["actions"], replay["hashes"]
    if actions.shape[2] != len(batch.heads):
        raise ReplayError(f"{replay.label} has {actions.shape[2]} heads of an action")
    recorder = Recorder(batch)
    for frame in range(len(hashes)):
        if frame:
            if recorder.is_over:
                return Verdict(frame - 1, frame, ("ticks",))
            recorder.step(_padded(actions[frame - 1], batch))
            if progress:
                progress(frame)
        if not np.array_equal(recorder.last_hash, hashes[frame]):
            return Verdict(frame, frame, _difference(replay, frame, recorder.replay()))
    return Verdict(len(actions))
