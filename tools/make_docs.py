#!/usr/bin/env python3
"""What do the games, tasks, observations and rules come to? Pages written from the code alone.

Usage: make_docs.py [--check]    (writes into docs/; --check only says which pages are out of date)
"""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from metammo.actions import HEADS, Head, head_sizes
from metammo.cli.games import (
    knob_rows,
    ladder_rungs,
    ladder_text,
    players_of,
    rule_row,
    summary,
    task_lines,
    winning_text,
)
from metammo.files import beside
from metammo.minigames.minigame import GameFile, games
from metammo.observe import layout
from metammo.observe.layout import LAYOUTS, MARKET_PART, Part
from metammo.rules import rules
from metammo.rules.rules import RULE_FIELDS
from metammo.tasks import predicates
from metammo.tasks.codes import Predicate
from metammo.tasks.goals import count_event
from metammo.tasks.parsing import task_functions
from metammo.tasks.tasks import Task
from metammo.world.columns import Event

DOCS = Path(__file__).parent.parent / "docs"
NOTICE = "<!-- Written by `make docs` from the code: change that, not this. -->\n"

FEATURES: dict[str, type[IntEnum]] = {
    "own": layout.OwnFeature,
    "tiles": layout.TilePlane,
    "entities": layout.EntityFeature,
    "talk": layout.TalkFeature,
    "task": layout.TaskFeature,
    "inventory": layout.ItemFeature,
    "skills": layout.SkillFeature,
    "market": layout.MarketFeature,
}
"""What the last axis of each part, of the tiles the first, means."""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in Markdown."""

    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"

    return line(head) + line(["---"] * len(head)) + "".join(line(row) for row in rows)


@cache
def syntax_of(module: ModuleType) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(inspect.getsource(module))


def member_docs(enum: type[IntEnum]) -> dict[str, str]:
    """Return the docstring under each member of an enumeration; "" where there is none."""
    tree = syntax_of(importlib.import_module(enum.__module__))
    node = next(
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == enum.__name__
    )
    docs = dict.fromkeys(enum.__members__, "")
    for member, after in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
        target = member.targets[0] if isinstance(member, ast.Assign) else None
        is_doc = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(target, ast.Name) and target.id in docs and is_doc:
            docs[target.id] = " ".join(str(after.value.value).split())
    return docs


def first_sentences(function: Any) -> str:
    """Return a docstring up to its arguments, in one line."""
    doc = inspect.getdoc(function) or ""
    return " ".join(re.split(r"\n(?:Args|Returns|Raises):", doc)[0].split())


def linked(text: str) -> str:
    """Return a text of a page in a folder of its own, its references to the rulebook as links."""
    return text.replace("(rulebook, ", "([rulebook](../rulebook.md), ")


# Games


def game_page(file: GameFile) -> str:
    """Return a game's page; the same headings for all."""
    game = file.game
    title, _, body = (file.module.__doc__ or "").strip().partition("\n")
    paragraphs = [" ".join(part.split()) for part in body.strip().split("\n\n")]
    first, *more = task_lines(file)
    systems = [f"- {config}: {', '.join(file.systems(config))}" for config in file.configs]
    ladder = game.difficulty
    rungs = ""
    if ladder:
        values = enumerate(ladder_rungs(ladder))
        rungs = "\n" + table(("rung", ladder.knob), values)
    rated = [(row["knob"], row["rated"]) for row in knob_rows(file)]
    fixed = [row for row in rated if row[0] in game.evaluate]
    if ladder and ladder.knob not in game.evaluate:
        fixed += [row for row in rated if row[0] == ladder.knob]
    history = [f"- {number}: {text}" for number, text in sorted(game.history.items())]
    spawn = {row["knob"]: row["training"] for row in knob_rows(file)}.get("spawn", "edge")
    config = "" if "mini" in file.configs else " --config full"
    parts = [
        NOTICE,
        f"# {file.name}\n",
        "## What it is\n",
        "\n\n".join([title, *(linked(part) for part in paragraphs if part)]) + "\n",
        "## How it is won\n",
        winning_text(file) + "\n",
        "## Systems\n",
        "\n".join(systems) + "\n",
        "## Teams and spawn\n",
        f"{players_of(file)}. Agents begin: {spawn} (see `spawn` in [the rules](../rules.md)).\n",
        "## Task\n",
        first[0].upper()
        + first[1:]
        + ("\n\n" + "\n".join(f"- {line}" for line in more) if more else "")
        + "\n",
        "## Knobs\n",
        table(
            ("knob", "in training", "when rated", "default", "range", "meaning"),
            (tuple(row.values()) for row in knob_rows(file)),
        ),
        "## Ladder\n",
        (ladder_text(file) if ladder else "None: the game is as hard at first as ever.")
        + "\n"
        + rungs,
        "## Evaluation\n",
        (
            "Fixed when policies are rated: "
            + ", ".join(f"`{name}` {value}" for name, value in fixed)
            if fixed
            else "Nothing is fixed when policies are rated"
        )
        + ". The ladder is off.\n",
        "## Version history\n",
        f"Version {game.version}." + ("\n\n" + "\n".join(history) if history else "") + "\n",
        "## Try it\n",
        f"```sh\nmetammo check-game {file.name}{config}\n"
        f"metammo evaluate random --game {file.name}{config}\n```\n",
    ]
    return "\n".join(parts)


