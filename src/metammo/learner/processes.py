"""Several processes that learn together: what they share, and how.

Each has worlds of its own and the same network; gradients, the statistics by which returns and
advantages are normalised, and the outcomes of episodes are those of all. `torchrun` starts the
processes, on one machine or many, and ends them when one of them dies.
"""

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

PATIENCE = timedelta(days=7)
"""How long a process waits for the others: one of them may evaluate, however long that takes.

It does not wait so long for one that is gone: its connections close, and the wait ends at once.
"""


class LostProcessError(RuntimeError):
    """Another process of the run is gone."""


@dataclass(frozen=True)
class Processes:
    """The processes of a run, seen from one of them.

    The default is a process alone, for which every method is free.
    """

    rank: int = 0
    """Which one this is."""
    count: int = 1
    """How many there are."""
    local_rank: int = 0
    """Which one this is on its machine."""
    local_count: int = 1
    """How many there are on this machine."""
    device: str = "cpu"
    """Where networks run, and tensors lie that are told to the others."""

    @property
    def is_first(self) -> bool:
        """Whether this one writes, prints and evaluates for all."""
        return self.rank == 0

    def sum(self, tensor: Tensor) -> Tensor:
        """Add up a tensor over all processes, in place, and return it.

        Raises:
            LostProcessError: another process is gone.
        """
        if self.count > 1:
            self._ask(dist.all_reduce, tensor)
        return tensor

    def mean_and_spread(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of float32[rows] over the rows of all processes."""
        if self.count == 1:
            return values.mean(), values.std()
        wide = values.double()
        told = [wide.new_tensor(len(wide)), wide.sum(), (wide**2).sum()]
        count, total, squares = self.sum(torch.stack(told))
        mean = total / count
        variance = (squares - count * mean**2) / (count - 1)
        return mean.to(values.dtype), variance.clamp_min(0).sqrt().to(values.dtype)

    def average_gradients(self, parameters: Iterable[Tensor], rows: int) -> int:
        """Make every gradient of a mean over own rows the mean over the rows of all processes.

        Returns:
            The rows of all; where there are none the gradients are 0.
        """
        if self.count == 1:
            return rows
        given = list(parameters)
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in given]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients]) * rows
        flat = self.sum(torch.cat((flat, flat.new_tensor([rows]))))
        means = (flat[:-1] / flat[-1].clamp_min(1)).split(
            [gradient.numel() for gradient in gradients]
        )
        for parameter, mean in zip(given, means, strict=True):
            parameter.grad = mean.view_as(parameter)
        return int(flat[-1])

    def gather(self, rows: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the rows, [any number] of one dtype, that each process gave, by rank."""
        if self.count == 1:
            return [rows]
        raw = np.frombuffer(np.ascontiguousarray(rows).tobytes(), np.uint8)
        sizes = torch.zeros(self.count, dtype=torch.int64, device=self.device)
        sizes[self.rank] = len(raw)
        longest = int(self.sum(sizes).max())
        told = torch.zeros(longest, dtype=torch.uint8, device=self.device)
        told[: len(raw)] = torch.from_numpy(raw.copy())
        heard = [torch.empty_like(told) for _ in range(self.count)]
        self._ask(dist.all_gather, heard, told)
        return [
            np.frombuffer(each[:size].cpu().numpy().tobytes(), rows.dtype)
            for each, size in zip(heard, sizes.tolist(), strict=True)
        ]

    def as_first(self, decision: bool) -> bool:
        """Return what the first process decides, so that all do the same."""
        return bool(self.gather(np.array([decision]))[0][0])

    def make_alike(self, tensors: Iterable[Tensor]) -> None:
        """Give tensors, alike in shape, the first process's values, in place."""
        if self.count > 1:
            for tensor in tensors:
                self._ask(dist.broadcast, tensor, 0)

    def wait(self) -> None:
        """Wait until all processes are here."""
        self.sum(torch.zeros(1, device=self.device))

    @contextmanager
    def one_before_the_others(self) -> Iterator[None]:
        """Let one process of each machine do a thing first: what it compiles, the others load."""
        if self.local_rank > 0:
            self.wait()
        yield
        if self.local_rank == 0:
            self.wait()

    def _ask(self, what: Any, *arguments: Any) -> None:
        try:
            what(*arguments)
        except RuntimeError as error:
            raise LostProcessError(
                f"process {self.rank} of {self.count} lost another one ({error}): the run ends "
                "here; start it again with --resume, and it goes on from its last checkpoint"
            ) from error


ALONE = Processes()
"""A process that learns by itself."""


def share_worlds(worlds: int, processes: int) -> int:
    """Return how many of the worlds each process has.

    Raises:
        ValueError: they cannot be shared evenly.
    """
    each, left = divmod(worlds, processes)
    if left or not each:
        raise ValueError(
            f"{worlds} worlds cannot be shared evenly by {processes} processes: "
            "give --worlds a multiple of them"
        )
    return each


def check_device(device: str) -> None:
    """Raise ValueError where the network cannot run on a device."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        count = torch.cuda.device_count()
        raise ValueError(
            f"device {device!r} is not to be had here: there are cpu and {count} cuda devices"
        ) from error


def join_processes(device: str) -> Processes:
    """Return the processes that `torchrun` has started, after all are met; or this one alone.

    Args:
        device: where networks run: with cuda, each process of a machine has a device of its own.

    Raises:
        ValueError: torch was built without what processes talk by, or there is no such device.
    """
    check_device(device)
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return ALONE
    if device.startswith("cuda:"):
        raise ValueError(
            f"{count} processes have a device each, and {device} is one: give --device cuda, and "
            "CUDA_VISIBLE_DEVICES for some of them"
        )
    if not dist.is_available():
        raise ValueError("this torch has no torch.distributed: start one process, not torchrun")
    local_rank = int(os.environ["LOCAL_RANK"])
    own = f"cuda:{local_rank}" if device == "cuda" else device
    if not dist.is_initialized():
        backend = "nccl" if own.startswith("cuda") else "gloo"
        dist.init_process_group(backend, timeout=PATIENCE)
        if backend == "gloo":
            # Its threads may hold tensors still, and abort a process whose interpreter is gone.
            atexit.register(leave_processes)
    return Processes(
        rank=dist.get_rank(),
        count=count,
        local_rank=local_rank,
        local_count=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        device=own,
    )


def is_first_process() -> bool:
    """Return whether this process prints for all, before they are met and after."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK") == "0"


def leave_processes() -> None:
    """Close the connections to the other processes, where there are any."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
