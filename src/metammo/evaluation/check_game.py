"""Is a game fair, can it be won, does it pay to play it? Played out and counted, not proved.

Random and scripted agents play by the evaluation's knobs, then the scripted ones on the ladder.
What looks wrong is a warning; what only deserves a look is a note.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metammo.envs.batch import Batch, make_vec
from metammo.evaluation.ledger import WIN_BONUS
from metammo.minigames.minigame import GameFile, find_game, split_config
from metammo.observe.layout import Market
from metammo.policies.hub import load_policy
from metammo.policies.policy import Policy
from metammo.rules.rules import SPAWN_EDGE, SPAWN_SCATTERED
from metammo.tasks.tasks import OneOf

FALSE_ALARM = 0.001
"""Chance that a fair game is said to favour some seat or place, all tests together."""
FEW_AGENTS = 8
"""Below this many agents an episode's ranks say nothing."""
FEW_EPISODES = 8
"""Below so many episodes a mean correlation says nothing."""
RANK_LIMIT = -0.1
"""Mean rank correlation of life and reward below which death pays."""
RANK_SIGMAS = 4.0
"""Standard errors by which it must lie below 0."""
DEATH_PAY = 0.1
"""Reward by which those who died sooner must be ahead: a tenth of a whole task."""
STRETCHES = 16
"""Where every agent begins on a border tile of its own, places are stretches of the border."""
LADDER_SHARE = 4
"""One world climbs the ladder for so many episodes."""
ASKED_OFTEN = 20
"""How often a task must have been asked before nobody's progress means something."""


@dataclass
class Played:
    """What came of some episodes of one policy; agents [episodes, agents], teams likewise."""

    policy: str
    """Who played."""
    knobs: str
    """`rated` or `training`."""
    length: list[int] = field(default_factory=list)
    """Ticks."""
    is_decided: list[bool] = field(default_factory=list)
    """Ended with a verdict."""
    won: list[NDArray[np.bool_]] = field(default_factory=list)
    """Agents that won."""
    team: list[NDArray[np.int64]] = field(default_factory=list)
    """Their teams."""
    place: list[NDArray[np.int64]] = field(default_factory=list)
    """Spawn place of each team."""
    progress: list[NDArray[np.float64]] = field(default_factory=list)
    """Best task progress."""
    task: list[NDArray[np.int64]] = field(default_factory=list)
    """Which of the game's tasks."""
    reward: list[NDArray[np.float64]] = field(default_factory=list)
    """Sum of all rewards."""
    life: list[NDArray[np.int64]] = field(default_factory=list)
    """Ticks lived."""
    died: list[NDArray[np.bool_]] = field(default_factory=list)
    """Died at least once."""
    rungs: int = 0
    """Highest rung that a world reached."""

    def row(self) -> dict[str, Any]:
        """Return the means over episodes."""
        won = [each.mean() for each in self.won]
        progress = [each.mean() for each in self.progress]
        return {
            "policy": self.policy,
            "knobs": self.knobs,
            "episodes": len(self.length),
            "length": float(np.mean(self.length)),
            "decided": float(np.mean(self.is_decided)),
            "won": float(np.mean([each.any() for each in self.won])),
            "winners": float(np.mean(won)),
            "score": float(np.mean(progress) + WIN_BONUS * np.mean(won)),
            "progress": float(np.mean(progress)),
            "died": float(np.mean([each.mean() for each in self.died])),
            "rungs": self.rungs,
        }


@dataclass(frozen=True)
class Finding:
    """Something about a game that its author should know."""

    kind: str
    """`no_winner`, `seat`, `place`, `death_pays`, `ladder`, `task`, `horizon`."""
    text: str
    """What was seen, and what to look at."""


@dataclass(frozen=True)
class GameReport:
    """What playing a game has shown."""

    file: GameFile
    """The game."""
    played: list[Played]
    """Every policy's episodes."""
    warnings: list[Finding]
    """What looks wrong."""
    notes: list[Finding]
    """What deserves a look."""


