"""What came of an episode of a match: the rows that are written down of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metammo.envs.batch import Batch
from metammo.evaluation.rows import (
    EVENT_PREFIX,
    EpisodeRow,
    TaskRow,
    check_table,
    schema_of,
)
from metammo.evaluation.task_score import CATEGORY_OF
from metammo.world.columns import Event

WIN_BONUS = 16.0
"""What a winning agent's score gains, as the peer counts."""
COUNTED = [event for event in Event if event != Event.PLAYER_KILL]
"""Events that have a column each; kills have one that is not called so."""


@dataclass(frozen=True)
class Played:
    """One finished episode."""

    number: int
    """Its number in the match."""
    rows: list[dict[str, Any]]
    """Of `EpisodeRow`, with counts of events; one for each policy that is rated and played."""
    tasks: list[dict[str, Any]]
    """Of `TaskRow`; none unless the game asks tasks of the evaluation alone."""


def note_episode(
    batch: Batch,
    world: int,
    seed: int,
    number: int,
    seats: NDArray[np.int64],
    policies: Sequence[str],
) -> Played:
    """Return the rows of the episode that has just ended in a world.

    Args:
        batch: where it was played; `done` in this world.
        world: which.
        seed: of the match.
        number: of the episode.
        seats: which policy played each, int64[agents].
        policies: names of those that are rated, the first of the match.
    """
    result = batch.results[world]
    game = int(result["game"])
    where: dict[str, Any] = {
        "seed": seed,
        "game": batch.game_names[game],
        "game_version": batch.game_versions[game],
        "config": batch.config,
    }
    first_task = int(batch.table["task_first"][game])
    asked = [str(task) for task in batch.tasks[game]]
    # `multi_task` asks a few of them among others: no score could be made of those.
    is_scored = all(task in CATEGORY_OF for task in asked)
    progress = result["progress"].astype(np.float64)
    won = result["won"].astype(np.float64)
    lived = result["time_alive"].astype(np.float64)
    length = int(result["length"])
    rows, tasks = [], []
    for place, policy in enumerate(policies):
        mine = np.flatnonzero((seats == place) & (result["team"] >= 0))
        if len(mine) == 0:
            continue
        events = result["events"][mine].mean(0, dtype=np.float64)
        row = EpisodeRow(
            **where,
            episode=number,
            policy=policy,
            score=float((progress[mine] + WIN_BONUS * won[mine]).mean()),
            seats=len(mine),
            won=bool(won[mine].any()),
            progress=float(progress[mine].mean()),
            length=length,
            survival=float(np.minimum(lived[mine] / length, 1).mean()),
            kills=float(events[Event.PLAYER_KILL]),
        )
        counts = {f"{EVENT_PREFIX}{each.name.lower()}": float(events[each]) for each in COUNTED}
        rows.append({**asdict(row), **counts})
        for agent in mine if is_scored else ():
            told = TaskRow(
                **where,
                policy=policy,
                task=asked[int(result["task"][agent]) - first_task],
                progress=float(progress[agent]),
                length=float(lived[agent]),
            )
            tasks.append(asdict(told))
    return Played(number, rows, tasks)


def tables_of(played: Iterable[Played]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the checked rows of episodes and of tasks, in an order that only they decide."""
    listed = list(played)
    rows = [row for each in listed for row in each.rows]
    tasks = [row for each in listed for row in each.tasks]
    events = {f"{EVENT_PREFIX}{each.name.lower()}": pl.Float64() for each in COUNTED}
    episodes = pl.DataFrame(rows, schema={**schema_of(EpisodeRow), **events})
    lives = pl.DataFrame(tasks, schema=schema_of(TaskRow))
    return (
        check_table(episodes, EpisodeRow, "rows").sort("seed", "episode", "policy"),
        sorted_tasks(check_table(lives, TaskRow, "rows")),
    )


def sorted_tasks(table: pl.DataFrame) -> pl.DataFrame:
    """Return rows of tasks in an order that only they decide."""
    return table.sort("seed", "policy", "task", "progress", "length")
