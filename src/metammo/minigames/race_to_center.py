"""Be the first on the centre tile.

Free for all, without combat. Agents begin on the border and must eat and drink on the way; the dead
come back at the border, frozen for ten ticks. The map grows with each win (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.verdicts import declare_finished, end_undecided, time_left_score
from metammo.rules.rules import RESPAWN_EDGE
from metammo.tasks.goals import progress_toward_center
from metammo.tick.deaths import respawn_dead_players


@kernel
def referee(world):
    """Declare whoever stands on the centre tile; bring the dead back."""
    if declare_finished(world) > 0:
        world.winning_score = time_left_score(world)
    end_undecided(world)
    respawn_dead_players(world)


class RaceToCenter(Minigame):
    """The first on the centre tile wins."""

    version = 1
    systems = ("resource",)
    free_for_all = True
    difficulty = Ladder("playable", start=40, step=8, stop=128, wins=1)
    rules = {
        "playable": 128,
        "terrain_water": 0.05,
        "terrain_foliage": 0.95,
        "center_mark": 1,
        "move_into_occupied": 0,
        "respawn": RESPAWN_EDGE,
        "respawn_freeze": 10,
    }
    evaluate = {"playable": 128}
    task = progress_toward_center()
    referee = referee
