"""The fractal field that terrain is cut from: a patchwork of simplex noise.

Sixteen octaves of simplex noise (Perlin 2001; Gustavson 2005), all of one scale, and a coarser mask
that says at each place which of them leads. The others are blended in by their distance to the
leader; how far that reaches is the map's softness: from hard seams, where the leader is alone, to
none at all, where all count alike. Toward the border the leader depends less on the mask and more
on the distance from the centre.

Octaves that stand on one lattice can be summed there: a blend of them is simplex noise whose
gradients are the blend of theirs. Three lattices thus do for all sixteen octaves; one would not, as
noise is 0 at its lattice's points.

Only + - x / and comparisons on float64: the same bits on every machine. A place's value depends on
the map's seed and the array's side, not on how much of the map is played on.
"""

import numpy as np

from metammo.jit import entry, kernel
from metammo.rules.sizes import BORDER
from metammo.world.random import bits31

OCTAVES = 16
LATTICES = 3
MASKS = 4
SKEW = 0.3660254037844386
"""(sqrt(3) - 1) / 2: squeezes the plane so that triangles become half squares."""
UNSKEW = 0.21132486540518713
"""(3 - sqrt(3)) / 6: undoes it."""
SHIFT = 0.19245008972987526
"""(1 - 2 UNSKEW) / 3: brings a lattice's points to the middles of another's triangles."""
GRADIENTS = np.array(
    [(1, 1), (-1, 1), (1, -1), (-1, -1), *[(1, 0), (-1, 0), (0, 1), (0, -1)] * 2], np.float64
)
AMPLITUDE = 70.0
"""Brings the noise to about -1..1."""
SCALE = 1.0 / 8.0
"""Frequency of the octaves, a tile."""
MASK_SCALE = np.array([1 / 32, 1 / 16, 1 / 8, 1 / 4])
"""Frequency of the mask's parts, a tile; each counts half of the one before it."""
MASK_REACH = 1.48
"""The mask lies in about -reach..reach; beyond, it is cut."""
RING_REACH = 64
"""Tiles from the centre to the border of a medium map; smaller maps are a medium one's middle."""
BLOCK = 136
"""Side of the squares that the field is made in, tiles: bounds the lattices that are held."""
FIXED_POINT = 65536
"""A field's value of 1, as stored."""

# Fitted: the field's standard deviation on a medium map is the peer's at the same softness.
GAIN = np.array([*[1254] * 5, 1246, 1186, 1057, 919, 799, 696, 608, 532, 470, 419, 377, 339]) / 1000
"""float64[softness]: what the blend is multiplied with before it is cut to -1..1."""
SOFTNESSES = len(GAIN)
LEAST_WEIGHT = 0.002


def _weights() -> np.ndarray:
    """Return how much an octave counts that is d behind or before the leader: [softness, d]."""
    sigma = 10 ** np.linspace(-2, 0, SOFTNESSES)[:, None]
    distance = np.arange(OCTAVES)[None, :] / (OCTAVES - 1)
    # Rounded far coarser than any machine's error, so the table is the same everywhere.
    weights = np.round(np.exp(-((distance / sigma) ** 2)) * 1e6) / 1e6
    return np.where(weights < LEAST_WEIGHT, 0.0, weights)


WEIGHT = _weights()
"""float64[softness, 16]: what an octave counts, by its distance to the leader."""


@kernel
def softness_of(seed):
    """Return how soft a map's seams are, 0..16; sigma is 0.01 x 10^(softness / 8)."""
    return bits31(seed, np.uint64(1)) % SOFTNESSES


@kernel
def corner_index(row, col):
    """Return the lattice's corner below a place, in skewed rows and columns."""
    skew = (row + col) * SKEW
    return int(np.floor(row + skew)), int(np.floor(col + skew))


@kernel
def fill_gradients(seed, layer, first_row, first_col, out):
    """Draw the gradients of a layer's lattice from a corner on: out[rows, cols, 2]."""
    for row in range(out.shape[0]):
        base = (layer * 4096 + first_row + row + 2048) * 4096 + first_col + 2048
        for col in range(out.shape[1]):
            gradient = bits31(seed, np.uint64(base + col)) % 12
            out[row, col, 0] = GRADIENTS[gradient, 0]
            out[row, col, 1] = GRADIENTS[gradient, 1]


@kernel
def add_gradients(weight, gradients, out):
    """Add a lattice's weighted gradients to a blend."""
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            out[row, col, 0] += weight * gradients[row, col, 0]
            out[row, col, 1] += weight * gradients[row, col, 1]


@kernel
def corner(gradients, skewed_row, skewed_col, row, col):
    """Return what one corner of a triangle adds to the noise at a place that far from it."""
    fade = max(0.5 - row * row - col * col, 0.0)
    fade *= fade
    along = gradients[skewed_row, skewed_col, 0] * row + gradients[skewed_row, skewed_col, 1] * col
    return fade * fade * along


