"""What a policy remembers of an agent from tick to tick: four cores behind one interface.

A core takes whole sequences, and zeroes its state where a life begins. The state of an agent is one
row of numbers, whatever the core keeps in it; zeros are a blank memory.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

HIDDEN = -1e9
"""Score of a step that a query does not see."""
HEADS = 2
"""Of the transformer's attention."""


class Core(nn.Module):
    """A core without memory: its outputs are its inputs.

    Attributes:
        state_size: numbers remembered of an agent.
        output_size: features of an output.
    """

    def __init__(self, width: int, state_size: int, output_size: int) -> None:
        super().__init__()
        self.width, self.state_size, self.output_size = width, state_size, output_size

    def initialise(self) -> None:
        """Set the weights that are to begin otherwise than a policy's other layers."""
        return

    def forward(self, features: Tensor, state: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Run over a sequence.

        Args:
            features: float32[steps, rows, width].
            state: float32[rows, state_size], before the first step.
            begins: bool[steps, rows]; the state is zeroed before these steps.

        Returns:
            Outputs, float32[steps, rows, output_size], and the state after the last step.
        """
        return features, state


class Gru(Core):
    """A gated recurrent unit (Cho et al. 2014); its state is its output.

    The products with the inputs are made for the whole sequence at once; only those with the state
    go step by step.
    """

    def __init__(self, width: int, state_size: int) -> None:
        super().__init__(width, state_size, state_size)
        self.input_layer = nn.Linear(width, 3 * state_size)
        self.state_layer = nn.Linear(state_size, 3 * state_size)

    def initialise(self) -> None:
        """Let the state neither grow nor fade."""
        nn.init.orthogonal_(self.state_layer.weight, 1.0)

    def forward(self, features: Tensor, state: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Run over a sequence; see `Core`."""
        size = self.state_size
        # Unbound: each gradient of a step would be a whole sequence's of zeros else.
        from_input = self.input_layer(features).unbind()
        keep = (~begins).float().unsqueeze(-1).unbind()
        outputs = []
        for step, (gates_in, new_in) in enumerate(
            each.split((2 * size, size), dim=-1) for each in from_input
        ):
            state = state * keep[step]
            gates_st, new_st = self.state_layer(state).split((2 * size, size), dim=-1)
            reset, update = torch.sigmoid(gates_in + gates_st).chunk(2, dim=-1)
            new = torch.tanh(torch.addcmul(new_in, reset, new_st))
            # A state is not of half precision, where all else is.
            state = torch.lerp(new.to(state.dtype), state, update.to(state.dtype))
            outputs.append(state)
        return torch.stack(outputs), state


class Lstm(Core):
    """A long short-term memory (Hochreiter & Schmidhuber 1997); its state is output and cell."""

    def __init__(self, width: int, state_size: int) -> None:
        size = state_size // 2
        super().__init__(width, state_size, size)
        self.input_layer = nn.Linear(width, 4 * size)
        self.state_layer = nn.Linear(size, 4 * size, bias=False)

    def initialise(self) -> None:
        """Let the state neither grow nor fade; remember to begin with."""
        nn.init.orthogonal_(self.state_layer.weight, 1.0)
        with torch.no_grad():
            self.input_layer.bias[self.output_size : 2 * self.output_size] = 1.0

    def forward(self, features: Tensor, state: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Run over a sequence; see `Core`."""
        from_input = self.input_layer(features)
        keep = (~begins).float().unsqueeze(-1)
        output, cell = state.chunk(2, dim=-1)
        outputs = []
        for step in range(features.shape[0]):
            gates = from_input[step] + self.state_layer(output * keep[step])
            add, remember, show, new = gates.chunk(4, dim=-1)
            cell = torch.sigmoid(remember) * (cell * keep[step])
            cell = cell + torch.sigmoid(add) * torch.tanh(new)
            output = torch.sigmoid(show) * torch.tanh(cell)
            outputs.append(output)
        return torch.stack(outputs), torch.cat((output, cell), dim=-1)


def scan(keep: Tensor, new: Tensor) -> Tensor:
    """Return all h of h[t] = keep[t] * h[t - 1] + new[t], h[-1] = 0, in log2(steps) rounds.

    Args:
        keep: float[steps, ...].
        new: float[steps, ...].
    """
    span = 1
    while span < new.shape[0]:
        # After a round, `new` holds what came of the last 2 x span steps, `keep` what is left of
        # the state before them.
        summed = new[span:] + keep[span:] * new[:-span]
        kept = keep[span:] * keep[:-span]
        new = torch.cat((new[:span], summed))
        keep = torch.cat((keep[:span], kept))
        span *= 2
    return new


class MinGru(Core):
    """A minimal gated unit (Feng et al. 2024), whose gates see the inputs alone.

    h[t] = (1 - z[t]) h[t - 1] + z[t] n[t], z and n made of the input: a whole sequence is a scan.
    """

    def __init__(self, width: int, state_size: int) -> None:
        super().__init__(width, state_size, state_size)
        self.input_layer = nn.Linear(width, 2 * state_size)

    def forward(self, features: Tensor, state: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Run over a sequence; see `Core`."""
        update, new = self.input_layer(features).float().chunk(2, dim=-1)
        update = torch.sigmoid(update)
        keep = (1.0 - update) * (~begins).float().unsqueeze(-1)
        new = update * new
        new = torch.cat((new[:1] + keep[:1] * state, new[1:]))
        outputs = scan(keep, new)
        return outputs, outputs[-1]


class Transformer(Core):
    """A transformer's block over the last steps (Vaswani et al. 2017), with relative places.

    The state holds keys and values of those steps, and for each whether there was one.
    """

    def __init__(self, width: int, state_size: int) -> None:
        self.window = state_size // (width + 1)
        super().__init__(width, self.window * (width + 1), width)
        self.norm = nn.LayerNorm(width)
        self.query_layer = nn.Linear(width, width // 2)
        self.memory_layer = nn.Linear(width, width)
        self.output_layer = nn.Linear(width // 2, width)
        self.deep_norm = nn.LayerNorm(width)
        self.deep_layer = nn.Linear(width, 2 * width)
        self.shallow_layer = nn.Linear(2 * width, width)
        self.age_bias = nn.Parameter(torch.zeros(HEADS, self.window + 1))

    def forward(self, features: Tensor, state: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Run over a sequence; see `Core`."""
        steps, rows, width = features.shape
        normal = self.norm(features)
        # Rows first; what was before, then the steps.
        fresh = self.memory_layer(normal).transpose(0, 1)
        there = fresh.new_ones(rows, steps, 1)
        kept = state.view(rows, self.window, width + 1)
        memory = torch.cat((kept, torch.cat((fresh, there), dim=-1)), dim=1)
        life = begins.int().cumsum(0).t()
        lives = torch.cat((life.new_zeros(rows, self.window), life), dim=1)
        is_there = memory[:, :, -1] > 0
        visible = (life[:, :, None] == lives[:, None, :]) & is_there[:, None, :]
        place = torch.arange(self.window + steps, device=features.device)
        age = place[self.window :, None] - place
        visible = visible & ((age >= 0) & (age <= self.window))
        bias = self.age_bias[:, age.clamp(0, self.window)]
        query = self.query_layer(normal).unflatten(-1, (HEADS, -1)).permute(1, 2, 0, 3)
        parts = memory[:, :, :-1].unflatten(-1, (2, HEADS, -1))
        keys, values = parts.permute(2, 0, 3, 1, 4)
        scores = query @ keys.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias
        shares = torch.softmax(scores.float().masked_fill(~visible[:, None], HIDDEN), dim=-1)
        seen = (shares.to(values.dtype) @ values).permute(2, 0, 1, 3).flatten(2)
        hidden = features + self.output_layer(seen)
        deep = torch.relu(self.deep_layer(self.deep_norm(hidden)))
        is_same = (lives[:, steps:] == life[:, -1:]).unsqueeze(-1)
        after = (memory[:, steps:] * is_same).flatten(1)
        return hidden + self.shallow_layer(deep), after


CORES: dict[str, Callable[[int, int], Core]] = {
    "gru": Gru,
    "lstm": Lstm,
    "mingru": MinGru,
    "transformer": Transformer,
}
"""The cores by name; each takes the width of its inputs and the size of its state."""
