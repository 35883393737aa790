"""Find each other: the first team whose members have all gathered wins.

Everyone begins alone on the edge, and knows of its team what it is told. The dead come back
anywhere, frozen for a while (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.minigames.verdicts import declare_finished, end_undecided, time_left_score
from metammo.rules.rules import RESPAWN_ANYWHERE, SPAWN_SCATTERED
from metammo.tasks.goals import members_within_range
from metammo.tasks.tasks import team
from metammo.tick.deaths import respawn_dead_players


@kernel
def referee(world):
    """Declare the teams that have gathered; bring the dead back."""
    if declare_finished(world) > 0:
        world.winning_score = time_left_score(world)
    end_undecided(world)
    respawn_dead_players(world)


class CommTogether(Minigame):
    """The first team that gathers wins."""

    version = 1
    systems = ("combat", "communication")
    teams = 16
    knobs = {"within": 7}
    knob_docs = {"within": "rows and columns by which members may be apart, tiles"}
    rules = {
        "playable": 128,
        "spawn": SPAWN_SCATTERED,
        "terrain_water": 0.1,
        "terrain_foliage": 0.9,
        "move_into_occupied": 0,
        "health_increment": 10,
        "spawn_immunity": 128,
        "respawn": RESPAWN_ANYWHERE,
        "respawn_freeze": 30,
    }
    task = team(members_within_range("within"))
    referee = referee