@kernel
def simplex(gradients, first_row, first_col, row, col):
    """Return the noise of a lattice's gradients, kept from the corner `first` on, at a place."""
    base_row, base_col = corner_index(row, col)
    unskew = (base_row + base_col) * UNSKEW
    near_row = row - (base_row - unskew)
    near_col = col - (base_col - unskew)
    step = 1 if near_row > near_col else 0
    base_row -= first_row
    base_col -= first_col
    total = corner(gradients, base_row, base_col, near_row, near_col)
    side_row = near_row - step + UNSKEW
    side_col = near_col - (1 - step) + UNSKEW
    total += corner(gradients, base_row + step, base_col + 1 - step, side_row, side_col)
    far_row = near_row - 1.0 + 2.0 * UNSKEW
    far_col = near_col - 1.0 + 2.0 * UNSKEW
    total += corner(gradients, base_row + 1, base_col + 1, far_row, far_col)
    return AMPLITUDE * total


@kernel
def fill_masks(seed, first_row, first_col, side, masks):
    """Write the mask of a square block of the map into masks[rows, cols]."""
    masks[:, :] = 0.0
    part = 1.0
    for layer in range(MASKS):
        scale = MASK_SCALE[layer]
        low_row, low_col = corner_index(first_row * scale, first_col * scale)
        high_row, high_col = corner_index((first_row + side) * scale, (first_col + side) * scale)
        gradients = np.empty((high_row - low_row + 2, high_col - low_col + 2, 2))
        fill_gradients(seed, int(OCTAVES) + layer, low_row, low_col, gradients)
        for row in range(masks.shape[0]):
            for col in range(masks.shape[1]):
                place_row = (first_row + row) * scale
                place_col = (first_col + col) * scale
                value = simplex(gradients, low_row, low_col, place_row, place_col)
                masks[row, col] += part * value
        part *= 0.5


@kernel
def leader_at(mask, distance, reach):
    """Return which octave leads where the mask has a value, so far from the map's centre."""
    share = (mask + MASK_REACH) / (2.0 * MASK_REACH)
    patch = int(min(max(share, 0.0), 0.999999) * OCTAVES)
    ring = min(max((reach - distance) * OCTAVES // reach, 0), OCTAVES - 1)
    outward = min(distance / (reach - 2), 1.0)
    leader = outward * ring + (1.0 - outward) * (OCTAVES - patch)
    return min(int(np.ceil(leader)), OCTAVES - 1)


@kernel
def fill_blends(seed, softness, first_row, first_col, blends):
    """Blend the octaves around each leader: blends[leader, lattice, rows, cols, 2]."""
    blends[:, :, :, :, :] = 0.0
    gradients = np.empty(blends.shape[2:])
    gain = GAIN[softness]
    for octave in range(OCTAVES):
        fill_gradients(seed, octave, first_row, first_col, gradients)
        for leader in range(OCTAVES):
            weight = gain * WEIGHT[softness, abs(octave - leader)]
            if weight > 0.0:
                add_gradients(weight, gradients, blends[leader, octave % LATTICES])


@kernel
def fill_block(seed, softness, first_row, first_col, center, out):
    """Write the field of a square block of the map, from a tile on, into out[rows, cols]."""
    side = out.shape[0]
    masks = np.empty((side, side))
    fill_masks(seed, first_row, first_col, side, masks)
    low_row, low_col = corner_index(first_row * SCALE, first_col * SCALE)
    shift = (LATTICES - 1) * SHIFT
    high_row, high_col = corner_index(
        (first_row + side) * SCALE + shift, (first_col + side) * SCALE + shift
    )
    shape = (OCTAVES, LATTICES, high_row - low_row + 2, high_col - low_col + 2, 2)
    blends = np.empty(shape)
    fill_blends(seed, softness, low_row, low_col, blends)
    reach = max(center - BORDER, RING_REACH)
    # With one octave at a time only its own lattice counts.
    is_hard = WEIGHT[softness, 1] == 0.0
    for row in range(side):
        for col in range(side):
            distance = max(abs(first_row + row - center), abs(first_col + col - center))
            leader = leader_at(masks[row, col], distance, reach)
            value = 0.0
            for lattice in range(LATTICES):
                if is_hard and leader % LATTICES != lattice:
                    continue
                place_row = (first_row + row) * SCALE + lattice * SHIFT
                place_col = (first_col + col) * SCALE + lattice * SHIFT
                value += simplex(blends[leader, lattice], low_row, low_col, place_row, place_col)
            height = 0.5 + 0.5 * min(max(value, -1.0), 1.0)
            out[row, col] = int(height * (FIXED_POINT - 1))


@entry
def fill_field(seed, softness, out):
    """Write a seed's whole field, for looking at it and for its statistics.

    Args:
        seed: uint64.
        softness: 0..16; -1 for the map's own.
        out: int32[side, side], written: 0..65535 for 0..1.
    """
    chosen = softness_of(seed) if softness < 0 else softness
    side = out.shape[0]
    for row in range(0, side, BLOCK):
        for col in range(0, side, BLOCK):
            length = min(BLOCK, side - min(row, col))
            block = np.empty((length, length), np.int32)
            fill_block(seed, chosen, row, col, side // 2, block)
            rows = min(length, side - row)
            cols = min(length, side - col)
            out[row : row + rows, col : col + cols] = block[:rows, :cols]
