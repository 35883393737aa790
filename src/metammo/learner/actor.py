"""Acting: a policy plays a batch of worlds, and a rollout remembers what it saw and did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.learner.opponents import Opponents
from metammo.learner.processes import ALONE, Processes
from metammo.learner.rollout import Rollout
from metammo.learner.stopwatch import no_seconds, spent
from metammo.learner.team_reward import share_rewards
from metammo.policies.inputs import Inputs


class Chooser(Protocol):
    """Who chooses actions, as `learner.algorithm.Algorithm` does."""

    @property
    def acting(self) -> Any:
        """The network that acts."""
        ...

    def choose(
        self, logits: Tensor, masks: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return actions, int64[rows, heads], and their log-probabilities by head."""
        ...


@dataclass(frozen=True)
class Episode:
    """An episode that ended."""

    result: Any
    """A record of `minigames.outcomes.result_dtype`."""
    seats: NDArray[np.bool_]
    """bool[agents]: the learner's."""
    steps: int
    """Agent-steps played in them."""


class Actor:
    """Plays a batch of worlds: every seat, or those that no opponent plays.

    Attributes:
        buffer: the last rollout.
        state: float32[rows, size], what the network remembers of each agent.
        steps: agent-steps played: ticks of the living in the learner's seats.
        game_steps: how many of them were each game's, in the batch's order.
        episode_steps: int64[worlds], how many were played in each world's present episode.
        seconds: time spent, by what it was spent on.

    Args:
        batch: the worlds.
        chooser: who chooses the actions.
        opponents: who plays some of the seats; None: nobody does.
        rollout: ticks of a rollout.
        sequence: ticks of a sequence of the rollout.
        team_reward: part of each reward that is shared by the team, 0..1.
        seed: of the choices.
        device: where the network runs.
        processes: those that learn together; steps and episodes are those of all.
    """

    def __init__(
        self,
        batch: Batch,
        chooser: Chooser,
        opponents: Opponents | None = None,
        *,
        rollout: int,
        sequence: int,
        team_reward: float = 0.0,
        seed: int = 0,
        device: str | torch.device = "cpu",
        processes: Processes = ALONE,
    ) -> None:
        self.batch, self.chooser, self.processes = batch, chooser, processes
        self.opponents = opponents
        self.team_reward = team_reward
        self.teams = batch.worlds.entity_team[:, : batch.agent_count].copy()
        self.device = torch.device(device)
        self.sampler = torch.Generator(device=self.device).manual_seed(seed)
        size = chooser.acting.state_size
        self.buffer = Rollout(batch, rollout, sequence, size, self.device)
        self.rows = self.buffer.rows
        self.state = torch.zeros(self.rows, size, device=self.device)
        self.world_of = torch.arange(batch.world_count, device=self.device).repeat_interleave(
            batch.agent_count
        )
        self.steps = 0
        self.game_steps = [0] * len(batch.game_names)
        self.episode_steps = np.zeros(batch.world_count, np.int64)
        self.seconds = no_seconds()

    def collect(self) -> list[Episode]:
        """Fill the rollout; return the episodes that ended.

        They come tick after tick, of a tick in the order of worlds, those of all processes.
        """
        buffer, batch = self.buffer, self.batch
        finished: list[list[Episode]] = []
        self.chooser.acting.eval()
        for step in range(buffer.steps):
            with spent(self.seconds, "copying"):
                self._see(step)
            with spent(self.seconds, "forward"):
                actions = self._act(step)
            if self.opponents is not None:
                with spent(self.seconds, "opponents"):
                    self.opponents.act(actions)
            with spent(self.seconds, "simulator"):
                batch.step(actions)
            with spent(self.seconds, "copying"):
                self._note(step)
                finished.append([self._end(int(world)) for world in batch.done.nonzero()[0]])
        with spent(self.seconds, "copying"):
            self._count()
            if self.opponents is not None:
                self.opponents.settle()
            told = self._told(finished)
        with spent(self.seconds, "forward"):
            self._value_next()
        return told

    @property
    def played(self) -> int:
        """Agent-steps played by anybody."""
        return self.steps + (self.opponents.steps if self.opponents is not None else 0)

    def _count(self) -> None:
        games = self.buffer.games[self.buffer.alive].long()
        counts = self.processes.sum(torch.bincount(games, minlength=len(self.game_steps)))
        self.steps += int(counts.sum())
        self.game_steps = [a + b for a, b in zip(self.game_steps, counts.tolist(), strict=True)]

    def _told(self, finished: list[list[Episode]]) -> list[Episode]:
        """Return the episodes of all processes, in the order that one process would have."""
        own = [episode for episodes in finished for episode in episodes]
        if self.processes.count == 1:
            return own
        counts = np.array([len(episodes) for episodes in finished], np.int64)
        lengths = np.stack(self.processes.gather(counts))
        results = self.batch.results.dtype
        dtype = [("result", results), ("seats", "?", (self.batch.agent_count,)), ("steps", "i8")]
        told = np.zeros(len(own), dtype)
        for place, episode in enumerate(own):
            for name, value in vars(episode).items():
                told[name][place] = value
        rows = self.processes.gather(told)
        parts = [np.split(each, of.cumsum()[:-1]) for each, of in zip(rows, lengths, strict=True)]
        ordered = [row for step in range(len(finished)) for each in parts for row in each[step]]
        return [Episode(row["result"], row["seats"], int(row["steps"])) for row in ordered]

    def running(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return game, and agent-steps so far, of what each world plays now, of all processes."""
        games = self.batch.worlds.game.astype(np.int64)
        told = (self.processes.gather(each) for each in (games, self.episode_steps))
        game, steps = (np.concatenate(each) for each in told)
        return game, steps

    def _end(self, world: int) -> Episode:
        """Return the episode that has ended in a world; seats of the next are dealt."""
        result = self.batch.results[world].copy()
        seats = result["team"] >= 0
        if self.opponents is not None:
            seats = seats & ~self.opponents.seats[world]
            self.opponents.end(world)
        episode = Episode(result, seats, int(self.episode_steps[world]))
        self.episode_steps[world] = 0
        return episode

    def _own(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return flags, bool[worlds, agents], where they are of the learner's seats."""
        return flags if self.opponents is None else flags & ~self.opponents.seats

    def _flat(self, array: Any) -> Tensor:
        """Return an array of the batch, [worlds, agents, ...], as [rows, ...] where it lies."""
        return torch.from_numpy(array).view(self.rows, *array.shape[2:])

    def _see(self, step: int) -> None:
        """Remember what the agents are about to act on; blank the memory of lives that begin."""
        buffer, batch = self.buffer, self.batch
        begins = buffer.begins[step].copy_(self._flat(batch.life_begins))
        self.state[begins] = 0
        if step % buffer.sequence == 0:
            buffer.states[step // buffer.sequence] = self.state
        buffer.observations[step].copy_(self._flat(batch.observation_bytes))
        buffer.markets[step].copy_(torch.from_numpy(batch.markets))
        buffer.masks[step].copy_(self._flat(batch.masks))
        if self.team_reward:
            # As they are now: the next episode of a world has other teams.
            self.teams[:] = batch.worlds.entity_team[:, : batch.agent_count]
        alive = self._own(batch.alive)
        self.episode_steps += alive.sum(1)
        buffer.alive[step].copy_(self._flat(alive))
        game = torch.from_numpy(batch.worlds.game.astype("int16"))
        buffer.games[step].copy_(game.repeat_interleave(batch.agent_count))

    def _inputs(self, rows: Tensor, markets: Tensor) -> Inputs:
        if not self.buffer.has_markets:
            return Inputs(rows)
        return Inputs(rows, markets, self.world_of)

    @torch.no_grad()
    def _act(self, step: int) -> Any:
        """Act for the living; return the batch's actions, int16[worlds, agents, heads]."""
        buffer = self.buffer
        living = buffer.alive[step].nonzero().squeeze(-1)
        buffer.actions[step] = 0
        buffer.values[step] = 0
        # Opponents may be all that is left.
        if len(living):
            self._act_for(step, living)
        shape = (self.batch.world_count, self.batch.agent_count, -1)
        return buffer.actions[step].cpu().view(shape).numpy()

    def _act_for(self, step: int, living: Tensor) -> None:
        buffer, chooser = self.buffer, self.chooser
        inputs = self._inputs(buffer.observations[step], buffer.markets[step]).select(living)
        allowed = buffer.masks[step].index_select(0, living)
        logits, values, state = chooser.acting.step(inputs, self.state.index_select(0, living))
        self.state.index_copy_(0, living, state)
        actions, logs = chooser.choose(logits, allowed, self.sampler)
        buffer.actions[step][living] = actions.to(torch.int16)
        buffer.log_probabilities[step][living] = logs
        buffer.values[step][living] = values

    def _note(self, step: int) -> None:
        """Remember what came of it; value the last observation of lives cut short."""
        buffer, batch = self.buffer, self.batch
        rewards = batch.rewards
        if self.team_reward:
            acted = buffer.alive[step].cpu().view(rewards.shape).numpy()
            rewards = share_rewards(rewards, self.teams, acted, self.team_reward)
        buffer.rewards[step].copy_(self._flat(rewards))
        buffer.terminated[step].copy_(self._flat(batch.terminated))
        buffer.truncated[step].copy_(self._flat(batch.truncated))
        # It is overwritten where the next episode ends.
        buffer.next_values[step] = 0
        truncated = self._flat(self._own(batch.truncated)).nonzero().squeeze(-1)
        if len(truncated):
            final = (batch.final_observation_bytes, batch.final_markets)
            buffer.next_values[step][truncated.to(self.device)] = self._values(*final, truncated)

    @torch.no_grad()
    def _values(self, observations: Any, markets: Any, which: Tensor) -> Tensor:
        """Return normalised values of observations that follow the present states."""
        rows = self._flat(observations).index_select(0, which).to(self.device)
        which = which.to(self.device)
        inputs = Inputs(rows)
        if self.buffer.has_markets:
            told = torch.from_numpy(markets).to(self.device)
            inputs = Inputs(rows, told, self.world_of.index_select(0, which))
        _, values, _ = self.chooser.acting.step(inputs, self.state.index_select(0, which))
        return values

    def _value_next(self) -> None:
        """Value what followed each step: the next step's value, or that of the present."""
        buffer, batch = self.buffer, self.batch
        last = torch.zeros(self.rows, device=self.device)
        living = self._flat(self._own(batch.alive)).nonzero().squeeze(-1)
        if len(living):
            present = (batch.observation_bytes, batch.markets)
            last[living.to(self.device)] = self._values(*present, living)
        following = torch.cat((buffer.values[1:], last.unsqueeze(0)))
        buffer.next_values = torch.where(buffer.truncated, buffer.next_values, following)

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that decides what is played next: worlds, memory, chance."""
        tensors = {
            "state": self.state.cpu(),
            "sampler": self.sampler.get_state(),
            "episode_steps": torch.from_numpy(self.episode_steps.copy()),
        }
        for name, array in self.batch.state_dict().items():
            data = array.view(np.uint8) if array.dtype == np.bool_ else array
            tensors[f"batch.{name}"] = torch.from_numpy(np.ascontiguousarray(data))
        return tensors

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave."""
        arrays = {}
        for name, array in self.batch.state_dict().items():
            data = state[f"batch.{name}"].numpy()
            arrays[name] = data.view(np.bool_) if array.dtype == np.bool_ else data
        self.batch.load_state_dict(arrays)
        self.state.copy_(state["state"])
        self.sampler.set_state(state["sampler"])
        self.episode_steps[:] = state["episode_steps"].numpy()
