"""Acting: a policy plays a batch of worlds, and a rollout remembers what it saw and did."""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.learner.processes import ALONE, Processes
from metammo.learner.rollout import Rollout
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


class Actor:
    """Plays every seat of a batch of worlds.

    Attributes:
        buffer: the last rollout.
        state: float32[rows, size], what the network remembers of each agent.
        steps: agent-steps played: living agents' ticks.
        game_steps: how many of them were each game's, in the batch's order.
        seconds: time spent, by what it was spent on.

    Args:
        batch: the worlds.
        chooser: who chooses the actions.
        rollout: ticks of a rollout.
        sequence: ticks of a sequence of the rollout.
        seed: of the choices.
        device: where the network runs.
        processes: those that learn together; steps and episodes are those of all.
    """

    def __init__(
        self,
        batch: Batch,
        chooser: Chooser,
        *,
        rollout: int,
        sequence: int,
        seed: int = 0,
        device: str | torch.device = "cpu",
        processes: Processes = ALONE,
    ) -> None:
        self.batch, self.chooser, self.processes = batch, chooser, processes
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
        self.seconds: dict[str, float] = defaultdict(float)

    def collect(self) -> list[Any]:
        """Fill the rollout; return the results of the episodes that ended.

        They come tick after tick, of a tick in the order of worlds, those of all processes.
        """
        buffer, batch = self.buffer, self.batch
        finished: list[list[Any]] = []
        self.chooser.acting.eval()
        for step in range(buffer.steps):
            started = time.perf_counter()
            self._see(step)
            actions = self._act(step)
            stepped = time.perf_counter()
            self.seconds["forward"] += stepped - started
            batch.step(actions)
            self.seconds["simulator"] += time.perf_counter() - stepped
            self._note(step)
            finished.append([batch.results[world].copy() for world in batch.done.nonzero()[0]])
        self._count()
        self._value_next()
        return self._told(finished)

    def _count(self) -> None:
        games = self.buffer.games[self.buffer.alive].long()
        counts = self.processes.sum(torch.bincount(games, minlength=len(self.game_steps)))
        self.steps += int(counts.sum())
        self.game_steps = [a + b for a, b in zip(self.game_steps, counts.tolist(), strict=True)]

    def _told(self, finished: list[list[Any]]) -> list[Any]:
        """Return the results of all processes, in the order that one process would have."""
        own = [result for results in finished for result in results]
        if self.processes.count == 1:
            return own
        counts = np.array([len(results) for results in finished], np.int64)
        lengths = np.stack(self.processes.gather(counts))
        rows = self.processes.gather(np.array(own, self.batch.results.dtype))
        parts = [np.split(each, of.cumsum()[:-1]) for each, of in zip(rows, lengths, strict=True)]
        ordered = [each[step] for step in range(len(finished)) for each in parts]
        return [result for results in ordered for result in results]

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
        buffer.alive[step].copy_(self._flat(batch.alive))
        game = torch.from_numpy(batch.worlds.game.astype("int16"))
        buffer.games[step].copy_(game.repeat_interleave(batch.agent_count))

    def _inputs(self, rows: Tensor, markets: Tensor) -> Inputs:
        if not self.buffer.has_markets:
            return Inputs(rows)
        return Inputs(rows, markets, self.world_of)

    @torch.no_grad()
    def _act(self, step: int) -> Any:
        """Act for the living; return the batch's actions, int16[worlds, agents, heads]."""
        buffer, chooser = self.buffer, self.chooser
        living = buffer.alive[step].nonzero().squeeze(-1)
        inputs = self._inputs(buffer.observations[step], buffer.markets[step]).select(living)
        allowed = buffer.masks[step].index_select(0, living)
        logits, values, state = chooser.acting.step(inputs, self.state.index_select(0, living))
        self.state.index_copy_(0, living, state)
        actions, logs = chooser.choose(logits, allowed, self.sampler)
        buffer.actions[step] = 0
        buffer.actions[step][living] = actions.to(torch.int16)
        buffer.log_probabilities[step][living] = logs
        buffer.values[step] = 0
        buffer.values[step][living] = values
        shape = (self.batch.world_count, self.batch.agent_count, -1)
        return buffer.actions[step].cpu().view(shape).numpy()

    def _note(self, step: int) -> None:
        """Remember what came of it; value the last observation of lives cut short."""
        buffer, batch = self.buffer, self.batch
        buffer.rewards[step].copy_(self._flat(batch.rewards))
        buffer.terminated[step].copy_(self._flat(batch.terminated))
        buffer.truncated[step].copy_(self._flat(batch.truncated))
        # It is overwritten where the next episode ends.
        buffer.next_values[step] = 0
        truncated = self._flat(batch.truncated).nonzero().squeeze(-1)
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
        living = self._flat(batch.alive).nonzero().squeeze(-1)
        if len(living):
            present = (batch.observation_bytes, batch.markets)
            last[living.to(self.device)] = self._values(*present, living)
        following = torch.cat((buffer.values[1:], last.unsqueeze(0)))
        buffer.next_values = torch.where(buffer.truncated, buffer.next_values, following)

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that decides what is played next: worlds, memory, chance."""
        tensors = {"state": self.state.cpu(), "sampler": self.sampler.get_state()}
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
