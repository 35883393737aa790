"""The native environment: a batch of worlds stepped together by compiled code."""

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metammo.actions import HEADS, head_sizes
from metammo.envs.crew import Crew, core_count
from metammo.envs.driver import find_places, load_driver, load_timed_driver
from metammo.jit import IS_COMPILED, FirstCompile
from metammo.minigames.definition import compile_error
from metammo.minigames.minigame import find_game, split_config
from metammo.minigames.outcomes import result_dtype
from metammo.minigames.table import make_table
from metammo.observe.layout import LAYOUTS, MARKET_PART
from metammo.observe.sampling import draw_actions
from metammo.observe.scratch import make_kept, make_scratch
from metammo.rules.knobs import KnobError
from metammo.rules.rules import PARITY
from metammo.rules.sizes import SIZE_CLASSES, STANDARD, Sizes
from metammo.tasks.embedding import BITS, embed_sentences
from metammo.tasks.tasks import TaskError, cumulative_weights
from metammo.world.random import seed_of
from metammo.world.shares import make_taken
from metammo.world.worlds import make_worlds

Games = str | Sequence[str] | Mapping[str, float | tuple[float, Mapping[str, Any]]]
"""A game's id, several, or each with its weight, or with its weight and its knobs."""

TRAINING_MAPS, HELD_OUT_MAPS = 1, 2
_BY_WORLD = frozenset(
    {
        *("actions", "kept", "observations", "markets", "masks", "alive", "rewards"),
        *("terminated", "truncated", "done", "final_observations", "final_markets", "results"),
    }
)
"""What the driver reads and writes that has a row for each world."""
MAP_COUNT = 2**31 - 1
"""Maps to draw from where no number is given: in effect a new one each episode."""


def read_games(games: Games, knobs: Mapping[str, Any]) -> list[tuple[str, float, dict[str, Any]]]:
    """Return name, weight and knobs of each game that is asked for.

    Args:
        games: as `Games` says.
        knobs: given to every game.

    Raises:
        KnobError: nothing is asked for, or in a shape that is not understood.
    """
    if isinstance(games, str):
        games = [games]
    if isinstance(games, Mapping):
        rows = []
        for name, value in games.items():
            weight, own = value if isinstance(value, tuple) else (value, {})
            rows.append((name, float(weight), {**knobs, **own}))
    else:
        rows = [(name, 1.0, dict(knobs)) for name in games]
    if not rows:
        raise KnobError("no game given; name at least one, as make_vec('race_to_center')")
    return rows


class Watcher(Protocol):
    """Who is told of every step of a batch, as a recording is."""

    def before(self, actions: NDArray[np.int16]) -> None:
        """Take notice of the actions of the step to come."""
        ...

    def after(self) -> None:
        """Take notice of what the step has made of the worlds."""
        ...

    def restart(self, world: int | None = None) -> None:
        """Take notice that one world has begun anew, or that all have or are others now."""
        ...


