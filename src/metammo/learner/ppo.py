"""Proximal policy optimisation with a recurrent policy: act, collect, update."""

import time
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.learner.advantages import estimate_advantages
from metammo.learner.losses import divergence, explained_variance, policy_loss, value_loss
from metammo.learner.rollout import Minibatch, Rollout
from metammo.learner.settings import PPOSettings
from metammo.policies.heads import ActionHeads


class LearningError(RuntimeError):
    """A loss or gradient that is no number."""


class ReturnScale:
    """Running mean and spread of each game's returns, by which values are normalised.

    Attributes:
        mean: float64[games].
        square: float64[games], mean of squares.
        weight: float64[games], how much has been seen.
    """

    RATE = 0.02

    def __init__(self, games: int) -> None:
        self.mean = torch.zeros(games, dtype=torch.float64)
        self.square = torch.zeros(games, dtype=torch.float64)
        self.weight = torch.zeros(games, dtype=torch.float64)

    def spread(self) -> Tensor:
        """Return each game's standard deviation, at least 0.01; 1 before anything was seen."""
        variance = (self.square - self.mean**2).clamp_min(1e-4)
        return torch.where(self.weight > 0, variance.sqrt(), 1.0)

    def update(self, returns: Tensor, games: Tensor) -> None:
        """Take in returns, float32[rows], of games, int64[rows]."""
        for game in games.unique().tolist():
            seen = returns[games == game].double()
            # The first rollouts count fully; later ones move the average slowly.
            rate = max(self.RATE, 1.0 / (1.0 + float(self.weight[game])))
            self.mean[game] += rate * (seen.mean() - self.mean[game])
            self.square[game] += rate * ((seen**2).mean() - self.square[game])
            self.weight[game] += 1.0

    def normalise(self, values: Tensor, games: Tensor) -> Tensor:
        """Return values in standard deviations from the mean of their game."""
        return (values - self.mean.float()[games]) / self.spread().float()[games]

    def restore(self, values: Tensor, games: Tensor) -> Tensor:
        """Return what `normalise` was given."""
        return values * self.spread().float()[games] + self.mean.float()[games]


