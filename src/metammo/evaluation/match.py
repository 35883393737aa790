"""Several policies in the same episodes: equal shares of the seats, rotated, on held-out maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.envs.batch import Batch, make_vec
from metammo.observe.layout import Market
from metammo.policies.policy import CHOICES_KEPT, Policy, Thoughts

WIN_BONUS = 16.0
"""What a winning agent's score gains, as the peer counts."""
NOBODY = -1
"""In place of a policy's number: no policy plays the seat."""
RESAMPLES = 1000
"""Bootstrap samples of episodes behind each interval."""


@dataclass(frozen=True)
class MatchResult:
    """Every episode of a match, by policy.

    All arrays are [episodes, policies]; progress, wins and scores are means over a policy's agents.
    """

    names: list[str]
    """Policies, in order."""
    progress: NDArray[np.float64]
    """Mean best task progress, 0..1."""
    won: NDArray[np.float64]
    """Share of the episode's winning agents' sides: 1 where an agent of the policy won."""
    score: NDArray[np.float64]
    """Mean of progress + 16 for each winning agent."""
    length: NDArray[np.int64]
    """int64[episodes]: ticks."""

    def interval(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 95% intervals of the means over episodes, float64[policies, 2], by bootstrap."""
        rng = np.random.default_rng(0)
        episodes = len(values)
        picked = rng.integers(0, episodes, (RESAMPLES, episodes))
        means = values[picked].mean(1)
        return np.percentile(means, [2.5, 97.5], axis=0).T

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a policy, best score first."""
        low_high = self.interval(self.score)
        win_low_high = self.interval(self.won)
        rows = [
            {
                "policy": name,
                "episodes": len(self.score),
                "progress": float(self.progress[:, place].mean()),
                "win_rate": float(self.won[:, place].mean()),
                "win_rate_low": float(win_low_high[place, 0]),
                "win_rate_high": float(win_low_high[place, 1]),
                "score": float(self.score[:, place].mean()),
                "score_low": float(low_high[place, 0]),
                "score_high": float(low_high[place, 1]),
            }
            for place, name in enumerate(self.names)
        ]
        return sorted(rows, key=lambda row: -row["score"])


def deal_seats(teams: NDArray[np.int16], policies: int, rotation: int) -> NDArray[np.int64]:
    """Return which policy plays each seat, int64[agents]: teams dealt in turn, rotated.

    Args:
        teams: the seats' teams; in a free for all each seat is one. -1: nobody's seat.
        policies: how many share the seats.
        rotation: by how many policies the deal is shifted; one more each episode.
    """
    return (np.asarray(teams, np.int64) + rotation) % policies


class Table:
    """Seats, memories and results of a match in progress.

    Attributes:
        thoughts: what the policies thought of the last actions, arrays [worlds, agents, ...]; the
            shares of agents whose policy tells nothing are 0. None where they are not kept.

    Args:
        batch: where they play.
        policies: who plays.
        per_world: episodes of each world that count.
        keeps_thoughts: keep what the policies think that can tell it.
    """

    def __init__(
        self,
        batch: Batch,
        policies: Sequence[Policy],
        per_world: int,
        keeps_thoughts: bool = False,
    ) -> None:
        self.batch, self.policies, self.per_world = batch, policies, per_world
        self.keeps_thoughts = keeps_thoughts
        self.thoughts: Thoughts | None = None
        for policy in policies:
            if hasattr(policy, "keeps_thoughts"):
                policy.keeps_thoughts = keeps_thoughts
        shape = (batch.world_count, batch.agent_count)
        self.seats = np.zeros(shape, np.int64)
        self.played = np.zeros(batch.world_count, np.int64)
        rows = shape[0] * shape[1]
        self.states = [policy.initial_state(rows) for policy in policies]
        episodes = batch.world_count * per_world
        self.progress = np.zeros((episodes, len(policies)))
        self.won = np.zeros((episodes, len(policies)))
        self.score = np.zeros((episodes, len(policies)))
        self.length = np.zeros(episodes, np.int64)
        for world in range(shape[0]):
            self.seat(world)

    def seat(self, world: int) -> None:
        """Deal the seats of a world's next episode."""
        teams = self.batch.worlds.entity_team[world][: self.batch.agent_count]
        rotation = world * self.per_world + int(self.played[world])
        self.seats[world] = deal_seats(teams, len(self.policies), rotation)

    def hand(self, world: int, agent: int, place: int) -> None:
        """Hand a seat to a policy, which begins with a blank memory, or to `NOBODY`."""
        self.seats[world, agent] = place
        if place != NOBODY:
            rows = np.zeros(self.seats.shape, np.bool_)
            rows[world, agent] = True
            policy = self.policies[place]
            self.states[place] = policy.begin(self.states[place], rows.reshape(-1))

    def actions(self) -> NDArray[np.int16]:
        """Let every policy act for all of its living seats at once."""
        batch = self.batch
        flat = batch.observations.reshape(-1)
        masks = batch.masks.reshape(len(flat), -1)
        alive = batch.alive.reshape(-1)
        seats = self.seats.reshape(-1)
        actions = np.zeros((len(flat), len(batch.heads)), np.int16)
        begins = batch.life_begins.reshape(-1)
        thoughts = self._no_thoughts(len(flat)) if self.keeps_thoughts else None
        for place, policy in enumerate(self.policies):
            if begins.any():
                self.states[place] = policy.begin(self.states[place], begins)
            rows = np.flatnonzero(alive & (seats == place))
            if len(rows) == 0:
                continue
            state = self.states[place]
            own = state[rows] if state is not None else None
            told: tuple[Any, ...] = (flat[rows], masks[rows], own)
            if batch.layout.has_market:
                told = (*told, Market(batch.markets, rows // batch.agent_count))
            chosen, own = policy.act(*told)
            actions[rows] = chosen
            told_thoughts = getattr(policy, "thoughts", None)
            if thoughts is not None and told_thoughts is not None:
                for name, values in vars(told_thoughts).items():
                    getattr(thoughts, name)[rows] = values
            if state is not None:
                state[rows] = own
        shape = (batch.world_count, batch.agent_count)
        if thoughts is not None:
            parts = vars(thoughts).items()
            self.thoughts = Thoughts(**{k: v.reshape(*shape, *v.shape[1:]) for k, v in parts})
        return actions.reshape(*shape, -1)

    def _no_thoughts(self, rows: int) -> Thoughts:
        """Return thoughts of so many rows, of all of which nothing is known."""
        shape = (rows, len(self.batch.heads), CHOICES_KEPT)
        choice = np.full(shape, -1, np.int16)
        return Thoughts(np.zeros(rows, np.float32), choice, np.zeros(shape, np.float32))

    def note(self, world: int) -> None:
        """Write down a finished episode, unless the world has played its share."""
        number = int(self.played[world])
        self.played[world] += 1
        if number < self.per_world:
            result = self.batch.results[world]
            episode = world * self.per_world + number
            self.length[episode] = int(result["length"])
            progress = result["progress"].astype(np.float64)
            won = result["won"].astype(np.float64)
            for place in range(len(self.policies)):
                mine = (self.seats[world] == place) & (result["team"] >= 0)
                self.progress[episode, place] = progress[mine].mean()
                self.won[episode, place] = won[mine].max()
                self.score[episode, place] = (progress[mine] + WIN_BONUS * won[mine]).mean()
        self.seat(world)


def play_match(
    game: str,
    policies: Sequence[Policy],
    episodes: int,
    *,
    seed: int = 0,
    threads: int | None = None,
    config: str = "mini",
    worlds: int = 32,
    knobs: dict[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> MatchResult:
    """Let policies meet in the same episodes on held-out maps, by the game's evaluation knobs.

    Every world plays the same number of episodes, so short ones do not count more often. The same
    seed gives the same result on any number of threads.

    Args:
        game: id or path of a game.
        policies: who plays; names must differ.
        episodes: how many; rounded up to a multiple of the worlds.
        seed: of the worlds.
        threads: cores of the simulator.
        config: "mini" or "full".
        worlds: how many episodes are played side by side, at most.
        knobs: rules that differ from the evaluation's.
        progress: called with the number of episodes finished.

    Raises:
        ValueError: no or too many policies, or no episodes.
    """
    if not policies or episodes < 1:
        raise ValueError("a match needs at least one policy and one episode")
    worlds = min(worlds, episodes)
    per_world = -(-episodes // worlds)
    batch = make_vec(
        game,
        worlds,
        seed=seed,
        threads=threads,
        config=config,
        evaluation=True,
        held_out=True,
        **(knobs or {}),
    )
    try:
        if len(policies) > int(batch.worlds.team_count.min()):
            raise ValueError(
                f"{len(policies)} policies cannot share {int(batch.worlds.team_count.min())} teams"
            )
        table = Table(batch, policies, per_world)
        finished = 0
        while int(table.played.min()) < per_world:
            batch.step(table.actions())
            for world in np.flatnonzero(batch.done):
                table.note(int(world))
            done = int(np.minimum(table.played, per_world).sum())
            if progress and done != finished:
                finished = done
                progress(done)
    finally:
        batch.close()
    names = [policy.name for policy in policies]
    return MatchResult(names, table.progress, table.won, table.score, table.length)
