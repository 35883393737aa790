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


def test_sections_of_the_rulebook_that_the_code_names_are_there():
    page = (Path(__file__).parent.parent / "docs/rulebook.md").read_text(encoding="utf-8")
    there = set(re.findall(r"^## (\d+)\. ", page, re.MULTILINE))
    sources = sorted((Path(__file__).parent.parent / "src/metammo").rglob("*.py"))
    named = set()
    for source in sources:
        for several in re.findall(r"rulebook, sections? ([^):]+)\)", source.read_text("utf-8")):
            named |= set(re.findall(r"\d+", several))
    assert named
    # "sections 2 to 4" names 3, too: all are there from the first on.
    assert there == {str(number) for number in range(1, len(there) + 1)}
    assert named <= there


def test_files_exist():
    root = Path(__file__).parent.parent
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (root / link).exists(), link
    package = {path.name for path in (root / "src/metammo").rglob("*")}
    walk = README[README.index("## A walk through the code") :]
    for name in re.findall(r"`(?:\w+/)*(\w+\.py)`", walk):
        assert name in package, name