class Batch:
    """Worlds stepped together; every array is allocated once and written in place.

    Only what changed is written again: copy an observation or a mask before you alter it.

    Attributes:
        worlds: record array [worlds]; see `world.columns`.
        observations: record array [worlds, agents] of `layout.dtype`.
        masks: uint8[worlds, agents, choices], heads one after the other.
        rewards: float32[worlds, agents].
        terminated: bool[worlds, agents]; final death, or the game was decided.
        truncated: bool[worlds, agents]; alive at an undecided end.
        alive: bool[worlds, agents]; acts on the present observation.
        done: bool[worlds]; an episode ended in the last step, and the next has begun.
        life_begins: bool[worlds, agents]; recurrent state must be zero before the next act.
        final_observations: like observations; the last of the ended episode where `done`.
        markets: int16[worlds, 384, 6] of `observe.layout.MarketFeature`, what is for sale in each
            world; no rows in the mini config.
        final_markets: like markets, where `done`.
        results: record array [worlds] of `minigames.outcomes.result_dtype`, valid where `done`.
        game_names: ids of the games, by `worlds.game`.
        tasks: what each game asks, a list by game; `worlds.task_number` counts through all.
        heads: the heads of an action.
        layout: the layout of an observation.
        watchers: who is told of every step; nobody, unless somebody records.
    """

    def __init__(
        self,
        games: Games,
        worlds: int = 64,
        *,
        seed: int = 0,
        first_world: int = 0,
        threads: int | None = None,
        config: str = "mini",
        size: str | Sizes = STANDARD,
        evaluation: bool = False,
        held_out: bool = False,
        maps: int = MAP_COUNT,
        parity: bool = False,
        task_embedding: str | Path | None = None,
        **knobs: Any,
    ) -> None:
        """Make the worlds and begin their first episodes.

        Args:
            games: one game, several, or a mix by weight; see `Games`.
            worlds: how many are stepped together.
            seed: world i is seeded by a hash of (seed, first_world + i).
            first_world: number of the batch's first world, where it is a part of a larger batch.
            threads: cores to use; by default all.
            config: "mini" or "full".
            size: "standard", "large" or "tiny".
            evaluation: play by the games' evaluation knobs, without ladders.
            held_out: draw maps that training never sees.
            maps: number of maps to draw from.
            parity: play as the peer does where a rule can say so; `rules.rules.PARITY`.
            task_embedding: folder of a sentence-transformers model that makes the tasks' vectors
                of their sentences; None: they are made of the tasks' structure.
            **knobs: rules, or the games' own knobs; `teams` and `agents`, too.

        Raises:
            GameError: an unknown game.
            KnobError: a knob that does not exist, is out of range or does not fit the size.
            TaskError: the tasks' sentences cannot be embedded.
        """
        self.sizes = _size_class(size)
        self.threads = _thread_count(threads)
        if worlds < 1:
            raise KnobError(f"worlds must be at least 1, got {worlds}")
        if not 1 <= maps <= MAP_COUNT:
            raise KnobError(f"maps must lie in 1..{MAP_COUNT}, got {maps}")
        rows = read_games(games, {**(PARITY if parity else {}), **knobs})
        files = [find_game(split_config(name)[0]) for name, _, _ in rows]
        configs = {split_config(name)[1] for name, _, _ in rows} - {""}
        if len(configs) > 1:
            raise KnobError(f"one batch has one config, got {', '.join(sorted(configs))}")
        self.config = configs.pop() if configs else config
        self.game_names = [file.name for file in files]
        self.game_versions = [file.game.version for file in files]
        self.files = files
        self.table, self._tasks, self.tasks = make_table(
            files,
            [weight for _, weight, _ in rows],
            [own for _, _, own in rows],
            sizes=self.sizes,
            config=self.config,
            rated=evaluation,
        )
        if task_embedding is not None:
            every = [task for tasks in self.tasks for task in tasks]
            self._tasks["vector"][: len(every), BITS:] = embed_sentences(every, task_embedding)
            self._tasks["has_vector"] = 1
        self.heads = HEADS[self.config]
        self.layout = LAYOUTS[self.config]
        self._mask_size = sum(head_sizes(self.heads))
        self.world_count, self.first_world = worlds, first_world
        self.agent_count = int(self.table["player_count"].max())
        self.map_family = HELD_OUT_MAPS if held_out else TRAINING_MAPS
        self.map_count = maps
        self._driver = load_driver(files, self.config)
        self._crew = Crew(min(self.threads, worlds))
        self._scratch = _plain(make_scratch(self._crew.threads, self.sizes))
        self._head_sizes = np.array(head_sizes(self.heads), np.int64)
        self.watchers: list[Watcher] = []
        self._places: Any = None
        self._allocate()
        self.reset(seed)

    def _allocate(self) -> None:
        shape = (self.world_count, self.agent_count)
        self.worlds = make_worlds(self.world_count, self.sizes)
        dtype = self.layout.dtype
        self.observation_bytes = np.zeros((*shape, dtype.itemsize), np.uint8)
        self.observations: Any = self.observation_bytes.view(dtype)[..., 0].view(np.recarray)
        final_bytes = np.zeros((*shape, dtype.itemsize), np.uint8)
        self.final_observation_bytes = final_bytes
        self.final_observations: Any = final_bytes.view(dtype)[..., 0].view(np.recarray)
        listings, numbers = MARKET_PART.shape
        market = (self.world_count, listings if self.config == "full" else 0, numbers)
        self.markets = np.zeros(market, MARKET_PART.dtype)
        self.final_markets = np.zeros_like(self.markets)
        self.masks = np.zeros((*shape, self._mask_size), np.uint8)
        threads = self._crew.threads
        self._kept = _plain(make_kept(self.world_count, self.sizes))
        self._final_kept = _plain(make_kept(threads, self.sizes))
        self._final_masks = np.zeros((threads, self.agent_count, self._mask_size), np.uint8)
        self.rewards = np.zeros(shape, np.float32)
        self.terminated = np.zeros(shape, np.bool_)
        self.truncated = np.zeros(shape, np.bool_)
        self.alive = np.zeros(shape, np.bool_)
        self.life_begins = np.zeros(shape, np.bool_)
        self.done = np.zeros(self.world_count, np.bool_)
        # One type for all numbers of agents, so that nothing is compiled for each.
        whole = np.zeros(self.world_count, result_dtype(self.sizes.players)).view(np.recarray)
        self._plain_results = _plain(whole)
        self.results: Any = _first_agents(whole, result_dtype(self.agent_count))
        self._actions = np.zeros((*shape, len(self.heads)), np.int16)
        # Numba takes a plain array in 4 us, a record array in 75, and holds the lock meanwhile.
        self._plain_worlds = _plain(self.worlds)
        self._plain_table = _plain(self.table)
        self._plain_tasks = _plain(self._tasks)
        self._plain_observations = _plain(self.observations)
        self._plain_final_observations = _plain(self.final_observations)

    @property
    def action_space_sizes(self) -> tuple[int, ...]:
        """Number of choices of each head."""
        return head_sizes(self.heads)

    @property
    def action_space(self) -> Any:
        """Gymnasium space of one agent's actions."""
        from metammo.envs.spaces import action_space

        return action_space(self.heads)

    @property
    def observation_space(self) -> Any:
        """Gymnasium space of one agent's observation and mask, as the adapters give them."""
        from metammo.envs.spaces import observation_space

        return observation_space(self.layout, self.heads)

    def reset(self, seed: int | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin a new episode in every world.

        Args:
            seed: seeds every world anew and takes its ladders back to the first rung; None goes on
                with the worlds' own streams and ladders.

        Returns:
            Observations and an empty info.
        """
        if seed is not None:
            numbers = range(self.first_world, self.first_world + self.world_count)
            seeds = [seed_of(seed, number) for number in numbers]
            self._seed_worlds(slice(None), seeds)
        size = self.sizes.name
        with FirstCompile(f"{self._driver.__name__}-{size}", f"{self.config}-{size}"):
            if self._places is None:
                self._places = find_places(self._driver, self.config, self._first_arguments())
            self._run(self._driver.RESET)
        for array in (self.rewards, self.terminated, self.truncated, self.done):
            array[...] = 0
        self.life_begins[...] = True
        for watcher in self.watchers:
            watcher.restart()
        return self.observations, {}

    def begin(self, world: int, seed: int) -> None:
        """Begin a new episode in one world, as if it were the first of a world so seeded.

        What comes of it depends on the seed and the actions alone: not on the batch's own seed, on
        the place in the batch, or on what was played there before.

        Args:
            world: which.
            seed: of its stream of random numbers, uint64.
        """
        own = slice(world, world + 1)
        self._seed_worlds(own, [seed])
        self._kept["stamp"][own] = 0
        arrays = {
            name: array[own] if name in _BY_WORLD else array
            for name, array in self._named_arrays().items()
        }
        taken = make_taken(1)
        worlds = self._plain_worlds[own]
        self._driver.run_worlds(self._driver.RESET, worlds, taken, 0, *arrays.values())
        for flags in (self.rewards, self.terminated, self.truncated, self.done):
            flags[own] = 0
        self.life_begins[own] = True
        for watcher in self.watchers:
            watcher.restart(world)

    def _seed_worlds(self, which: slice, seeds: Sequence[int]) -> None:
        """Blank worlds, and give them streams of random numbers."""
        self.worlds.view(np.ndarray)[which] = np.zeros((), self.worlds.dtype)
        self.worlds.seed[which] = np.array(seeds, np.uint64)
        self.worlds.first_map_seed[which] = seed_of(self.map_family)
        self.worlds.map_seed_count[which] = self.map_count

    def _run(self, job: int) -> None:
        """Let the crew take all worlds through a job of the driver.

        Raises:
            GameError: a game's own kernel, compiled now, has a mistake.
        """
        arrays = self._arrays()

        def work(taken: NDArray[np.int64], thread: int) -> None:
            self._driver.run_worlds(job, self._plain_worlds, taken, thread, *arrays)

        try:
            self._crew.run(work)
        except Exception as error:
            # Compiled code raises nothing: it did not compile.
            found = compile_error(error, self.files)
            if found is None:
                raise
            raise found from error

    def _arrays(self, **instead: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Return what the driver reads and writes beside the worlds, in its order.

        Args:
            **instead: other arrays than the batch's own, by name.
        """
        return tuple((self._named_arrays() | instead).values())

    def _named_arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "places": self._places,
            "table": self._plain_table,
            "tasks": self._plain_tasks,
            "scratch": self._scratch,
            "actions": self._actions,
            "kept": self._kept,
            "observations": self._plain_observations,
            "markets": self.markets,
            "masks": self.masks,
            "alive": self.alive,
            "rewards": self.rewards,
            "terminated": self.terminated,
            "truncated": self.truncated,
            "done": self.done,
            "final_kept": self._final_kept,
            "final_observations": self._plain_final_observations,
            "final_markets": self.final_markets,
            "final_masks": self._final_masks,
            "results": self._plain_results,
        }

    def _first_arguments(self) -> dict[str, tuple[Any, ...]]:
        """Return what the driver's shared kernels are called with, of the first world."""
        world, kept = self._plain_worlds[0], self._kept[0]
        rows, masks = self._plain_observations[0], self.masks[0]
        return {
            "tick_world": (world, self._actions[0]),
            "update_tasks": (world,),
            "refill_npcs": (world,),
            "begin_episode": (world, self._plain_table[0], self._plain_tasks),
            "observe_world": (world, self._scratch[0], kept, rows, masks),
            "observe_items": (world, kept, rows, self.markets[0], masks),
        }

    def step_timed(self, actions: Any) -> dict[str, int]:
        """Step on one thread; return how long each phase took, summed over the worlds.

        Returns:
            Phases in order, in cycles of the processor's clock (nanoseconds without compiler).

        Raises:
            RuntimeError: the processor has no such clock.
        """
        self._actions = self.check_actions(actions)
        for watcher in self.watchers:
            watcher.before(self._actions)
        driver, names = load_timed_driver(self.files, self.config)
        laps = np.zeros(len(names), np.int64)
        taken = make_taken(1)
        driver.run_worlds(driver.STEP, self._plain_worlds, taken, 0, *self._arrays(), laps)
        if not laps.any():
            raise RuntimeError(f"{platform.machine()} has no cycle counter; use a profiler")
        self.life_begins[...] = self.done[:, None]
        for watcher in self.watchers:
            watcher.after()
        return dict(zip(names, laps.tolist(), strict=True))

    def check_actions(self, actions: Any) -> NDArray[np.int16]:
        """Return the actions as the simulator takes them.

        Raises:
            ValueError: wrong shape, or not whole numbers.
        """
        array = np.asarray(actions)
        if array.shape != self._actions.shape:
            raise ValueError(
                f"actions must have shape [worlds, agents, heads] = {self._actions.shape}, "
                f"got {array.shape}"
            )
        if array.dtype.kind not in "iu":
            raise ValueError(f"actions must be whole numbers (int16), got {array.dtype}")
        limits = np.iinfo(np.int16)
        if array.dtype != np.int16 and (array.min() < limits.min or array.max() > limits.max):
            raise ValueError(
                f"actions must fit int16, got {array.min()}..{array.max()}; each head's choices "
                "are numbered from 0"
            )
        # Taken as it is where compiled code can: a copy by one thread would cost the others.
        return np.require(array, np.int16, ["C", "A", "W"])

    def step(self, actions: Any) -> tuple[Any, ...]:
        """Take every world one step on; worlds whose episode ends begin the next at once.

        Args:
            actions: int16[worlds, agents, heads]; what is invalid, or of the dead, is void. Not
                copied, and not altered.

        Returns:
            observations, rewards, terminated, truncated, info; all but info are the batch's own
            arrays, overwritten by the next step.
        """
        self._actions = self.check_actions(actions)
        for watcher in self.watchers:
            watcher.before(self._actions)
        self._run(self._driver.STEP)
        self.life_begins[...] = self.done[:, None]
        for watcher in self.watchers:
            watcher.after()
        return self.observations, self.rewards, self.terminated, self.truncated, {}

    def random_actions(self, seed: int) -> NDArray[np.int16]:
        """Return valid random actions, int16[worlds, agents, heads], made of the seed and masks."""
        actions = np.empty_like(self._actions)
        number = np.uint64(seed_of(seed))

        def draw(taken: NDArray[np.int64], thread: int) -> None:
            draw_actions(self.masks, taken, thread, self._head_sizes, number, actions)

        self._crew.run(draw)
        return actions

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return copies of all that is needed to go on from here bit for bit."""
        return {name: array.copy() for name, array in self._state_arrays().items()}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state of `state_dict`.

        Raises:
            ValueError: the state is of another number of worlds, size class or version.
        """
        arrays = self._state_arrays()
        for name, array in arrays.items():
            if name not in state or state[name].shape != array.shape:
                given = state[name].shape if name in state else "nothing"
                raise ValueError(
                    f"the saved state's {name} has shape {given}, this batch needs {array.shape}: "
                    "use the same version, games, number of worlds and size"
                )
        for name, array in arrays.items():
            array[...] = state[name]
        self._kept["stamp"] = 0
        for watcher in self.watchers:
            watcher.restart()

    def _state_arrays(self) -> dict[str, NDArray[Any]]:
        worlds = self.worlds.view(np.ndarray)
        return {
            "worlds": worlds.view(np.uint8).reshape(self.world_count, -1),
            "observations": self.observation_bytes,
            "markets": self.markets,
            "masks": self.masks,
            "alive": self.alive,
            "life_begins": self.life_begins,
        }

    def set_game_weights(self, weights: Mapping[str, float]) -> None:
        """Set how often games are drawn from here on; those that are not named keep their weight.

        Raises:
            KnobError: an unknown game, or a weight that is not above 0.
        """
        for name, weight in weights.items():
            if name not in self.game_names or not weight > 0:
                raise KnobError(
                    f"weights are above 0, of {', '.join(self.game_names)}; got {name!r}: {weight}"
                )
        for name, weight in weights.items():
            self.table["weight"][self.game_names.index(name)] = weight

    def set_task_weights(self, game: int, weights: Sequence[float]) -> None:
        """Set how often a game's tasks are drawn from here on.

        Args:
            game: its place in `game_names`.
            weights: one for each of `tasks[game]`.

        Raises:
            TaskError: another number of weights, a negative one, or all zero.
        """
        count = len(self.tasks[game])
        if len(weights) != count:
            raise TaskError(
                f"{self.game_names[game]} has {count} tasks, got {len(weights)} weights"
            )
        first = int(self.table["task_first"][game])
        self._tasks["cumulative"][first : first + count] = cumulative_weights(weights)

    def observe(self) -> Any:
        """Observe all worlds as they stand, after a change from outside; return observations."""
        self._kept["stamp"] = 0
        self._run(self._driver.OBSERVE)
        return self.observations

    def end(self, worlds: Any, actions: NDArray[np.int16]) -> None:
        """Advance worlds, copies of the batch's, by a whole step but for the reset.

        What a world was when its episode ended, tasks and verdict included.

        Args:
            worlds: record array [worlds]; advanced in place.
            actions: int16[worlds, agents, heads].
        """
        plain = _plain(worlds)
        rewards = np.zeros((len(worlds), self.agent_count), np.float32)
        flags = np.zeros((2, *rewards.shape), np.bool_)
        arrays = self._arrays(
            actions=actions, rewards=rewards, terminated=flags[0], truncated=flags[1]
        )
        self._driver.run_worlds(self._driver.END, plain, make_taken(1), 0, *arrays)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the worlds' global planes and numbers of teams, for central critics.

        See `metammo.envs.state.global_state`.
        """
        from metammo.envs.state import global_state

        return global_state(self)

    def refill(self) -> None:
        """Give every living agent full health, food and water: for speed tests with no deaths."""
        for column in ("entity_health", "player_food", "player_water"):
            self.worlds[column][:, : self.agent_count][self.alive] = 100

    def close(self) -> None:
        """End the batch's threads."""
        self._crew.close()


