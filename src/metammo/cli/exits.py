"""What does a program's end tell its caller? Errors as one line, and an exit code."""

import os
import sys
from collections.abc import Callable

MENDED_BY_USER, STOPPED = 2, 130


def fail(message: str, program: str = "metammo") -> int:
    """Say what is wrong on standard error, in one line; return the exit code, 2."""
    print(f"{program}: {message}", file=sys.stderr)
    return MENDED_BY_USER


def _discard_output() -> None:
    """Let later writes to a closed standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code_of(
    body: Callable[[], int | None], program: str = "metammo", stopped: str = "stopped"
) -> int:
    """Run a program's body and return its exit code.

    Args:
        body: returns a code; None: 0.
        program: whose name comes before an error.
        stopped: what is said when it was interrupted.

    Returns:
        The body's code; 2 where it raised what a user can mend, which is told in one line (with
        METAMMO_TRACEBACK set it is raised instead); 130 where it was interrupted.
    """
    try:
        return int(body() or 0)
    except SystemExit as stop:
        # A parser has said already what is wrong.
        return stop.code if isinstance(stop.code, int) else MENDED_BY_USER
    except BrokenPipeError:
        # Who reads has enough, as `head` has.
        _discard_output()
        return 0
    except KeyboardInterrupt:
        print(f"{program}: {stopped}", file=sys.stderr)
        return STOPPED
    except (ValueError, OSError, RuntimeError) as error:
        # Bad games, knobs, checkpoints and devices are ValueErrors that say how to mend them.
        if os.environ.get("METAMMO_TRACEBACK"):
            raise
        return fail(" ".join(str(error).split()), program)
