"""`metammo games`: which minigames there are, and what one is played by."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, dataclass
from typing import Annotated, Any

import tyro

from metammo.cli.options import read_options
from metammo.cli.show import print_json, print_table
from metammo.cli.tasks import task_row, tasks_of
from metammo.minigames.minigame import GameFile, Ladder, find_game, games
from metammo.minigames.seats import team_sizes
from metammo.rules.rules import FULL, RULE_FIELDS
from metammo.tasks.tasks import OneOf, family_of

EXAMPLES = 5
"""Tasks of a long list that are shown."""
RUNGS = 12
"""Rungs of a ladder that are shown one by one."""


@dataclass(frozen=True)
class Options:
    """List the minigames, or show one's rules, knobs and ladder.

    Example: metammo games race_to_center
    """

    game: Annotated[str, tyro.conf.Positional] = ""
    """Id of a game, or the path of a file that holds one; empty: list all."""
    rules: bool = False
    """Show every rule, not only those in which the game differs."""
    json: bool = False
    """Print one JSON object."""


def players_of(file: GameFile) -> str:
    """Return who plays: `16 teams of 8`."""
    game = file.game
    sizes = team_sizes(game, None, None, sys.maxsize)
    if game.free_for_all:
        return f"{len(sizes)} agents, each for itself"
    if len(set(sizes)) == 1:
        return f"{len(sizes)} teams of {sizes[0]}"
    return f"teams of {', '.join(map(str, sizes))}"


def summary(file: GameFile) -> dict[str, Any]:
    """Return what a list says of a game."""
    game = file.game
    teams = len(team_sizes(game, None, None, sys.maxsize))
    players = "each for itself" if game.free_for_all else f"{teams} teams"
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


def shown(name: str, value: Any) -> str:
    """Return a knob's value as a person writes it: the word of a rule that takes words."""
    names = RULE_FIELDS[name].metadata.get("names", ()) if name in RULE_FIELDS else ()
    if names and isinstance(value, int):
        return str(names[value])
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def range_of(name: str) -> str:
    """Return what a rule may be: its words, or lowest and highest number."""
    metadata = RULE_FIELDS[name].metadata
    if "names" in metadata:
        return ", ".join(metadata["names"])
    return f"{metadata['low']:g}..{metadata['high']:g}"


def rule_row(name: str) -> dict[str, Any]:
    """Return what there is to say of a rule: name, meaning, kind, range, default."""
    rule = RULE_FIELDS[name]
    default = rule.default if rule.default is not MISSING else ""
    return {
        "rule": name,
        "meaning": rule.metadata["doc"],
        "kind": "word" if "names" in rule.metadata else rule.metadata["kind"],
        "range": range_of(name),
        "default": shown(name, default),
    }


def trained_value(file: GameFile, name: str) -> Any:
    """Return what a knob is in training, the ladder's apart: drawn, set, or its default."""
    game = file.game
    rule = RULE_FIELDS.get(name)
    default = rule.default if rule else game.knobs[name]
    return game.randomize.get(name, game.rules.get(name, game.knobs.get(name, default)))


def rated_value(file: GameFile, name: str) -> Any:
    """Return what a knob is when policies are rated: fixed, or the ladder's top."""
    game = file.game
    if name in game.evaluate:
        return game.evaluate[name]
    if game.difficulty and game.difficulty.knob == name:
        return game.difficulty.stop
    return trained_value(file, name)


def knob_rows(file: GameFile) -> list[dict[str, Any]]:
    """Return every knob in which a game differs from the defaults, its own ones first."""
    game = file.game
    names = dict.fromkeys([*game.knobs, *game.rules, *game.randomize, *game.evaluate])
    if game.difficulty:
        names[game.difficulty.knob] = None
    rows = []
    for name in names:
        value = shown(name, trained_value(file, name))
        if game.difficulty and game.difficulty.knob == name:
            ladder = game.difficulty
            value = f"{ladder.start} + {ladder.step} a rung, to {ladder.stop}"
        if name in RULE_FIELDS:
            described = rule_row(name)
            meaning, default = described["meaning"], described["default"]
            limits = described["range"]
        else:
            meaning = game.knob_docs.get(name, "the game's own")
            default, limits = str(game.knobs[name]), "whole numbers"
        rated = shown(name, rated_value(file, name))
        rows.append(
            {
                "knob": name,
                "training": value,
                "rated": rated,
                "default": default,
                "range": limits,
                "meaning": meaning,
            }
        )
    return rows


