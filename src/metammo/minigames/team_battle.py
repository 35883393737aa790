"""Be the last team standing; the fog closes in.

Each team begins on one tile of the border, and death is final. The last team with a living member
wins, its dead included; at the horizon every team that is left wins (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.minigames.survive import Survive
from metammo.minigames.verdicts import last_team_standing
from metammo.rules.rules import FULL
from metammo.tasks.goals import tick_ge
from metammo.tasks.tasks import team


@kernel
def referee(world):
    """Declare the last team, or at the horizon all that are left."""
    last_team_standing(world)


class TeamBattle(Minigame):
    """The last team standing wins."""

    version = 1
    full_systems = FULL
    teams = 16
    rules = Survive.rules
    randomize = Survive.randomize
    evaluate = Survive.evaluate
    task = team(tick_ge("horizon"))
    referee = referee
