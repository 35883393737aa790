"""What a world looks like from above: plain arrays in, an array of pixels out, by NumPy alone.

Whoever has a world (`render`) or a frame of a replay makes a `Scene` of it; a `Painter` draws scene
after scene of the same map, and draws anew only the ground that changed.
"""

import colorsys
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.rules.materials import Material
from metammo.world.columns import Kind

Pixels = NDArray[np.uint8]

ROSTER = 18
"""Pixels, below the map, for the teams: how many live, and how well."""
SMALLEST_FIGURE = 7
"""Pixels of an agent, at least: smaller ones are hardly seen."""
CLEAR = -160
"""Depth, in tiles, of what the fog never reaches."""

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
ATTACK_COLORS = ((250, 250, 250), (255, 214, 92), (206, 150, 255))
"""Of a stroke, a shot and a spell."""


@dataclass(frozen=True)
class Scene:
    """What is to be seen of the walkable square at one moment; tiles count from its corner."""

    material: NDArray[np.uint8]
    """uint8[tiles, tiles], `Material`."""
    depth: NDArray[np.integer]
    """int[tiles, tiles]: how deep in the fog, tiles; 0 or less: clear."""
    place: NDArray[np.integer]
    """int[entities, 2]: row and column of who lives, in the order in which they are drawn."""
    kind: NDArray[np.integer]
    """int[entities], `Kind`."""
    team: NDArray[np.integer]
    """int[entities]; of players alone it matters."""
    health: NDArray[np.integer]
    """int[entities], points 0 to 100."""
    team_alive: NDArray[np.floating]
    """float[teams]: the share of its members that lives."""
    objectives: list[tuple[int, int, int]] = field(default_factory=list)
    """Row, column and the team that owns it, -1 nobody."""
    has_goal: bool = False
    """The middle is marked."""
    attacks: NDArray[np.integer] = field(default_factory=lambda: np.zeros((0, 5), np.int64))
    """int[any, 5]: from row and column, to row and column, by style."""


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
    return np.array(np.round(np.array(colors).reshape(-1, 3) * 255), np.uint8)


