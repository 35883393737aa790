"""What a viewer is shown of a world: one row of every column of a replay's frames."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metammo.actions import HEAD_GIVE_GOLD_TARGET, HEAD_GIVE_TARGET, HEAD_TARGET
from metammo.envs.batch import Batch
from metammo.replay.format import CHOICES, SECTIONS

PLAYERS_KILLED = 1
"""Which half of `player_kills` counts players."""
_ENTITY_COLUMNS = {
    "entity_alive": "entity_is_alive",
    **{
        f"entity_{name}": f"entity_{name}"
        for name in ("kind", "row", "col", "health", "level", "style", "damage", "gold")
    },
}
_PLAYER_COLUMNS = {
    "player_food": "player_food",
    "player_water": "player_water",
    "player_message": "player_message",
    "player_progress": "player_progress",
    "player_cause": "entity_death_cause",
}
_ITEM_COLUMNS = {
    **{f"item_{name}": f"item_{name}" for name in ("type", "level", "quantity", "price")},
    "item_worn": "item_is_worn",
}
_ENTITY_HEADS = (HEAD_TARGET, HEAD_GIVE_TARGET, HEAD_GIVE_GOLD_TARGET)
"""Heads whose choices are the observed entities; the last is nobody."""
VALUE_BITS = 12
"""Bits of a value's mantissa that are dropped, of 23: what is left is right to 1 in 4,096."""
_OBJECTIVE_COLUMNS = ("objective_row", "objective_col", "objective_owner", "objective_tick")


class ThoughtArrays(Protocol):
    """What policies thought, as `policies.policy.Thoughts` of a batch or of one world."""

    @property
    def value(self) -> NDArray[np.float32]:
        """float32[..., agents]."""
        ...

    @property
    def choice(self) -> NDArray[np.int16]:
        """int16[..., agents, heads, 3]: indices of the head, -1 none."""
        ...

    @property
    def share(self) -> NDArray[np.float32]:
        """float32[..., agents, heads, 3]: how likely, 0..1."""
        ...


class FrameReader:
    """Reads a world of a batch after every tick, in the form in which replays keep it.

    Entities are the world's agents, then its rows of NPCs.

    Attributes:
        map: uint8[size, size]: materials at the first frame.
        players: agents of the world.
        entities: agents and all rows of NPCs.
        seen_entities: agents and the rows of NPCs that were ever used.
    """

    def __init__(self, batch: Batch, world: Any) -> None:
        self.players = int(world.player_count)
        self.first_npc = batch.sizes.players
        self.entities = self.players + len(world.entity_kind) - self.first_npc
        self.seen_entities = self.players
        self.objectives = int(world.objective_count)
        self.has_items = batch.config == "full"
        self.map = world.tile_material.copy()
        self._material = self.map.copy()
        self._alive_before = np.zeros(world.entity_kind.shape, np.bool_)

    def _entities(self, column: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([column[: self.players], column[self.first_npc :]])

    def read(self, world: Any, rewards: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return a frame's row of every section that has frames, in the section's dtype.

        Args:
            world: a record of the world after its tick; frames must be read in order.
            rewards: float32[agents] of that tick.
        """
        players = self.players
        rows = {name: self._entities(world[column]) for name, column in _ENTITY_COLUMNS.items()}
        rows["entity_freeze"] = self._entities(world.entity_freeze > 0)
        for name, column in _PLAYER_COLUMNS.items():
            rows[name] = world[column][:players]
        self._leave_out_past(world, rows)
        rows["player_kills"] = world.player_kills[:players, PLAYERS_KILLED].sum(1)
        rows["player_reward"] = rewards[:players]
        for name in _OBJECTIVE_COLUMNS:
            rows[name] = world[name][: self.objectives]
        if self.has_items:
            for name, column in _ITEM_COLUMNS.items():
                rows[name] = world[column][:players]
        self.seen_entities = max(self.seen_entities, players + int(world.npc_limit))
        return {name: _stored(name, row) for name, row in rows.items()}

    def _leave_out_past(self, world: Any, rows: dict[str, NDArray[Any]]) -> None:
        """Write what belongs to a tick: the world's rows of the dead keep what was last."""
        players, lived = self.players, self._alive_before
        target = world.entity_attack_target.astype(np.int32)
        target[target >= self.first_npc] -= self.first_npc - players
        # Only who lived until this tick did or suffered something in it.
        rows["entity_target"] = self._entities(np.where(lived, target, -1))
        rows["entity_damage"] = self._entities(np.where(lived, world.entity_damage, 0))
        rows["player_message"] = np.where(lived[:players], rows["player_message"], 0)
        self._alive_before = world.entity_is_alive != 0
        # Who came back keeps the cause of its last death, but died in the tick of it alone.
        fell = (world.player_died[:players] != 0) | ~self._alive_before[:players]
        rows["player_cause"] = np.where(fell, rows["player_cause"], 0)

    def changed_tiles(self, world: Any) -> NDArray[np.int32]:
        """Return tiles changed since the last call: row, column, material, int32[any, 3]."""
        row, col = np.nonzero(world.tile_material != self._material)
        material = world.tile_material[row, col]
        self._material[row, col] = material
        return np.stack([row, col, material], 1).astype(np.int32)


def thought_rows(
    world: Any, value: NDArray[Any], choice: NDArray[Any], share: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Return a frame's row of the sections that hold thoughts; see docs/replay.md.

    Args:
        world: a record of the world that the policies saw, before the tick.
        value: float[agents].
        choice: int[agents, heads, 3], best first; places among the observed entities become rows
            of entities, -1 nobody. -1 where there is no such choice.
        share: float[agents, heads, 3], how likely, 0..1.
    """
    players = int(world.player_count)
    first_npc = len(world.observed_entity)
    kept = np.rint(np.nan_to_num(share[:players]) * 255.0).astype(np.uint8)
    rows = choice[:players].astype(np.int16)
    # One more slot that holds nobody: the head's no-op, which is its last choice.
    entity = np.concatenate(
        [world.observed_entity[:players], np.full((players, 1), -1, np.int16)], 1
    ).astype(np.int16)
    entity[entity >= first_npc] -= first_npc - players
    for head in _ENTITY_HEADS:
        if head < rows.shape[1]:
            # No choice, -1, is the last slot, too.
            rows[:, head] = np.take_along_axis(entity, rows[:, head], 1)
    # A choice so unlikely that its share is nought is none.
    rows[kept == 0] = -1
    # A value that is no number is unknown, too.
    finite = np.where(np.abs(value[:players]) < 1e30, value[:players], 0)
    bits = finite.astype(np.float32).view(np.uint32)
    half = np.uint32(1 << (VALUE_BITS - 1))
    rounded = (bits + half) & np.uint32(0xFFFFFFFF << VALUE_BITS & 0xFFFFFFFF)
    return {"player_value": rounded.view(np.float32), "player_choice": rows, "player_share": kept}


def no_thought_rows(players: int, heads: int) -> dict[str, NDArray[Any]]:
    """Return the rows of a frame of which nobody's thoughts are known."""
    shape = (players, heads, CHOICES)
    return {
        "player_value": np.zeros(players, np.float32),
        "player_choice": np.full(shape, -1, np.int16),
        "player_share": np.zeros(shape, np.uint8),
    }


def _stored(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return values in the dtype of their section, held to its range."""
    dtype = np.dtype(SECTIONS[name].dtype)
    if values.dtype != dtype and dtype.kind != "f":
        limits = np.iinfo(dtype)
        values = np.clip(values, limits.min, limits.max)
    return values.astype(dtype)
