"""Skills, styles of combat and the experience that levels need (rulebook, sections 5 and 8)."""

from enum import IntEnum

import numpy as np


class Skill(IntEnum):
    """The eight skills; the first three are the styles of combat."""

    MELEE = 0
    RANGE = 1
    MAGE = 2
    FISHING = 3
    HERBALISM = 4
    PROSPECTING = 5
    CARVING = 6
    ALCHEMY = 7


SKILL_COUNT = len(Skill)
STYLE_COUNT = 3

BEATS = np.array([Skill.RANGE, Skill.MAGE, Skill.MELEE], np.int64)
"""int64[3]: the style that each style beats: melee beats range, range mage, mage melee."""

LEVEL_LIMIT = 10

LEVEL_EXPERIENCE = np.cumsum([0] + [round(90 * level**0.5) for level in range(1, LEVEL_LIMIT)])
"""int64[10]: experience needed for levels 1..10: sum over l < L of round(90 sqrt(l))."""
