"""Be the richest team when time is up.

Gold comes from sales to other teams and from what NPCs and fallen agents leave behind; the dead
lose theirs. All systems are on. The team whose living members have most gold at the horizon wins.
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.minigames.verdicts import declare_team, is_horizon, living_teams
from metammo.rules.knobs import Integers
from metammo.rules.rules import FULL
from metammo.tasks.goals import hoard_gold
from metammo.tasks.tasks import team


@kernel
def gold_of(world, number):
    """Return the gold of a team's living members; the dead have none."""
    gold = int(0)
    first = int(world.team_first[number])
    for member in range(first, first + int(world.team_size[number])):
        gold += int(world.entity_gold[member])
    return gold


@kernel
def referee(world):
    """Declare the richest at the horizon, or who is left before."""
    if living_teams(world) > 1 and not is_horizon(world):
        return
    world.is_game_over = 1
    most = int(1)
    for number in range(int(world.team_count)):
        most = max(most, gold_of(world, number))
    for number in range(int(world.team_count)):
        if gold_of(world, number) == most:
            declare_team(world, number)
            world.winning_score = 1


class Merchants(Minigame):
    """The richest team at the horizon wins."""

    version = 1
    systems = ()
    full_systems = FULL
    teams = 16
    knobs = {"gold": 100}
    knob_docs = {"gold": "gold of a team that counts as all of its task"}
    rules = {"terrain_water": 0.1, "terrain_foliage": 0.9}
    randomize = {"npc_count": Integers(64, 256)}
    evaluate = {"npc_count": 128}
    task = team(hoard_gold("gold"))
    referee = referee
