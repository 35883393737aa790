"""What the README shows runs."""

import re
from pathlib import Path

import pytest

from metammo.cli.main import COMMANDS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_run(number):
    exec(compile(EXAMPLES[number], f"README example {number + 1}", "exec"), {})


def test_there_are_examples():
    assert len(EXAMPLES) >= 2


def test_commands_exist():
    shown = "\n".join(re.findall(r"`[^`]*`|```sh\n.*?```", README, re.DOTALL))
    named = re.findall(r"\bmetammo ([a-z][a-z-]*)\b", shown)
    assert named
    assert set(named) <= set(COMMANDS)


def test_files_exist():
    root = Path(__file__).parent.parent
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (root / link).exists(), link
    package = {path.name for path in (root / "src/metammo").rglob("*")}
    walk = README[README.index("## A walk through the code") :]
    for name in re.findall(r"`(?:\w+/)*(\w+\.py)`", walk):
        assert name in package, name
