"""`metammo bench`: how fast simulator, reset and training are on this machine."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from metammo.cli.knobs import read_knobs
from metammo.cli.show import note, print_json, print_table
from metammo.envs.batch import make_vec
from metammo.envs.crew import core_count
from metammo.learner import origin
from metammo.rules.rules import SPAWN_ANYWHERE

PEER_TICKS = 60
"""Ticks of a run of Neural MMO, at most: it is slow, and steady."""
SCALE_TURNS = 3
"""How often threads and processes take turns: a shared machine is never the same twice."""


@dataclass(frozen=True)
class Options:
    """Measure speed: sim, reset, train, scale.

    Speeds count living agents' steps. Compiling and warming up are left out of them and shown
    apart; each figure is the median of several runs.

    Example: metammo bench sim --threads 1
    """

    what: Annotated[Literal["sim", "reset", "train", "scale"], tyro.conf.Positional] = "sim"
    """sim: the simulator with observations and masks; reset: new maps; train: end to end; scale:
    threads beside as many independent processes."""
    game: str = "team_battle"
    """Id of a game."""
    config: Literal["mini", "full"] = "mini"
    """Rules and observations."""
    size: str = "standard"
    """Size class (sim); large holds 8,192 agents."""
    agents: int = 0
    """Agents of a world (sim); 0: the game's. The map and the NPCs grow along."""
    vs_peer: Path | None = None
    """A Python that has Neural MMO 2.1: measure that, too, in the same run (sim)."""
    worlds: int = 64
    """Worlds stepped together (sim, reset, scale); training takes its own default."""
    threads: int | None = None
    """Cores; 0: all. By default one, and all of them in training."""
    processes: int = 1
    """Processes that learn together (train); 0: one a core. They share the threads."""
    ticks: int = 200
    """Ticks of a timed run."""
    runs: int = 5
    """Timed runs; the median is quoted."""
    policy: str = "random"
    """Who plays (sim): random, scripted, a checkpoint; never timed. Or what is trained (train):
    small unless given, base, path.py:Class."""
    first_tick: int = 0
    """Tick at which each timed run begins (sim): until then the same players play, untimed."""
    knobs: tuple[str, ...] = ()
    """Rules and the game's own knobs that differ, as hold_ticks=30000 (sim, reset)."""
    mortal: bool = False
    """Let agents die; else health, food and water are refilled outside the timer."""
    npcs: int = 128
    """NPCs of a world."""
    profile: bool = True
    """Show, too, where the time goes (sim): a second run on one thread, with a clock inside."""
    steps: int = 500_000
    """Agent-steps of `bench train`."""
    json: bool = False
    """Print one JSON object."""

    @property
    def cores(self) -> int:
        """Cores of the simulator."""
        return 1 if self.threads is None else self.threads or core_count()


def machine() -> dict[str, Any]:
    """Return what a figure depends on: processor, cores, versions, commit."""
    told, known = origin.machine(), origin.versions()
    commit = origin.commit_of(origin.PACKAGE, "__init__.py")["commit"] or ""
    return {
        "processor": told["processor"],
        "cores": told["cores"],
        "python": known["python"],
        "numpy": known["numpy"],
        "version": known["metammo"],
        "commit": commit[:7],
    }