class PPO:
    """The learner of one batch of worlds.

    Attributes:
        steps: agent-steps learned from.
        game_steps: how many of them were each game's, in the batch's order.

    Args:
        batch: the worlds; the learner plays every seat.
        module: the policy's network, as `policies.recurrent.RecurrentPolicy`.
        settings: the algorithm's numbers.
        rollout: ticks between updates.
        seed: of sampling and of the order of minibatches.
        device: where the network runs.
    """

    def __init__(
        self,
        batch: Batch,
        module: Any,
        settings: PPOSettings,
        *,
        rollout: int,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.batch, self.settings = batch, settings
        self.device = torch.device(device)
        self.module = module.to(self.device)
        self.heads = ActionHeads(module.head_sizes)
        self.optimizer = torch.optim.Adam(
            module.parameters(), lr=settings.learning_rate, eps=1e-5, fused=True
        )
        self.sampler = torch.Generator(device=self.device).manual_seed(seed)
        self.shuffler = torch.Generator().manual_seed(seed + 1)
        self.rows = batch.world_count * batch.agent_count
        self.state = torch.zeros(self.rows, module.state_size, device=self.device)
        self.scale = ReturnScale(len(batch.game_names))
        self.steps = 0
        self.game_steps = [0] * len(batch.game_names)
        self.seconds: dict[str, float] = defaultdict(float)
        self.buffer = Rollout(
            rollout,
            self.rows,
            batch.layout.row_bytes,
            batch.masks.shape[-1],
            len(batch.heads),
            module.state_size,
            settings.sequence,
        )

    def _flat(self, array: Any) -> Tensor:
        return torch.from_numpy(array).view(self.rows, *array.shape[2:])

    @torch.no_grad()
    def act(self, rows: Tensor, masks: Tensor, living: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Act for the living rows; return their actions, log-probabilities and values."""
        observed = rows.index_select(0, living).to(self.device)
        allowed = masks.index_select(0, living).to(self.device)
        where = living.to(self.device)
        logits, values, state = self.module.step(observed, self.state.index_select(0, where))
        self.state.index_copy_(0, where, state)
        actions = self.heads.sample(logits, allowed, self.sampler)
        log_probabilities, _ = self.heads.evaluate(logits, allowed, actions)
        return actions.cpu(), log_probabilities.cpu(), values.cpu()

    @torch.no_grad()
    def values_of(self, rows: Tensor, which: Tensor) -> Tensor:
        """Return normalised values of observations that follow the present states."""
        observed = rows.index_select(0, which).to(self.device)
        _, values, _ = self.module.step(observed, self.state.index_select(0, which.to(self.device)))
        return values.cpu()

    def collect(self) -> list[Any]:
        """Fill the rollout; return the results of the episodes that ended, in world order."""
        buffer, batch = self.buffer, self.batch
        finished: list[Any] = []
        self.module.eval()
        for step in range(buffer.steps):
            begins = self._flat(batch.life_begins)
            self.state[begins.to(self.device)] = 0
            if step % buffer.sequence == 0:
                buffer.states[step // buffer.sequence] = self.state.cpu()
            buffer.begins[step] = begins
            buffer.observations[step] = self._flat(batch.observation_bytes)
            buffer.masks[step] = self._flat(batch.masks)
            buffer.alive[step] = self._flat(batch.alive)
            game = torch.from_numpy(batch.worlds.game.astype("int16"))
            buffer.games[step] = game.repeat_interleave(batch.agent_count)
            started = time.perf_counter()
            living = buffer.alive[step].nonzero().squeeze(-1)
            actions, logs, values = self.act(buffer.observations[step], buffer.masks[step], living)
            buffer.actions[step] = 0
            buffer.actions[step][living] = actions.to(torch.int16)
            buffer.log_probabilities[step][living] = logs
            buffer.values[step] = 0
            buffer.values[step][living] = values
            stepped = time.perf_counter()
            self.seconds["forward"] += stepped - started
            shape = (batch.world_count, batch.agent_count, -1)
            batch.step(buffer.actions[step].view(shape).numpy())
            self.seconds["simulator"] += time.perf_counter() - stepped
            buffer.rewards[step] = self._flat(batch.rewards)
            buffer.terminated[step] = self._flat(batch.terminated)
            buffer.truncated[step] = self._flat(batch.truncated)
            self._value_truncated(step)
            finished.extend(batch.results[world].copy() for world in batch.done.nonzero()[0])
        self.steps += int(buffer.alive.sum())
        for number in range(len(self.game_steps)):
            self.game_steps[number] += int((buffer.alive & (buffer.games == number)).sum())
        self._value_next()
        return finished

    def _value_truncated(self, step: int) -> None:
        """Value the last observation of lives cut short, before it is overwritten."""
        truncated = self.buffer.truncated[step].nonzero().squeeze(-1)
        self.buffer.next_values[step] = 0
        if len(truncated):
            rows = self._flat(self.batch.final_observation_bytes)
            self.buffer.next_values[step][truncated] = self.values_of(rows, truncated)

    def _value_next(self) -> None:
        """Value what followed each step: the next step's value, or that of the present."""
        buffer = self.buffer
        last = torch.zeros(self.rows)
        living = self._flat(self.batch.alive).nonzero().squeeze(-1)
        if len(living):
            last[living] = self.values_of(self._flat(self.batch.observation_bytes), living)
        following = torch.cat((buffer.values[1:], last.unsqueeze(0)))
        buffer.next_values = torch.where(buffer.truncated, buffer.next_values, following)

    def update(self, learning_rate: float) -> dict[str, float]:
        """Learn from the rollout; return the means of what was logged."""
        started = time.perf_counter()
        settings, buffer = self.settings, self.buffer
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        games = buffer.games.long()
        values = self.scale.restore(buffer.values, games)
        advantages = estimate_advantages(
            buffer.rewards,
            values,
            self.scale.restore(buffer.next_values, games),
            buffer.terminated,
            buffer.ends,
            settings.discount,
            settings.trace,
        )
        living = buffer.alive
        returns = advantages + values
        explained = explained_variance(values[living], returns[living])
        self.scale.update(returns[living], games[living])
        targets = self.scale.normalise(returns, games)
        kept = self.scale.normalise(values, games)
        spread = advantages[living].std().clamp_min(1e-6)
        advantages = (advantages - advantages[living].mean()) / spread
        logged: dict[str, list[float]] = defaultdict(list)
        self.module.train()
        for _ in range(settings.epochs):
            for minibatch in buffer.minibatches(
                settings.minibatch, advantages, targets, kept, self.shuffler
            ):
                for name, value in self._learn(minibatch).items():
                    logged[name].append(value)
        self.seconds["update"] += time.perf_counter() - started
        means = {name: sum(rows) / len(rows) for name, rows in logged.items()}
        return {**means, "explained_variance": explained, "learning_rate": learning_rate}

    def evaluate(self, minibatch: Minibatch) -> tuple[Tensor, Tensor, Tensor]:
        """Return log-probabilities and entropies [rows, heads] and values [rows] of the living."""
        steps, sequences = minibatch.begins.shape
        features, keys = self.module.encode(minibatch.observations)
        # The dead take part in the core alone, as zeros; encoder and heads see the living.
        spread = features.new_zeros(steps * sequences, features.shape[-1])
        spread = spread.index_copy(0, minibatch.living, features)
        outputs, _ = self.module.core(
            spread.view(steps, sequences, -1), minibatch.state, minibatch.begins
        )
        outputs = outputs.view(steps * sequences, -1).index_select(0, minibatch.living)
        logits, values = self.module.decode(outputs, features, keys)
        logs, entropies = self.heads.evaluate(logits, minibatch.masks, minibatch.actions)
        return logs, entropies, values

    def _learn(self, minibatch: Minibatch) -> dict[str, float]:
        settings = self.settings
        if self.device.type != "cpu":
            moved = {name: value.to(self.device) for name, value in vars(minibatch).items()}
            minibatch = Minibatch(**moved)
        logs, entropies, values = self.evaluate(minibatch)
        policy = policy_loss(
            logs.sum(-1),
            minibatch.log_probabilities.sum(-1),
            minibatch.advantages,
            settings.clip,
        )
        critic = value_loss(values, minibatch.values, minibatch.returns, settings.value_clip)
        entropy = entropies.sum(-1).mean()
        loss = policy.loss + settings.value_weight * critic - settings.entropy_weight * entropy
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), settings.gradient_norm)
        self._check_finite(loss, norm)
        self.optimizer.step()
        names = [head.name for head in self.batch.heads]
        by_head = entropies.detach().mean(0).tolist()
        divergences = divergence(logs.detach(), minibatch.log_probabilities).mean(0).tolist()
        return {
            "policy_loss": policy.loss.item(),
            "value_loss": critic.item(),
            "entropy": entropy.item(),
            "kl": policy.divergence.item(),
            "clip_fraction": policy.clip_fraction.item(),
            "gradient_norm": norm.item(),
            **{f"entropy_{name}": value for name, value in zip(names, by_head, strict=True)},
            **{f"kl_{name}": value for name, value in zip(names, divergences, strict=True)},
        }

    def _check_finite(self, loss: Tensor, norm: Tensor) -> None:
        if bool(torch.isfinite(loss)) and bool(torch.isfinite(norm)):
            return
        raise LearningError(
            f"loss {loss.item()}, gradient norm {norm.item()} after {self.steps} agent-steps of "
            f"{', '.join(self.batch.game_names)}: nothing was learned from it, and the last "
            "checkpoint stands; lower the learning rate and resume"
        )
