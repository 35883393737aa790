"""The loops of `first_layers`: sums over tiles, entities and words, and their gradients."""

import numpy as np

from metammo.jit import entry
from metammo.observe.layout import ENTITY_CODES, FOG_LEVEL, EntityFeature
from metammo.rules.sizes import WINDOW

PATCH = 3
"""Side of the square of tiles that makes a patch."""
SIDE = WINDOW // PATCH
PATCHES = SIDE**2
TILES = WINDOW**2
PLACES = PATCH**2
"""Tiles of a patch."""
TILE_OF = np.arange(TILES).reshape(SIDE, PATCH, SIDE, PATCH).swapaxes(1, 2).reshape(PATCHES, PLACES)
"""Which of the window's tiles has a place in a patch, int64[25, 9]."""
PRESENT = int(EntityFeature.PRESENT)
FOG_SCALE = 16.0
OBJECTIVE_SCALE = 3.0


@entry
def add_patches(tiles, table, ground, bias, out):
    """Write the features of patches, the first layer's, rectified.

    Args:
        tiles: uint8[rows, 4 x 225], `observe.layout.TilePlane` after plane.
        table: float32[9, codes, width], what a tile of a code adds by its place in the patch.
        ground: float32[9, 2, width], what its fog and its objective add.
        bias: float32[width].
        out: float32[rows, 25, width], written.

    Returns:
        The first row with a code that the table lacks, where it ends; -1: there is none.
    """
    for row in range(len(tiles)):
        for patch in range(PATCHES):
            own = out[row, patch]
            for feature in range(len(bias)):
                own[feature] = bias[feature]
            for place in range(PLACES):
                tile = TILE_OF[patch, place]
                code = int(tiles[row, tile]) * ENTITY_CODES + int(tiles[row, TILES + tile])
                if code >= table.shape[1]:
                    return row
                added = table[place, code]
                for feature in range(len(bias)):
                    own[feature] += added[feature]
                fog = int(tiles[row, 2 * TILES + tile])
                objective = int(tiles[row, 3 * TILES + tile])
                if fog != 0 and fog != FOG_LEVEL:
                    depth = np.float32((fog - FOG_LEVEL) / FOG_SCALE)
                    for feature in range(len(bias)):
                        own[feature] += depth * ground[place, 0, feature]
                if objective != 0:
                    kind = np.float32(objective / OBJECTIVE_SCALE)
                    for feature in range(len(bias)):
                        own[feature] += kind * ground[place, 1, feature]
            for feature in range(len(bias)):
                own[feature] = max(own[feature], np.float32(0))
    return -1


@entry
def add_patch_gradients(tiles, out, gradient, table, ground, bias):
    """Add the gradients of what `add_patches` was given to three arrays of the same shapes.

    Args:
        tiles: as there.
        out: what was written there.
        gradient: float32[rows, 25, width], that of `out`.
        table: float32[9, codes, width].
        ground: float32[9, 2, width].
        bias: float32[width].
    """
    own = np.empty(len(bias), np.float32)
    for row in range(len(tiles)):
        for patch in range(PATCHES):
            for feature in range(len(bias)):
                is_on = out[row, patch, feature] > 0
                own[feature] = gradient[row, patch, feature] if is_on else np.float32(0)
                bias[feature] += own[feature]
            for place in range(PLACES):
                tile = TILE_OF[patch, place]
                code = int(tiles[row, tile]) * ENTITY_CODES + int(tiles[row, TILES + tile])
                added = table[place, code]
                for feature in range(len(bias)):
                    added[feature] += own[feature]
                fog = int(tiles[row, 2 * TILES + tile])
                objective = int(tiles[row, 3 * TILES + tile])
                if fog != 0 and fog != FOG_LEVEL:
                    depth = np.float32((fog - FOG_LEVEL) / FOG_SCALE)
                    for feature in range(len(bias)):
                        ground[place, 0, feature] += depth * own[feature]
                if objective != 0:
                    kind = np.float32(objective / OBJECTIVE_SCALE)
                    for feature in range(len(bias)):
                        ground[place, 1, feature] += kind * own[feature]


