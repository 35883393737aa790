"""How large a world can be: the shapes that kernels are compiled for."""

from dataclasses import dataclass

BORDER = 16
"""Rows of void before the first walkable one: beyond sight, so a window never leaves the map."""

VISION = 7
"""Radius of an agent's view in tiles (L-infinity)."""

WINDOW = 2 * VISION + 1
"""Side of an agent's view, tiles."""


@dataclass(frozen=True)
class Sizes:
    """A size class: the shapes of a world's columns. Fewer of each are used by counts."""

    name: str
    """How the command line and `make` call it."""
    players: int
    """Most agents in a world."""
    npcs: int
    """Most NPCs in a world."""
    map_size: int
    """Side of the tile arrays, border included."""

    @property
    def entities(self) -> int:
        """Rows of the entity columns: players first, then NPCs."""
        return self.players + self.npcs

    @property
    def playable_limit(self) -> int:
        """Largest `playable`: the walkable square has playable + 1 tiles a side."""
        return self.map_size - 2 * BORDER


STANDARD = Sizes("standard", players=128, npcs=256, map_size=160)
LARGE = Sizes("large", players=8192, npcs=8192, map_size=1056)
TINY = Sizes("tiny", players=16, npcs=16, map_size=48)

SIZE_CLASSES = {sizes.name: sizes for sizes in (TINY, STANDARD, LARGE)}