def games_index(found: dict[str, GameFile]) -> str:
    """Return the list of all games."""
    rows = [
        (
            f"[{name}]({name}.md)",
            file.summary,
            summary(file)["players"],
            ", ".join(file.configs),
            summary(file)["ladder"],
        )
        for name, file in sorted(found.items())
    ]
    head = ("game", "what it is", "players", "config", "ladder")
    text = "Make your own: [the tutorial](../tutorial.md).\n"
    return "\n".join([NOTICE, "# Games\n", table(head, rows), text])


# Tasks

_EXAMPLES: dict[str, Any] = {
    "ticks": 100,
    "target": "my_team",
    "status": "alive",
    "place": "center",
    "tiles": 16,
    "material": "water",
    "quadrant": "first",
    "skill": "melee",
    "style": "melee",
    "level": 3,
    "experience": 100,
    "event": "eat_food",
    "number": 5,
    "victim": "npc",
    "amount": 10,
    "places": 4,
    "item": "arrow",
}
"""An argument of each name, to show what a call reads like."""
_ITEMS = {"consume_item": "ration", "equip_item": "hat", "harvest_item": "ration"}
"""Items of functions that mean no arrows."""


def example_of(name: str, function: Any) -> Task | None:
    """Return a task made by a function with plain arguments; None where it needs more."""
    needed = [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.default is inspect.Parameter.empty
    ]
    if not set(needed) <= set(_EXAMPLES):
        return None
    values = {**_EXAMPLES, "item": _ITEMS.get(name, _EXAMPLES["item"])}
    task: Task = function(*(values[each] for each in needed))
    return task


def formula_of(task: Task | None) -> str:
    """Return what the kernel behind a task says that it returns."""
    if task is None:
        return ""
    kernel = getattr(predicates, Predicate(task.steps[0].code).name.lower(), None)
    return first_sentences(kernel).removeprefix("Return ") if kernel else ""


def needed_systems(task: Task | None) -> str:
    """Return the systems without which a task cannot be done."""
    return ", ".join(sorted(task.systems)) if task else ""


def tasks_page() -> str:
    """Return the page of what tasks are made of."""
    rows = []
    for name, function in task_functions().items():
        taken = [
            f"{each.name}={each.default!r}" if each.default is not each.empty else each.name
            for each in inspect.signature(function).parameters.values()
        ]
        task = example_of(name, function)
        rows.append(
            (
                f"`{name}({', '.join(taken)})`",
                first_sentences(function),
                formula_of(task),
                "by event" if name == "count_event" else needed_systems(task),
                f"`{task}`: {task.sentence}" if task else "",
            )
        )
    events = []
    for event in Event:
        task = count_event(event.name.lower(), 1)
        asked = task.sentence.removesuffix(" once")
        events.append((event.name.lower(), asked, needed_systems(task)))
    module = importlib.import_module("metammo.tasks.tasks")
    intro = (module.__doc__ or "").strip().partition("\n")[2].strip()
    return "\n".join(
        [
            NOTICE,
            "# Tasks\n",
            "A task says what an agent, or a team, is to do, and how far it has come: 0..1.\n",
            # The examples of the module's docstring are indented, and so code in Markdown, too.
            inspect.cleandoc("\n" + intro) if not intro.startswith("attain") else f"    {intro}",
            "",
            '`metammo tasks` lists those of the games, `metammo tasks "TASK"` explains one, and '
            "`--task` of\n`train` and `evaluate` asks one.\n",
            "## Functions\n",
            "Numbers may be names of knobs, whose value the episode draws. Systems: without these "
            "it cannot be\ndone.\n",
            table(("function", "what it asks", "progress", "systems", "example"), rows),
            "## Events\n",
            "What `count_event` counts.\n",
            table(("event", "what happens", "systems"), events),
        ]
    )


# Observations and actions


def part_section(part: Part) -> str:
    """Return the section of one part of an observation."""
    enum = FEATURES[part.name]
    docs = member_docs(enum)
    rows = [(member.value, name.lower(), docs[name]) for name, member in enum.__members__.items()]
    shape = " x ".join(map(str, part.shape))
    text = f"`{part.dtype}[{shape}]`: {part.doc}. Numbers lie in {part.low}..{part.high}.\n"
    return "\n".join([f"## {part.name}\n", text, table(("index", "name", "meaning"), rows)])


