"""What can be set about a training run; the command line is made from these."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import Suppress, arg

from metammo.learner.balance import WAYS
from metammo.learner.playlist import read_games
from metammo.observe.layout import LAYOUTS
from metammo.tasks.sampling import WAYS as SAMPLING_WAYS

DEFAULT_STEPS = 5_000_000
DRAWS = ("uniform", "recency", "rating")
"""How opponents are drawn from the pool."""
MIN_POOL = 4
"""The first and the last past self, and two that play; the next makes one go."""


@dataclass(frozen=True)
class AlgorithmSettings:
    """What every algorithm is told."""

    learning_rate: float = 2e-3
    """Of Adam, at the start."""
    anneal: bool = True
    """Let the learning rate fall to a tenth over the run."""
    discount: float = 0.99
    """Gamma."""
    trace: float = 0.95
    """Lambda: how far rewards reach back beyond the values between."""
    gradient_norm: float = 0.5
    """Gradients are scaled down to this norm."""
    epochs: int = 1
    """Passes over each rollout."""
    minibatch: int = 2048
    """Steps in a minibatch of all processes, about; whole sequences."""
    sequence: int = 16
    """Steps through which gradients flow back (BPTT)."""
    layer_norm: bool = False
    """Normalise the network's features (Ba et al. 2016)."""

    def check(self) -> None:
        """Raise ValueError where a number cannot be, by its name among a run's settings."""
        kind = next(name for name, each in ALGORITHMS.items() if type(self) is each)
        for name, (is_met, wanted) in LIMITS.items():
            given = getattr(self, name, None)
            if given is not None and not is_met(given):
                raise ValueError(f"{kind}.{name} must be {wanted}, got {given}")


@dataclass(frozen=True)
class PPOSettings(AlgorithmSettings):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    clip: float = 0.2
    """How far the probability ratio may leave 1."""
    value_clip: float = 0.2
    """How far a value may move in one update, in standard deviations of returns; 0: any way."""
    value_weight: float = 0.5
    """Weight of the value loss."""
    entropy_weight: float = 0.005
    """Weight of the entropy bonus, summed over the active heads."""


@dataclass(frozen=True)
class ImpalaSettings(AlgorithmSettings):
    """Importance weighted actor-learner architectures (Espeholt et al. 2018)."""

    learning_rate: float = 5e-4
    """Of Adam, at the start; nothing else holds the policy near to the one that acted."""
    lag: int = 1
    """Updates by which the network that acts is behind the one that learns."""
    queue: int = 2
    """A rollout is learned from when so many are there, itself included; the oldest first."""
    rho_clip: float = 1.0
    """Rho-bar: how much more a step may count than it did when acted."""
    trace_clip: float = 1.0
    """C-bar: how far a step hands on what came after it."""
    value_weight: float = 0.5
    """Weight of the value loss."""
    entropy_weight: float = 0.005
    """Weight of the entropy bonus, summed over the active heads."""


@dataclass(frozen=True)
class PQNSettings(AlgorithmSettings):
    """Parallelised Q-network (Gallici et al. 2024), recurrent, as R2D2 without its memory."""

    learning_rate: float = 1e-3
    """Of Adam, at the start."""
    trace: float = 0.8
    """Lambda: how far rewards reach back beyond the values between."""
    minibatch: int = 1024
    """Steps in a minibatch of all processes, about; whole sequences."""
    layer_norm: bool = True
    """Normalise the network's features (Ba et al. 2016)."""
    epsilon: float = 0.5
    """How often each head takes any allowed choice, at the start."""
    final_epsilon: float = 0.05
    """The same once exploration is over."""
    exploration: float = 0.5
    """Share of the run in which epsilon falls."""
    acting_epsilon: float = 0.05
    """The same when the policy is rated, watched or played against."""


ALGORITHMS: dict[str, type[AlgorithmSettings]] = {
    "ppo": PPOSettings,
    "impala": ImpalaSettings,
    "pqn": PQNSettings,
}
"""What each algorithm is told, under its name among a run's settings."""
Limit = tuple[Callable[[float], bool], str]


def _all(limit: Limit, *names: str) -> dict[str, Limit]:
    return dict.fromkeys(names, limit)


