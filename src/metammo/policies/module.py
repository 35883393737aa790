"""What a network must have to be trained and to play, and a class that begins one of your own."""

from typing import Any

import torch
from torch import Tensor, nn

from metammo.actions import HEADS, head_sizes
from metammo.observe.layout import MARKET_PART, Layout
from metammo.policies.cores import Core
from metammo.policies.inputs import Inputs, spans_of


class PolicyError(ValueError):
    """A network that cannot be had, or that does not do what one must."""


class PolicyModule(nn.Module):
    """What networks share; a class of your own says how it encodes, decodes and remembers.

    `encode` turns observations into a tuple of tensors, rows first, of which the first holds the
    features, float[rows, width], that enter the core. `decode` turns what leaves the core, and that
    tuple, into logits, float[rows, choices], and values, float[rows]. `self.core` is one of
    `policies.cores`, to be set; `Core(width, 0, width)` remembers nothing.

    Attributes:
        layout: of the observations.
        layout_name: "mini" or "full".
        head_sizes: choices of each head; a row of logits holds them one after the other.
        core: what it remembers.

    Args:
        layout: of the observations; `observe.layout.LAYOUTS` has one for each config.
    """

    core: Core

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.spans = spans_of(layout)
        self.layout_name = layout.name
        self.head_sizes = head_sizes(HEADS[layout.name])

    def encode(self, inputs: Inputs) -> Any:
        """Return a tuple of tensors, rows first; the first holds the features."""
        raise NotImplementedError(f"{type(self).__name__} has no encode")

    def decode(self, outputs: Tensor, encoded: Any) -> tuple[Tensor, Tensor]:
        """Return logits, float[rows, choices], and values, float[rows]."""
        raise NotImplementedError(f"{type(self).__name__} has no decode")

    @property
    def state_size(self) -> int:
        """Numbers remembered of an agent."""
        return int(self.core.state_size)

    def part(self, rows: Tensor, name: str) -> Tensor:
        """Return a part of observations as floats, float32[rows, numbers].

        Args:
            rows: uint8[rows, bytes].
            name: as `observe.layout` calls it.
        """
        return self.spans[name].of(rows).float()

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


NEEDED = ("encode", "core", "decode", "step", "layout_name", "head_sizes", "state_size")
"""What a network must have; `PolicyModule` gives all but the first three."""


def check_module(module: Any, name: str, layout: Layout) -> None:
    """Let a network act for two rows of zeros.

    Raises:
        PolicyError: it lacks something, or answers in another shape.
    """
    missing = ", ".join(each for each in NEEDED if not hasattr(module, each))
    if missing or not issubclass(type(module), nn.Module):
        what = f"has no {missing}" if missing else "is no torch.nn.Module"
        raise PolicyError(
            f"{name} {what}; a subclass of metammo.policies.module.PolicyModule with an encode, a "
            "core and a decode has all that is needed"
        )
    sizes = head_sizes(HEADS[layout.name])
    if (module.layout_name, tuple(module.head_sizes)) != (layout.name, sizes):
        raise PolicyError(
            f"{name} plays the {module.layout_name} config with {sum(module.head_sizes)} choices; "
            f"here it is to play {layout.name}, with {sum(sizes)}: use the layout it is given"
        )
    rows = torch.zeros(2, layout.row_bytes, dtype=torch.uint8)
    inputs = Inputs(rows)
    if layout.has_market:
        market = torch.zeros(1, *MARKET_PART.shape, dtype=torch.int16)
        inputs = Inputs(rows, market, torch.zeros(2, dtype=torch.int64))
    try:
        with torch.no_grad():
            answers = module.eval().step(inputs, torch.zeros(2, module.state_size))
            shapes = [tuple(answer.shape) for answer in answers]
    except Exception as error:
        raise PolicyError(f"{name} fails on two rows of zeros: {_told(error)}") from error
    wanted = [(2, sum(sizes)), (2,), (2, module.state_size)]
    if shapes != wanted:
        raise PolicyError(
            f"of two rows {name} makes logits, values and states of the shapes {shapes}; they must "
            f"be {wanted}"
        )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
