"""Trials of a sweep on the processors of a Ray cluster.

Every machine must see the sweep's folder under the same path: a trial is its number there. Where a
worker is lost another goes on, from the trial's last checkpoint.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from metammo.evaluation.cluster import connect
from metammo.evaluation.sweep_trial import play_trial


class RayTrials:
    """Plays trials on a cluster; a `sweep_store.Player`.

    Args:
        address: of a running cluster; "": RAY_ADDRESS, or else one of this machine is begun.

    Raises:
        ValueError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str = "") -> None:
        self.ray = connect(address)

    def __call__(self, folder: Path, take: Callable[[], int | None], threads: int) -> Iterator[int]:
        """Play trials, as many at a time as the cluster has processors; yield each as it ends.

        Args:
            folder: the sweep's.
            take: gives the next trial's number; None: there is none.
            threads: processors of a trial; 0: one.
        """
        cores = threads or 1
        at_once = max(int(self.ray.cluster_resources().get("CPU", 1)) // cores, 1)
        play = self.ray.remote(num_cpus=cores, max_retries=-1)(play_trial)
        running: dict[object, int] = {}
        is_over = False
        try:
            while running or not is_over:
                while not is_over and len(running) < at_once:
                    number = take()
                    if number is None:
                        is_over = True
                    else:
                        running[play.remote(folder.absolute(), number, cores)] = number
                if running:
                    done, _ = self.ray.wait(list(running))
                    for piece in done:
                        number = running.pop(piece)
                        try:
                            self.ray.get(piece)
                        except self.ray.exceptions.RayTaskError as error:
                            raise error.cause or error from None
                        yield number
        finally:
            for piece in running:
                self.ray.cancel(piece, force=True)
