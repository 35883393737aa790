"""Several processes on this machine that learn together, without `torchrun`."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import torch
import torch.multiprocessing as multiprocessing
from torch.distributed import TCPStore

from metammo.envs.crew import core_count
from metammo.learner.processes import LostProcessError, share_worlds

GRACE = 10.0
"""Seconds in which the others may end by themselves when one has ended."""
MENDABLE = (ValueError, OSError, RuntimeError)
"""Errors that say what a user can mend; others are defects, and show where they come from."""


def local_count(processes: int, worlds: int, device: str = "cpu", cores: int = 0) -> int:
    """Return how many processes a run is to have on this machine.

    Args:
        processes: as many; 0: one a core, or one a device where networks run on cuda, or fewer, so
            that each has as many worlds.
        worlds: of the run.
        device: where networks run.
        cores: that may be used; 0: all.

    Raises:
        ValueError: the worlds cannot be shared evenly.
    """
    if processes < 0:
        raise ValueError(f"processes must be at least 1, or 0 for one a core, got {processes}")
    if processes == 0:
        on_cuda = device.startswith("cuda")
        most = torch.cuda.device_count() if on_cuda else cores or core_count()
        return max(count for count in range(1, max(most, 1) + 1) if worlds % count == 0)
    share_worlds(worlds, processes)
    return processes


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        # Not `sys.exit`, which ends a thread alone: the others may be in a product, or waiting.
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _be_one_of(
    rank: int,
    count: int,
    port: int,
    told: Any,
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    """Do the work as one of the processes, and tell how it went: (what, answer)."""
    _end_with_parent()
    # What torchrun tells its processes.
    os.environ.update(
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        WORLD_SIZE=str(count),
        LOCAL_WORLD_SIZE=str(count),
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        # The parent holds what they meet by.
        TORCHELASTIC_USE_AGENT_STORE="True",
    )
    try:
        answer = work(*arguments)
    except Exception as error:
        if not isinstance(error, MENDABLE) or os.environ.get("METAMMO_TRACEBACK"):
            traceback.print_exc()
            sys.exit(1)
        told.put(("lost" if isinstance(error, LostProcessError) else "failed", str(error)))
        sys.exit(2)
    if rank == 0:
        told.put(("done", answer))


def launch(count: int, work: Callable[..., Any], *arguments: Any) -> Any:
    """Do work in so many processes that `join_processes` brings together.

    Where one of them fails or dies, the others are ended.

    Args:
        count: of processes; 1: it is done here.
        work: a function of a module, called in each.
        arguments: of it; they are pickled for processes of our own making alone.

    Returns:
        What the work returned in the first process.

    Raises:
        RuntimeError: what one of them could not do.
        LostProcessError: one of them was killed.
        KeyboardInterrupt: they were interrupted.
    """
    if count == 1:
        return work(*arguments)
    told = multiprocessing.get_context("spawn").SimpleQueue()
    # The system chooses the port, and nobody else can take it before they meet.
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    context = multiprocessing.start_processes(
        _be_one_of,
        (count, store.port, told, work, arguments),
        nprocs=count,
        join=False,
        daemon=True,
        start_method="spawn",
    )
    try:
        while not context.join(grace_period=GRACE):
            pass
    except multiprocessing.ProcessExitedException as error:
        answers = []
        while not told.empty():
            answers.append(told.get())
        failed = [text for what, text in answers if what == "failed"]
        if failed:
            raise RuntimeError(failed[0]) from error
        # The first that ended; where that had lost another, that one. We end the rest by SIGTERM.
        codes = [process.exitcode for process in context.processes]
        others = [rank for rank in range(count) if codes[rank] != -signal.SIGTERM]
        for rank in (error.error_index, *others):
            if codes[rank] not in (0, 2):
                hint = "start the run again with --resume: it goes on from its last checkpoint"
                hint = "its error stands above" if codes[rank] == 1 else hint
                raise LostProcessError(
                    f"process {rank} of {count} ended with exit code {codes[rank]}: {hint}"
                ) from error
        raise LostProcessError(answers[0][1] if answers else str(error)) from error
    if told.empty():
        # They were interrupted, and this process was not.
        raise KeyboardInterrupt
    return told.get()[1]
