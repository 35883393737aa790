"""Pictures of a world: an array of pixels, or text."""

from typing import Any

import numpy as np

from metammo.envs.picture import CLEAR, ROSTER, VOID_COLOR, Painter, Pixels, Scene, draw_roster
from metammo.envs.scenario import GLYPHS
from metammo.envs.state import fog_planes
from metammo.observe.layout import FOG_LEVEL
from metammo.rules.materials import Material
from metammo.rules.sizes import BORDER
from metammo.world.columns import Kind

RENDER_MODES = ("rgb_array", "ansi")
FRAME_SIDE = 780
"""Side of a picture, pixels, about: a whole number of them for each tile of the largest map."""
LARGEST_TILE = 16
"""Pixels of a tile of the largest map, at most."""

NPC_GLYPHS = {Kind.PASSIVE: "p", Kind.NEUTRAL: "n", Kind.AGGRESSIVE: "!", Kind.SOLDIER: "s"}
FOG_GLYPH = "%"
OBJECTIVE_GLYPHS = "*$+"
"""A tile to hold, a thing to carry, a base."""


def check_render_mode(mode: str | None) -> None:
    """Raise ValueError for a mode that does not exist."""
    if mode is not None and mode not in RENDER_MODES:
        raise ValueError(f"render_mode must be None or one of {RENDER_MODES}, got {mode!r}")


def render_world(world: Any, mode: str) -> Pixels | str:
    """Return a world, one record, as a picture ("rgb_array") or as text ("ansi")."""
    return draw_picture(world) if mode == "rgb_array" else draw_text(world)


def scene_of(world: Any) -> Scene:
    """Return what is to be seen of a world, one record."""
    first = world["tile_material"].shape[0] // 2 - int(world["rule_playable"]) // 2
    tiles = int(world["rule_playable"]) + 1
    part = slice(first, first + tiles)
    alone = np.asarray(world).reshape(1).view(np.recarray)
    fog = fog_planes(alone, first, tiles)[0]
    players = int(world["player_count"])
    alive = world["entity_is_alive"]
    rows = np.flatnonzero(alive)
    # NPCs first, so that players lie on top.
    rows = np.concatenate([rows[rows >= players], rows[rows < players][::-1]])
    teams = int(world["team_count"])
    sizes = zip(
        world["team_first"][:teams].tolist(), world["team_size"][:teams].tolist(), strict=True
    )
    count = int(world["objective_count"])
    columns = (world[f"objective_{name}"][:count].tolist() for name in ("row", "col", "owner"))
    return Scene(
        material=world["tile_material"][part, part],
        depth=np.where(fog == 0, CLEAR, fog - FOG_LEVEL),
        place=np.stack([world["entity_row"][rows], world["entity_col"][rows]], 1) - first,
        kind=world["entity_kind"][rows],
        team=world["entity_team"][rows],
        health=world["entity_health"][rows],
        team_alive=np.array([alive[a : a + size].mean() if size else 0.0 for a, size in sizes]),
        objectives=[
            (row - first, col - first, owner) for row, col, owner in zip(*columns, strict=True)
        ],
        has_goal=bool(world["rule_center_mark"]),
    )


def draw_picture(world: Any) -> Pixels:
    """Return a picture, uint8[rows, cols, 3], of the same size for all maps of a size class."""
    scene = scene_of(world)
    limit = world["tile_material"].shape[0] - 2 * BORDER + 1
    side = limit * int(np.clip(FRAME_SIDE // limit, 2, LARGEST_TILE))
    tiles = len(scene.material)
    ground = Painter(tiles, side // tiles, int(world["map_seed"])).draw(scene)
    frame = np.full((side + ROSTER, side, 3), VOID_COLOR, np.uint8)
    margin = (side - len(ground)) // 2
    frame[margin : margin + len(ground), margin : margin + len(ground)] = ground
    draw_roster(scene.team_alive, frame[side:])
    return frame


def draw_text(world: Any) -> str:
    """Return a world as lines of text: agents as letters by team, NPCs as p n ! s, fog as %.

    Objectives are * (to hold), $ (to carry) and + (a base).
    """
    scene = scene_of(world)
    glyph_of = {int(material): glyph for glyph, material in GLYPHS.items()}
    glyphs = np.array([glyph_of.get(code, "_") for code in range(len(Material))])
    page = glyphs[scene.material]
    page[(scene.depth > 0) & (scene.material != Material.VOID)] = FOG_GLYPH
    # The first ones lie on top: a flag at home hides its base.
    for slot, (row, col, _) in reversed(list(enumerate(scene.objectives))):
        page[row, col] = OBJECTIVE_GLYPHS[int(world["objective_kind"][slot])]
    tiles = len(page)
    for (row, col), kind, team in zip(scene.place, scene.kind, scene.team, strict=True):
        if 0 <= row < tiles and 0 <= col < tiles:
            is_player = kind == Kind.PLAYER
            page[row, col] = chr(ord("A") + int(team) % 26) if is_player else NPC_GLYPHS[Kind(kind)]
    players = int(world["player_count"])
    alive = int(world["entity_is_alive"][:players].sum())
    head = f"tick {int(world['tick'])} of {int(world['rule_horizon'])}, "
    head += f"{alive} of {players} agents, {int(world['npc_alive_count'])} NPCs"
    return "\n".join([head, *("".join(line) for line in page)]) + "\n"
