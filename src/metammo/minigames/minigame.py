"""What a minigame is: the protocol that each game's file fills in, and how games are found."""

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import metammo.minigames
from metammo.own_file import import_file, text_of
from metammo.rules.rules import MINI
from metammo.tasks.goals import tick_ge
from metammo.tasks.tasks import Asked


class GameError(ValueError):
    """An unknown game, or a file that is none."""


@dataclass(frozen=True)
class Ladder:
    """A knob that rises with success: at rung r it is start + r x step, at most stop.

    It comes down where nobody wins any more, unlike Meta MMO's: agents that learn may climb, while
    some are weak, to where none of them ever wins against all others, and then forget how to.
    """

    knob: str
    """A rule or one of the game's own knobs."""
    start: int
    """Value at the lowest rung."""
    step: int
    """What a rung adds."""
    stop: int
    """Value at the highest rung."""
    wins: int = 1
    """Wins at a rung before the next."""
    failures: int = 4
    """Episodes in a row without a winner before the rung below; 0: it only climbs."""


class Minigame:
    """Base of all minigames; a subclass sets what differs.

    Two kernels may be given as attributes of the class, each taking a world: `setup`, which runs
    when the map stands and the agents are placed, and `referee`, which runs after each tick and
    declares winners (see `verdicts`).
    """

    version: ClassVar[int] = 1
    """Version of behaviour, not of speed; stored in results, replays and checkpoints."""
    history: ClassVar[dict[int, str]] = {}
    """What each version from the second on has changed, and why."""
    systems: ClassVar[tuple[str, ...]] = MINI
    """Systems that are on in the mini config; () where the game needs the full one."""
    full_systems: ClassVar[tuple[str, ...]] = ()
    """Systems that are on in the full config; (): the same as in the mini config."""
    teams: ClassVar[int | tuple[int, ...]] = 16
    """Number of equal teams, or the size of each; `free_for_all` makes each agent a team."""
    free_for_all: ClassVar[bool] = False
    """Every agent plays for itself."""
    agents: ClassVar[int] = 128
    """Agents where `teams` is a number."""
    difficulty: ClassVar[Ladder | None] = None
    """The knob that adapts to wins."""
    knobs: ClassVar[dict[str, int]] = {}
    """The game's own knobs, at most 8, with defaults; slot i of `world.game_knob` in order."""
    knob_docs: ClassVar[dict[str, str]] = {}
    """What the own knobs mean, by name; may be left out."""
    rules: ClassVar[dict[str, Any]] = {}
    """Rules that differ from the defaults."""
    randomize: ClassVar[dict[str, Any]] = {}
    """Rules and knobs drawn anew for each episode."""
    evaluate: ClassVar[dict[str, Any]] = {}
    """What is fixed, and how, when policies are rated."""
    task: ClassVar[Asked] = tick_ge("horizon")
    """What agents are asked: one task, one for each team in turn, or `OneOf` a list."""
    predicates: ClassVar[tuple[Callable[..., Any], ...]] = ()
    """Kernels (world, first, last, argument) for `own_predicate`, at most 8: how far the agents in
    rows [first, last) have come, 0..1."""
    setup: ClassVar[Callable[..., Any] | None] = None
    """Kernel (world): place what the game adds."""
    referee: ClassVar[Callable[..., Any] | None] = None
    """Kernel (world): respawns, waves, winners."""


@dataclass(frozen=True)
class GameFile:
    """A minigame and where it was found."""

    name: str
    """Its id: the file's name."""
    game: type[Minigame]
    """The class."""
    module: ModuleType
    """The imported file."""
    path: Path
    """Where the source lies."""

    @property
    def text(self) -> str:
        """The file's source, as it was imported."""
        kept = text_of(self.module.__name__)
        return importlib.util.decode_source(self.path.read_bytes() if kept is None else kept)

    @property
    def summary(self) -> str:
        """First line of the file's docstring."""
        return (self.module.__doc__ or "").strip().split("\n")[0]

    @property
    def configs(self) -> tuple[str, ...]:
        """Configs that the game can be played in."""
        return ("mini", "full") if self.game.systems else ("full",)

    def systems(self, config: str) -> tuple[str, ...]:
        """Return the systems that are on in a config."""
        full = config == "full" and self.game.full_systems
        return self.game.full_systems if full else self.game.systems


def _game_of(module: ModuleType) -> type[Minigame] | None:
    for value in vars(module).values():
        is_game = inspect.isclass(value) and issubclass(value, Minigame) and value is not Minigame
        if is_game and value.__module__ == module.__name__:
            return value
    return None


def _game_file(name: str, module: ModuleType) -> GameFile | None:
    game = _game_of(module)
    if game is None or module.__file__ is None:
        return None
    return GameFile(name, game, module, Path(module.__file__))


def game_names() -> list[str]:
    """Return the ids of all minigames of the package, sorted."""
    return sorted(games())


def games() -> dict[str, GameFile]:
    """Return the package's minigames by id."""
    found = {}
    for entry in pkgutil.iter_modules(metammo.minigames.__path__):
        module = importlib.import_module(f"metammo.minigames.{entry.name}")
        file = _game_file(entry.name, module)
        if file is not None:
            found[entry.name] = file
    return found


def split_config(name: str) -> tuple[str, str]:
    """Return a game's id or path, and the config behind it: `team_battle:full`; "" for none."""
    base, sign, config = name.rpartition(":")
    # A colon may be part of a path: C:\\games\\well.py.
    return (base, config) if sign and config in ("mini", "full") else (name, "")


def find_game(name: str) -> GameFile:
    """Return a minigame by its id, or by the path of a file that holds one.

    Raises:
        GameError: there is no such game, or the file holds none.
    """
    if name.endswith(".py"):
        return _load_file(Path(name))
    known = games()
    if name not in known:
        close = difflib.get_close_matches(name, known, 3, 0.5)
        hint = f"did you mean {', '.join(close)}?" if close else f"games: {', '.join(known)};"
        raise GameError(f"unknown game {name!r}; {hint} the path of a .py file works, too")
    return known[name]


def _load_file(path: Path) -> GameFile:
    # Here, since what is checked are the names of this module.
    from metammo.minigames.definition import check_definition, import_error

    if not path.is_file():
        raise GameError(f"there is no game file {str(path)!r}; give the path of a .py file")
    path = path.resolve()
    try:
        module = import_file(path, "game")
    except Exception as error:
        raise import_error(path, error) from error
    file = _game_file(path.stem, module)
    if file is None:
        raise GameError(f"{path} defines no subclass of metammo.minigames.minigame.Minigame")
    check_definition(file)
    return file
