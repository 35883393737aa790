"""What the compiled driver knows of each game of a batch: one row of numbers a game."""

from typing import Any

import numpy as np

from metammo.minigames.minigame import GameFile
from metammo.rules.knobs import Draw, Integers, KnobError, check_name, default_draws, draws_of
from metammo.rules.rules import FULL, RULE_COLUMNS, RULE_FIELDS
from metammo.rules.sizes import Sizes
from metammo.tasks.tasks import ARGUMENT_COUNT
from metammo.world.columns import NUMBER_LIMIT

RULE_INDEX = {column.name: index for index, column in enumerate(RULE_COLUMNS)}

FIXED = -1
"""Source of a task's argument that is a plain number."""


def table_dtype(sizes: Sizes) -> np.dtype[np.void]:
    """Return the record type of a game's row."""
    return np.dtype(
        [
            ("low", "float64", (NUMBER_LIMIT,)),
            ("high", "float64", (NUMBER_LIMIT,)),
            ("task_argument", "int64", (ARGUMENT_COUNT,)),
            ("task_source", "int64", (ARGUMENT_COUNT,)),
            ("weight", "float64"),
            ("ladder_index", "int64"),
            ("ladder_start", "int64"),
            ("ladder_step", "int64"),
            ("ladder_stop", "int64"),
            ("ladder_wins", "int64"),
            ("task_kind", "int64"),
            ("task_is_team", "int64"),
            ("player_count", "int64"),
            ("team_count", "int64"),
            ("team_size", "int64", (sizes.players,)),
        ]
    )


def number_index(name: str, own_knobs: dict[str, int]) -> int:
    """Return the place of a rule's first column, or of a game's own knob, among the numbers."""
    check_name(name, own_knobs)
    if name in RULE_FIELDS:
        return RULE_INDEX[f"rule_{name}"]
    return len(RULE_COLUMNS) + list(own_knobs).index(name)


def team_sizes(file: GameFile, teams: Any, agents: int) -> list[int]:
    """Return the sizes of a game's teams.

    Args:
        file: the game.
        teams: a number of equal teams, a list of sizes, or None for the game's own.
        agents: number of agents where `teams` is a number.

    Raises:
        KnobError: the numbers do not fit.
    """
    if teams is None:
        teams = agents if file.game.free_for_all else file.game.teams
    if isinstance(teams, int):
        if teams < 1 or agents % teams:
            raise KnobError(f"{agents} agents cannot make {teams} equal teams; give teams=[...]")
        return [agents // teams] * teams
    sizes = [int(size) for size in teams]
    if not sizes or min(sizes) < 1:
        raise KnobError(f"teams must be sizes of at least 1, got {teams!r}")
    return sizes


def game_numbers(file: GameFile, knobs: dict[str, Any], config: str, rated: bool) -> dict[str, Any]:
    """Return every knob's value of a game: the game's own, the config's, the user's.

    Raises:
        KnobError: an unknown knob, or a value out of range.
    """
    game = file.game
    systems = game.full_systems if config == "full" else game.systems
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


def _set_task(row: Any, file: GameFile) -> None:
    task = file.game.task
    row["task_kind"] = int(task.predicate)
    row["task_is_team"] = int(task.is_team)
    row["task_source"] = FIXED
    for place, argument in enumerate(task.arguments):
        if isinstance(argument, str):
            row["task_source"][place] = number_index(argument, file.game.knobs)
        else:
            row["task_argument"][place] = argument


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
) -> None:
    """Write a game's row of the table.

    Args:
        row: one record of `table_dtype`.
        file: the game.
        sizes: the size class.
        config: "mini" or "full".
        weight: relative chance of being drawn.
        knobs: the user's rules and knobs; also `teams` and `agents`.
        rated: play by the evaluation's knobs, without a ladder.

    Raises:
        KnobError: what is asked for does not exist or does not fit.
    """
    knobs = dict(knobs)
    agents = int(knobs.pop("agents", min(file.game.agents, sizes.players)))
    teams = team_sizes(file, knobs.pop("teams", None), agents)
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
    _set_ladder(row, file, knobs, rated)
    if sizes.playable_limit < 128 and file.game.difficulty:
        row["ladder_stop"] = min(int(row["ladder_stop"]), sizes.playable_limit)
        row["ladder_start"] = min(int(row["ladder_start"]), sizes.playable_limit)
    _set_task(row, file)


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
) -> Any:
    """Return the table of a batch's games, a record array [games].

    Raises:
        KnobError: what is asked for does not exist or does not fit.
    """
    if config not in ("mini", "full"):
        raise KnobError(f"config must be 'mini' or 'full', got {config!r}")
    table = np.zeros(len(files), table_dtype(sizes)).view(np.recarray)
    for row, file, weight, own in zip(table, files, weights, knobs, strict=True):
        if config not in file.configs:
            raise KnobError(f"game {file.name} has config {', '.join(file.configs)}, not {config}")
        if weight <= 0:
            raise KnobError(f"the weight of {file.name} must be above 0, got {weight}")
        fill_row(row, file, sizes=sizes, config=config, weight=weight, knobs=own, rated=rated)
    return table