# Written so that no comparison with a NaN holds.
LIMITS: dict[str, Limit] = {
    **_all((lambda x: 0 < x < math.inf, "above 0"), "learning_rate", "gradient_norm", "clip"),
    **_all((lambda x: 0 < x < math.inf, "above 0"), "rho_clip", "trace_clip"),
    **_all((lambda x: 0 <= x < math.inf, "at least 0"), "value_clip", "value_weight"),
    **_all((lambda x: 0 <= x < math.inf, "at least 0"), "entropy_weight", "lag"),
    **_all((lambda x: x >= 1, "at least 1"), "epochs", "minibatch", "sequence", "queue"),
    **_all((lambda x: 0 <= x <= 1, "in 0..1"), "discount", "trace", "exploration"),
    **_all((lambda x: 0 <= x <= 1, "in 0..1"), "epsilon", "final_epsilon", "acting_epsilon"),
}
"""What the numbers of algorithms may be, by name: a test, and the words for it."""
WORDS = {
    "balance": WAYS,
    "game_sampling": SAMPLING_WAYS,
    "task_sampling": SAMPLING_WAYS,
    "config": tuple(LAYOUTS),
}
"""Settings that are one of a few words."""


@dataclass(frozen=True)
class PoolSettings:
    """Opponents: past selves, and others, play some of the seats; nothing is learned from them."""

    share: float = 0.125
    """Of the seats, whole teams; 0: the learner plays all of them."""
    every: int = 500_000
    """Agent-steps after which a past self enters the pool, again and again; 0: none does."""
    size: int = 32
    """Past selves that are kept; when there are more, those between near others are dropped."""
    draw: str = "uniform"
    """Who plays next: uniform (all alike), recency (the newest oftener), or rating (those oftener
    that do better than the learner)."""
    others: Annotated[tuple[str, ...], arg(name="from")] = ()
    """Policies from elsewhere in the pool: scripted, smith, random, names of trained policies, or
    folders."""

    def check(self) -> None:
        """Raise ValueError where the numbers make no pool."""
        if not 0 <= self.share < 1:
            raise ValueError(
                f"pool.share is the part of the seats that opponents play: from 0 to below 1, got "
                f"{self.share}"
            )
        if self.every < 0:
            raise ValueError(f"pool.every must be at least 0 agent-steps, got {self.every}")
        if self.size < MIN_POOL:
            raise ValueError(f"pool.size must be at least {MIN_POOL}, got {self.size}")
        if self.draw not in DRAWS:
            raise ValueError(f"pool.draw must be one of {', '.join(DRAWS)}, got {self.draw!r}")
        for name in self.others:
            # A resumed run would have to run that file because its checkpoint says so.
            if ".py:" in name:
                raise ValueError(
                    f"pool.from takes names and folders, not a class of your own: got {name!r}"
                )


