"""What a person sees of a run: one line that renews itself, or a line now and then."""

import sys
import time
from typing import Any

PLAIN_EVERY = 10.0
"""Seconds between lines where the output is no terminal."""


def _speed(value: float) -> str:
    return f"{value / 1000:.1f}k" if value >= 1000 else f"{value:.0f}"


def describe_progress(row: dict[str, float], means: dict[str, dict[str, float]]) -> str:
    """Return the numbers of an update as words."""
    speed = f"{_speed(row['agent_steps_per_second'])} steps/s"
    if row["played_per_second"] > row["agent_steps_per_second"]:
        speed += f" ({_speed(row['played_per_second'])} with opponents'"
        speed += f", {row['time/opponents']:.0%} of the time theirs)"
    parts = [speed]
    for game, mean in means.items():
        parts.append(
            f"{game}: return {mean['return']:+.2f}, progress {mean['progress']:.2f}, "
            f"won {mean['win_rate']:.0%}, {mean['length']:.0f} ticks, rung {mean['rung']:.1f}"
        )
    # What there is to tell depends on the algorithm; while a queue fills, nothing is learned.
    parts.extend(
        f"{name} {row[f'learning/{name}'.replace(' ', '_')]:.3f}"
        for name in ("policy loss", "value loss", "entropy", "epsilon")
        if f"learning/{name}".replace(" ", "_") in row
    )
    return "; ".join(parts)


class ProgressLine:
    """Shows a run's progress on standard error.

    Args:
        total: steps of the run.
        done: steps done before.
        quiet: show nothing.
    """

    def __init__(self, total: int, done: int, quiet: bool) -> None:
        self.total, self.first, self.quiet = total, done, quiet
        self.started = time.perf_counter()
        self.shown = 0.0
        self.bar: Any = None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self.bar = Progress(
                TextColumn("{task.percentage:>3.0f}%"),
                BarColumn(bar_width=20),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
            )
            self.task = self.bar.add_task("", total=total, completed=done)
            self.bar.start()

    def show(self, steps: int, row: dict[str, float], means: dict[str, dict[str, float]]) -> None:
        """Show where the run stands."""
        if self.quiet:
            return
        text = describe_progress(row, means)
        if self.bar is not None:
            self.bar.update(self.task, completed=steps, description=text)
            return
        now = time.perf_counter() - self.started
        if now - self.shown >= PLAIN_EVERY or steps >= self.total:
            self.shown = now
            # A run ends with the rollout that reaches its goal, which may go beyond it.
            left = now * max(self.total - steps, 0) / max(steps - self.first, 1)
            millions = f"{steps / 1e6:.2f} of {self.total / 1e6:.2f} M"
            print(f"{millions}, {left:.0f} s left; {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        if self.bar is not None:
            self.bar.stop()
