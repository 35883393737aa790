"""The compiled driver of a batch: written out for the chosen games, so that its cache is a file.

A kernel that is a closure, or takes kernels as arguments, is not cached. So the driver is written
as Python text, a few lines a game, into the cache folder under the hash of its text, and imported
from there: the same games again cost nothing.

What all games share (a tick, the tasks, a new episode, the observations) is compiled once a size
class and called by its place in memory: other games cost a few seconds of compiling, and what the
compiler works on is the games' own kernels.
"""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from metammo.envs.phases import timed_text
from metammo.files import beside
from metammo.jit import cache_folder, find_kernels, key_of
from metammo.minigames.minigame import GameFile
from metammo.rules.rules import RULE_COLUMNS
from metammo.tasks.codes import Predicate

FAR = ("tick_world", "update_tasks", "refill_npcs", "begin_episode", "observe_world")
FAR_OF_FULL = (*FAR, "observe_items")
"""What the driver calls by its place in memory, in the mini and in the full config."""

_HEAD = '''"""Written by metammo.envs.driver for the games: {games}."""

import numpy as np

from metammo.jit import call_far, entry, kernel
from metammo.minigames.episode import begin_episode, count_on_ladder, draw_game, draw_number
from metammo.minigames.outcomes import settle, write_result
from metammo.observe.observe import observe_world, write_alive
from metammo.tasks.progress import update_tasks
from metammo.tick.npcs import refill_npcs
from metammo.tick.tick import tick_world
from metammo.world.shares import take_world
{imports}

@kernel
def draw_rules(world, row):
    """Draw the episode's numbers and set the rules to them."""
    for index in range({drawn}):
        world.episode_number[index] = int(draw_number(world, row, index))
    for index in range({knobs}):
        number = int(draw_number(world, row, {rules} + index))
        world.episode_number[{rules} + index] = number
        world.game_knob[index] = number
{assignments}

@kernel
def setup(world):
    """Let the game place what it adds."""
{setups}

@kernel
def referee(world):
    """Let the game look for winners."""
{referees}

{predicates}@kernel
def finish(world, row, result):
    """Write down how the episode went and count it on the ladder."""
    write_result(world, result)
    count_on_ladder(world, row)

'''

_ITEM_IMPORT = "from metammo.observe.items import observe_items\n"
_ITEM_CALL = """{indent}observe_items(
{indent}    world, {kept}, {prefix}observations[index], {prefix}markets[index], {masks}
{indent})
"""

_RUN = '''
RESET, STEP, OBSERVE, END = range(4)


@entry
def run_worlds(
    job, worlds, taken, thread, places, table, tasks, scratch, actions, kept, observations,
    markets, masks, alive, rewards, terminated, truncated, done, final_kept, final_observations,
    final_markets, final_masks, results,
):
    """Take every world that nobody has taken yet from actions to observations, resets included.

    Of this the job STEP does all, RESET what follows an end, OBSERVE what follows a reset, and END
    what precedes it. One entry for the four: each would optimize all that it calls once more.
    """
    index = take_world(taken, thread, len(worlds))
    while index < len(worlds):
        world = worlds[index]
        begins = job == RESET
        if job == STEP or job == END:
            tick_world(world, actions[index])
            # Tasks before the referee: a win counts in the tick in which it happens.
{measures}            update_tasks(world)
            refill_npcs(world)
            referee(world)
            settle(world, rewards[index], terminated[index], truncated[index])
        if job == STEP:
            begins = world.is_game_over != 0
            done[index] = begins
            if begins:
                # The last observation is kept before the reset takes it away.
                final = final_kept[thread]
                final.stamp = np.uint64(0)
                observe_world(
                    world, scratch[thread], final, final_observations[index], final_masks[thread]
                )
{final_items}                finish(world, table[int(world.game)], results[index])
        if begins:
            game = draw_game(world, table)
            world.game = game
            row = table[game]
            draw_rules(world, row)
            begin_episode(world, row, tasks)
            setup(world)
        if job != END:
            observe_world(world, scratch[thread], kept[index], observations[index], masks[index])
{items}            write_alive(world, alive[index])
        index = take_world(taken, thread, len(worlds))
'''


def _import_lines(files: list[GameFile]) -> str:
    lines = []
    for index, file in enumerate(files):
        for hook in ("setup", "referee"):
            function = getattr(file.game, hook)
            if function is not None:
                source = getattr(function, "py_func", function)
                name = source.__name__
                lines.append(f"from {source.__module__} import {name} as {hook}_{index}")
    return "\n".join(lines) + "\n"


_MEASURE = '''@kernel
def measure_own(world):
    """Measure the games' own predicates, step by step, for `update_tasks`."""
    game = int(world.game)
    if game not in ({games},):
        return
    for player in range(int(world.player_count)):
        first, last = subject_of(world, player)
        if player != first or world.player_progress[player] >= 1:
            continue
        for step in range(int(world.task_length[player])):
            code = int(world.task_step[player, step])
            argument = world.task_argument[player, step]
            value = 0.0
{branches}
            world.task_measure[player, step] = np.float32(min(max(value, 0.0), 1.0))


'''


