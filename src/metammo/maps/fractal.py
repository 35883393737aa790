"""The fractal field that terrain is cut from: a patchwork of simplex noise.

Sixteen fields of simplex noise (Perlin 2001; Gustavson 2005), all of one scale, and a coarser mask
that says at each place which two of them are blended, and how hard the seam is; the hardness is
drawn for each map. Only + - x / and comparisons on float64: the same bits on every machine. A
place's value does not depend on how much of the map is played on.
"""

import numpy as np

from metammo.jit import entry, kernel
from metammo.world.random import bits31

OCTAVES = 16
SKEW = 0.3660254037844386
"""(sqrt(3) - 1) / 2: squeezes the plane so that triangles become half squares."""
UNSKEW = 0.21132486540518713
"""(3 - sqrt(3)) / 6: undoes it."""
ROW_GRADIENT = np.array([1, -1, 1, -1, 1, -1, 1, -1, 0, 0, 0, 0], np.float64)
COL_GRADIENT = np.array([1, 1, -1, -1, 0, 0, 0, 0, 1, -1, 1, -1], np.float64)
AMPLITUDE = 70.0
"""Brings the noise to about -1..1."""
SCALE = 1.0 / 8.0
"""Frequency of all fields, a tile."""
GAIN = 1.22
"""Amplitude before clipping that gives the rulebook's shares of low and high ground."""
FIXED_POINT = 65536
"""A field's value of 1, as stored."""
HARDNESS = 3.0
"""How quickly one field gives way to the next: 1 from middle to middle, more is harder."""
MASK_REACH = 1.35
"""Half the range of the mask that is used; beyond, it is cut."""


@kernel
def corner(seed, layer, skewed_row, skewed_col, row, col):
    """Return what one corner of a triangle adds to the noise at a place that far from it."""
    fade = 0.5 - row * row - col * col
    if fade <= 0.0:
        return 0.0
    place = ((layer * 4096) + (skewed_row + 2048)) * 4096 + (skewed_col + 2048)
    gradient = bits31(seed, np.uint64(place)) % 12
    fade *= fade
    return fade * fade * (ROW_GRADIENT[gradient] * row + COL_GRADIENT[gradient] * col)


@kernel
def simplex(seed, layer, row, col):
    """Return simplex noise, about -1..1, of one layer of a seed at a place."""
    skew = (row + col) * SKEW
    base_row = int(np.floor(row + skew))
    base_col = int(np.floor(col + skew))
    unskew = (base_row + base_col) * UNSKEW
    first_row = row - (base_row - unskew)
    first_col = col - (base_col - unskew)
    step = 1 if first_row > first_col else 0
    second_row = first_row - step + UNSKEW
    second_col = first_col - (1 - step) + UNSKEW
    third_row = first_row - 1.0 + 2.0 * UNSKEW
    third_col = first_col - 1.0 + 2.0 * UNSKEW
    total = corner(seed, layer, base_row, base_col, first_row, first_col)
    total += corner(seed, layer, base_row + step, base_col + 1 - step, second_row, second_col)
    total += corner(seed, layer, base_row + 1, base_col + 1, third_row, third_col)
    return AMPLITUDE * total


@kernel
def mask_at(seed, layers, row, col):
    """Return which of the fields rules at a place, 0 up to `layers`, fraction included."""
    total = simplex(seed, int(OCTAVES), row / 32.0, col / 32.0)
    total += 0.5 * simplex(seed, int(OCTAVES) + 1, row / 16.0, col / 16.0)
    total += 0.25 * simplex(seed, int(OCTAVES) + 2, row / 8.0, col / 8.0)
    total += 0.125 * simplex(seed, int(OCTAVES) + 3, row / 4.0, col / 4.0)
    share = min(max((total + MASK_REACH) / (2.0 * MASK_REACH), 0.0), 0.999999)
    return share * layers


@kernel
def layers_of(seed):
    """Return how many fields make a map's patchwork, 1 (no seam) to 9 (many)."""
    return 1.0 + bits31(seed, np.uint64(1)) % 9


@kernel
def field_at(seed, layers, row, col):
    """Return the field at a tile: 0..65535 for 0..1."""
    mask = mask_at(seed, layers, float(row), float(col))
    layer = int(mask)
    blend = min(max((mask - layer - 0.5) * HARDNESS + 0.5, 0.0), 1.0)
    value = 0.0
    if blend < 1.0:
        value += (1.0 - blend) * simplex(seed, layer, row * SCALE, col * SCALE)
    if blend > 0.0:
        value += blend * simplex(seed, (layer + 1) % OCTAVES, row * SCALE, col * SCALE)
    # Blending two independent fields would flatten the land between them.
    value *= GAIN / np.sqrt(blend * blend + (1.0 - blend) * (1.0 - blend))
    height = 0.5 + 0.5 * min(max(value, -1.0), 1.0)
    return int(height * (FIXED_POINT - 1))


@entry
def fill_field(seed, layers, out):
    """Write the whole field of a seed, for looking at it and for its statistics.

    Args:
        seed: uint64.
        layers: float64, 1..9; 0 for the map's own.
        out: int64[rows, cols], written.
    """
    chosen = layers_of(seed) if layers == 0.0 else layers
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            out[row, col] = field_at(seed, chosen, row, col)
