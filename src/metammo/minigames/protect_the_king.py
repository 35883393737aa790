"""Keep your king alive; the fog closes in.

A team battle in which the first member of each team is its king: when it dies, its whole team dies
in the same tick. The last team wins (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.minigames.survive import Survive
from metammo.minigames.verdicts import is_team_alive, last_team_standing
from metammo.rules.rules import FULL
from metammo.tasks.goals import protect_leader
from metammo.tasks.tasks import team
from metammo.tick.deaths import kill_player


@kernel
def referee(world):
    """Let the teams of fallen kings fall, then declare the last one."""
    for team_number in range(int(world.team_count)):
        king = int(world.team_first[team_number])
        if world.entity_is_alive[king] == 0 and is_team_alive(world, team_number):
            for member in range(king, king + int(world.team_size[team_number])):
                kill_player(world, member)
    last_team_standing(world)


class ProtectTheKing(Minigame):
    """The last team whose king lives wins."""

    version = 1
    full_systems = FULL
    teams = 16
    rules = Survive.rules
    randomize = Survive.randomize
    evaluate = Survive.evaluate
    task = team(protect_leader())
    referee = referee