def _predicate_text(files: list[GameFile]) -> tuple[str, str]:
    """Return the imports and the kernel that measure the games' own predicates; "" for none."""
    imports = ["from metammo.tasks.progress import subject_of"]
    branches = []
    for index, file in enumerate(files):
        for number, function in enumerate(file.game.predicates):
            source = getattr(function, "py_func", function)
            name = f"own_{index}_{number}"
            imports.append(f"from {source.__module__} import {source.__name__} as {name}")
            branches.append(
                f"            if game == {index} and code == {int(Predicate.OWN_FIRST) + number}:\n"
                f"                value = {name}(world, first, last, argument)"
            )
    if not branches:
        return "", ""
    games = ", ".join(str(index) for index, file in enumerate(files) if file.game.predicates)
    return "\n".join(imports) + "\n", _MEASURE.format(games=games, branches="\n".join(branches))


def _hook_lines(files: list[GameFile], hook: str) -> str:
    lines = [
        f"    if int(world.game) == {index}:\n        {hook}_{index}(world)"
        for index, file in enumerate(files)
        if getattr(file.game, hook) is not None
    ]
    return "\n".join(lines or ["    return"]) + "\n"


def driver_text(files: list[GameFile], config: str = "mini") -> str:
    """Return the source of the driver for some games, in order, in a config."""
    drawn = sum(not column.is_float for column in RULE_COLUMNS)
    assignments = []
    for index, column in enumerate(RULE_COLUMNS):
        source = f"row.low[{index}]" if column.is_float else f"int(world.episode_number[{index}])"
        assignments.append(f"    world.{column.name} = {source}")
    imports, predicates = _predicate_text(files)
    head = _HEAD.format(
        games=", ".join(file.name for file in files),
        imports=_import_lines(files) + imports + (_ITEM_IMPORT if config == "full" else ""),
        predicates=predicates,
        drawn=drawn,
        knobs=8,
        rules=len(RULE_COLUMNS),
        assignments="\n".join(assignments) + "\n",
        setups=_hook_lines(files, "setup"),
        referees=_hook_lines(files, "referee"),
    )
    measures = "            measure_own(world)\n" if predicates else ""
    items = final_items = ""
    if config == "full":
        call = _ITEM_CALL.format
        items = call(indent=" " * 12, kept="kept[index]", prefix="", masks="masks[index]")
        final_items = call(
            indent=" " * 16, kept="final", prefix="final_", masks="final_masks[thread]"
        )
    return head + _RUN.format(measures=measures, items=items, final_items=final_items)


def _far_text(text: str, config: str) -> str:
    """Return a driver that calls by place what all drivers share."""
    for place, name in enumerate(FAR_OF_FULL if config == "full" else FAR):
        text = re.sub(rf"(?<= ){name}\(", f"call_far(places, {place}, ", text)
    return text


def find_places(driver: ModuleType, config: str, arguments: dict[str, tuple[Any, ...]]) -> Any:
    """Return the `places` that a driver of a config is called with; compile what is not yet.

    Args:
        driver: of `load_driver`.
        config: its config.
        arguments: of each name of `FAR_OF_FULL`, what it is called with.
    """
    names = FAR_OF_FULL if config == "full" else FAR
    return find_kernels((getattr(driver, name), arguments[name]) for name in names)


def load_driver(files: list[GameFile], config: str) -> ModuleType:
    """Return the driver for some games, compiled on its first call or loaded from the cache."""
    return _load(_far_text(driver_text(files, config), config), files)


def load_timed_driver(files: list[GameFile], config: str) -> tuple[ModuleType, list[str]]:
    """Return a driver whose `run_worlds` times its phases, and their names; see `phases`."""
    text, names = timed_text(driver_text(files, config))
    return _load(text, files), names


def _kernel_files(module: ModuleType, seen: dict[str, Path]) -> None:
    """Note the files of the kernels that a game names, which are other games' or a user's own."""
    for value in list(vars(module).values()):
        source = getattr(value, "py_func", None)
        if source is None or source.__module__ in seen:
            continue
        name = str(source.__module__)
        # What the package's other kernels rest on is in every key already.
        if not name.startswith("metammo.") or name.startswith("metammo.minigames."):
            seen[name] = Path(source.__code__.co_filename)
            _kernel_files(sys.modules[name], seen)


def _game_texts(files: list[GameFile]) -> list[bytes]:
    """Return the text of the games' files, and of those from which they take kernels."""
    texts = []
    for file in files:
        seen: dict[str, Path] = {}
        _kernel_files(file.module, seen)
        others = sorted({path for path in seen.values() if path.resolve() != file.path.resolve()})
        texts += [file.text.encode(), *(path.read_bytes() for path in others)]
    return texts


def _load(text: str, files: list[GameFile]) -> ModuleType:
    key = key_of([text.encode(), *_game_texts(files)])
    name = f"metammo_driver_{key}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    if not path.exists():
        with beside(path) as part:
            part.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
