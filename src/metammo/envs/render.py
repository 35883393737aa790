"""Pictures of a world: an array of pixels, or text, drawn with NumPy alone."""

import colorsys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.envs.scenario import GLYPHS
from metammo.envs.state import fog_planes
from metammo.observe.layout import FOG_LEVEL
from metammo.rules.materials import Material
from metammo.rules.sizes import BORDER
from metammo.world.columns import Kind

Pixels = NDArray[np.uint8]

RENDER_MODES = ("rgb_array", "ansi")
FRAME_SIDE = 780
"""Side of a picture, pixels, about: a whole number of them for each tile of the largest map."""
LARGEST_TILE = 16
"""Pixels of a tile of the largest map, at most."""
ROSTER = 18
"""Pixels, below the map, for the teams: how many live, and how well."""

VOID_COLOR = (16, 19, 26)
TERRAIN = {
    Material.VOID: VOID_COLOR,
    Material.WATER: (61, 122, 176),
    Material.GRASS: (132, 168, 92),
    Material.SCRUB: (168, 166, 100),
    Material.FOLIAGE: (74, 126, 66),
    Material.STONE: (112, 114, 122),
    Material.SLAG: (96, 90, 86),
    Material.ORE: (176, 116, 70),
    Material.STUMP: (132, 106, 70),
    Material.TREE: (50, 96, 50),
    Material.FRAGMENT: (112, 108, 140),
    Material.CRYSTAL: (156, 112, 214),
    Material.WEEDS: (140, 150, 88),
    Material.HERB: (214, 120, 164),
    Material.OCEAN: (42, 92, 146),
    Material.FISH: (92, 160, 198),
}
RAISED = (Material.FOLIAGE, Material.STONE, Material.ORE, Material.TREE, Material.CRYSTAL)
SUNKEN = (Material.WATER, Material.OCEAN, Material.FISH)
FOG_COLOR = np.array((86, 44, 110), np.float32)
GOAL_COLOR = (255, 226, 120)
OUTLINE = (18, 18, 24)
NPC_COLORS = {
    Kind.PASSIVE: (236, 232, 214),
    Kind.NEUTRAL: (240, 196, 84),
    Kind.AGGRESSIVE: (206, 54, 48),
    Kind.SOLDIER: (40, 40, 48),
}
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


class View:
    """The walkable square of a world, read once for drawing."""

    def __init__(self, world: Any) -> None:
        self.world = world
        side = world["tile_material"].shape[0]
        self.first = side // 2 - int(world["rule_playable"]) // 2
        self.tiles = int(world["rule_playable"]) + 1
        part = slice(self.first, self.first + self.tiles)
        self.material = world["tile_material"][part, part]
        alone = np.asarray(world).reshape(1).view(np.recarray)
        self.fog = fog_planes(alone, self.first, self.tiles)[0]
        self.limit = side - 2 * BORDER + 1
        players = int(world["player_count"])
        rows = np.flatnonzero(world["entity_is_alive"])
        # NPCs first, so that players lie on top.
        self.entities = np.concatenate([rows[rows >= players], rows[rows < players][::-1]])

    def place(self, entity: int) -> tuple[int, int]:
        """Return an entity's tile, from the corner of the walkable square."""
        return (
            int(self.world["entity_row"][entity]) - self.first,
            int(self.world["entity_col"][entity]) - self.first,
        )


