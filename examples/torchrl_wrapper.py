"""TorchRL: a world behind its PettingZoo wrapper, and a policy as a TensorDictModule.

Rollouts are TensorDicts [ticks, agents, ...] of one group that holds every agent.

Needs: pip install torchrl
Run: python examples/torchrl_wrapper.py
"""

import argparse

import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.envs.libs.pettingzoo import PettingZooWrapper

import metammo


class Policy(nn.Module):
    """Chooses by what an agent knows of itself, for each head among what the mask allows."""

    def __init__(self, own_size, sizes):
        super().__init__()
        self.sizes = tuple(map(int, sizes))
        self.layer = nn.Linear(own_size, sum(self.sizes))

    def forward(self, own, mask):
        logits = self.layer(own.float() / 128)
        parts = logits.masked_fill(~mask.bool(), -1e9).split(self.sizes, -1)
        return torch.stack([torch.distributions.Categorical(logits=p).sample() for p in parts], -1)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--game", default="race_to_center")
    parser.add_argument("--ticks", type=int, default=64)
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    world = metammo.make(options.game)
    own = world.observation_space("agent_0")["observation"]["own"]
    env = PettingZooWrapper(
        world,
        group_map={"agents": world.possible_agents},
        use_mask=True,  # agents die before the episode ends; ("agents", "mask") says who lives
        categorical_actions=True,
        seed=0,
    )
    policy = TensorDictModule(
        Policy(own.shape[0], world.action_space("agent_0").nvec),
        in_keys=[("agents", "observation", "observation", "own"), ("agents", "action_mask")],
        out_keys=[("agents", "action")],
    )
    rollout = env.rollout(options.ticks, policy, break_when_any_done=False)
    living = rollout["agents", "mask"]
    paid = rollout["next", "agents", "reward"].squeeze(-1)[living]
    print(f"{rollout.batch_size[0]} ticks, {int(living.sum()):,} steps of living agents")
    print(f"mean reward {paid.mean():+.4f}; action {tuple(rollout['agents', 'action'].shape)}")
    env.close()
    return rollout


if __name__ == "__main__":
    main()
