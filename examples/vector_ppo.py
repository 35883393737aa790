"""Gymnasium: PPO in one file, without the package's learner, on a vector of agents.

A row is an agent of some world. Two things differ from PPO on environments that do not share
worlds: actions have several heads, each with a mask, and a dead agent's row waits until its world
begins anew, so it takes no part in the loss.

Run: python examples/vector_ppo.py --steps 1000000
"""

import argparse
import time

import numpy as np
import torch
from torch import nn

import metammo
from metammo.envs.vector import MinigameVectorEnv
from metammo.rules.materials import IS_HABITABLE

DISCOUNT, TRACE, CLIP, ENTROPY, VALUE, NORM = 0.99, 0.95, 0.2, 0.005, 0.5, 0.5


class Network(nn.Module):
    """A feed-forward policy with a value; observations are dictionaries of tensors, rows first."""

    def __init__(self, space, sizes, width=128):
        super().__init__()
        self.sizes = tuple(map(int, sizes))
        self.register_buffer("walkable", torch.tensor(IS_HABITABLE, dtype=torch.float32))
        self.tiles = nn.Linear(3 * int(np.prod(space["tiles"].shape[1:])), width)
        self.entities = nn.Linear(space["entities"].shape[-1], 32)
        self.body = nn.Linear(width + 32 + space["own"].shape[0] + space["task"].shape[0], width)
        self.heads = nn.Linear(width, sum(self.sizes))
        self.value = nn.Linear(width, 1)
        nn.init.zeros_(self.heads.weight)

    def forward(self, parts):
        own, task, entities = (
            torch.sign(part) * torch.log1p(part.abs()) / 4  # their units differ, this fits all
            for part in (parts[name].float() for name in ("own", "task", "entities"))
        )
        material, entity, fog = parts["tiles"][:, :3].flatten(2).unbind(1)
        planes = [self.walkable[material.int()], (entity > 0).float(), fog.float() / 128]
        seen = torch.relu(self.tiles(torch.cat(planes, -1)))
        others = torch.relu(self.entities(entities)).amax(1)
        features = torch.relu(self.body(torch.cat([own, task, seen, others], -1)))
        return self.heads(features), self.value(features).squeeze(-1)

    def choices(self, logits, masks):
        """Return a distribution for each head; what the mask forbids has no probability."""
        allowed = torch.where(masks != 0, logits, -1e9).split(self.sizes, -1)
        return [torch.distributions.Categorical(logits=each) for each in allowed]


def as_tensors(observation):
    parts = {name: torch.as_tensor(part) for name, part in observation["observation"].items()}
    return {**parts, "mask": torch.as_tensor(observation["action_mask"])}


def joined(choices, actions):
    """Return joint log-probability and entropy of all heads."""
    pairs = list(zip(choices, actions.unbind(-1), strict=True))
    return sum(c.log_prob(a) for c, a in pairs), sum(c.entropy() for c, _ in pairs)


def learn(network, optimizer, batch, minibatches=8):
    """Take one pass over the living rows of a rollout."""
    gains = batch["advantage"]
    gains = (gains - gains.mean()) / (gains.std() + 1e-6)
    for rows in torch.randperm(len(gains)).chunk(minibatches):
        own = {name: part[rows] for name, part in batch.items()}
        logits, values = network(own)
        logs, entropy = joined(network.choices(logits, own["mask"]), own["action"])
        ratio = (logs - own["log"]).exp()
        gain = torch.min(ratio * gains[rows], ratio.clamp(1 - CLIP, 1 + CLIP) * gains[rows])
        error = (values - own["return"]).square()
        loss = VALUE * error.mean() - gain.mean() - ENTROPY * entropy.mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), NORM)
        optimizer.step()


def collect(env, network, where, ticks, lives):
    """Play some ticks; return what living agents saw and did, and where the worlds then stand."""
    (observation, infos), rollout, alive = where, [], []
    for _ in range(ticks):
        parts = as_tensors(observation)
        with torch.no_grad():
            logits, parts["value"] = network(parts)
            choices = network.choices(logits, parts["mask"])
            parts["action"] = torch.stack([choice.sample() for choice in choices], -1)
            parts["log"], _ = joined(choices, parts["action"])
        alive.append(torch.as_tensor(infos["alive"]))
        observation, reward, terminated, truncated, infos = env.step(parts["action"].numpy())
        for row in np.flatnonzero(truncated & ~terminated):  # cut off, not over: value the rest
            last = as_tensors(infos["final_obs"][row])
            with torch.no_grad():
                rest = network({name: part[None] for name, part in last.items()})[1]
            reward[row] += DISCOUNT * rest.item()
        if "final_info" in infos:
            lives += infos["final_info"]["progress"][infos["_final_info"]].tolist()
        parts["reward"] = torch.as_tensor(reward)
        parts["going"] = torch.as_tensor(~(terminated | truncated))
        rollout.append(parts)
    with torch.no_grad():
        following = network(as_tensors(observation))[1]
    carried = torch.zeros(env.num_envs)
    for parts in reversed(rollout):
        surprise = parts["reward"] + DISCOUNT * following * parts["going"] - parts["value"]
        carried = surprise + DISCOUNT * TRACE * carried * parts["going"]
        parts["advantage"], parts["return"] = carried, carried + parts["value"]
        following = parts["value"]
    living = torch.cat(alive)
    batch = {name: torch.cat([each[name] for each in rollout])[living] for name in rollout[0]}
    return batch, (observation, infos)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--game", default="race_to_center")
    parser.add_argument("--steps", type=int, default=1_000_000, help="of living agents")
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--rollout", type=int, default=32, help="ticks between updates")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    env = MinigameVectorEnv(metammo.make_vec(options.game, options.worlds, seed=options.seed))
    space = env.single_observation_space["observation"]
    network = Network(space, env.single_action_space.nvec)
    optimizer = torch.optim.Adam(network.parameters(), options.learning_rate)
    where = env.reset(seed=options.seed)
    steps, lives, history, started = 0, [], [], time.perf_counter()
    while steps < options.steps:
        batch, where = collect(env, network, where, options.rollout, lives)
        learn(network, optimizer, batch)
        steps += len(batch["action"])
        lives = lives[-1000:]
        history.append(float(np.mean(lives or [0])))  # 0: no life has ended yet
        speed = steps / (time.perf_counter() - started)
        print(f"{steps:>9,} steps, {speed:,.0f}/s, task progress {history[-1]:.3f}", flush=True)
    env.close()
    return history


if __name__ == "__main__":
    main()
