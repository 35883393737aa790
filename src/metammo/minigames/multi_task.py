"""Do what you are asked: everybody has a task of its own, drawn from the curriculum.

Free for all, with nothing to win but one's task. The episode ends when at most one agent is left,
or at the horizon; who lives then is cut short, not beaten (rulebook, section 12).
"""

from typing import ClassVar

from metammo.jit import kernel
from metammo.minigames.minigame import Minigame
from metammo.minigames.verdicts import is_horizon, living_players
from metammo.rules.knobs import Integers
from metammo.rules.rules import FULL
from metammo.tasks.curriculum import TRAINING
from metammo.tasks.tasks import Asked


@kernel
def referee(world):
    """End the game, undecided, when at most one agent is left or time is up."""
    if living_players(world) <= 1 or is_horizon(world):
        world.is_game_over = 1


class MultiTask(Minigame):
    """Nobody wins; each agent is paid for its task's progress."""

    version = 1
    full_systems = FULL
    free_for_all = True
    randomize = {"npc_count": Integers(64, 256)}
    evaluate = {"npc_count": 128}
    task: ClassVar[Asked] = TRAINING
    referee = referee