def ladder_rungs(ladder: Ladder) -> list[int]:
    """Return the knob's value at every rung."""
    steps = max(-(-(ladder.stop - ladder.start) // max(ladder.step, 1)), 0)
    return [min(ladder.start + rung * ladder.step, ladder.stop) for rung in range(steps + 1)]


def ladder_text(file: GameFile) -> str:
    """Return the ladder rung by rung, in one sentence."""
    ladder = file.game.difficulty
    if ladder is None:
        return "none: the game is as hard at first as ever."
    rungs = [str(value) for value in ladder_rungs(ladder)]
    if len(rungs) > RUNGS:
        rungs = [*rungs[: RUNGS - 2], "...", rungs[-1]]
    wins = "each win" if ladder.wins == 1 else f"each {ladder.wins} wins"
    text = f"{ladder.knob} is {', '.join(rungs)}: a rung higher after {wins}"
    if ladder.failures:
        text += f", lower after {ladder.failures} episodes in a row that nobody won"
    return f"{text}; in each world."


def asked(file: GameFile) -> list[dict[str, Any]]:
    """Return the tasks that a game asks: expression, sentence, whose, weight, category."""
    return [task_row(task) for task in tasks_of(file.game.task)]


def task_lines(file: GameFile) -> list[str]:
    """Return what a game asks in a few lines: its task, or numbers and examples of a list."""
    tasks = tasks_of(file.game.task)
    if len(tasks) == 1:
        whose = "each team as a whole" if tasks[0].is_team else "each agent"
        return [f"{whose}: {tasks[0].sentence} (`{tasks[0]}`)"]
    if not isinstance(file.game.task, OneOf):
        return [f"team {place}: {task.sentence} (`{task}`)" for place, task in enumerate(tasks)]
    counts = Counter(task.category or family_of(task) for task in tasks)
    kinds = ", ".join(f"{name} {count}" for name, count in counts.items())
    step = max(len(tasks) // EXAMPLES, 1)
    examples = [f"{task.sentence} (`{task}`)" for task in tasks[::step][:EXAMPLES]]
    asked = {config: len(file.game.task.within(file.systems(config))) for config in file.configs}
    some = ", ".join(f"{count:,} in {config}" for config, count in asked.items())
    number = f"{len(tasks):,} tasks" + (f" ({some})" if set(asked.values()) != {len(tasks)} else "")
    return [f"one of {number}, drawn by weight: {kinds}; such as", *examples]


def winning_text(file: GameFile) -> str:
    """Return how a game is won: what its referee, or else its class, says of itself."""
    referee = file.game.referee
    doc = (getattr(referee, "__doc__", "") or "").strip().split("\n\n")[0]
    described = (file.game.__doc__ or "").strip().split("\n\n")[0]
    said = [described, f"The referee: {doc[:1].lower()}{doc[1:]}" if doc else ""]
    return " ".join(" ".join(said).split())


def details(file: GameFile) -> dict[str, Any]:
    """Return everything that a game sets."""
    game = file.game
    ladder = game.difficulty
    return {
        **summary(file),
        "players": players_of(file),
        "systems": {config: list(file.systems(config)) for config in file.configs},
        "won": winning_text(file),
        "task": asked(file),
        "knobs": dict(game.knobs),
        "rules": {name: str(value) for name, value in game.rules.items()},
        "randomize": {name: str(value) for name, value in game.randomize.items()},
        "evaluate": {name: str(value) for name, value in game.evaluate.items()},
        "table": knob_rows(file),
        "rungs": ladder_rungs(ladder) if ladder else [],
        "description": (file.module.__doc__ or "").strip(),
    }


def _print_details(file: GameFile, name: str) -> None:
    print((file.module.__doc__ or "").strip() + "\n")
    print(f"Players: {players_of(file)}.")
    for config in file.configs:
        print(f"Systems, {config}: {', '.join(file.systems(config))}.")
    print(f"Won: {winning_text(file)}")
    first, *more = task_lines(file)
    print(f"Task: {first}" + ("" if more else "."))
    for line in more:
        print(f"  {line}")
    print(f"Ladder: {ladder_text(file)}")
    print(f"Version: {file.game.version}.\n")
    columns = ("knob", "in training", "when rated", "default", "range", "meaning")
    rows = [tuple(row.values()) for row in knob_rows(file)]
    print_table(f"{file.name}: what differs", columns, rows)
    print(f"Every rule may be set, too: metammo games {name} --rules lists them")


def rule_rows(file: GameFile | None) -> list[dict[str, Any]]:
    """Return every rule, with what it is in a game."""
    rows = []
    for name in RULE_FIELDS:
        row = rule_row(name)
        if file is not None:
            value = trained_value(file, name)
            if name in FULL and name not in file.game.rules:
                value = int(name in file.systems(file.configs[0]))
            row["training"] = shown(name, value)
            rated = value if name in FULL else rated_value(file, name)
            row["rated"] = shown(name, rated)
        rows.append(row)
    return rows


def _print_rules(file: GameFile) -> None:
    columns = ("rule", "in training", "when rated", "default", "range", "meaning")
    rows = [
        (row["rule"], row["training"], row["rated"], row["default"], row["range"], row["meaning"])
        for row in rule_rows(file)
    ]
    print_table(f"{file.name}: every rule", columns, rows)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = read_options(Options, arguments, "metammo games")
    if options.game:
        file = find_game(options.game)
        if options.json:
            more = {"all_rules": rule_rows(file)} if options.rules else {}
            print_json({**details(file), **more})
        elif options.rules:
            _print_rules(file)
        else:
            _print_details(file, options.game)
        return 0
    if options.rules:
        raise ValueError("--rules needs a game: metammo games race_to_center --rules")
    rows = [summary(file) for _, file in sorted(games().items())]
    if options.json:
        print_json({"rows": rows})
        return 0
    cells = [
        (r["game"], r["summary"], r["players"], ", ".join(r["configs"]), r["ladder"]) for r in rows
    ]
    print_table("Minigames", ("game", "what it is", "players", "config", "ladder"), cells)
    return 0
