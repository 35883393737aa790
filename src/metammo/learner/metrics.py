"""What a run measures, as it is written down."""

import json
from pathlib import Path


class MetricsFile:
    """Metrics as lines of JSON, and for TensorBoard.

    Args:
        folder: the run's.
        steps: what was written after them is dropped: the run goes on from there.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / "metrics.jsonl"
        if self.path.exists():
            self._drop_after(steps)
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=steps + 1)

    def _drop_after(self, steps: int) -> None:
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # cut off in the middle
                continue
            if row["steps"] <= steps:
                kept.append(line + "\n")
        part = self.path.with_suffix(".part")
        part.write_text("".join(kept), encoding="utf-8")
        part.replace(self.path)

    def write(self, row: dict[str, float]) -> None:
        """Add a row."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: round(value, 6) for name, value in row.items()}) + "\n")
        for name, value in row.items():
            self.board.add_scalar(name, value, int(row["steps"]))

    def close(self) -> None:
        """Write out what is left."""
        self.board.close()
