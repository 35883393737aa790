"""The folder of a sweep: which trials there are, which comes next, and the table of them all.

It holds `sweep.json`, Optuna's journal `study.log`, a run's folder for each trial and seed, and
`trials.parquet` and `trials.csv`. What decides a trial's settings is the sweep and the trials that
ended before it; one that was interrupted goes on from its last checkpoint.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from metammo.evaluation.sweep import JOURNAL, SWEEP, Sweep, open_study, optuna, read_sweep
from metammo.evaluation.sweep_space import SweepError
from metammo.evaluation.sweep_trial import play_trial
from metammo.files import beside

LOCK, TRIALS = "sweep.lock", "trials"
"""More files in a sweep's folder; the second with endings .parquet and .csv."""
FIRST_FAILURES = 3
"""So many trials, the first ones, fail: so would the others."""
STATES = {"COMPLETE": "done", "PRUNED": "given up", "FAIL": "failed", "RUNNING": "unfinished"}
"""What Optuna calls how a trial stands, and what is said of it, in the order of tables."""


class Player(Protocol):
    """Plays trials, here or elsewhere."""

    def __call__(self, folder: Path, take: Callable[[], int | None], threads: int) -> Iterator[int]:
        """Play the trials whose numbers `take` gives, until there is none; yield each that ends."""
        ...


def play_here(folder: Path, take: Callable[[], int | None], threads: int) -> Iterator[int]:
    """Play trials in this process, one after the other; a `Player`."""
    while (number := take()) is not None:
        play_trial(folder, number, threads)
        yield number


class Store:
    """The folder of a sweep, and the one process that says what is tried next.

    Args:
        sweep: what is tried.

    Raises:
        SweepError: the folder holds another sweep; see also `optuna`.
    """

    def __init__(self, sweep: Sweep) -> None:
        optuna()
        self.sweep = sweep
        sweep.folder.mkdir(parents=True, exist_ok=True)
        path = sweep.folder / SWEEP
        if path.exists():
            self._check(path)
        with beside(path) as part:
            part.write_text(json.dumps(sweep.to_json(), indent=2), encoding="utf-8")

    def _check(self, path: Path) -> None:
        kept, wanted = read_sweep(path.parent).to_json(), self.sweep.to_json()
        flat_kept, flat = {**kept, **kept["settings"]}, {**wanted, **wanted["settings"]}
        free = ("settings", "threads", "folder", "name")
        differs = [name for name in flat if name not in free and flat_kept.get(name) != flat[name]]
        if differs:
            told = ", ".join(f"{name} {flat_kept.get(name)}" for name in differs)
            raise SweepError(
                f"{path.parent} holds a sweep of {told}: give the same, or another --name"
            )

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder, so that no other process goes on with the same trials.

        Raises:
            SweepError: another one holds it.
        """
        with (self.sweep.folder / LOCK).open("w") as file:
            if sys.platform != "win32":
                import fcntl

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise SweepError(
                        f"another process is at work on {self.sweep.folder}: wait, or stop it"
                    ) from error
            yield

    def trials(self) -> list[Any]:
        """Return Optuna's trials, by number."""
        found: list[Any] = open_study(self.sweep).trials
        return found

    def unfinished(self) -> list[int]:
        """Return the numbers of trials that were begun and have not ended."""
        return [each.number for each in self.trials() if not each.state.is_finished()]

    def begin(self) -> int:
        """Choose the settings of one more trial; return its number."""
        study = open_study(self.sweep, len(self.trials()))
        trial = study.ask()
        for each in self.sweep.vary:
            each.suggest(trial)
        return int(trial.number)

    def check_failures(self) -> None:
        """Raise SweepError if all trials failed, and they were more than a few."""
        ended = [each for each in self.trials() if each.state.is_finished()]
        failed = [each for each in ended if each.state.name == "FAIL"]
        if len(failed) == len(ended) >= FIRST_FAILURES:
            raise SweepError(
                f"the first {len(failed)} trials failed, the last one: "
                f"{failed[-1].user_attrs.get('error', 'it does not say why')}"
            )

    def table(self) -> pl.DataFrame:
        """Return a row for each trial, best first; see `write`."""
        return trial_table(self.sweep, self.trials())

    def write(self) -> pl.DataFrame:
        """Write the table of trials as Parquet and CSV, and return it."""
        table = self.table()
        for ending, save in ((".parquet", table.write_parquet), (".csv", table.write_csv)):
            with beside(self.sweep.folder / f"{TRIALS}{ending}") as part:
                save(part)
        return table


def mend_journal(path: Path) -> None:
    """Drop a last line that was cut off: what is added to it could not be read."""
    if path.exists():
        kept = path.read_bytes()
        whole = kept.rfind(b"\n") + 1
        if whole < len(kept):
            os.truncate(path, whole)


def run_sweep(store: Store, count: int, threads: int, player: Player = play_here) -> Iterator[int]:
    """Go on with a sweep until it has so many trials; yield the number of each that ends.

    Args:
        store: its folder.
        count: how many trials there are to be, those included that were there before.
        threads: cores of a trial.
        player: what plays trials.

    Raises:
        SweepError: another process is at it; the first trials all failed.
    """
    with store.lock():
        mend_journal(store.sweep.folder / JOURNAL)
        waiting = store.unfinished()[::-1]

        def take() -> int | None:
            if waiting:
                return waiting.pop()
            return store.begin() if len(store.trials()) < count else None

        for number in player(store.sweep.folder, take, threads):
            store.check_failures()
            yield number


def trial_table(sweep: Sweep, trials: Sequence[Any]) -> pl.DataFrame:
    """Return a row for each trial: those that are done first, best first.

    Returns:
        `trial`, `state`, `value` (mean over seeds; of a trial that was given up its last),
        `spread` (standard deviation over seeds; null of one), `seeds` that were run, `minutes`,
        `error`, and a column for each setting that varies.
    """
    rows = []
    for each in trials:
        values = list(each.user_attrs.get("values", {}).values())
        minutes = each.duration.total_seconds() / 60 if each.duration else None
        rows.append(
            {
                "trial": each.number,
                "state": STATES.get(each.state.name, "unfinished"),
                "value": each.value,
                "spread": float(np.std(values, ddof=1)) if len(values) > 1 else None,
                "seeds": len(values),
                "minutes": minutes,
                "error": each.user_attrs.get("error"),
                **{vary.name: each.params.get(vary.name) for vary in sweep.vary},
            }
        )
    schema = {
        "trial": pl.Int64(),
        "state": pl.String(),
        "value": pl.Float64(),
        "spread": pl.Float64(),
        "seeds": pl.Int64(),
        "minutes": pl.Float64(),
        "error": pl.String(),
    }
    kinds = {bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64(), str: pl.String()}
    schema |= {vary.name: kinds[type(vary.values[0])] for vary in sweep.vary}
    table = pl.DataFrame(rows, schema=schema)
    sign = 1 if sweep.minimize else -1
    order = {state: place for place, state in enumerate(STATES.values())}
    return table.sort(
        pl.col("state").replace_strict(order, return_dtype=pl.Int64),
        pl.col("value") * sign,
        "trial",
        nulls_last=True,
    )
