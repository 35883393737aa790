"""The command `metammo`: finds the subcommand and runs it."""

import difflib
import importlib
import sys
from collections.abc import Sequence

from metammo.cli.exits import exit_code_of, fail

COMMANDS = {
    "games": "list the minigames, or show one's rules and knobs",
    "tasks": "list what agents are asked, or explain a task",
    "new-game": "write the file of a small game of one's own",
    "check-game": "play a game, and warn of what makes it unfair or not to be learnt",
    "train": "train a policy",
    "sweep": "try settings of training, and learn which are good",
    "policies": "list the trained policies that come with metammo, or show the card of one",
    "evaluate": "rate policies against each other on held-out maps",
    "tournament": "let policies meet in one or several games, and rank them",
    "suite": "rate policies by a frozen suite of games, tiers and opponents",
    "watch": "see a replay in the browser, or play live and take part",
    "rank": "rate a game's policies from files of results",
    "score": "how well tasks were done, from files of results",
    "runs": "list training runs, or compare some",
    "report": "write one page about runs and results: curves, ratings, scores, replays",
    "replay": "record an episode, look into it, verify it, convert it",
    "bench": "measure speed",
    "demo": "train on a small game for a few minutes and see the result",
}

USAGE = "usage: metammo COMMAND [options]; metammo COMMAND --help says more"


def _overview() -> str:
    width = max(len(name) for name in COMMANDS)
    lines = [USAGE, "", "commands:"]
    lines += [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    lines += ["", "example: metammo train --games race_to_center --steps 2000000"]
    return "\n".join(lines)


def _read_command(arguments: Sequence[str]) -> tuple[str, list[str]] | int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if arguments[0] == "--version":
        from metammo import __version__

        print(__version__)
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean {close[0]}?" if close else f"commands: {', '.join(COMMANDS)}"
        return fail(f"unknown command {name!r}; {hint}")
    return name, rest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, or 2 for what a user can mend."""
    command = _read_command(sys.argv[1:] if arguments is None else arguments)
    if isinstance(command, int):
        return command
    name, rest = command

    def body() -> int | None:
        module = importlib.import_module(f"metammo.cli.{name.replace('-', '_')}")
        code: int | None = module.run(rest)
        return code

    return exit_code_of(body)


if __name__ == "__main__":
    sys.exit(main())
