"""What the viewer is built from can be installed on every system."""

import json
from pathlib import Path

LOCK = Path(__file__).parents[2] / "viewer" / "package-lock.json"


def test_the_lock_file_names_every_package_that_another_asks_for():
    # npm writes down what it could get where it ran; `npm ci` then refuses the file elsewhere.
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    for name, package in packages.items():
        wanted = package.get("dependencies", {}) | package.get("optionalDependencies", {})
        for other in wanted:
            places = [f"node_modules/{other}", f"{name}/node_modules/{other}"]
            assert any(place in packages for place in places), f"{name} asks for {other}"
