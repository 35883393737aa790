"""Draws what both engines leave to chance, many times in each, and compares how often each came.

    python tests/parity/chance.py --peer .venv-peer/bin/python

Where NPCs wander and begin, where the dead come back, what a harvest finds, an NPC's gear, its
drops: each a two-sample chi-square test. A statistic more than five standard deviations above its
mean fails.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from compare import Peer
from scenes import FIRST, LAST, draw_body

from metammo.envs.scenario import Scenario
from metammo.jit import entry
from metammo.maps.spawns import depth_of, depth_tile, random_tile, respawn_tile
from metammo.rules.items import INVENTORY_SIZE
from metammo.rules.materials import Material
from metammo.tick.harvesting import gather
from metammo.tick.npcs import add_npc, equip_npc, kind_of_danger, wander_move
from metammo.world.random import draw_below

CENTER = (FIRST + LAST) // 2
LIMIT = 5.0
DIRECTIONS = 1000
"""Directions drawn: the peer goes round and round a list of about so many, drawn at its reset."""
DEPTH = 5
"""Distance from the border of the NPCs that are drawn; the danger there is 2 x 5 / 16."""


@entry
def draw_wander(worlds, row, col):
    return wander_move(worlds[0], row, col)


@entry
def draw_edge(worlds):
    return respawn_tile(worlds[0], int(0))


@entry
def draw_refill(worlds, depth):
    row, col = depth_tile(worlds[0], depth)
    return row, col, depth_of(worlds[0], row, col)


@entry
def draw_start(worlds):
    row, col = random_tile(worlds[0])
    return depth_of(worlds[0], row, col)


@entry
def draw_harvest(worlds, player, material):
    gather(worlds[0], player, material)


@entry
def draw_npc(worlds, row, col, depth):
    world = worlds[0]
    npc = add_npc(world, kind_of_danger(world, depth), draw_below(world, int(3)), row, col)
    equip_npc(world, npc, depth)
    return world.player_food.shape[0] + npc


def make_scene() -> dict[str, Any]:
    """Return a scene of one passive NPC with stone to its east, and a tree."""
    tiles = np.zeros((48, 48), np.uint8)
    tiles[FIRST : LAST + 1, FIRST : LAST + 1] = Material.GRASS
    tiles[CENTER, CENTER + 1] = Material.STONE
    tiles[CENTER + 3, CENTER] = Material.TREE
    rng = np.random.default_rng(0)
    npc = draw_body(rng, (CENTER, CENTER), 5) | {"kind": 2, "style": 0, "level": 1, "gold": 0}
    npc |= {"offense": 0, "defense": 0, "item_level": 0, "drops": [0, 0], "target": 0}
    npc |= {"health": 100, "damage": 0}
    world = {"tick": 5, "map": tiles.tolist(), "fog": None, "players": [], "npcs": [npc]}
    return {"seed": 0, "full": True, **world}


class Ours:
    """The same draws in our engine."""

    def __init__(self, scene: dict[str, Any]) -> None:
        tiles = np.array(scene["map"], np.uint8)[FIRST : LAST + 1, FIRST : LAST + 1]
        self.engine = Scenario(tiles, config="full", respawn=1)
        self.worlds = self.engine.worlds
        self.player = self.engine.player(1, 1)

    def wander(self) -> str:
        """Return a direction."""
        return str(int(draw_wander(self.worlds, CENTER, CENTER)))

    def edge(self) -> str:
        """Return a tile."""
        row, col = draw_edge(self.worlds)
        return f"{int(row)} {int(col)}"

    def refill(self) -> str:
        """Return a tile and its depth."""
        return " ".join(str(int(number)) for number in draw_refill(self.worlds, DEPTH))

    def start(self) -> str:
        """Return a depth."""
        return str(int(draw_start(self.worlds)))

    def harvest(self) -> str:
        """Return the types of what a tree gives."""
        draw_harvest(self.worlds, self.player, int(Material.TREE))
        world = self.worlds[0]
        kinds = sorted(int(kind) for kind in world.item_type[self.player] if kind)
        for name in ("type", "level", "quantity", "is_new"):
            world[f"item_{name}"][self.player, :INVENTORY_SIZE] = 0
        return " ".join(map(str, kinds))

    def npc(self) -> int:
        """Put an NPC into the world; return its row."""
        world = self.worlds[0]
        world.npc_limit = 0
        world.npc_alive_count = 0
        world.entity_is_alive[self.engine.sizes.players :] = 0
        world.tile_first_entity[:] = -1
        return int(draw_npc(self.worlds, FIRST + DEPTH, CENTER, DEPTH))

    def gear(self) -> str:
        """Return level, gold and gear of an NPC."""
        world, npc = self.worlds[0], self.npc()
        columns = ("level", "gold", "item_level")
        shown = [int(world[f"entity_{name}"][npc]) for name in columns]
        shown += [int(world.entity_attack[npc, 0]), int(world.entity_defense[npc, 0])]
        return " ".join(map(str, shown))

    def drops(self) -> str:
        """Return kind, style and drops of an NPC."""
        world, npc = self.worlds[0], self.npc()
        drops = world.npc_drop[npc - self.engine.sizes.players]
        kind, style = int(world.entity_kind[npc]), int(world.entity_style[npc])
        return " ".join(str(int(value)) for value in (kind, style, *drops))


def excess(ours: Counter[str], theirs: Counter[str]) -> float:
    """Return by how many standard deviations the chi-square statistic exceeds its mean."""
    keys = sorted(set(ours) | set(theirs))
    table = np.array([[ours[key], theirs[key]] for key in keys], float)
    # Rare ones together: chi-square wants some of each.
    rare = table.sum(1) < 10
    table = np.vstack([table[~rare], table[rare].sum(0)]) if rare.any() else table
    table = table[table.sum(1) > 0]
    if len(table) < 2:
        return 0.0
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = len(table) - 1
    return (statistic - freedom) / (2 * freedom) ** 0.5


def main() -> int:
    """Compare all draws; return 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", required=True, help="a Python that has nmmo 2.1")
    parser.add_argument("--draws", type=int, default=20_000)
    options = parser.parse_args()
    scene = make_scene()
    ours = Ours(scene)
    peer = Peer(options.peer, "full", "--chance")
    peer.tell(scene)
    danger = 2 * DEPTH / (LAST - FIRST)
    place = {"row": FIRST + DEPTH, "col": CENTER, "danger": danger}
    draws: dict[str, tuple[Callable[[], str], dict[str, Any]]] = {
        "wander": (ours.wander, {}),
        "edge": (ours.edge, {}),
        "refill": (ours.refill, place),
        "start": (ours.start, {}),
        "harvest": (ours.harvest, {"row": CENTER + 3, "col": CENTER}),
        "gear": (ours.gear, place),
        "drops": (ours.drops, place),
    }
    failed = False
    for what, (draw, more) in draws.items():
        count = min(options.draws, DIRECTIONS) if what == "wander" else options.draws
        theirs = Counter(peer.tell({"what": what, "draws": count, **more}))
        mine = Counter(draw() for _ in range(count))
        deviations = excess(mine, theirs)
        failed |= deviations > LIMIT
        verdict = "differs" if deviations > LIMIT else "the same"
        print(f"{what}: {len(mine)} and {len(theirs)} outcomes, {deviations:+.1f} sd, {verdict}")
        if failed:
            print("  ours  ", mine.most_common(6))
            print("  theirs", theirs.most_common(6))
    peer.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
