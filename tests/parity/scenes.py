"""Random scenes: a map, agents with all they have, NPCs; and actions, as plain JSON.

What chance decides in either engine is kept out of a scene: nobody wanders (NPCs with nothing to
fight are frozen), one buyer at most, killers have room for what they loot.
"""

from typing import Any

import numpy as np

from metammo.rules.items import IS_STACKED, SKILL_OF, SLOT_OF, Item
from metammo.rules.materials import Material
from metammo.rules.sizes import BORDER, TINY
from metammo.rules.skills import LEVEL_EXPERIENCE

SIDE = TINY.map_size
FIRST, LAST = BORDER, BORDER + TINY.playable_limit
TYPES = [int(item) for item in Item if item]
GROUND = (
    [Material.GRASS] * 8
    + [Material.FOLIAGE] * 3
    + [Material.WATER] * 2
    + [Material.STONE, Material.SCRUB]
)
WORK = [Material.ORE, Material.TREE, Material.CRYSTAL, Material.HERB, Material.FISH]
WALKABLE = {int(m) for m in Material} - {
    int(m) for m in (Material.VOID, Material.WATER, Material.STONE, Material.OCEAN, Material.FISH)
}


def draw_map(rng: np.random.Generator, full: bool) -> np.ndarray:
    """Return materials, uint8[48, 48]: void around a playable square with a ring of grass."""
    tiles = np.zeros((SIDE, SIDE), np.uint8)
    ground = GROUND + (WORK * 2 if full else [])
    inner = rng.choice([int(m) for m in ground], (LAST - FIRST + 1,) * 2)
    tiles[FIRST : LAST + 1, FIRST : LAST + 1] = inner
    for line in (FIRST, LAST):
        tiles[line, FIRST : LAST + 1] = Material.GRASS
        tiles[FIRST : LAST + 1, line] = Material.GRASS
    return tiles


def draw_items(rng: np.random.Generator, experience: list[int], tick: int) -> list[dict[str, int]]:
    """Return what an agent carries, compact from place 0: some worn, some listed."""
    levels = [int(np.searchsorted(LEVEL_EXPERIENCE, value, side="right")) for value in experience]
    items: list[dict[str, int]] = []
    worn: set[int] = set()
    stacks: set[tuple[int, int]] = set()
    # Often nearly nothing, now and then as much as fits.
    for _ in range(int(rng.choice([0, 1, 2, 4, 7, 11, 12]))):
        kind, level = int(rng.choice(TYPES)), int(rng.integers(1, 5))
        if IS_STACKED[kind] and (kind, level) in stacks:
            continue
        stacks.add((kind, level))
        skill = int(SKILL_OF[kind])
        able = max(levels) if skill < 0 else levels[skill]
        where, fate = int(SLOT_OF[kind]), rng.random()
        wears = where > 0 and where not in worn and able >= level and fate < 0.4
        if wears:
            worn.add(where)
        listed = not wears and fate > 0.65
        items.append(
            {
                "type": kind,
                "level": level,
                "quantity": int(rng.integers(1, 9)) if IS_STACKED[kind] else 1,
                "worn": int(wears),
                "price": int(rng.integers(1, 25)) if listed else 0,
                "listed_tick": tick - int(rng.integers(1, 4)) if listed else 0,
            }
        )
    return items


def draw_body(rng: np.random.Generator, place: tuple[int, int], tick: int) -> dict[str, Any]:
    """Return what players and NPCs share."""
    return {
        "row": place[0],
        "col": place[1],
        "health": int(rng.choice([rng.integers(1, 12), rng.integers(12, 101), 100])),
        "freeze": int(rng.choice([0, 0, 0, 0, 1, 2, 5])),
        "time_alive": int(rng.choice([0, 17, 18, 19, 20, 50, 300])),
        "damage": int(rng.choice([0, 0, 7])),
        "combat_tick": int(rng.choice([0, 0, tick, tick - 1, tick - 2, tick - 3])),
        "attacker": 0,
    }


def draw_player(
    rng: np.random.Generator, place: tuple[int, int], tick: int, full: bool
) -> dict[str, Any]:
    """Return one player."""
    body = draw_body(rng, place, tick)
    experience = [0] * 8
    if full:
        experience = [
            int(value) for value in rng.choice([0, 3, 84, 89, 90, 216, 372, 800, 1800], 8)
        ]
    return body | {
        "food": int(rng.choice([0, 3, 5, 50, 51, 55, 100])),
        "water": int(rng.choice([0, 3, 5, 50, 51, 55, 100])),
        "gold": int(rng.integers(0, 40)) if full else 0,
        "experience": experience,
        "message": int(rng.integers(0, 128)),
        "exploration": int(rng.integers(0, 9)),
        "resilient": int(rng.random() < 0.2),
        "mortal_tick": tick + int(rng.integers(0, 4)) if rng.random() < 0.1 else 0,
        "items": draw_items(rng, experience, tick) if full else [],
    }


