"""What a person sees of a run: one line that renews itself, or a line now and then."""

import sys
import time
from typing import Any

PLAIN_EVERY = 10.0
"""Seconds between lines where the output is no terminal."""
TURN = 3.0
"""Seconds for which a terminal's line tells of one of several games."""


def _speed(value: float) -> str:
    return f"{value / 1000:.1f}k" if value >= 1000 else f"{value:.0f}"


def describe_progress(
    row: dict[str, float], means: dict[str, dict[str, float]], turn: int = 0
) -> str:
    """Return the numbers of an update as words that fit into a terminal's line.

    Args:
        row: what is logged; it holds much more.
        means: of finished episodes, by game.
        turn: which of several games is told of: one after the other.
    """
    own, played = row["agent_steps_per_second"], row["played_per_second"]
    speed = f"{_speed(own)} of {_speed(played)}" if played > own else _speed(own)
    parts = [f"{speed} steps/s"]
    if means:
        game = list(means)[turn % len(means)]
        mean = means[game]
        # Returns of different games are of different sizes.
        told = f"return {mean['return']:+.2f}" if len(means) == 1 else game
        parts.append(
            f"{told}, progress {mean['progress']:.2f}, {mean['length']:.0f} ticks, "
            f"rung {mean['rung']:.1f}"
        )
    if row.get("pool/episodes"):
        parts.append(f"outcome {row['pool/outcome']:.2f}")
    elif "learning/entropy" in row:
        parts.append(f"entropy {row['learning/entropy']:.2f}")
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
        self.lines = 0
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
        now = time.perf_counter() - self.started
        if self.bar is not None:
            text = describe_progress(row, means, int(now / TURN))
            self.bar.update(self.task, completed=steps, description=text)
            return
        if now - self.shown >= PLAIN_EVERY or steps >= self.total:
            self.shown = now
            # A run ends with the rollout that reaches its goal, which may go beyond it.
            left = now * max(self.total - steps, 0) / max(steps - self.first, 1)
            millions = f"{steps / 1e6:.2f} of {self.total / 1e6:.3g} M"
            text = describe_progress(row, means, self.lines)
            self.lines += 1
            print(f"{millions}, {left:.0f} s left; {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        if self.bar is not None:
            self.bar.stop()
