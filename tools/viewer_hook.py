"""A wheel holds the built viewer: build it where it is missing.

Editable installs skip it, as `make viewer` does it there. Where Node.js is missing, or with
METAMMO_NO_VIEWER=1, the wheel is made without it.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ViewerHook(BuildHookInterface):
    """Builds `metammo/viewer_dist` before the wheel is packed."""

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
                # Whoever only trains needs no Node.js; the viewer says where it is missing.
                print(f"metammo: a wheel without the viewer: {error}", file=sys.stderr)
                return
        build_data["artifacts"].append("src/metammo/viewer_dist/**")