def draw_npc(
    rng: np.random.Generator, place: tuple[int, int], tick: int, full: bool
) -> dict[str, Any]:
    """Return one NPC."""
    level = int(rng.integers(1, 10)) if full else 0
    return draw_body(rng, place, tick) | {
        "kind": int(rng.integers(2, 5)),
        "style": int(rng.integers(0, 3)),
        "level": level,
        "gold": level if full else 0,
        "offense": int(rng.integers(0, 40)) if full else 0,
        "defense": int(rng.integers(0, 40)) if full else 0,
        "item_level": 5 * level,
        "drops": [int(rng.choice([0, 2, 3, 4])), int(rng.choice([0, 8, 9, 10, 11, 12]))]
        if full
        else [0, 0],
        "target": 0,
    }


def distance(one: dict[str, Any], other: dict[str, Any]) -> int:
    """Return the L-infinity distance between two bodies."""
    return max(abs(one["row"] - other["row"]), abs(one["col"] - other["col"]))


def settle_npcs(rng: np.random.Generator, scene: dict[str, Any]) -> None:
    """Freeze the NPCs that would wander; give some of them somebody to hunt already."""
    for npc in scene["npcs"]:
        near = [
            index + 1
            for index, player in enumerate(scene["players"])
            if distance(npc, player) <= 7 and not player["mortal_tick"]
        ]
        if near and npc["kind"] > 2 and rng.random() < 0.5:
            npc["attacker"] = int(rng.choice(near))
            npc["damage"] = 5
            if rng.random() < 0.5:
                npc["target"] = int(rng.choice(near))
        fights = npc["kind"] > 2 and (npc["attacker"] or npc["target"])
        hunts = npc["kind"] == 4 and near
        if not (fights or hunts):
            npc["freeze"] = max(npc["freeze"], 2)


def draw_actions(
    rng: np.random.Generator, full: bool, players: list[Any], npcs: list[Any]
) -> dict[str, Any]:
    """Return what the players do in a tick, valid or not.

    Args:
        rng: decides.
        full: with items and gold.
        players: their states, as `compare.Ours.state` gives them; None for the dead.
        npcs: the same of NPCs.
    """
    living = [i for i, player in enumerate(players) if player]
    others = [i + 1 for i in living] + [-(i + 1) for i, npc in enumerate(npcs) if npc]
    # An attack on an immortal is void in ours; the peer counts it and lets it teach.
    mortal = [n for n in others if n < 0 or not players[n - 1]["immortal"]]
    actions = {str(i): draw_action(rng, players[i], others, mortal, full) for i in living}
    listed = [[i, *item] for i in living if full for item in players[i]["items"] if item[4]]
    if listed:
        # One buyer: of several, lots decide who comes first.
        actions[str(rng.choice(living))]["buy"] = listed[int(rng.integers(len(listed)))]
    return actions


def draw_action(
    rng: np.random.Generator, player: Any, others: list[int], mortal: list[int], full: bool
) -> dict[str, Any]:
    """Return what one player does, but for buying."""
    action: dict[str, Any] = {"move": int(rng.integers(0, 5))}
    if mortal and rng.random() < 0.5:
        action["attack"] = [int(rng.integers(0, 3)), int(rng.choice(mortal))]
    if rng.random() < 0.3:
        action["talk"] = int(rng.integers(1, 128))
    if not full:
        return action
    items = player["items"]
    if items:
        for name in ("use", "destroy"):
            if rng.random() < 0.3:
                action[name] = items[int(rng.integers(len(items)))]
        if rng.random() < 0.4:
            action["sell"] = [items[int(rng.integers(len(items)))], int(rng.integers(1, 100))]
        if rng.random() < 0.4:
            action["give"] = [items[int(rng.integers(len(items)))], int(rng.choice(others))]
    if rng.random() < 0.4:
        action["give_gold"] = [int(rng.integers(1, 50)), int(rng.choice(others))]
    return action


def draw_scene(seed: int, full: bool, is_long: bool = False) -> dict[str, Any]:
    """Return a random scene; the same seed gives the same one.

    In a long one the NPCs are frozen for good: sooner or later they would wander.
    """
    rng = np.random.default_rng(seed)
    tiles = draw_map(rng, full)
    tick = int(rng.integers(4, 60))
    low = int(rng.integers(FIRST + 1, LAST - 8))
    places = [
        (row, col)
        for row in range(low, low + 8)
        for col in range(low, low + 8)
        if int(tiles[row, col]) in WALKABLE
    ]
    count = int(rng.integers(2, 9))
    chosen = [places[i] for i in rng.integers(0, len(places), count + int(rng.integers(0, 5)))]
    fog = None
    if rng.random() < 0.3:
        onset = int(rng.integers(1, 40))
        speed = float(rng.choice([1, 0.5, 0.25, 0.125]))
        fog = {"onset": onset, "speed": speed, "final": int(rng.integers(0, 5))}
    scene = {
        "seed": seed,
        "full": full,
        "tick": tick,
        "map": tiles.tolist(),
        "fog": fog,
        "players": [draw_player(rng, place, tick, full) for place in chosen[:count]],
        "npcs": [draw_npc(rng, place, tick, full) for place in chosen[count:]],
    }
    settle_npcs(rng, scene)
    for npc in scene["npcs"]:
        npc["freeze"] = 30000 if is_long else npc["freeze"]
    return scene