@dataclass(frozen=True)
class TrainSettings:
    """A training run."""

    games: tuple[str, ...] = ("race_to_center",)
    """Games to learn; ids or paths of files, with a weight if not all are alike (team_battle=2);
    or Meta MMO's mixes, mini_gen and full_gen."""
    weights: Annotated[tuple[float, ...], Suppress] = ()
    """Of the games; empty: all alike."""
    game_sampling: str = "fixed"
    """How much of each game comes: fixed (by weight), uniform, or adaptive: where it learns."""
    balance: str = "steps"
    """What that is counted in: steps (agent-steps, so that a game of short episodes comes oftener),
    or episodes."""
    task_sampling: str = "fixed"
    """How often each task of a game comes: fixed (its weight), uniform, or adaptive."""
    curriculum: bool = True
    """Let ladders climb and knobs be drawn as the games say for training; without, every episode is
    by the evaluation's fixed knobs, on training's maps."""
    config: str = "mini"
    """Rules and observations: mini or full."""
    task: str = ""
    """Ask this in place of the games' own, as "tick_ge() & equip_item('hat')"."""
    team_reward: float = 0.0
    """Part of each reward that is paid as the mean of those of the team that acted, 0..1."""
    steps: int | None = None
    """Agent-steps to learn from, rounded up to whole rollouts; by default 5 million, or what a
    resumed run set out to do."""
    worlds: int = 8
    """Worlds stepped together."""
    rollout: int = 32
    """Ticks between updates; a multiple of the sequence."""
    algorithm: str = "ppo"
    """What learns: ppo, impala or pqn; each has settings of its own."""
    policy: str = "small"
    """Size of the network (small, small-lstm, small-mingru, small-transformer, base), or
    path.py:Class, a torch module of your own."""
    seed: int = 0
    """Of worlds, weights and sampling."""
    processes: int = 1
    """Processes on this machine that share the worlds and learn together; 0: one a core, or a
    device; of a resumed run, as many as it had. On four cores they are 1.1 to 1.8 times as fast as
    threads."""
    threads: int = 0
    """Cores for simulator and network, of each process; 0: all, shared evenly."""
    device: str = "cpu"
    """Where the network runs: cpu, cuda, cuda:1, ..."""
    folder: Path = Path("runs")
    """Where the run's folder is made."""
    name: str = ""
    """Of the run's folder; by default games and seed."""
    checkpoint_every: int = 1_000_000
    """Agent-steps between checkpoints."""
    keep_every: int = 0
    """Agent-steps between policies that are kept for good, in RUN/checkpoints/STEPS; 0: none."""
    evaluate_every: int = 0
    """Agent-steps between evaluations on held-out maps; 0: none."""
    evaluation_episodes: int = 32
    """Episodes of each game in an evaluation."""
    record_every: int = 0
    """Agent-steps between replays of the policy, written into RUN/replays; 0: none."""
    tensorboard: bool = True
    """Write metrics for TensorBoard, into RUN/tensorboard."""
    wandb: str = ""
    """Project of Weights & Biases to log to; install with pip install 'metammo[wandb]'."""
    init: str | None = None
    """Folder of a run or checkpoint, or a trained policy's name, with whose network this run
    begins, of whatever size: weights are learned further, with a fresh optimizer, and steps count
    from 0. If it is of a class of your own, that is named by `policy`."""
    resume: Path | None = None
    """Folder of a run to go on with; all but steps and threads is then the run's own."""
    ppo: PPOSettings = field(default_factory=PPOSettings)
    impala: ImpalaSettings = field(default_factory=ImpalaSettings)
    pqn: PQNSettings = field(default_factory=PQNSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    """The opponents."""

    @property
    def own(self) -> AlgorithmSettings:
        """Those of the run's algorithm.

        Raises:
            ValueError: an unknown algorithm.
        """
        if self.algorithm not in ALGORITHMS:
            raise ValueError(
                f"unknown algorithm {self.algorithm!r}; there are {', '.join(ALGORITHMS)}"
            )
        own: AlgorithmSettings = getattr(self, self.algorithm)
        return own

    def _check_words(self) -> None:
        """Raise ValueError where a word is none of those that there are."""
        for name, allowed in WORDS.items():
            given = getattr(self, name)
            if given not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {given!r}")

    def settled(self) -> "TrainSettings":
        """Return the settings with games in the place of mixes, and weights apart from games.

        Raises:
            ValueError: games, weights or other numbers that cannot be.
        """
        if not 0 <= self.team_reward <= 1:
            raise ValueError(
                "team_reward is the part of a reward that is shared: from 0 to 1, got "
                f"{self.team_reward}"
            )
        self._check_words()
        self.pool.check()
        self.own.check()
        if self.rollout < 1 or self.rollout % self.own.sequence:
            raise ValueError(
                f"rollout must be a multiple of {self.algorithm}.sequence, {self.own.sequence} "
                f"ticks, got {self.rollout}"
            )
        games, weights, config = read_games(self.games)
        if games == self.games and self.weights:
            weights = self.weights
        if len(weights) != len(games):
            raise ValueError(f"{len(games)} games have {len(weights)} weights; give one each")
        given = weights if len(set(weights)) > 1 else ()
        # A run of a mix is called by the mix, not by all of its games.
        name = self.name or (f"{'+'.join(self.games)}-{self.seed}" if config else "")
        return replace(self, games=games, weights=given, config=config or self.config, name=name)
