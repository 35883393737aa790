"""The `small` policy: encoder, gated recurrent core, heads that point at entities."""

from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from metammo.actions import HEAD_TARGET, MINI_HEADS, head_sizes
from metammo.observe.layout import MINI_LAYOUT
from metammo.policies.choosing import SAMPLES, Choosing
from metammo.policies.encoders import ObservationEncoder
from metammo.policies.inputs import Inputs


class RecurrentCore(nn.Module):
    """A gated recurrent unit (Cho et al. 2014) whose state is zeroed where a life begins.

    The products with the inputs are made for the whole sequence at once; only those with the state
    go step by step.
    """

    def __init__(self, width: int, state_size: int) -> None:
        super().__init__()
        self.input_layer = nn.Linear(width, 3 * state_size)
        self.state_layer = nn.Linear(state_size, 3 * state_size)

    def forward(self, features: Tensor, state: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Run over a sequence.

        Args:
            features: float32[steps, rows, width].
            state: float32[rows, state_size], before the first step.
            begins: bool[steps, rows]; the state is zeroed before these steps.

        Returns:
            Outputs, float32[steps, rows, state_size], and the state after the last step.
        """
        from_input = self.input_layer(features)
        keep = (~begins).float().unsqueeze(-1)
        outputs = []
        for step in range(features.shape[0]):
            state = state * keep[step]
            reset_in, update_in, new_in = from_input[step].chunk(3, dim=-1)
            reset_st, update_st, new_st = self.state_layer(state).chunk(3, dim=-1)
            reset = torch.sigmoid(reset_in + reset_st)
            update = torch.sigmoid(update_in + update_st)
            new = torch.tanh(new_in + reset * new_st)
            state = new + update * (state - new)
            outputs.append(state)
        return torch.stack(outputs), state


class RecurrentPolicy(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="metammo",
    license="mit",
):
    """Encoder, core and heads.

    The learner asks for three things: `encode`, for any living rows; `core`, over sequences; and
    `decode`, for living rows again.

    Args:
        state_size: of the recurrent core.
        patch_width: features of a patch of tiles.
        entity_width: features of an entity.
        width: features of an observation.
        layer_norm: normalise the features of an observation, and what the heads are given (Ba et
            al. 2016).
        acts: how actions are chosen by it; see `choosing.Choosing`.
        epsilon: likewise.
    """

    def __init__(
        self,
        state_size: int = 128,
        patch_width: int = 24,
        entity_width: int = 32,
        width: int = 128,
        *,
        layer_norm: bool = False,
        acts: str = SAMPLES,
        epsilon: float = 0.0,
    ) -> None:
        super().__init__()
        self.state_size = state_size
        self.feature_size = width
        self.settings = {
            "state_size": state_size,
            "patch_width": patch_width,
            "entity_width": entity_width,
            "width": width,
            "layer_norm": layer_norm,
        }
        self.choosing = Choosing(acts, epsilon)
        self.head_sizes = head_sizes(MINI_HEADS)
        self.layout_name = MINI_LAYOUT.name
        self.encoder = ObservationEncoder(MINI_LAYOUT, patch_width, entity_width, width)
        self.core = RecurrentCore(width, state_size)
        plain = sum(self.head_sizes) - self.head_sizes[HEAD_TARGET] + 1
        self.choice_layer = nn.Linear(state_size + width, plain)
        self.feature_norm = nn.LayerNorm(width) if layer_norm else nn.Identity()
        self.hidden_norm = nn.LayerNorm(state_size + width) if layer_norm else nn.Identity()
        self.query_layer = nn.Linear(state_size + width, entity_width)
        self.value_layer = nn.Linear(state_size + width, 1)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.orthogonal_(module.weight, 2**0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        # Nearly uniform choices and a value of nearly zero to begin with.
        nn.init.orthogonal_(self.choice_layer.weight, 0.01)
        nn.init.orthogonal_(self.query_layer.weight, 0.01)
        nn.init.orthogonal_(self.value_layer.weight, 1.0)
        nn.init.orthogonal_(self.core.state_layer.weight, 1.0)

    def encode(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Return features, float32[rows, width], and entity keys of observations."""
        features, keys = self.encoder(inputs.rows)
        return self.feature_norm(features), keys

    def decode(self, outputs: Tensor, encoded: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits, float32[rows, choices], and values, float32[rows]."""
        features, keys = encoded
        hidden = self.hidden_norm(torch.cat((outputs, features), dim=-1))
        plain = self.choice_layer(hidden)
        query = self.query_layer(hidden)
        targets = torch.bmm(keys, query.unsqueeze(-1)).squeeze(-1)
        before = sum(self.head_sizes[:HEAD_TARGET])
        logits = torch.cat((plain[:, :before], targets, plain[:, before:]), dim=-1)
        return logits, self.value_layer(hidden).squeeze(-1)

    def step(self, inputs: Inputs, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take one step for each row; states of beginning lives are zero already.

        Returns:
            Logits, values and the states that follow.
        """
        encoded = self.encode(inputs)
        none = torch.zeros(1, state.shape[0], dtype=torch.bool, device=state.device)
        outputs, state = self.core(encoded[0].unsqueeze(0), state, none)
        logits, values = self.decode(outputs[0], encoded)
        return logits, values, state


POLICIES: dict[str, dict[str, Any]] = {
    "small": {"state_size": 128, "patch_width": 24, "entity_width": 32, "width": 128},
}
"""Named sizes of the recurrent policy."""


def make_policy(name: str, *, layer_norm: bool = False) -> RecurrentPolicy:
    """Return a new policy of a named size; see `RecurrentPolicy` for what else is given.

    Raises:
        ValueError: an unknown name.
    """
    if name not in POLICIES:
        raise ValueError(f"unknown policy {name!r}; there are {', '.join(POLICIES)}")
    return RecurrentPolicy(**POLICIES[name], layer_norm=layer_norm)
