"""What lies in a run's folder? Its settings, versions, metrics and replays, read back.

A run may still be going, or have been killed: what is not there yet is missing here, too.
"""

import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metammo.learner.origin import ORIGIN
from metammo.policies.shipped import DESCRIPTION

SETTINGS, METRICS, REPLAYS, CHECKPOINTS = "settings.json", "metrics.jsonl", "replays", "checkpoints"
EVALUATIONS = "evaluations"
"""Rows of the matches that rated the policy while it learned."""
MOST_STEPS = 2**53
"""Agent-steps that can be told apart."""
GOING_WITHIN = 300.0
"""Seconds since its metrics were written after which an unfinished run counts as stopped."""
OWN_SETTINGS = ("name", "folder", "seed", "resume", "threads", "device", "tensorboard", "wandb")
"""Settings that may differ between runs of the same experiment."""
LATEST = 20
"""Updates of which a speed is the median."""


class RunError(ValueError):
    """A run's folder that cannot be read; says what is wrong with it."""


@dataclass(frozen=True)
class RunFolder:
    """One training run, as far as it has come."""

    folder: Path
    """Where it is kept."""
    settings: dict[str, Any]
    """By flat names, as `ppo.learning_rate`."""
    metrics: list[dict[str, float]]
    """A row for each update, by steps."""
    versions: dict[str, str]
    """Of metammo, Python and what numbers depend on; empty: it does not say."""
    game_versions: dict[str, int]
    """By game; empty: no checkpoint yet."""
    replays: list[Path]
    """By steps."""
    changed: float
    """When something was last written, seconds since 1970."""
    origin: dict[str, Any] = field(default_factory=dict)
    """Where its last start came from, see `learner.origin`; empty: it does not say."""

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.folder.name

    @property
    def source(self) -> dict[str, str]:
        """What the package was that trained it: `commit`, with a + where files differed, `hash`."""
        told = self.origin.get("source")
        told = told if isinstance(told, dict) else {}
        found = {name: told[name] for name in ("commit", "hash") if isinstance(told.get(name), str)}
        if "commit" in found and told.get("is_changed"):
            found["commit"] += "+"
        return found

    @property
    def games(self) -> tuple[str, ...]:
        """Ids, or paths of files."""
        return tuple(self.settings["games"])

    @property
    def steps(self) -> int:
        """Agent-steps learned from."""
        return int(self.metrics[-1]["steps"]) if self.metrics else 0

    @property
    def goal(self) -> int:
        """Agent-steps at which it ends."""
        return int(self.settings.get("steps") or 0)

    @property
    def cores(self) -> int | None:
        """Cores that its processes had together; None: unknown."""
        there = int(self.origin.get("machine", {}).get("cores") or 0)
        threads, processes = (
            int(self.settings.get(name) or 0) for name in ("threads", "processes")
        )
        used = threads * max(processes, 1) if threads else there
        return min(used, there) if there else used or None

    @property
    def speed(self) -> float | None:
        """Agent-steps a second, median of the latest updates; None: unknown."""
        known = self.column("agent_steps_per_second")[-LATEST:]
        values = sorted(value for _, value in known)
        return values[len(values) // 2] if values else None

    def state(self, now: float | None = None) -> str:
        """Return `done`, `going` or `stopped`, by its steps and by when it last wrote."""
        if self.metrics and self.steps >= self.goal:
            return "done"
        age = (time.time() if now is None else now) - self.changed
        return "going" if age < GOING_WITHIN else "stopped"

    def column(self, name: str) -> list[tuple[int, float]]:
        """Return a metric by steps; rows without it, or where it is no number, are left out."""
        return [
            (int(row["steps"]), float(row[name]))
            for row in self.metrics
            if isinstance(row.get(name), (int, float)) and math.isfinite(row[name])
        ]

    def last(self, name: str) -> float | None:
        """Return the latest value of a metric; None: there is none."""
        values = self.column(name)
        return values[-1][1] if values else None

    def game_steps(self, game: str) -> list[tuple[int, int]] | None:
        """Return how many of its steps were a game's, by steps; None: it does not say.

        Args:
            game: as in its metrics: an id, or a file's name without its ending.
        """
        names = [game_name(each) for each in self.games]
        if game not in names:
            return None
        if len(names) == 1:
            return [(int(row["steps"]), int(row["steps"])) for row in self.metrics]
        counts = self.column(f"{game}/steps")
        # A run that was begun before steps were counted by game has counted a part of them alone.
        total = sum(self.last(f"{name}/steps") or 0 for name in names)
        if not counts or total != self.steps:
            return None
        return [(steps, int(count)) for steps, count in counts]


def game_name(game: str) -> str:
    """Return what a game, an id or the path of a file, is called in metrics."""
    return Path(game).stem if game.endswith(".py") else game


def is_run(folder: Path) -> bool:
    """Return whether a folder is that of a run."""
    return (folder / SETTINGS).is_file()


def find_runs(folder: Path) -> list[Path]:
    """Return the runs in a folder, or the folder itself where it is one, by name."""
    if is_run(folder):
        return [folder]
    return sorted(each for each in folder.iterdir() if each.is_dir() and is_run(each))


def _flat(values: dict[str, Any], start: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{start}{name}.")
        else:
            flat[f"{start}{name}"] = value
    return flat


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RunError(f"{path}: must hold one JSON object, not {type(value).__name__}")
    return value


def _part(whole: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    """Return an object inside a file's; nothing where it is not there."""
    value = whole.get(name, {})
    if not isinstance(value, dict):
        raise RunError(f"{path}: `{name}` must be a JSON object, not {type(value).__name__}")
    return value


def read_description(checkpoint: Path) -> dict[str, Any]:
    """Return what is written beside a checkpoint's weights; nothing where it is not there."""
    path = checkpoint / DESCRIPTION
    return _read_json(path) if path.is_file() else {}


def _read_metrics(path: Path) -> list[dict[str, float]]:
    """Return the rows of a file of metrics; a last line that is cut off is left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = []
    for number, line in enumerate(lines):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines) - 1:
                break  # it is being written, or the run was killed in the middle of it
            raise RunError(f"{path}, line {number + 1}: not JSON: {error}") from error
        steps = row.get("steps") if isinstance(row, dict) else None
        if not isinstance(steps, (int, float)) or not 0 <= steps <= MOST_STEPS:
            raise RunError(f"{path}, line {number + 1}: must be an object with a number `steps`")
        rows.append(row)
    return sorted(rows, key=lambda row: float(row["steps"]))


def _read_origin(path: Path) -> dict[str, Any]:
    """Return the last start of a run; nothing where its file is not there."""
    starts = _read_json(path).get("starts") if path.is_file() else [{}]
    if not isinstance(starts, list) or not starts or not isinstance(starts[-1], dict):
        raise RunError(f"{path}: must hold a list of `starts`")
    return starts[-1]


def _number_of(path: Path) -> tuple[int, str]:
    return (int(path.stem) if path.stem.isdigit() else 0, path.name)


def read_run(folder: Path) -> RunFolder:
    """Return what a run's folder holds.

    Raises:
        RunError: it is no run's, or a file in it is damaged.
        OSError: a file cannot be read.
    """
    if not is_run(folder):
        raise RunError(f"{str(folder)!r} is no run's folder: it holds no {SETTINGS}")
    settings = _read_json(folder / SETTINGS)
    last = folder / CHECKPOINTS / "last"
    progress = last / "training.json"
    if progress.is_file():
        # A resumed run may have another goal than it was begun with.
        settings = _part(_read_json(progress), "settings", progress)
    about = read_description(last)
    origin = _read_origin(folder / ORIGIN)
    metrics = folder / METRICS
    rows = _read_metrics(metrics) if metrics.is_file() else []
    kept = folder / REPLAYS
    replays = sorted(kept.glob("*.metammo"), key=_number_of) if kept.is_dir() else []
    flat = _flat(settings)
    games, goal = flat.get("games"), flat.get("steps") or 0
    if not isinstance(games, list) or not all(isinstance(each, str) for each in games):
        raise RunError(f"{folder / SETTINGS}: must name a list of `games`")
    if not isinstance(goal, (int, float)) or not 0 <= goal <= MOST_STEPS:
        raise RunError(f"{folder / SETTINGS}: `steps` must be a number, not {goal!r}")
    written = metrics if metrics.is_file() else folder / SETTINGS
    return RunFolder(
        folder=folder,
        settings=flat,
        metrics=rows,
        versions={
            **_part(about, "versions", last / DESCRIPTION),
            **_part(origin, "versions", folder / ORIGIN),
        },
        game_versions=_part(about, "games", last / DESCRIPTION),
        replays=replays,
        changed=written.stat().st_mtime,
        origin=origin,
    )


def split_settings(
    runs: Sequence[RunFolder],
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the settings that all runs share, and each run's value of those that differ."""
    names = list(dict.fromkeys(name for run in runs for name in run.settings))
    same: dict[str, Any] = {}
    different: dict[str, list[Any]] = {}
    for name in names:
        values = [run.settings.get(name) for run in runs]
        if all(value == values[0] for value in values):
            same[name] = values[0]
        else:
            different[name] = values
    return same, different


@dataclass(frozen=True)
class Experiment:
    """Runs that differ in their seed alone."""

    label: str
    """By which its runs are told from others."""
    runs: list[RunFolder]
    """By seed."""

    @property
    def is_generalist(self) -> bool:
        """Whether it learned several games."""
        return len(self.runs[0].games) > 1


def group_runs(runs: Iterable[RunFolder]) -> list[Experiment]:
    """Return runs by experiment, in the order in which they are given."""
    groups: dict[str, list[RunFolder]] = {}
    for run in runs:
        what = {name: v for name, v in run.settings.items() if name not in OWN_SETTINGS}
        groups.setdefault(json.dumps(what, sort_keys=True), []).append(run)
    listed = list(groups.values())
    labels = ["+".join(map(game_name, group[0].games)) for group in listed]
    experiments = []
    for group, label in zip(listed, labels, strict=True):
        alike = [other for other, its in zip(listed, labels, strict=True) if its == label]
        _, different = split_settings([other[0] for other in alike])
        place = alike.index(group)
        more = [
            f"{name} {values[place]}"
            for name, values in different.items()
            if name not in OWN_SETTINGS
        ]
        named = f"{label} ({', '.join(more)})" if more else label
        runs_by_seed = sorted(group, key=lambda run: (run.settings.get("seed", 0), run.name))
        experiments.append(Experiment(named, runs_by_seed))
    return experiments
