"""What the compiled driver knows of each game of a batch: one row of numbers a game."""

from typing import Any

import numpy as np

from metammo.minigames.minigame import GameFile
from metammo.minigames.seats import read_spawn, team_sizes, write_places
from metammo.rules.knobs import Draw, Integers, KnobError, check_name, default_draws, draws_of
from metammo.rules.rules import FULL, RULE_COLUMNS, RULE_FIELDS
from metammo.rules.sizes import Sizes
from metammo.tasks.codes import Predicate
from metammo.tasks.tasks import (
    OneOf,
    Task,
    cumulative_weights,
    own_predicate,
    task_dtype,
    write_task,
)
from metammo.world.columns import NUMBER_LIMIT

RULE_INDEX = {column.name: index for index, column in enumerate(RULE_COLUMNS)}


def table_dtype(sizes: Sizes) -> np.dtype[np.void]:
    """Return the record type of a game's row."""
    return np.dtype(
        [
            ("low", "float64", (NUMBER_LIMIT,)),
            ("high", "float64", (NUMBER_LIMIT,)),
            ("weight", "float64"),
            ("ladder_index", "int64"),
            ("ladder_start", "int64"),
            ("ladder_step", "int64"),
            ("ladder_stop", "int64"),
            ("ladder_wins", "int64"),
            ("ladder_failures", "int64"),
            ("task_first", "int64"),
            ("task_count", "int64"),
            ("task_by_team", "int64"),
            ("player_count", "int64"),
            ("team_count", "int64"),
            ("team_size", "int64", (sizes.players,)),
            ("place_count", "int64"),
            ("place_row", "int64", (sizes.players,)),
            ("place_col", "int64", (sizes.players,)),
        ]
    )


def number_index(name: str, own_knobs: dict[str, int]) -> int:
    """Return the place of a rule's first column, or of a game's own knob, among the numbers."""
    check_name(name, own_knobs)
    if name in RULE_FIELDS:
        return RULE_INDEX[f"rule_{name}"]
    return len(RULE_COLUMNS) + list(own_knobs).index(name)


def game_numbers(file: GameFile, knobs: dict[str, Any], config: str, rated: bool) -> dict[str, Any]:
    """Return every knob's value of a game: the game's own, the config's, the user's.

    Raises:
        KnobError: an unknown knob, or a value out of range.
    """
    game = file.game
    systems = file.systems(config)
    values: dict[str, Any] = {system: int(system in systems) for system in FULL}
    values.update(game.knobs)
    values.update(game.rules)
    values.update(game.randomize)
    if rated:
        values.update(game.evaluate)
        if game.difficulty and game.difficulty.knob not in game.evaluate:
            values[game.difficulty.knob] = game.difficulty.stop
    for name in knobs:
        check_name(name, game.knobs)
    values.update(knobs)
    return values


def _set_numbers(row: Any, draws: list[Draw], own_knobs: dict[str, int]) -> None:
    for draw in draws:
        own = draw.column in own_knobs
        index = number_index(draw.column, own_knobs) if own else RULE_INDEX[draw.column]
        row["low"][index] = draw.low
        row["high"][index] = draw.high


def _set_ladder(row: Any, file: GameFile, knobs: dict[str, Any], rated: bool) -> None:
    ladder = file.game.difficulty
    row["ladder_index"] = -1
    if ladder is None or rated or ladder.knob in knobs:
        return
    row["ladder_index"] = number_index(ladder.knob, file.game.knobs)
    row["ladder_start"] = ladder.start
    row["ladder_step"] = ladder.step
    row["ladder_stop"] = ladder.stop
    row["ladder_wins"] = ladder.wins
    row["ladder_failures"] = ladder.failures


def asked_tasks(file: GameFile, asked: Any, values: dict[str, Any]) -> list[Task]:
    """Return the tasks that a game asks, those of a list that its systems allow.

    Raises:
        KnobError: what is asked is no task, or cannot be asked in this game.
    """
    if asked is None:
        asked = file.game.task
    if isinstance(asked, OneOf):
        on = [name for name in FULL if values.get(name, 0) == 1]
        tasks = asked.within(on)
        if not tasks:
            raise KnobError(f"none of the tasks of {file.name} can be done with {', '.join(on)}")
    else:
        tasks = [asked] if isinstance(asked, Task) else list(asked)
    for task in tasks:
        if not isinstance(task, Task):
            raise KnobError(f"a task is made by a function of tasks.goals, got {task!r}")
        for step in task.steps:
            own = step.code - Predicate.OWN_FIRST
            if own_predicate(step.code) and own >= len(file.game.predicates):
                raise KnobError(f"{file.name} has no predicate {own} of its own: {task}")
    return tasks


