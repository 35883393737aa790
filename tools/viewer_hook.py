"""A wheel holds the built viewer: build it where it is missing.

Editable installs skip it, as `make viewer` does it there. METAMMO_NO_VIEWER=1 makes a wheel
without it, for places that reach no npm registry.
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

            run_script("build")
        build_data["artifacts"].append("src/metammo/viewer_dist/**")