class Players:
    """Who plays a batch that is timed: valid random actions, or a policy's."""

    def __init__(self, batch: Any, options: Options) -> None:
        """Load the policy; each call of `act` draws anew."""
        self.batch, self.drawn, self.policy = batch, 0, None
        if options.policy != "random":
            from metammo.policies.hub import load_policy

            self.policy = load_policy(options.policy)
            rows = batch.world_count * batch.agent_count
            self.state = self.policy.initial_state(rows)

    def act(self) -> Any:
        """Return actions for all worlds, int16[worlds, agents, heads]."""
        batch = self.batch
        self.drawn += 1
        if self.policy is None:
            return batch.random_actions(self.drawn)
        flat = batch.observations.reshape(-1)
        told: tuple[Any, ...] = (flat, batch.masks.reshape(len(flat), -1), self.state)
        if batch.layout.has_market:
            from metammo.observe.layout import Market

            told = (*told, Market(batch.markets, np.arange(len(flat)) // batch.agent_count))
        actions, self.state = self.policy.act(*told)
        return actions.reshape(batch.world_count, batch.agent_count, -1)

    def play(self, ticks: int, mortal: bool) -> None:
        """Let some ticks pass."""
        for _ in range(ticks):
            if not mortal:
                self.batch.refill()
            self.batch.step(self.act())


def time_runs(batch: Any, options: Options) -> dict[str, Any]:
    """Step a batch for several runs; actions are drawn, and health refilled, outside the timer."""
    rates, alive_share, worst = [], [], 0.0
    players = Players(batch, options)
    players.play(options.first_tick, options.mortal)
    began = batch.state_dict()
    for run in range(options.runs + 1):
        counted, seconds = 0, 0.0
        if options.first_tick:
            batch.load_state_dict(began)
        for _ in range(options.ticks):
            actions = players.act()
            if not options.mortal:
                batch.refill()
            counted += int(batch.alive.sum())
            started = time.perf_counter()
            batch.step(actions)
            passed = time.perf_counter() - started
            seconds += passed
            worst = max(worst, passed)
        if run:  # the first warms up
            rates.append(counted / seconds)
            alive_share.append(counted / (options.ticks * batch.alive.size))
    return {
        "agent_steps_per_second": statistics.median(rates),
        "lowest": min(rates),
        "highest": max(rates),
        "alive_share": statistics.mean(alive_share),
    }


def world_knobs(options: Options) -> dict[str, Any]:
    """Return the knobs of a world of the wanted size, as dense as 128 agents on 129 x 129 tiles.

    Agents begin anywhere: along the edge, which grows more slowly than the area, they would crowd.
    """
    if options.agents <= 0:
        return {"npc_count": options.npcs} if options.npcs >= 0 else {}
    side = 2 * round(64 * (options.agents / 128) ** 0.5)
    npcs = options.npcs * options.agents // 128
    teams = max(options.agents // 8, 1)
    known = {"agents": options.agents, "teams": teams, "playable": side, "npc_count": npcs}
    attempts = 25 * options.agents // 128 + 25
    return {**known, "npc_spawn_attempts": attempts, "spawn": SPAWN_ANYWHERE}


def time_peer(options: Options, ours: float) -> dict[str, Any]:
    """Measure Neural MMO 2.1 on one core; return its speed and the ratio.

    Raises:
        ValueError: the given Python cannot run it.
    """
    note("Neural MMO 2.1 ...")
    script = Path(__file__).with_name("peer_speed.py")
    ticks = str(min(options.ticks, PEER_TICKS))
    command = [str(options.vs_peer), str(script), options.config, ticks, str(options.runs)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        measured = json.loads(result.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise ValueError(
            f"{options.vs_peer} does not run Neural MMO 2.1 ({error}); `make parity` makes "
            ".venv-peer/bin/python"
        ) from error
    speed = float(measured["agent_steps_per_second"])
    return {
        "peer_version": measured["version"],
        "peer_agent_steps_per_second": speed,
        "ratio_to_peer": ours / speed,
    }


def time_phases(batch: Any, options: Options) -> dict[str, float]:
    """Return each phase's share of a step, 0..1, in order; on one thread."""
    spent: Counter[str] = Counter()
    players = Players(batch, options)
    if options.first_tick:
        batch.reset(0)
        players.play(options.first_tick, options.mortal)
    for tick in range(options.ticks + 1):
        if not options.mortal:
            batch.refill()
        laps = batch.step_timed(players.act())
        if tick:  # the first compiles and warms up
            spent.update(laps)
    whole = spent.total()
    return {name: time / whole for name, time in spent.items()}


def bench_sim(options: Options) -> dict[str, Any]:
    """Measure the simulator with observations and masks."""
    started = time.perf_counter()
    batch = make_vec(
        options.game,
        options.worlds,
        threads=options.cores,
        evaluation=True,
        config=options.config,
        size=options.size,
        **{**world_knobs(options), **read_knobs(options.knobs)},
    )
    batch.step(batch.random_actions(0))
    compiled = time.perf_counter() - started
    result = time_runs(batch, options)
    if options.vs_peer:
        result |= time_peer(options, result["agent_steps_per_second"])
    if options.profile:
        result["phases"] = time_phases(batch, options)
    batch.close()
    return {"compile_or_load_seconds": compiled, **result}


def bench_reset(options: Options) -> dict[str, Any]:
    """Measure a reset with a new map, alone on a core."""
    batch = make_vec(
        options.game,
        options.worlds,
        threads=1,
        evaluation=True,
        config=options.config,
        **read_knobs(options.knobs),
    )
    seconds = []
    for _ in range(options.runs + 1):
        started = time.perf_counter()
        batch.reset()
        seconds.append((time.perf_counter() - started) / options.worlds)
    batch.close()
    return {"milliseconds_per_reset": 1000 * statistics.median(seconds[1:])}


def _train_quietly(settings: Any) -> Path:
    from metammo.learner.train import train

    return train(settings, quiet=True)


def bench_train(options: Options) -> dict[str, Any]:
    """Measure training end to end: the learner's steps, first rollouts left out."""
    from metammo.learner.launch import launch, local_count
    from metammo.learner.settings import TrainSettings

    cores = options.threads or core_count()
    processes = local_count(options.processes, TrainSettings.worlds, cores=cores)
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainSettings(
            games=(options.game,),
            config=options.config,
            policy="small" if options.policy == "random" else options.policy,
            steps=options.steps,
            processes=processes,
            threads=max(cores // processes, 1),
            folder=Path(folder),
        )
        run = launch(processes, _train_quietly, settings)
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    rates = [row["agent_steps_per_second"] for row in rows[1:]]
    rate = statistics.median(rates)
    return {
        "policy": settings.policy,
        "worlds": settings.worlds,
        "processes": processes,
        "threads_each": settings.threads,
        "agent_steps_per_second": rate,
        "played_per_second": statistics.median(row["played_per_second"] for row in rows[1:]),
        "phases": {
            name.removeprefix("time/"): statistics.median(row.get(name, 0.0) for row in rows[1:])
            for name in rows[-1]
            if name.startswith("time/")
        },
        "hours_for_400_million": 400e6 / rate / 3600,
        "hours_for_1_billion": 1e9 / rate / 3600,
    }


def _run_apart(options: Options, threads: int) -> float:
    """Return the summed speed of one-thread processes that run at the same time."""
    command = [sys.executable, "-m", "metammo.cli.main", "bench", "sim", "--json", "--threads", "1"]
    command += ["--game", options.game, "--worlds", str(max(options.worlds // threads, 1))]
    command += ["--ticks", str(options.ticks), "--runs", str(options.runs)]
    command += ["--npcs", str(options.npcs), "--config", options.config, "--no-profile"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(threads)
    ]
    outputs = [process.communicate()[0] for process in processes]
    return float(sum(json.loads(output)["agent_steps_per_second"] for output in outputs))


def bench_scale(options: Options) -> dict[str, Any]:
    """Measure several threads beside as many one-thread processes, in turns."""
    threads = options.threads or core_count()
    one = replace(options, threads=threads, profile=False)
    together, apart = [], []
    for turn in range(SCALE_TURNS):
        note(f"turn {turn + 1} of {SCALE_TURNS}: {threads} threads, then {threads} processes ...")
        together.append(bench_sim(one)["agent_steps_per_second"])
        apart.append(_run_apart(options, threads))
    ratios = [ours / theirs for ours, theirs in zip(together, apart, strict=True)]
    return {
        "threads": threads,
        "agent_steps_per_second": statistics.median(together),
        "processes_agent_steps_per_second": statistics.median(apart),
        "ratio": statistics.median(ratios),
        "lowest_ratio": min(ratios),
        "highest_ratio": max(ratios),
    }


BENCHES: dict[str, Callable[[Options], dict[str, Any]]] = {
    "sim": bench_sim,
    "reset": bench_reset,
    "train": bench_train,
    "scale": bench_scale,
}


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return str(value)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = tyro.cli(Options, args=list(arguments), prog="metammo bench")
    if min(options.worlds, options.ticks, options.runs) < 1:
        raise ValueError("worlds, ticks and runs must be at least 1")
    result = {
        "bench": options.what,
        "game": options.game,
        "config": options.config,
        "worlds": options.worlds,
        **({"threads": options.cores} if options.what == "sim" else {}),
        **BENCHES[options.what](options),
        "machine": machine(),
    }
    if options.json:
        print_json(result)
        return 0
    named = result.pop("machine")
    phases = result.pop("phases", {})
    rows = [(name.replace("_", " "), _shown(value)) for name, value in result.items()]
    rows += [(name, _shown(value)) for name, value in named.items()]
    print_table("Speed", ("figure", "value"), rows)
    if phases:
        shares = [(name, f"{share:.1%}") for name, share in phases.items() if share >= 0.0005]
        print_table("Share of the time, in order", ("phase", "share"), shares)
    return 0