def heads_table(heads: Sequence[Head]) -> str:
    """Return the table of an action's heads, and where each begins in the mask."""
    rows, first = [], 0
    for head in heads:
        no_op = f"{head.size - 1}" if head.has_no_op else ""
        rows.append((head.name, head.size, no_op, f"{first}..{first + head.size - 1}", head.doc))
        first += head.size
    return table(("head", "choices", "no-op", "in the mask", "what the choices are"), rows)


def observations_page() -> str:
    """Return the page of what an agent sees and may do."""
    mini, full = LAYOUTS["mini"], LAYOUTS["full"]
    parts = {part.name: part for part in (*mini.parts, *full.parts)}
    entity = layout.TileEntity
    codes = member_docs(entity)
    marks = [(mark.value, name.lower(), codes[name]) for name, mark in entity.__members__.items()]
    extra = [name for name in parts if name not in [part.name for part in mini.parts]]
    return "\n".join(
        [
            NOTICE,
            "# Observations and actions\n",
            f"An observation is a record of {mini.row_bytes} bytes in the mini config and of "
            f"{full.row_bytes} in the full one, which has\n{' and '.join(extra)} besides, and one "
            "market for each world. The dead see zeros.\n",
            *(part_section(part) for part in (*parts.values(), MARKET_PART)),
            "### Who stands on a tile\n",
            "The codes of the plane `entity`; where several stand, the largest is shown.\n",
            table(("code", "name", "meaning"), marks),
            "## Actions\n",
            f"One choice for each head, int16. The mini config has the first {len(HEADS['mini'])}; "
            f"the full one all {len(HEADS['full'])}.\n",
            heads_table(HEADS["full"]),
            "## Masks\n",
            "uint8, the heads' choices one after the other: "
            f"{sum(head_sizes(HEADS['mini']))} numbers in the mini config, "
            f"{sum(head_sizes(HEADS['full']))} in\nthe full one; 1: this may be chosen. An invalid "
            "choice does nothing. The dead may only do\nnothing. The frozen are offered what they "
            "could do if they were not, as by the peer: where\n`freeze` is above 1 nothing comes "
            "of it, and a scout's tokens alone are heard.\n",
        ]
    )


# Rules


def rule_groups() -> list[tuple[str, list[str]]]:
    """Return the rules under the comments that head them in the source."""
    groups: list[tuple[str, list[str]]] = []
    for line in inspect.getsource(rules.Rules).splitlines():
        heading = re.fullmatch(r"    # (.*)", line)
        name = re.match(r"    (\w+): ", line)
        if heading:
            groups.append((re.sub(r" \(.*\)", "", heading[1]), []))
        elif name and name[1] in RULE_FIELDS:
            groups[-1][1].append(name[1])
    return groups


def rules_page() -> str:
    """Return the page of every rule."""
    sections = []
    for heading, names in rule_groups():
        rows = [
            (row["rule"], row["meaning"], row["kind"], row["default"], row["range"])
            for row in map(rule_row, names)
        ]
        head = ("rule", "meaning and unit", "kind", "default", "range")
        sections += [f"## {heading}\n", table(head, rows)]
    text = (
        "Each is a knob: of a game's `rules`, `randomize` and `evaluate`, of `metammo.make(...)` "
        "and\n`metammo.make_vec(...)`. A count may be drawn by `Integers(low, high)` (high "
        "exclusive), a ratio by\n`OneOver(low, high)`. A share lies in 0..1 and is kept in "
        "thousandths; a ratio is an exact fraction.\n"
    )
    return "\n".join([NOTICE, "# Rules\n", text, *sections])


def pages() -> dict[Path, str]:
    """Return the text of every page by its path below `docs`."""
    found = games()
    written = {Path("games") / f"{name}.md": game_page(file) for name, file in found.items()}
    written[Path("games") / "README.md"] = games_index(found)
    written[Path("tasks.md")] = tasks_page()
    written[Path("observations.md")] = observations_page()
    written[Path("rules.md")] = rules_page()
    return written


def stale(folder: Path) -> list[Path]:
    """Return the pages below a folder that are not as the code says, or of no game."""
    wanted = pages()
    wrong = []
    for path, text in wanted.items():
        place = folder / path
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            wrong.append(path)
    known = [folder / path for path in wanted]
    left = [path for path in sorted((folder / "games").glob("*.md")) if path not in known]
    return wrong + [path.relative_to(folder) for path in left]


def write(folder: Path) -> list[Path]:
    """Bring the pages below a folder up to date; return those that have changed."""
    wanted = pages()
    changed = stale(folder)
    for path in changed:
        place = folder / path
        if path in wanted:
            place.parent.mkdir(parents=True, exist_ok=True)
            with beside(place) as part:
                part.write_text(wanted[path], encoding="utf-8")
        else:
            place.unlink()
    return changed


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or say which are out of date."""
    if list(arguments) not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments:
        wrong = stale(DOCS)
        for path in wrong:
            print(f"docs/{path} is out of date: run `make docs`", file=sys.stderr)
        return 1 if wrong else 0
    for path in write(DOCS):
        print(f"docs/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