class Painter:
    """Draws scenes of one map.

    Args:
        tiles: side of the walkable square.
        pixels: side of a tile.
        seed: of the ground's grain.
    """

    def __init__(self, tiles: int, pixels: int, seed: int) -> None:
        self.tiles, self.pixels = tiles, pixels
        grain = np.random.default_rng(seed & 0xFFFFFFFF).uniform(0.95, 1.05, (tiles, tiles, 1))
        self._grain = grain.astype(np.float32)
        self._palette = np.array([TERRAIN[Material(code)] for code in range(16)], np.float32)
        self._ground = np.zeros((tiles * pixels, tiles * pixels, 3), np.uint8)
        self._material: NDArray[np.uint8] | None = None
        self._share = np.zeros((tiles, tiles), np.float32)
        self._edge = np.zeros((tiles, tiles), np.float32)

    def draw(self, scene: Scene) -> Pixels:
        """Return a picture, uint8[side, side, 3]; the caller's own."""
        self._update(scene)
        canvas = self._ground.copy()
        self._draw_goals(canvas, scene)
        self._draw_attacks(canvas, scene)
        self._draw_entities(canvas, scene)
        return canvas

    def _update(self, scene: Scene) -> None:
        """Draw anew the tiles whose material, neighbour to the north, or fog has changed."""
        depth = scene.depth.astype(np.float32)
        share = np.where(depth > 0, np.clip(0.34 + 0.02 * depth, 0, 0.72), 0).astype(np.float32)
        changed = share != self._share
        if self._material is None:
            changed[...] = True
        else:
            changed |= scene.material != self._material
        if not changed.any():
            return
        edge = self._edges(scene.material)
        changed |= edge != self._edge
        self._material, self._share, self._edge = scene.material.copy(), share, edge
        row, col = np.nonzero(changed)
        material = scene.material[row, col]
        grain = np.where(material[:, None] == Material.VOID, np.float32(1), self._grain[row, col])
        mist = share[row, col][:, None]
        color = self._palette[material] * grain * (1 - mist) + FOG_COLOR * mist
        side = self.pixels
        block = np.repeat(color[:, None, :], side, 1)
        height = max(side // 5, 1)
        if side >= 4:
            block[:, :height] *= edge[row, col][:, None, None]
        whole = np.clip(block, 0, 255).astype(np.uint8)[:, :, None, :]
        tiled = self._ground.reshape(self.tiles, side, self.tiles, side, 3)
        tiled[row, :, col] = whole

    def _edges(self, material: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return by how much the northern edge of each tile is lighter or darker."""
        raised = np.isin(material, RAISED)
        sunken = np.isin(material, SUNKEN)
        edge = np.where(raised & ~_below(raised), np.float32(1.16), np.float32(1))
        edge *= np.where(_below(raised) & ~raised, np.float32(0.80), np.float32(1))
        edge *= np.where(sunken & ~_below(sunken), np.float32(0.72), np.float32(1))
        return edge

    def _draw_goals(self, canvas: Pixels, scene: Scene) -> None:
        """Ring the centre where the game marks it, and every objective in its owner's colour."""
        if scene.has_goal:
            _ring(canvas, self.tiles // 2, self.tiles // 2, self.pixels, GOAL_COLOR)
        colors = team_colors(max(len(scene.team_alive), 1))
        for row, col, owner in scene.objectives:
            color = (255, 255, 255) if owner < 0 else colors[owner % len(colors)]
            _ring(canvas, row, col, self.pixels, color)

    def _draw_attacks(self, canvas: Pixels, scene: Scene) -> None:
        """Draw a line from whoever attacks to whom, in the colour of the style."""
        width = max(self.pixels // 6, 1)
        for row, col, to_row, to_col, style in scene.attacks.tolist():
            steps = max(abs(to_row - row), abs(to_col - col)) * self.pixels + 1
            middle = self.pixels // 2 - width // 2
            down = np.linspace(row, to_row, steps) * self.pixels + middle
            right = np.linspace(col, to_col, steps) * self.pixels + middle
            for offset in range(width * width):
                lines = np.rint(down).astype(int) + offset // width
                columns = np.rint(right).astype(int) + offset % width
                inside = (lines >= 0) & (columns >= 0)
                inside &= (lines < len(canvas)) & (columns < len(canvas))
                canvas[lines[inside], columns[inside]] = ATTACK_COLORS[style]

    def _draw_entities(self, canvas: Pixels, scene: Scene) -> None:
        """Draw NPCs by kind and agents by team; several on a tile make a larger figure."""
        pixels = self.pixels
        colors = team_colors(max(len(scene.team_alive), 1)).tolist()
        figure = max(pixels + max(pixels // 2, min(pixels, 5)), SMALLEST_FIGURE)
        seen: dict[tuple[int, int], int] = {}
        inside = ((scene.place >= 0) & (scene.place < self.tiles)).all(1)
        columns = (scene.place[:, 0], scene.place[:, 1], scene.kind, scene.team, scene.health)
        rows = list(zip(*(column[inside].tolist() for column in columns), strict=True))
        for row, col, *_ in rows:
            seen[row, col] = seen.get((row, col), 0) + 1
        for row, col, kind, team, _ in rows:
            center = (row * pixels + pixels // 2, col * pixels + pixels // 2)
            if kind == Kind.PLAYER:
                size = figure + min(seen[row, col] - 1, 8) * pixels // 10
                color = tuple(colors[team % len(colors)])
                _stamp(canvas, center, _sprite("disc", size, color))
            elif kind in NPC_COLORS:
                shape = "diamond" if kind in (Kind.PASSIVE, Kind.NEUTRAL) else "square"
                size = max(figure - 2, SMALLEST_FIGURE - 1)
                sprite = _sprite(shape, size, NPC_COLORS[Kind(kind)])
                _stamp(canvas, center, sprite)
        # After the figures, so that none hides another's bar.
        for row, col, _, _, health in rows:
            if health < 100:
                center = (row * pixels + pixels // 2, col * pixels + pixels // 2)
                _draw_health(canvas, center, figure, health)


def _below(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which tiles have one of these to their north."""
    moved = np.zeros_like(tiles)
    moved[1:] = tiles[:-1]
    return moved


@cache
def _sprite(shape: str, size: int, color: tuple[int, int, int]) -> tuple[Any, Any]:
    """Return a figure with its outline, and how much of the ground stays: float32[n, n, 3 or 1]."""
    line = np.arange(size, dtype=np.float32) - (size - 1) / 2
    across, down = np.abs(line)[None, :], np.abs(line)[:, None]
    if shape == "disc":
        reach = np.sqrt(across**2 + down**2)
    elif shape == "diamond":
        reach = (across + down) * 0.78
    else:
        reach = np.maximum(across, down) * 1.18
    radius = size / 2
    whole = np.clip(radius - reach, 0, 1)[..., None]
    body = np.clip(radius - max(1.0, size / 9) - reach, 0, 1)[..., None]
    outline = np.clip(whole - body, 0, 1)
    figure = body * np.asarray(color, np.float32) + outline * np.array(OUTLINE, np.float32)
    return figure, 1 - body - outline


def _stamp(canvas: Pixels, center: tuple[int, int], sprite: tuple[Any, Any]) -> None:
    """Blend a figure into the picture, cut off at its edges."""
    figure, kept = sprite
    size = len(figure)
    top, left = center[0] - size // 2, center[1] - size // 2
    rows = slice(max(top, 0), min(top + size, len(canvas)))
    cols = slice(max(left, 0), min(left + size, canvas.shape[1]))
    part = (slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left))
    canvas[rows, cols] = canvas[rows, cols] * kept[part] + figure[part]


def _ring(canvas: Pixels, row: int, col: int, pixels: int, color: Any) -> None:
    """Draw a square frame, one tile around a tile, dark inside and out."""
    thick = max(pixels // 4, 1)
    top, left = max((row - 1) * pixels, 0), max((col - 1) * pixels, 0)
    part = canvas[top : max((row + 2) * pixels, 0), left : max((col + 2) * pixels, 0)]
    for inset, shade in ((0, color), (thick, OUTLINE)):
        line = thick if inset == 0 else 1
        inner = part[inset : len(part) - inset, inset : part.shape[1] - inset]
        for edge in (inner[:line], inner[-line:], inner[:, :line], inner[:, -line:]):
            edge[...] = shade


def _draw_health(canvas: Pixels, center: tuple[int, int], size: int, health: int) -> None:
    """Draw a bar above whoever is hurt."""
    height = max(size // 8, 1) + 2
    top, left = max(center[0] - size // 2 - height, 0), max(center[1] - size // 2, 0)
    bar = canvas[top : top + height, left : left + size]
    bar[...] = OUTLINE
    inside = bar[1:-1, 1:-1]
    good = max(health, 0) / 100
    width = max(round(inside.shape[1] * good), 1)
    inside[:, :width] = (min(510 - 450 * good, 255), min(60 + 320 * good, 255), 70)


def draw_roster(team_alive: NDArray[np.floating], strip: Pixels) -> None:
    """Draw a cell for each team, filled from below by the share of its members that live.

    Args:
        team_alive: float[teams].
        strip: uint8[ROSTER, cols, 3], written to.
    """
    count = len(team_alive)
    colors = team_colors(max(count, 1))
    edges = np.linspace(0, strip.shape[1], count + 1).round().astype(int)
    gap = 1 if strip.shape[1] >= 3 * max(count, 1) else 0
    for team in range(count):
        cell = strip[4:-2, edges[team] + gap : edges[team + 1]]
        cell[...] = colors[team] // 5
        full = round(len(cell) * float(team_alive[team]))
        if full:
            cell[len(cell) - full :] = colors[team]
