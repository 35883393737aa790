"""`metammo new-game`: a small game of one's own to begin with, ready to play."""

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from metammo.cli.options import read_options
from metammo.minigames.minigame import GameError, game_names

TEMPLATE = '''"""Hold the middle of the map.

Eight teams begin on the border. Whoever stands on the centre tile takes it for the team; the team
that has held it for long enough wins. The fog drives everybody there.
"""

from metammo.jit import kernel
from metammo.minigames.minigame import Ladder, Minigame
from metammo.minigames.verdicts import (
    declare_team,
    is_horizon,
    living_players,
    time_left_score,
)
from metammo.rules.knobs import Integers
from metammo.tasks.goals import seize_center
from metammo.tasks.tasks import team
from metammo.tick.objectives import HOLD, add_objective
from metammo.world.grid import center_of

HOLD_TICKS = 0  # the place of our own knob in `world.game_knob`
MIDDLE = 0  # the number of our objective, the first that `setup` places


@kernel
def setup(world):
    """Place what the game adds; the map stands, and the agents are on it."""
    add_objective(world, center_of(world), center_of(world), int(HOLD))


@kernel
def referee(world):
    """Look after each tick for a winner: whoever holds the middle, for how long."""
    holder = int(world.objective_owner[MIDDLE])  # -1: nobody yet
    held = int(world.tick) - int(world.objective_tick[MIDDLE])
    if holder >= 0 and held >= int(world.game_knob[HOLD_TICKS]):
        world.winning_score = time_left_score(world)  # a quick win scores more
        declare_team(world, holder)
    elif is_horizon(world) or living_players(world) == 0:
        world.is_game_over = 1  # nobody has won


class CLASS_NAME(Minigame):
    """The team that holds the middle for long enough wins."""

    version = 1  # raise it when the game behaves differently
    teams = 8  # of equal size; agents are 128
    knobs = {"hold_ticks": 4}  # what is our own, with defaults: at most 8
    knob_docs = {"hold_ticks": "ticks for which the middle is to be held"}
    difficulty = Ladder("hold_ticks", start=4, step=2, stop=20, wins=2)  # rises with wins
    rules = {  # what differs from the defaults: `metammo games NAME --rules` lists them all
        "playable": 48,
        "horizon": 512,
        "move_into_occupied": 0,
        "fog_onset": 16,
        "fog_final_size": 1,
    }
    randomize = {"npc_count": Integers(0, 33)}  # drawn anew for each episode
    evaluate = {"npc_count": 16}  # fixed when policies are rated; the ladder stands at its top
    task = team(seize_center(ticks="hold_ticks"))  # what agents are paid for on the way
    setup = setup
    referee = referee
'''
"""The game that is written, but for the class's name."""


@dataclass(frozen=True)
class Options:
    """Write the file of a small game that plays, to make another of.

    Example: metammo new-game hold_the_well
    """

    name: Annotated[str, tyro.conf.Positional]
    """The game's id and the file's name: small letters, digits and underscores."""
    folder: Path = Path()
    """Where the file is written."""


def check_name(name: str) -> None:
    """Raise GameError unless a game of one's own can be called so."""
    is_word = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) and not keyword.iskeyword(name)
    if not is_word:
        raise GameError(
            f"a game is called by small letters, digits and single underscores, beginning with a "
            f"letter, as hold_the_well; got {name!r}"
        )
    if name in game_names():
        raise GameError(f"there is a game {name!r} in the package; choose another name")


def class_name(name: str) -> str:
    """Return the class of a game's id: `hold_the_well` is `HoldTheWell`."""
    return "".join(part.capitalize() for part in name.split("_"))


def template(name: str) -> str:
    """Return the source of a new game."""
    return TEMPLATE.replace("CLASS_NAME", class_name(name))


def write_game(name: str, folder: Path) -> Path:
    """Write a new game's file and return its path.

    Raises:
        GameError: a bad name, no such folder, or a file that is there already.
    """
    check_name(name)
    if not folder.is_dir():
        raise GameError(f"there is no folder {str(folder)!r}; make it, or give another --folder")
    path = folder / f"{name}.py"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template(name))
    except FileExistsError as error:
        raise GameError(f"{path} is there already; choose another name or folder") from error
    return path


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo new-game")
    path = write_game(options.name, options.folder)
    print(f"{path} is written, and plays. Next:")
    print(f"  metammo games {path}            # what the game is")
    print(f"  metammo check-game {path}       # is it fair, can it be won, does it pay to play")
    print(f"  metammo train --games {path}")
    return 0
