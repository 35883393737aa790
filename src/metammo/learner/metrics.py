"""What a run measures, as it is written down: lines of JSON, a table, and boards to look at."""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from metammo.files import beside
from metammo.learner.checkpoint import settings_to_json
from metammo.learner.origin import write_origin
from metammo.learner.settings import TrainSettings

LINES, TABLE = "metrics.jsonl", "metrics.parquet"
"""In the run's folder."""


class Board(Protocol):
    """Shows metrics while a run goes on."""

    def write(self, row: dict[str, float]) -> None:
        """Add a row."""
        ...

    def close(self) -> None:
        """Write out what is left."""
        ...


class TensorBoard:
    """Metrics as TensorBoard reads them, in `tensorboard`.

    Args:
        folder: the run's.
        steps: what was written after them is not shown any more.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder / "tensorboard"), purge_step=steps + 1)

    def write(self, row: dict[str, float]) -> None:
        """Add a row."""
        for name, value in row.items():
            self.writer.add_scalar(name, value, int(row["steps"]))

    def close(self) -> None:
        """Write out what is left."""
        self.writer.close()


def wandb() -> Any:
    """Return Weights & Biases' library.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return importlib.import_module("wandb")
    except ImportError as error:
        raise ValueError("W&B is not installed: pip install 'metammo[wandb]'") from error


class WeightsAndBiases:
    """Metrics for Weights & Biases; a resumed run goes on as the same run there.

    Without a network, WANDB_MODE=offline keeps them in the run's folder for `wandb sync`.

    Args:
        folder: the run's.
        settings: the run's; `wandb` is the project.
        name: the run's id.
    """

    def __init__(self, folder: Path, settings: TrainSettings, name: str) -> None:
        self.run = wandb().init(
            project=settings.wandb,
            id=name,
            name=folder.name,
            dir=str(folder),
            config=settings_to_json(settings),
            resume="allow",
        )
        # What is logged anew after a checkpoint has smaller steps than what came before.
        self.run.define_metric("*", step_metric="steps")

    def write(self, row: dict[str, float]) -> None:
        """Add a row."""
        self.run.log(row)

    def close(self) -> None:
        """Write out what is left."""
        self.run.finish()


def boards_of(settings: TrainSettings, folder: Path, steps: int, name: str) -> list[Board]:
    """Return the boards that a run's settings ask for.

    Args:
        settings: the run's.
        folder: the run's.
        steps: at which it begins, or goes on.
        name: the run's id.
    """
    boards: list[Board] = []
    if settings.tensorboard:
        boards.append(TensorBoard(folder, steps))
    if settings.wandb:
        boards.append(WeightsAndBiases(folder, settings, name))
    return boards


class MetricsFile:
    """Metrics as lines of JSON, to which a row can always be added, and as a table.

    Args:
        folder: the run's.
        steps: what was written after them is dropped: the run goes on from there.
        boards: which show the rows, too.
    """

    def __init__(self, folder: Path, steps: int, boards: Sequence[Board] = ()) -> None:
        self.path, self.table, self.boards = folder / LINES, folder / TABLE, boards
        if self.path.exists():
            self._drop_after(steps)

    def _drop_after(self, steps: int) -> None:
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # cut off in the middle
                continue
            if row["steps"] <= steps:
                kept.append(line + "\n")
        with beside(self.path) as part:
            part.write_text("".join(kept), encoding="utf-8")

    def write(self, row: dict[str, float]) -> None:
        """Add a row."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: round(value, 6) for name, value in row.items()}) + "\n")
        for board in self.boards:
            board.write(row)

    def write_table(self) -> None:
        """Write all rows as a Parquet file, which is replaced as a whole."""
        if not self.path.exists():
            return
        lines = self.path.read_text(encoding="utf-8").splitlines()
        rows: list[dict[str, float]] = [json.loads(line) for line in lines]
        names = dict.fromkeys(name for row in rows for name in row)
        table = pl.DataFrame(
            {name: [row.get(name) for row in rows] for name in names},
            schema={name: pl.Int64() if name == "steps" else pl.Float64() for name in names},
            strict=False,
        )
        with beside(self.table) as part:
            table.write_parquet(part)

    def close(self) -> None:
        """Write out what is left."""
        for board in self.boards:
            board.close()


def open_metrics(settings: TrainSettings, folder: Path, steps: int) -> MetricsFile:
    """Note in a run's folder where this start of it comes from, and return where its metrics go.

    Args:
        settings: the run's.
        folder: the run's.
        steps: at which it begins, or goes on.
    """
    name = write_origin(folder, steps)
    return MetricsFile(folder, steps, boards_of(settings, folder, steps, name))
