"""What of an experiment is small enough to be kept with the code? All that its report is made of.

A record is a folder like the one in which the experiment ran, without networks: of every leg that
is done its settings, its machine, and some of its metrics; of every tournament the rows of its
episodes. Seeds that were trained on different machines and days come together there.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from experiments.generalist.legs import HERE, Experiment, Leg
from experiments.generalist.matches import kept_checkpoints, results_folder
from experiments.generalist.training import is_done, run_folder

from metammo.evaluation.runs import CHECKPOINTS, METRICS, SETTINGS, read_run
from metammo.files import beside
from metammo.learner.checkpoint import LAST, find_checkpoint, read_progress, settings_to_json
from metammo.learner.origin import ORIGIN
from metammo.policies.hub import read_description
from metammo.policies.shipped import DESCRIPTION

RECORDS = HERE / "records"
ROWS = 20
"""Of a leg's metrics, evenly spread; those at its checkpoints are kept besides."""
COUNTS = ("steps", "seconds", "agent_steps_per_second")
"""Metrics of a leg; of a game those below."""
GAME_METRICS = ("steps", "progress", "win_rate", "return", "length", "rung")
OWN_TO_THE_MACHINE = ("folder", "command", "directory")
"""Of settings and starts: paths that say nothing elsewhere."""
BEGINNINGS = ("init", "origin")
"""Paths of other runs, of which the name says enough."""
Place = tuple[str, int, str, str]
"""Of a tournament's rows: config, seed of the training, tournament, game."""


def _write(path: Path, content: bytes) -> None:
    with beside(path) as part:
        part.write_bytes(content)


def _write_json(path: Path, told: Mapping[str, Any]) -> None:
    _write(path, (json.dumps(told, indent=1) + "\n").encode())


def _without_paths(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings, a start or a description; of where it began with the name alone."""
    kept = {key: value for key, value in told.items() if key not in OWN_TO_THE_MACHINE}
    for key in BEGINNINGS:
        if kept.get(key):
            kept[key] = Path(kept[key]).name
    return kept


def thin(rows: Sequence[Mapping[str, Any]], points: Sequence[int]) -> list[dict[str, Any]]:
    """Return some rows of a run's metrics, and of those what the report reads and learning shows.

    Args:
        rows: by steps.
        points: steps at which the row is kept, and the one before; the last always is.
    """
    spread = [round(place * (len(rows) - 1) / ROWS) for place in range(ROWS + 1)]
    wanted = set(spread if rows else ())
    for place, row in enumerate(rows):
        if place and any(rows[place - 1]["steps"] < point <= row["steps"] for point in points):
            wanted |= {place - 1, place}
    return [
        {
            name: value
            for name, value in rows[place].items()
            if name in COUNTS or name.partition("/")[2] in GAME_METRICS
        }
        for place in sorted(wanted)
    ]


def keep_leg(folder: Path, leg: Leg, records: Path) -> None:
    """Write a leg's record."""
    run, kept = run_folder(folder, leg), run_folder(records, leg)
    last = kept / CHECKPOINTS / LAST
    last.mkdir(parents=True, exist_ok=True)
    found = find_checkpoint(run)
    about = _without_paths(json.loads((found / DESCRIPTION).read_text(encoding="utf-8")))
    _write_json(last / DESCRIPTION, about)
    if (run / ORIGIN).is_file():
        told = json.loads((run / ORIGIN).read_text(encoding="utf-8"))
        told["starts"] = [_without_paths(start) for start in told["starts"]]
        _write_json(kept / ORIGIN, told)
    points = [int(read_description(place)["steps"]) for place in kept_checkpoints(run)]
    rows = thin(read_run(run).metrics, points)
    _write(kept / METRICS, "".join(json.dumps(row) + "\n" for row in rows).encode())
    # Last: it is what makes a folder a run's.
    settings, _, _ = read_progress(found)
    _write_json(kept / SETTINGS, _without_paths(settings_to_json(settings)))


def keep_rows(folder: Path, records: Path, place: Place) -> bool:
    """Copy the rows of a tournament's game; return whether there are any."""
    found = sorted(results_folder(folder, *place).glob("*.parquet"))
    kept = results_folder(records, *place)
    for file in found:
        kept.mkdir(parents=True, exist_ok=True)
        _write(kept / file.name, file.read_bytes())
    return bool(found)


def keep(experiment: Experiment, folder: Path, records: Path) -> list[str]:
    """Write the records of the legs that are done and of the tournaments that they played.

    What was recorded before stays, also of legs that are trained anew: remove it first.

    Args:
        experiment: of whose seeds; records of others are left alone.
        folder: of runs and results.
        records: where they are kept.

    Returns:
        What was kept, in words.
    """
    done = [leg for leg in experiment.legs if is_done(folder, leg)]
    for leg in done:
        keep_leg(folder, leg, records)
    told = [f"{experiment.config}/{leg.name}" for leg in done]
    for tournament in experiment.tournaments:
        for seed, game in product(experiment.seeds_of(tournament), tournament.games):
            place = (experiment.config, seed, tournament.name, game)
            is_known = all(leg in done for leg in experiment.players(tournament, game, seed))
            if is_known and keep_rows(folder, records, place):
                told.append(str(results_folder(records, *place).relative_to(records)))
    return told
