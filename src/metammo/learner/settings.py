"""What can be set about a training run; the command line is made from these."""

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_STEPS = 5_000_000


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
    """Steps in a minibatch, about; whole sequences."""
    sequence: int = 16
    """Steps through which gradients flow back (BPTT)."""
    layer_norm: bool = False
    """Normalise the network's features (Ba et al. 2016)."""


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
    """Steps in a minibatch, about; whole sequences."""
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


@dataclass(frozen=True)
class TrainSettings:
    """A training run."""

    games: tuple[str, ...] = ("race_to_center",)
    """Games to learn; ids or paths of files."""
    game_sampling: str = "fixed"
    """How often each game comes: fixed (all alike), uniform, or adaptive: where it learns."""
    task_sampling: str = "fixed"
    """How often each task of a game comes: fixed (its weight), uniform, or adaptive."""
    config: str = "mini"
    """Rules and observations: mini or full."""
    task: str = ""
    """Ask this in place of the games' own, as "tick_ge() & equip_item('hat')"."""
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
    threads: int = 0
    """Cores for simulator and network; 0: all."""
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
    resume: Path | None = None
    """Folder of a run to go on with; all but steps and threads is then the run's own."""
    ppo: PPOSettings = field(default_factory=PPOSettings)
    impala: ImpalaSettings = field(default_factory=ImpalaSettings)
    pqn: PQNSettings = field(default_factory=PQNSettings)

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