def _plain(array: Any) -> NDArray[Any]:
    # Without compiler it is the record array that gives records whose columns have names.
    plain: NDArray[Any] = array.view(np.ndarray) if IS_COMPILED else array
    return plain


def _first_agents(records: Any, dtype: np.dtype[Any]) -> Any:
    """Return records as if their arrays ended with the batch's agents; they share the memory."""
    names = records.dtype.names
    layout: Any = {
        "names": names,
        "formats": [dtype[name] for name in names],
        "offsets": [records.dtype.fields[name][1] for name in names],
        "itemsize": records.dtype.itemsize,
    }
    return records.view(np.dtype(layout))


def _size_class(size: str | Sizes) -> Sizes:
    if isinstance(size, Sizes):
        return size
    if size not in SIZE_CLASSES:
        raise KnobError(f"size must be one of {', '.join(SIZE_CLASSES)}, got {size!r}")
    return SIZE_CLASSES[size]


def _thread_count(threads: int | None) -> int:
    if threads is None:
        return core_count()
    if not 1 <= threads <= 1024:
        raise KnobError(f"threads must lie in 1..1024, got {threads}")
    return threads


def make_vec(games: Games, worlds: int = 64, **options: Any) -> Batch:
    """Return a batch of worlds; see `Batch` for the options."""
    return Batch(games, worlds, **options)