@entry
def add_entities(numbers, weight, bias, out, most, which, mean):
    """Write the features of entities, rectified, and what a row's are together.

    Args:
        numbers: int8[rows, entities, numbers], of `EntityFeature`.
        weight: float32[numbers, width].
        bias: float32[width].
        out: float32[rows, entities, width], written; 0 where nobody is.
        most: float32[rows, width], written: the maximum.
        which: int8[rows, width], written: whose; -1 where it is 0.
        mean: float32[rows, width], written: with nobody's.
    """
    rows, entities, count = numbers.shape
    for row in range(rows):
        for feature in range(len(bias)):
            most[row, feature] = mean[row, feature] = 0
            which[row, feature] = -1
        for entity in range(entities):
            own = out[row, entity]
            is_there = numbers[row, entity, PRESENT] != 0
            for feature in range(len(bias)):
                own[feature] = bias[feature] if is_there else np.float32(0)
            if not is_there:
                continue
            for number in range(count):
                value = np.float32(numbers[row, entity, number])
                if value != 0:
                    for feature in range(len(bias)):
                        own[feature] += value * weight[number, feature]
            for feature in range(len(bias)):
                own[feature] = max(own[feature], np.float32(0))
                mean[row, feature] += own[feature]
                if own[feature] > most[row, feature]:
                    most[row, feature] = own[feature]
                    which[row, feature] = entity
        for feature in range(len(bias)):
            mean[row, feature] /= np.float32(entities)


@entry
def add_entity_gradients(numbers, out, which, of_out, of_most, of_mean, weight, bias):
    """Add the gradients of what `add_entities` was given to two arrays of the same shapes.

    Args:
        numbers: as there.
        out: what was written there.
        which: what was written there.
        of_out: the gradient of `out`.
        of_most: that of `most`.
        of_mean: that of `mean`.
        weight: float32[numbers, width].
        bias: float32[width].
    """
    rows, entities, count = numbers.shape
    own = np.empty(len(bias), np.float32)
    for row in range(rows):
        for entity in range(entities):
            if numbers[row, entity, PRESENT] == 0:
                continue
            for feature in range(len(bias)):
                own[feature] = 0
                if out[row, entity, feature] > 0:
                    own[feature] = of_out[row, entity, feature]
                    own[feature] += of_mean[row, feature] / np.float32(entities)
                    if which[row, feature] == entity:
                        own[feature] += of_most[row, feature]
                bias[feature] += own[feature]
            for number in range(count):
                value = np.float32(numbers[row, entity, number])
                if value != 0:
                    for feature in range(len(bias)):
                        weight[number, feature] += value * own[feature]


@entry
def add_words(words, weight, bias, most, which):
    """Write the maximum of what is said, rectified.

    Args:
        words: int8[rows, speakers, numbers]; all 0 where nobody speaks.
        weight: float32[numbers, width].
        bias: float32[width].
        most: float32[rows, width], written.
        which: int8[rows, width], written: whose; -1 where nobody is more than silence.
    """
    rows, speakers, count = words.shape
    own = np.empty(len(bias), np.float32)
    for row in range(rows):
        is_silent = False
        for feature in range(len(bias)):
            most[row, feature] = 0
            which[row, feature] = -1
        for speaker in range(speakers):
            says = False
            for number in range(count):
                says = says or words[row, speaker, number] != 0
            if not says:
                is_silent = True
                continue
            for feature in range(len(bias)):
                own[feature] = bias[feature]
            for number in range(count):
                value = np.float32(words[row, speaker, number])
                for feature in range(len(bias)):
                    own[feature] += value * weight[number, feature]
            for feature in range(len(bias)):
                if own[feature] > most[row, feature]:
                    most[row, feature] = own[feature]
                    which[row, feature] = speaker
        if is_silent:
            for feature in range(len(bias)):
                if bias[feature] > most[row, feature]:
                    most[row, feature] = bias[feature]
                    which[row, feature] = -1


@entry
def add_word_gradients(words, most, which, gradient, weight, bias):
    """Add the gradients of what `add_words` was given to two arrays of the same shapes.

    Args:
        words: as there.
        most: what was written there.
        which: what was written there.
        gradient: float32[rows, width], that of `most`.
        weight: float32[numbers, width].
        bias: float32[width].
    """
    for row in range(len(words)):
        for feature in range(len(bias)):
            if most[row, feature] > 0:
                bias[feature] += gradient[row, feature]
                speaker = int(which[row, feature])
                if speaker >= 0:
                    for number in range(len(weight)):
                        value = np.float32(words[row, speaker, number])
                        weight[number, feature] += value * gradient[row, feature]
