"""`metammo games`: which minigames there are, and what one is played by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from metammo.cli.show import print_json, print_table
from metammo.minigames.minigame import GameFile, find_game, games
from metammo.rules.rules import RULE_FIELDS
from metammo.tasks.tasks import OneOf


@dataclass(frozen=True)
class Options:
    """List the minigames, or show one's rules, knobs and ladder.

    Example: metammo games race_to_center
    """

    game: Annotated[str, tyro.conf.Positional] = ""
    """Id of a game, or the path of a file that holds one; empty: list all."""
    json: bool = False
    """Print one JSON object."""


def summary(file: GameFile) -> dict[str, Any]:
    """Return what a list says of a game."""
    game = file.game
    players = "each for itself" if game.free_for_all else f"{game.teams} teams"
    ladder = game.difficulty
    climbs = f"{ladder.knob} {ladder.start}..{ladder.stop}" if ladder else ""
    return {
        "game": file.name,
        "summary": file.summary,
        "players": players,
        "configs": list(file.configs),
        "ladder": climbs,
        "version": game.version,
    }


def asked(file: GameFile) -> list[dict[str, Any]]:
    """Return the tasks that a game asks: expression, sentence, whose, weight."""
    task = file.game.task
    tasks = task.tasks if isinstance(task, OneOf) else task if isinstance(task, tuple) else (task,)
    return [
        {
            "task": str(each),
            "sentence": each.sentence,
            "team": each.is_team,
            "weight": each.weight,
            "category": each.category,
        }
        for each in tasks
    ]


def details(file: GameFile) -> dict[str, Any]:
    """Return everything that a game sets."""
    game = file.game
    return {
        **summary(file),
        "systems": list(game.systems),
        "task": asked(file),
        "knobs": dict(game.knobs),
        "rules": {name: str(value) for name, value in game.rules.items()},
        "randomize": {name: str(value) for name, value in game.randomize.items()},
        "evaluate": {name: str(value) for name, value in game.evaluate.items()},
        "description": (file.module.__doc__ or "").strip(),
    }


def _print_details(file: GameFile) -> None:
    game = file.game
    print((file.module.__doc__ or "").strip() + "\n")
    names = list(dict.fromkeys([*game.knobs, *game.rules, *game.randomize, *game.evaluate]))
    if game.difficulty and game.difficulty.knob not in names:
        names.append(game.difficulty.knob)
    rows = []
    for name in names:
        trained = game.randomize.get(name, game.rules.get(name, game.knobs.get(name, "")))
        if game.difficulty and game.difficulty.knob == name:
            ladder = game.difficulty
            trained = f"{ladder.start} + {ladder.step} a rung, to {ladder.stop}"
        meaning = RULE_FIELDS[name].metadata["doc"] if name in RULE_FIELDS else "the game's own"
        rows.append((name, trained, game.evaluate.get(name, trained), meaning))
    print_table(f"{file.name}: knobs", ("knob", "in training", "when rated", "meaning"), rows)
    print("Every rule may be set as a knob: metammo.make(game, horizon=512, ...)")


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = tyro.cli(Options, args=list(arguments), prog="metammo games")
    if options.game:
        file = find_game(options.game)
        if options.json:
            print_json(details(file))
        else:
            _print_details(file)
        return 0
    rows = [summary(file) for _, file in sorted(games().items())]
    if options.json:
        print_json({"rows": rows})
        return 0
    cells = [
        (r["game"], r["summary"], r["players"], ", ".join(r["configs"]), r["ladder"]) for r in rows
    ]
    print_table("Minigames", ("game", "what it is", "players", "config", "ladder"), cells)
    return 0
