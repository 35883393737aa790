"""Hold the centre tile; the fog closes in.

A tile is seized by an agent that stands on it alone, and stays its team's until another team seizes
it. The team that holds it long enough wins; at the horizon the last one that seized it, and so does
a holder that has outlived all others (rulebook, section 12).
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.verdicts import (
    declare_finished,
    declare_team,
    end_undecided,
    is_horizon,
    is_team_alive,
    living_teams,
    score_survivors,
)
from metammo.rules.knobs import Integers, OneOver
from metammo.tasks.goals import seize_center
from metammo.tasks.tasks import team
from metammo.tick.objectives import HOLD, add_objective
from metammo.world.grid import center_of

HILL = 0
"""The objective's number."""


@kernel
def setup(world):
    """Make the centre tile what is to be held."""
    add_objective(world, center_of(world), center_of(world), int(HOLD))


@kernel
def referee(world):
    """Declare who has held the hill long enough, or holds it when nobody else can."""
    if declare_finished(world) == 0:
        holder = int(world.objective_owner[HILL])
        is_last = living_teams(world) == 1 and holder >= 0 and is_team_alive(world, holder)
        if holder >= 0 and (is_last or is_horizon(world)):
            declare_team(world, holder)
    score_survivors(world)
    end_undecided(world)


class KingOfTheHill(Minigame):
    """The team that holds the centre wins."""

    version = 1
    systems = ("resource", "combat", "communication")
    teams = 16
    knobs = {"hold_ticks": 10}
    knob_docs = {"hold_ticks": "ticks for which the centre is to be held"}
    difficulty = Ladder("hold_ticks", start=10, step=10, stop=200, wins=2)
    rules = {
        "playable": 60,
        "terrain_water": 0.05,
        "terrain_foliage": 0.95,
        "center_mark": 1,
        "move_into_occupied": 0,
        "resource_depletion": 3,
        "resilient": 1.0,
        "fog_final_size": 5,
    }
    randomize = {"fog_onset": Integers(1, 128), "fog_speed": OneOver(8, 20)}
    evaluate = {"hold_ticks": 200, "fog_onset": 32, "fog_speed": OneOver(16)}
    task = team(seize_center(ticks="hold_ticks"))
    setup = setup
    referee = referee
