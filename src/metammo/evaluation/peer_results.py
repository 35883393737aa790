"""What do Meta MMO's own result files say? Its `<game>_<seed>.json`, `curriculum_info_<seed>.json`.

The first is a list of episodes, each a dictionary from policy to score. The second is a dictionary
from policy to task to the best progress of every life that was asked it; `length` holds the ticks
of all of its lives. Both become the tables of `rows.py`.
"""

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import metammo.tasks.goals
from metammo.evaluation.rows import EpisodeRow, ResultError, TaskRow, check_table
from metammo.tasks.curriculum import EVALUATION
from metammo.tasks.tasks import Task

TASKS_NAME = "curriculum_info"
LENGTH = "length"
SEED_LIMIT = 2**63 - 1
"""What a column of whole numbers holds."""

TASK_PATTERN = re.compile(r"curriculum/Task_(\w+?)_\((.*)\)_reward_to:agent")
ARGUMENTS = "event|N|agent_type|level|num_agent|num_tick|row|col|skill|item|quantity"
ARGUMENT_PATTERN = re.compile(
    rf"({ARGUMENTS}|combat_style|amount):(\w+?)(?=_(?:{ARGUMENTS}|combat_style|amount):|$)"
)
MAP_CENTER = 80
"""Row and column of the middle tile of the peer's maps."""
GOALS = {
    "TickGE": "tick_ge",
    "CountEvent": "count_event",
    "DefeatEntity": "defeat_entity",
    "OccupyTile": "occupy_tile",
    "AttainSkill": "attain_skill",
    "HarvestItem": "harvest_item",
    "ConsumeItem": "consume_item",
    "EquipItem": "equip_item",
    "FullyArmed": "fully_armed",
    "EarnGold": "earn_gold",
    "HoardGold": "hoard_gold",
    "MakeProfit": "make_profit",
}
"""The evaluation's tasks: the peer's word and ours."""


def game_and_seed(path: Path) -> tuple[str, int] | None:
    """Return the game and the seed that a file's name tells; None: it is no such file."""
    found = re.fullmatch(r"(.+)_(\d+)\.json", path.name)
    return (found[1], int(found[2])) if found else None


def is_tasks(path: Path) -> bool:
    """Return whether a file holds progress by task, by its name."""
    named = game_and_seed(path)
    return named is not None and named[0] == TASKS_NAME


def is_episodes(path: Path) -> bool:
    """Return whether a file holds scores of episodes, by its name."""
    return game_and_seed(path) is not None and not is_tasks(path)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ResultError(f"{path}: not JSON: {error}") from error


def _named(path: Path, form: str) -> tuple[str, int]:
    named = game_and_seed(path)
    if named is None:
        raise ResultError(f"{path}: a file of Meta MMO's results is called {form}")
    if named[1] > SEED_LIMIT:
        raise ResultError(f"{path}: the seed in its name must be at most {SEED_LIMIT}")
    return named


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ResultError(f"{where} is {value!r}; it must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ResultError(f"{where} is {number}; it must be a finite number")
    return number


def read_episodes(path: Path) -> pl.DataFrame:
    """Return the episodes of a `<game>_<seed>.json`, a table of `EpisodeRow`.

    Raises:
        ResultError: the file is not JSON, not such a list, or a score is no finite number.
    """
    game, seed = _named(path, "<game>_<seed>.json")
    listed = _load(path)
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ResultError(f"{path}: must be a list of episodes, each a policy's score by its name")
    if not listed:
        raise ResultError(f"{path}: holds no episodes")
    rows = [
        (number, policy, _number(score, f"{path}, episode {number}: score of {policy!r}"))
        for number, episode in enumerate(listed)
        for policy, score in episode.items()
    ]
    columns = ["episode", "policy", "score"]
    table = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    named = table.with_columns(pl.lit(game).alias("game"), pl.lit(seed).alias("seed"))
    return check_table(named, EpisodeRow, str(path))


@cache
def _evaluation_tasks() -> frozenset[str]:
    return frozenset(map(str, EVALUATION.tasks))


def _goal(word: str, values: dict[str, Any]) -> Task:
    """Return our task by the peer's word and its arguments."""
    if word == "OccupyTile":
        place = (values["row"] - MAP_CENTER, values["col"] - MAP_CENTER)
        return metammo.tasks.goals.occupy_tile("center" if place == (0, 0) else place)
    if word == "DefeatEntity":
        return metammo.tasks.goals.defeat_entity(
            values["agent_type"], values["num_agent"], values["level"]
        )
    task: Task = getattr(metammo.tasks.goals, GOALS[word])(*values.values())
    return task


@cache
def task_name(published: str) -> str:
    """Return the evaluation's task that a name of the peer's means, as `metammo tasks` writes it.

    Raises:
        ResultError: it is none of the evaluation's.
    """
    found = TASK_PATTERN.fullmatch(published)
    task = ""
    if found and found[1] in GOALS:
        values = dict(ARGUMENT_PATTERN.findall(found[2]))
        typed = {key: int(v) if v.isdigit() else v.lower() for key, v in values.items()}
        try:
            task = str(_goal(found[1], typed))
        except (KeyError, TypeError, ValueError) as error:
            raise ResultError(f"{published!r} cannot be understood: {error}") from error
    if task not in _evaluation_tasks():
        raise ResultError(
            f"{published!r} is none of the evaluation's {len(EVALUATION.tasks)} tasks"
        )
    return task


def read_tasks(path: Path) -> pl.DataFrame:
    """Return the lives of a `curriculum_info_<seed>.json`, a table of `TaskRow`.

    Policies without lives, such as the peer's empty `learner`, have no rows.

    Raises:
        ResultError: the file is not JSON, not such a dictionary, names a task that is not the
            evaluation's, or a progress is no number of 0 .. 1.
    """
    _, seed = _named(path, f"{TASKS_NAME}_<seed>.json")
    policies = _load(path)
    if not isinstance(policies, dict) or not all(isinstance(v, dict) for v in policies.values()):
        raise ResultError(f"{path}: must hold lists of progress by policy and task")
    columns: dict[str, list[Any]] = {"policy": [], "task": [], "progress": [], "length": []}
    for policy, lists in policies.items():
        where = f"{path}, {policy!r}"
        for name, values in lists.items():
            if not isinstance(values, list):
                raise ResultError(f"{where}: {name!r} must be a list of numbers")
        lengths = [_number(value, f"{where}: a length") for value in lists.get(LENGTH, [])]
        length = sum(lengths) / len(lengths) if lengths else None
        for name, values in lists.items():
            if name == LENGTH:
                continue
            try:
                task = task_name(name)
            except ResultError as error:
                raise ResultError(f"{where}: {error}") from error
            told = f"{where}: progress of {task}"
            columns["progress"] += [_number(value, told) for value in values]
            columns["policy"] += [policy] * len(values)
            columns["task"] += [task] * len(values)
            columns["length"] += [length] * len(values)
    if not columns["policy"]:
        raise ResultError(f"{path}: holds no progress of any policy")
    table = pl.DataFrame(columns, schema_overrides={"length": pl.Float64})
    return check_table(table.with_columns(pl.lit(seed).alias("seed")), TaskRow, str(path))
