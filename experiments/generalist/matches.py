"""Who is better? The experiment's tournaments, each game's in a folder of its own."""

from collections.abc import Callable, Sequence
from itertools import product
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


def results_folder(folder: Path, config: str, seed: int, tournament: str, game: str) -> Path:
    """Return where the rows of a tournament's game are kept, of a seed of the training."""
    return folder / RESULTS / config / f"seed-{seed}" / tournament / game


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
    experiment: Experiment, folder: Path, tournament: Tournament, game: str, seed: int
) -> tuple[Plan | None, list[str]]:
    """Return what a seed's policies play of a tournament's game, and what is missing for it.

    It is played when all legs of the seed that meet in it are done: rows of some could not be gone
    on with by all.
    """
    legs = experiment.players(tournament, game, seed)
    missing = [leg.name for leg in legs if not is_done(folder, leg)]
    named = {word.partition("-")[0] for word in tournament.policies}
    if missing or named != {leg.family for leg in legs}:
        return None, missing or sorted(named)
    places = players(folder, legs, tournament)
    if tournament.checkpoints and len(places) < 2 * len(legs):
        return None, [f"checkpoints of {' and '.join(leg.name for leg in legs)}"]
    policies = [load_policy(str(place)) for place in places]
    policies += [load_policy(name) for name in experiment.others]
    games = find_suite(SUITE).part(experiment.config).games
    knobs = games[game].tiers[tournament.tier] if tournament.tier != "standard" else {}
    plan = Plan(
        [game],
        policies,
        episodes=experiment.episodes,
        seeds=experiment.matches_of(seed),
        config=experiment.config,
        knobs=tournament.knobs,
        own_knobs={game: knobs},
    )
    return plan, []


def play_all(
    experiment: Experiment, folder: Path, threads: int | None, tell: Callable[[str], None]
) -> list[str]:
    """Play what of the tournaments was not played yet.

    Args:
        experiment: whose; with all of its legs, also where some alone are trained.
        folder: of runs and results.
        threads: processes; None: one for each core.
        tell: called with a line for each game of a tournament.

    Returns:
        A line for each game that could not be played.

    Raises:
        ResultError: a folder holds rows of other policies: remove it to play anew.
    """
    left_out = []
    for seed, tournament in product(experiment.seeds, experiment.tournaments):
        if seed not in experiment.seeds_of(tournament):
            continue
        for game in tournament.games:
            what = f"seed {seed}, {tournament.name}, {game}"
            plan, missing = plan_of(experiment, folder, tournament, game, seed)
            if plan is None:
                left_out.append(f"{what}: not played for want of {', '.join(missing)}")
                tell(left_out[-1])
                continue
            tell(f"{what}: {len(plan.policies)} policies")
            place = results_folder(folder, experiment.config, seed, tournament.name, game)
            place.mkdir(parents=True, exist_ok=True)
            play_tournament(plan, place, threads=threads, runner=play_on_cores)
    return left_out