def draw_picture(world: Any) -> Pixels:
    """Return a picture, uint8[rows, cols, 3], of the same size for all maps of a size class."""
    view = View(world)
    side = view.limit * int(np.clip(FRAME_SIDE // view.limit, 2, LARGEST_TILE))
    pixels = side // view.tiles
    ground = _ground(view, pixels)
    _draw_goals(view, ground, pixels)
    _draw_entities(view, ground, pixels)
    frame = np.full((side + ROSTER, side, 3), VOID_COLOR, np.uint8)
    margin = (side - len(ground)) // 2
    frame[margin : margin + len(ground), margin : margin + len(ground)] = ground
    _draw_roster(world, frame[side:])
    return frame


def _ground(view: View, pixels: int) -> Pixels:
    """Return terrain and fog, float colours of tiles given relief pixel by pixel."""
    palette = np.array([TERRAIN[Material(code)] for code in range(len(Material))], np.float32)
    rng = np.random.default_rng(int(view.world["map_seed"]) & 0xFFFFFFFF)
    grain = rng.uniform(0.95, 1.05, (view.tiles, view.tiles, 1)).astype(np.float32)
    color = palette[view.material] * np.where(view.material[..., None] == 0, 1, grain)
    if view.fog.any():
        depth = (view.fog - FOG_LEVEL).astype(np.float32)
        share = np.where(depth > 0, np.clip(0.34 + 0.02 * depth, 0, 0.72), 0)[..., None]
        color = color * (1 - share) + FOG_COLOR * share
    ground = np.repeat(np.repeat(color, pixels, 0), pixels, 1)
    if pixels >= 4:
        raised = np.isin(view.material, RAISED)
        sunken = np.isin(view.material, SUNKEN)
        _shade(ground, raised & ~_below(raised), pixels, 0, 1.16)
        _shade(ground, _below(raised) & ~raised, pixels, 0, 0.80)
        _shade(ground, sunken & ~_below(sunken), pixels, 0, 0.72)
    return np.clip(ground, 0, 255).astype(np.uint8)


def _below(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which tiles have one of these to their north."""
    moved = np.zeros_like(tiles)
    moved[1:] = tiles[:-1]
    return moved


def _shade(ground: Any, tiles: NDArray[np.bool_], pixels: int, first: int, factor: float) -> None:
    """Lighten or darken the northern edge of tiles."""
    height = max(pixels // 5, 1)
    wide = np.repeat(tiles, pixels, 1)[..., None]
    for line in range(first, first + height):
        ground[line::pixels] *= np.where(wide, np.float32(factor), np.float32(1))


@cache
def team_colors(count: int) -> NDArray[np.uint8]:
    """Return a colour for each team, uint8[teams, 3]: hues far apart, in three tones."""
    tones = ((0.78, 1.0), (0.95, 0.78), (0.45, 1.0))
    colors = []
    for team in range(count):
        # Up to 16 teams share the circle evenly; more take the golden angle around it.
        hue = team / count if count <= 16 else team * 0.618034 % 1
        saturation, value = tones[team % (2 if count <= 16 else 3)]
        colors.append(colorsys.hsv_to_rgb(hue, saturation, value))
    return np.array(np.round(np.array(colors) * 255), np.uint8)


@cache
def _sprite(shape: str, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how much of each pixel a figure's body covers, and its outline, float32[n, n, 1]."""
    line = np.arange(size, dtype=np.float32) - (size - 1) / 2
    across, down = np.abs(line)[None, :], np.abs(line)[:, None]
    if shape == "disc":
        reach = np.sqrt(across**2 + down**2)
    elif shape == "diamond":
        reach = (across + down) * 0.78
    else:
        reach = np.maximum(across, down) * 1.18
    radius = size / 2
    whole = np.clip(radius - reach, 0, 1)
    body = np.clip(radius - max(1.0, size / 9) - reach, 0, 1)
    return body[..., None], np.clip(whole - body, 0, 1)[..., None]


def _stamp(ground: Pixels, center: tuple[int, int], sprite: Any, color: Any) -> None:
    """Blend a figure into the picture, cut off at its edges."""
    body, outline = sprite
    size = len(body)
    top, left = center[0] - size // 2, center[1] - size // 2
    rows = slice(max(top, 0), min(top + size, len(ground)))
    cols = slice(max(left, 0), min(left + size, ground.shape[1]))
    part = (slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left))
    body, outline = body[part], outline[part]
    mixed = ground[rows, cols] * (1 - body - outline)
    mixed = mixed + body * np.asarray(color, np.float32) + outline * np.array(OUTLINE, np.float32)
    ground[rows, cols] = mixed


def _draw_goals(view: View, ground: Pixels, pixels: int) -> None:
    """Ring the centre where the game marks it, and every objective in its owner's colour."""
    world = view.world
    middle = view.tiles // 2
    if int(world["rule_center_mark"]):
        _ring(ground, middle, middle, pixels, GOAL_COLOR)
    colors = team_colors(max(int(world["team_count"]), 1))
    for slot in range(int(world["objective_count"])):
        owner = int(world["objective_owner"][slot])
        color = (255, 255, 255) if owner < 0 else colors[owner]
        row = int(world["objective_row"][slot]) - view.first
        _ring(ground, row, int(world["objective_col"][slot]) - view.first, pixels, color)


def _ring(ground: Pixels, row: int, col: int, pixels: int, color: Any) -> None:
    """Draw a square frame, one tile around a tile, dark inside and out."""
    thick = max(pixels // 4, 1)
    top, left = max((row - 1) * pixels, 0), max((col - 1) * pixels, 0)
    part = ground[top : (row + 2) * pixels, left : (col + 2) * pixels]
    for inset, shade in ((0, color), (thick, OUTLINE)):
        line = thick if inset == 0 else 1
        inner = part[inset : len(part) - inset, inset : part.shape[1] - inset]
        for edge in (inner[:line], inner[-line:], inner[:, :line], inner[:, -line:]):
            edge[...] = shade


def _draw_entities(view: View, ground: Pixels, pixels: int) -> None:
    """Draw NPCs by kind and agents by team; several on a tile make a larger figure."""
    world = view.world
    colors = team_colors(max(int(world["team_count"]), 1))
    figure = pixels + max(pixels // 2, min(pixels, 5))
    seen: dict[tuple[int, int], int] = {}
    for entity in view.entities:
        row, col = view.place(entity)
        seen[row, col] = seen.get((row, col), 0) + 1
    for entity in view.entities:
        row, col = view.place(entity)
        if not (0 <= row < view.tiles and 0 <= col < view.tiles):
            continue
        kind = Kind(int(world["entity_kind"][entity]))
        center = (row * pixels + pixels // 2, col * pixels + pixels // 2)
        if kind == Kind.PLAYER:
            size = figure + min(seen[row, col] - 1, 8) * pixels // 10
            _stamp(ground, center, _sprite("disc", size), colors[world["entity_team"][entity]])
        else:
            shape = "diamond" if kind in (Kind.PASSIVE, Kind.NEUTRAL) else "square"
            _stamp(ground, center, _sprite(shape, max(figure - 2, 3)), NPC_COLORS[kind])
    # After the figures, so that none hides another's bar.
    for entity in view.entities:
        row, col = view.place(entity)
        center = (row * pixels + pixels // 2, col * pixels + pixels // 2)
        _draw_health(ground, center, figure, int(world["entity_health"][entity]))


def _draw_health(ground: Pixels, center: tuple[int, int], size: int, health: int) -> None:
    """Draw a bar above whoever is hurt."""
    height = max(size // 8, 1) + 2
    top, left = max(center[0] - size // 2 - height, 0), max(center[1] - size // 2, 0)
    if health >= 100:
        return
    bar = ground[top : top + height, left : left + size]
    bar[...] = OUTLINE
    inside = bar[1:-1, 1:-1]
    good = max(health, 0) / 100
    width = max(round(inside.shape[1] * good), 1)
    inside[:, :width] = (min(510 - 450 * good, 255), min(60 + 320 * good, 255), 70)


def _draw_roster(world: Any, strip: Pixels) -> None:
    """Draw a cell for each team, filled from below by the share of its members that live."""
    count = int(world["team_count"])
    colors = team_colors(max(count, 1))
    edges = np.linspace(0, strip.shape[1], count + 1).round().astype(int)
    gap = 1 if strip.shape[1] >= 3 * max(count, 1) else 0
    for team in range(count):
        first, size = int(world["team_first"][team]), int(world["team_size"][team])
        alive = float(world["entity_is_alive"][first : first + size].mean()) if size else 0.0
        cell = strip[4:-2, edges[team] + gap : edges[team + 1]]
        cell[...] = colors[team] // 5
        full = round(len(cell) * alive)
        if full:
            cell[len(cell) - full :] = colors[team]


def draw_text(world: Any) -> str:
    """Return a world as lines of text: agents as letters by team, NPCs as p n ! s, fog as %.

    Objectives are * (to hold), $ (to carry) and + (a base).
    """
    view = View(world)
    glyph_of = {int(material): glyph for glyph, material in GLYPHS.items()}
    glyphs = np.array([glyph_of.get(code, "_") for code in range(len(Material))])
    page = glyphs[view.material]
    page[(view.fog > FOG_LEVEL) & (view.material != Material.VOID)] = FOG_GLYPH
    # The first ones lie on top: a flag at home hides its base.
    for slot in reversed(range(int(world["objective_count"]))):
        row = int(world["objective_row"][slot]) - view.first
        col = int(world["objective_col"][slot]) - view.first
        page[row, col] = OBJECTIVE_GLYPHS[int(world["objective_kind"][slot])]
    for entity in view.entities:
        row, col = view.place(entity)
        kind = Kind(int(world["entity_kind"][entity]))
        if not (0 <= row < view.tiles and 0 <= col < view.tiles):
            continue
        letter = chr(ord("A") + int(world["entity_team"][entity]) % 26)
        page[row, col] = letter if kind == Kind.PLAYER else NPC_GLYPHS[kind]
    players = int(world["player_count"])
    alive = int(world["entity_is_alive"][:players].sum())
    head = f"tick {int(world['tick'])} of {int(world['rule_horizon'])}, "
    head += f"{alive} of {players} agents, {int(world['npc_alive_count'])} NPCs"
    return "\n".join([head, *("".join(line) for line in page)]) + "\n"
