"""First layers over tiles, entities and talk, as loops instead of products, for a CPU.

What an agent sees is codes and mostly empty places: a tile is one of 128 kinds, one entity in ten
is there. As matrix products the same costs a matrix of zeros and ones that is filled, read and kept
for the gradient; memory, not arithmetic, is what takes the time. Here a tile is a row of a table
that is added, and nobody costs nothing.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from metammo.jit import IS_COMPILED
from metammo.policies.loops import (
    PATCHES,
    add_entities,
    add_entity_gradients,
    add_patch_gradients,
    add_patches,
    add_word_gradients,
    add_words,
)

MOST_THREADS = 4
"""With more threads torch's products are quicker than these loops, which are one thread's."""


def are_loops_quicker(weight: Tensor) -> bool:
    """Return whether layers of such weights are to be computed here.

    Elsewhere, in half precision, and where a compiler takes the network down, they are products.
    """
    if not IS_COMPILED or torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu"):
        return False
    is_plain = weight.device.type == "cpu" and weight.dtype == torch.float32
    return is_plain and torch.get_num_threads() <= MOST_THREADS


def _arrays(*tensors: Tensor) -> list[Any]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def _zeros_like(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(each, memory_format=torch.contiguous_format) for each in tensors]


class Patches(Function):
    """`add_patches`: (tiles, table, ground, bias) -> float32[rows, 25, width]."""

    @staticmethod
    def forward(ctx: Any, tiles: Tensor, table: Tensor, ground: Tensor, bias: Tensor) -> Tensor:
        """Return the features."""
        out = bias.new_empty(len(tiles), PATCHES, len(bias))
        bad = add_patches(*_arrays(tiles, table, ground, bias, out))
        if bad >= 0:
            raise IndexError(
                f"row {bad} of the observations has a tile of a material or entity that there is "
                "not: rows are those of a batch, bytes as observe.layout lays them out"
            )
        ctx.save_for_backward(tiles, table, ground, bias, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients."""
        tiles, *given, out = ctx.saved_tensors
        found = _zeros_like(given)
        add_patch_gradients(*_arrays(tiles, out, gradient, *found))
        return None, *found


class Entities(Function):
    """`add_entities`: (numbers, weight, bias) -> features, their maximum, their mean."""

    @staticmethod
    def forward(
        ctx: Any, numbers: Tensor, weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the features and what they are together."""
        rows, entities, _ = numbers.shape
        out = bias.new_empty(rows, entities, len(bias))
        most, mean = bias.new_empty(rows, len(bias)), bias.new_empty(rows, len(bias))
        which = torch.empty(rows, len(bias), dtype=torch.int8)
        add_entities(*_arrays(numbers, weight, bias, out, most, which, mean))
        ctx.save_for_backward(numbers, weight, bias, out, which)
        return out, most, mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients."""
        numbers, *given, out, which = ctx.saved_tensors
        found = _zeros_like(given)
        add_entity_gradients(*_arrays(numbers, out, which, *gradients, *found))
        return None, *found


class Words(Function):
    """`add_words`: (words, weight, bias) -> float32[rows, width]."""

    @staticmethod
    def forward(ctx: Any, words: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the maximum."""
        most = bias.new_empty(len(words), len(bias))
        which = torch.empty(len(words), len(bias), dtype=torch.int8)
        add_words(*_arrays(words, weight, bias, most, which))
        ctx.save_for_backward(words, weight, bias, most, which)
        return most

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients."""
        words, *given, most, which = ctx.saved_tensors
        found = _zeros_like(given)
        add_word_gradients(*_arrays(words, most, which, gradient, *found))
        return None, *found