def choose_actions(batch: Batch, policy: Policy, state: Any) -> tuple[NDArray[np.int16], Any]:
    """Let one policy act for all living agents of a batch."""
    flat = batch.observations.reshape(-1)
    masks = batch.masks.reshape(len(flat), -1)
    told: tuple[Any, ...] = (flat, masks, policy.begin(state, batch.life_begins.reshape(-1)))
    if batch.layout.has_market:
        told = (*told, Market(batch.markets, np.arange(len(flat)) // batch.agent_count))
    chosen, state = policy.act(*told)
    return chosen.reshape(batch.world_count, batch.agent_count, -1), state


class _Ledger:
    """Writes down each world's episodes as they end."""

    def __init__(self, batch: Batch, played: Played, per_world: int) -> None:
        self.batch, self.played, self.per_world = batch, played, per_world
        self.count = np.zeros(batch.world_count, np.int64)
        self.life = np.zeros((batch.world_count, batch.agent_count), np.int64)
        self.died = np.zeros((batch.world_count, batch.agent_count), np.bool_)
        # A reset deals anew: what the running episode was dealt is kept here.
        self.places = np.zeros(batch.worlds.team_place.shape, np.int64)
        for world in range(batch.world_count):
            self.deal(world)

    def deal(self, world: int) -> None:
        """Keep where a world's teams begin; agents scattered on the border by its stretches."""
        own = self.batch.worlds[world]
        self.places[world] = own.team_place
        alone = int(own.rule_spawn) == SPAWN_EDGE and own.team_count == own.player_count
        if alone or int(own.rule_spawn) == SPAWN_SCATTERED:
            self.places[world] *= STRETCHES
            self.places[world] //= 4 * int(own.rule_playable)

    def before(self) -> None:
        """Count who lives to see this tick."""
        self.life += self.batch.alive

    def after(self) -> None:
        """Write down what this tick has ended."""
        died = self.batch.worlds.player_died[:, : self.batch.agent_count] != 0
        self.died |= died & ~self.batch.done[:, None]
        for world in np.flatnonzero(self.batch.done):
            if self.count[world] < self.per_world:
                self.note(int(world))
            self.count[world] += 1
            self.life[world] = 0
            self.died[world] = False
            self.deal(int(world))

    def note(self, world: int) -> None:
        """Write down a world's finished episode."""
        result = self.batch.results[world]
        played = self.played
        mine = result.team >= 0
        teams = result.team[mine].astype(np.int64)
        played.length.append(int(result.length))
        played.is_decided.append(bool(result.is_decided))
        played.won.append(result.won[mine] != 0)
        played.team.append(teams)
        played.place.append(self.places[world, : teams.max() + 1].copy())
        played.progress.append(result.progress[mine].astype(np.float64))
        played.task.append(result.task[mine].astype(np.int64))
        played.reward.append(result.total_reward[mine].astype(np.float64))
        played.life.append(self.life[world][mine].copy())
        played.died.append((self.died[world] | (result.death_cause != 0))[mine])


def play_alone(
    game: str, policy: Policy, episodes: int, *, worlds: int, rated: bool, **options: Any
) -> Played:
    """Let one policy play all seats of some episodes.

    Every world plays the same number, so short episodes do not count more often.

    Args:
        game: id or path.
        policy: who plays.
        episodes: how many; rounded up to a multiple of the worlds.
        worlds: how many are played side by side.
        rated: by the evaluation's knobs; else on the ladder.
        **options: of the batch.
    """
    worlds = min(worlds, episodes)
    per_world = -(-episodes // worlds)
    batch = make_vec(game, worlds, evaluation=rated, **options)
    played = Played(policy.name, "rated" if rated else "training")
    try:
        state = policy.initial_state(batch.world_count * batch.agent_count)
        ledger = _Ledger(batch, played, per_world)
        while int(ledger.count.min()) < per_world:
            actions, state = choose_actions(batch, policy, state)
            ledger.before()
            batch.step(actions)
            ledger.after()
        played.rungs = int(batch.worlds.ladder_rung[:, 0].max())
    finally:
        batch.close()
    return played


# What is looked for


def upper_tail(chances: NDArray[np.float64], count: int) -> float:
    """Return the chance of at least `count` successes, one trial each of these chances; exact."""
    spread = np.zeros(len(chances) + 1)
    spread[0] = 1
    for chance in chances:
        spread[1:] = spread[1:] * (1 - chance) + spread[:-1] * chance
        spread[0] *= 1 - chance
    return float(spread[count:].sum())


def favoured(played: Played, by_place: bool) -> tuple[int, int, float, float] | None:
    """Return the seat or place whose team wins too often for chance.

    Each winner of an episode is any team with a chance that goes by its number of agents.

    Returns:
        Seat (or place), episodes won, episodes expected, and the chance of so many or more in a
        fair game, that of the luckiest of all seats; None where there is nothing to compare.
    """
    labels: set[int] = set()
    rows = []
    for won, team, place in zip(played.won, played.team, played.place, strict=True):
        teams = int(team.max()) + 1
        label = place if by_place else np.arange(teams)
        size = np.bincount(team, minlength=teams)
        winners = np.bincount(team[won], minlength=teams) > 0
        if teams > 1 and winners.any():
            rows.append((label, size / size.sum(), winners))
            labels |= set(label.tolist())
    if len(labels) < 2:
        return None
    best: tuple[int, int, float, float] | None = None
    for each in sorted(labels):
        chances = np.array(
            [min(share[label == each].sum() * winners.sum(), 1.0) for label, share, winners in rows]
        )
        count = sum(bool(winners[label == each].any()) for label, _, winners in rows)
        chance = min(upper_tail(chances, count) * len(labels), 1.0)
        if best is None or chance < best[3]:
            best = (each, count, float(chances.sum()), chance)
    return best


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return ranks, those of equals averaged."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def life_correlations(played: Played) -> NDArray[np.float64]:
    """Return how life and reward go together, float64[episodes, 2].

    The rank correlation of ticks lived and total reward, and by how much the half that died sooner
    earned more. Episodes with too few agents, or in which all lived as long or earned as much, are
    left out.
    """
    found = []
    for life, reward in zip(played.life, played.reward, strict=True):
        if len(life) < FEW_AGENTS or np.ptp(life) == 0 or np.ptp(reward) == 0:
            continue
        ranks = _ranks(life)
        soon = ranks <= np.median(ranks)
        gap = reward[soon].mean() - reward[~soon].mean() if not soon.all() else 0.0
        found.append((np.corrcoef(ranks, _ranks(reward))[0, 1], gap))
    return np.array(found).reshape(-1, 2)


def find_no_winner(file: GameFile, played: Sequence[Played]) -> list[Finding]:
    """Look for a game that nobody has won."""
    if any(won.any() for each in played for won in each.won):
        return []
    count = sum(len(each.length) for each in played)
    text = f"nobody has won any of {count} episodes"
    if file.game.referee is None:
        return [Finding("no_winner", f"{text}: the game has no referee, its task alone counts")]
    return [Finding("no_winner", f"{text}: can the referee's condition be met at all?")]


def find_favourites(file: GameFile, played: Sequence[Played]) -> list[Finding]:
    """Look for seats and spawn places that win too often."""
    found = []
    for by_place, kind in ((False, "seat"), (True, "place")):
        for each in played:
            best = favoured(each, by_place)
            if best is None or best[3] > FALSE_ALARM / (2 * len(played)):
                continue
            label, count, expected, chance = best
            name = f"team {label}" if kind == "seat" else f"the team at spawn place {label}"
            text = (
                f"{name} won {count} of the {each.policy} agents' {len(each.length)} "
                f"{each.knobs} episodes, where {expected:.1f} were its share (chance {chance:.1g})"
            )
            found.append(Finding(kind, text))
            break
    return found


def find_death_pay(file: GameFile, played: Sequence[Played]) -> list[Finding]:
    """Look for rewards that grow by dying."""
    for each in played:
        values = life_correlations(each)
        if len(values) < FEW_EPISODES:
            continue
        rank, gap = values.mean(0)
        error = max(float(values[:, 0].std(ddof=1)) / len(values) ** 0.5, 1e-9)
        if rank < RANK_LIMIT and rank / error < -RANK_SIGMAS and gap > DEATH_PAY:
            text = (
                f"of the {each.policy} agents, the half that died sooner earned {gap:.2f} more "
                f"(rank correlation of life and reward {rank:.2f} in {len(values)} {each.knobs} "
                "episodes): see reward_death, and what the living lose"
            )
            return [Finding("death_pays", text)]
    return []


def find_still_ladder(file: GameFile, played: Sequence[Played]) -> list[Finding]:
    """Look for a ladder that nobody climbs."""
    ladder = file.game.difficulty
    trained = [each for each in played if each.knobs == "training"]
    if ladder is None or not trained or any(each.rungs for each in trained):
        return []
    wins = sum(bool(won.any()) for each in trained for won in each.won)
    count = sum(len(each.length) for each in trained)
    if wins:
        why = f"a rung takes {ladder.wins} wins in one world; give more episodes, or ask for fewer"
    else:
        why = f"the lowest rung, {ladder.knob} {ladder.start}, may be too hard"
    text = f"the ladder did not move in {count} episodes, {wins} of them won: {why}"
    return [Finding("ladder", text)]


def find_dead_tasks(file: GameFile, played: Sequence[Played]) -> list[Finding]:
    """Look for tasks in which nobody gets anywhere."""
    task = np.concatenate([each for one in played for each in one.task])
    progress = np.concatenate([each for one in played for each in one.progress])
    asked = file.game.task
    tasks = asked.tasks if isinstance(asked, OneOf) else asked
    names = [str(each) for each in (tasks if isinstance(tasks, tuple) else (tasks,))]
    numbers, counts = np.unique(task, return_counts=True)
    dead = [
        names[number] if len(names) == len(numbers) else f"task {number}"
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
        if count >= ASKED_OFTEN and progress[task == number].max() <= 0
    ]
    if not dead:
        return []
    shown = "; ".join(dead[:3]) + (" ..." if len(dead) > 3 else "")
    return [Finding("task", f"nobody got anywhere in {len(dead)} of {len(numbers)} tasks: {shown}")]


def find_horizon(file: GameFile, played: Sequence[Played]) -> list[Finding]:
    """Look for a game that only time ends."""
    lengths = {length for each in played for length in each.length}
    if len(lengths) > 1:
        return []
    return [Finding("horizon", f"every episode lasted {lengths.pop()} ticks, the whole horizon")]


LOOKS: tuple[Callable[[GameFile, Sequence[Played]], list[Finding]], ...] = (
    find_no_winner,
    find_favourites,
    find_death_pay,
    find_still_ladder,
    find_dead_tasks,
    find_horizon,
)


def is_note(file: GameFile, finding: Finding) -> bool:
    """Return whether a finding is none to worry about in this game.

    Without a referee nobody is to win; of a long list of tasks some are beyond simple players.
    """
    if finding.kind == "no_winner":
        return file.game.referee is None
    if finding.kind == "task":
        return isinstance(file.game.task, OneOf)
    return finding.kind == "horizon"


def check_game(
    game: str,
    episodes: int = 32,
    *,
    seed: int = 0,
    config: str = "",
    threads: int | None = None,
    knobs: dict[str, Any] | None = None,
) -> GameReport:
    """Play a game by random and by scripted agents, and look for what is wrong with it.

    Args:
        game: id or path; `:full` behind it names the config.
        episodes: of each policy by the evaluation's knobs, and on the ladder.
        seed: of worlds and policies.
        config: "mini" or "full"; "": the first that the game can be played in.
        threads: cores.
        knobs: rules and knobs that differ from the game's.

    Raises:
        ValueError: no such game or config, or no episodes.
    """
    if episodes < 1:
        raise ValueError(f"episodes must be at least 1, got {episodes}")
    name, given = split_config(game)
    file = find_game(name)
    config = given or config or file.configs[0]
    scripted = "smith" if config == "full" else "scripted"
    options = {"seed": seed, "config": config, "threads": threads, **(knobs or {})}
    played = [
        play_alone(
            game, load_policy(name, seed=seed), episodes, worlds=episodes, rated=True, **options
        )
        for name in ("random", scripted)
    ]
    climbing = max(episodes // LADDER_SHARE, 1)
    policy = load_policy(scripted, seed=seed)
    played.append(play_alone(game, policy, episodes, worlds=climbing, rated=False, **options))
    found = [finding for look in LOOKS for finding in look(file, played)]
    notes = [finding for finding in found if is_note(file, finding)]
    return GameReport(file, played, [each for each in found if each not in notes], notes)
