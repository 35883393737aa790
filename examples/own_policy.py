"""A network of your own, trained as metammo's are: a look at the body and the nearest, a memory.

metammo train --games race_to_center --name mine --policy examples/own_policy.py:Nearest
metammo evaluate examples/own_policy.py:Nearest@runs/mine --game race_to_center
"""

import torch
from torch import nn

from metammo.policies.cores import Gru
from metammo.policies.module import PolicyModule


class Nearest(PolicyModule):
    """Sees numbers about itself, its task and the four nearest entities; remembers by a GRU."""

    def __init__(self, layout):
        super().__init__(layout)
        self.see = nn.Sequential(nn.Linear(40 + 44 + 4 * 20, 64), nn.ReLU())
        self.core = Gru(64, 64)
        self.choose = nn.Linear(64, sum(self.head_sizes))
        self.value = nn.Linear(64, 1)

    def encode(self, inputs):
        names = ("own", "task", "entities")
        own, task, entities = (self.part(inputs.rows, name) for name in names)
        numbers = torch.cat((own / 64, task / 64, entities[:, : 4 * 20] / 16), dim=-1)
        return (self.see(numbers),)

    def decode(self, outputs, encoded):
        return self.choose(outputs), self.value(outputs).squeeze(-1)