def make_tasks(lists: list[list[Task]], files: list[GameFile], table: Any) -> Any:
    """Return the table of a batch's tasks, record array [tasks]; its rows are noted in `table`."""
    rows = np.zeros(max(sum(map(len, lists)), 1), task_dtype()).view(np.recarray)
    first = 0
    for row, file, tasks in zip(table, files, lists, strict=True):
        row["task_first"] = first
        row["task_count"] = len(tasks)
        own_knobs = file.game.knobs
        for place, task in enumerate(tasks):
            write_task(
                rows[first + place], task, lambda name, own=own_knobs: number_index(name, own)
            )
        sums = cumulative_weights([task.weight for task in tasks])
        rows["cumulative"][first : first + len(tasks)] = sums
        first += len(tasks)
    return rows


def check_fits(values: dict[str, Any], sizes: Sizes, teams: list[int]) -> None:
    """Raise KnobError where a world of the size class cannot hold what is asked for."""
    if sum(teams) > sizes.players:
        raise KnobError(
            f"{sum(teams)} agents do not fit: size {sizes.name} holds {sizes.players}; "
            "give fewer agents or a larger size"
        )
    playable = values.get("playable", RULE_FIELDS["playable"].default)
    largest = playable.high - 1 if isinstance(playable, Integers) else playable
    if largest > sizes.playable_limit:
        raise KnobError(
            f"playable {largest} does not fit: size {sizes.name} allows {sizes.playable_limit}; "
            "give a smaller playable or a larger size"
        )
    npcs = values.get("npc_count", RULE_FIELDS["npc_count"].default)
    most = npcs.high - 1 if isinstance(npcs, Integers) else npcs
    if most > sizes.npcs:
        raise KnobError(
            f"npc_count {most} does not fit: size {sizes.name} holds {sizes.npcs}; "
            "give fewer or a larger size"
        )


def fill_row(
    row: Any,
    file: GameFile,
    *,
    sizes: Sizes,
    config: str,
    weight: float,
    knobs: dict[str, Any],
    rated: bool,
) -> list[Task]:
    """Write a game's row of the table; return the tasks that it asks.

    Args:
        row: one record of `table_dtype`.
        file: the game.
        sizes: the size class.
        config: "mini" or "full".
        weight: relative chance of being drawn.
        knobs: the user's rules and knobs; also `teams`, `agents`, `assign`, `task`, and a list of
            tiles as `spawn`.
        rated: play by the evaluation's knobs, without a ladder.

    Raises:
        KnobError: what is asked for does not exist or does not fit.
    """
    knobs = dict(knobs)
    agents = knobs.pop("agents", None)
    teams = team_sizes(file.game, knobs.pop("teams", None), agents, sizes.players)
    places = read_spawn(knobs, teams)
    asked = knobs.pop("task", None)
    values = game_numbers(file, knobs, config, rated)
    if sizes.playable_limit < 128:
        # A small size class plays the same game on what land it has, at equal density.
        values.setdefault("npc_count", min(sizes.npcs, 128))
        for name, limit in (("playable", sizes.playable_limit), ("npc_count", sizes.npcs)):
            if name not in knobs:
                values[name] = _cut(values.get(name, RULE_FIELDS[name].default), limit)
    check_fits(values, sizes, teams)
    for draws in (default_draws(), *(draws_of(k, v, file.game.knobs) for k, v in values.items())):
        _set_numbers(row, draws, file.game.knobs)
    row["weight"] = weight
    row["player_count"] = sum(teams)
    row["team_count"] = len(teams)
    row["team_size"][: len(teams)] = teams
    write_places(row, places, values)
    _set_ladder(row, file, knobs, rated)
    ladder = file.game.difficulty
    if sizes.playable_limit < 128 and ladder and ladder.knob == "playable":
        row["ladder_stop"] = min(int(row["ladder_stop"]), sizes.playable_limit)
        row["ladder_start"] = min(int(row["ladder_start"]), sizes.playable_limit)
    row["task_by_team"] = isinstance(asked or file.game.task, tuple)
    return asked_tasks(file, asked, values)


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, Integers):
        return Integers(min(value.low, limit), min(value.high, limit + 1))
    return min(value, limit)


def make_table(
    files: list[GameFile],
    weights: list[float],
    knobs: list[dict[str, Any]],
    *,
    sizes: Sizes,
    config: str,
    rated: bool,
) -> tuple[Any, Any, list[list[Task]]]:
    """Return the tables of a batch's games and of their tasks, and the tasks by game.

    Returns:
        Record array [games] of `table_dtype`, record array [tasks] of `task_dtype`, and the tasks.

    Raises:
        KnobError: what is asked for does not exist or does not fit.
    """
    if config not in ("mini", "full"):
        raise KnobError(f"config must be 'mini' or 'full', got {config!r}")
    table = np.zeros(len(files), table_dtype(sizes)).view(np.recarray)
    lists = []
    for row, file, weight, own in zip(table, files, weights, knobs, strict=True):
        if config == "mini" and not file.game.systems:
            raise KnobError(f"game {file.name} needs what only the full config has: config='full'")
        if weight <= 0:
            raise KnobError(f"the weight of {file.name} must be above 0, got {weight}")
        tasks = fill_row(
            row, file, sizes=sizes, config=config, weight=weight, knobs=own, rated=rated
        )
        lists.append(tasks)
    return table, make_tasks(lists, files, table), lists
