"""Who is better? The experiment's tournaments, each game's in a folder of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.generalist.legs import Experiment, Leg, Tournament
from experiments.generalist.training import is_done, run_folder

from metammo.evaluation.suites import find_suite
from metammo.evaluation.tournament import Plan, play_tournament
from metammo.evaluation.workers import play_on_cores
from metammo.learner.checkpoint import LAST
from metammo.policies.hub import load_policy, read_description

FOLDER = Path("runs/generalist")
"""Of runs and results, unless another is asked for."""
RESULTS = "results"
SUITE = "v1"


def results_folder(folder: Path, config: str, tournament: str, game: str) -> Path:
    """Return where the rows of a tournament's game are kept."""
    return folder / RESULTS / config / tournament / game


def kept_checkpoints(run: Path) -> list[Path]:
    """Return the policies that a run kept on its way, the last one included, by steps."""
    places = [each for each in (run / "checkpoints").iterdir() if each.name.isdigit()]
    steps = {int(each.name): each for each in places}
    last = run / "checkpoints" / LAST
    steps.setdefault(int(read_description(last)["steps"]), last)
    return [steps[each] for each in sorted(steps)]


def players(folder: Path, legs: Sequence[Leg], tournament: Tournament) -> list[Path]:
    """Return the folders of the policies of some legs."""
    runs = [run_folder(folder, leg) for leg in legs]
    if not tournament.checkpoints:
        return runs
    return [place for run in runs for place in kept_checkpoints(run)]


def plan_of(
    experiment: Experiment, folder: Path, tournament: Tournament, game: str, partial: bool = False
) -> tuple[Plan | None, list[str]]:
    """Return what is played of a tournament's game, and the names of legs that are not there.

    It is played when all are done: rows of some could not be gone on with by all. Where `partial`,
    by those that are done, if there is one of each family that it names.
    """
    legs = experiment.players(tournament, game)
    done = [leg for leg in legs if is_done(folder, leg)]
    missing = [leg.name for leg in legs if leg not in done]
    named = {word.partition("-")[0] for word in tournament.policies}
    if (missing and not partial) or named != {leg.family for leg in done}:
        return None, missing or sorted(named)
    places = players(folder, done, tournament)
    if tournament.checkpoints and len(places) < 2 * len(done):
        return None, [f"checkpoints of {' and '.join(leg.name for leg in done)}"]
    policies = [load_policy(str(place)) for place in places]
    policies += [load_policy(name) for name in experiment.others]
    games = find_suite(SUITE).part(experiment.config).games
    knobs = games[game].tiers[tournament.tier] if tournament.tier != "standard" else {}
    plan = Plan(
        [game],
        policies,
        episodes=experiment.episodes,
        seeds=experiment.match_seeds,
        config=experiment.config,
        knobs=tournament.knobs,
        own_knobs={game: knobs},
    )
    return plan, missing


def play_all(
    experiment: Experiment,
    folder: Path,
    threads: int | None,
    tell: Callable[[str], None],
    partial: bool = False,
) -> list[str]:
    """Play what of the tournaments was not played yet.

    Args:
        experiment: whose; with all of its legs, also where some alone are trained.
        folder: of runs and results.
        threads: processes; None: one for each core.
        tell: called with a line for each game of a tournament.
        partial: play also where legs are missing, without them.

    Returns:
        A line for each game that could not be played, or not by all.

    Raises:
        ResultError: a folder holds rows of other policies: remove it to play anew.
    """
    left_out = []
    for tournament in experiment.tournaments:
        for game in tournament.games:
            plan, missing = plan_of(experiment, folder, tournament, game, partial)
            if missing:
                what = "played without" if plan else "not played for want of"
                left_out.append(f"{tournament.name}, {game}: {what} {', '.join(missing)}")
                tell(left_out[-1])
            if plan is None:
                continue
            tell(f"{tournament.name}, {game}: {len(plan.policies)} policies")
            place = results_folder(folder, experiment.config, tournament.name, game)
            place.mkdir(parents=True, exist_ok=True)
            play_tournament(plan, place, threads=threads, runner=play_on_cores)
    return left_out
