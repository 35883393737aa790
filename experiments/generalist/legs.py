"""Which training runs and tournaments is the experiment made of? Settings files, read."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from metammo.evaluation.suites import TIERS
from metammo.minigames.minigame import find_game
from metammo.observe.layout import LAYOUTS

HERE = Path(__file__).parent
BY_GAME = ("specialist", "tuned", "scratch")
"""Families with a run for each game; the others learn all of theirs at once."""
FAMILIES = ("generalist", *BY_GAME, "frozen", "wide")
GAME = "-{game}"
"""After a family: its runs of the game that is played."""
LEAST_STEPS = 1_000
MATCHES = 1_000
"""More than there are seeds of matches for a seed of the training."""


@dataclass(frozen=True)
class Leg:
    """One training run."""

    family: str
    """One of `FAMILIES`."""
    games: tuple[str, ...]
    """What it learns."""
    seed: int
    """Of everything."""
    steps: int
    """Agent-steps."""
    config: str
    """mini or full."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `metammo train`, besides."""
    init: str = ""
    """Name of the leg with whose network it begins."""

    @property
    def name(self) -> str:
        """Of its folder: FAMILY-sSEED, or FAMILY-GAME-sSEED."""
        return f"{self.kind}-s{self.seed}"

    @property
    def kind(self) -> str:
        """What its seeds have in common: FAMILY, or FAMILY-GAME."""
        return f"{self.family}-{self.games[0]}" if self.family in BY_GAME else self.family


@dataclass(frozen=True)
class Tournament:
    """Who meets in some games, and by which knobs."""

    name: str
    """Of its folder."""
    question: str
    """What it answers."""
    games: tuple[str, ...]
    """Each a tournament of its own, as who meets may differ."""
    policies: tuple[str, ...]
    """Families, with or without `GAME`."""
    tier: str = "standard"
    """Of suite v1: by whose knobs is played."""
    first_seed_only: bool = False
    """Whether it is played by policies of the settings' first seed alone, each told by itself."""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Rules that differ from the tier's."""
    checkpoints: bool = False
    """Instead of a run's policy those that it kept on its way, the last included."""
    compare: tuple[tuple[str, str], ...] = ()
    """Families or policies by name, of which it is told by how much the first is above the second;
    none: the first family above every other."""
    deeds: bool = False
    """Whether the report tells what agents do."""


@dataclass(frozen=True)
class Experiment:
    """All that is trained and played in one config."""

    config: str
    """mini or full."""
    scale: int
    """Agent-steps of a specialist."""
    seeds: tuple[int, ...]
    """Of the training."""
    first_seed: int
    """The settings' first, also where others are asked for."""
    legs: tuple[Leg, ...]
    """In the order in which they are begun."""
    tournaments: tuple[Tournament, ...]
    """In order."""
    episodes: int
    """Of each tournament, game and seed of its matches."""
    match_seeds: tuple[int, ...]
    """Of the matches; see `matches_of`."""
    others: tuple[str, ...]
    """Policies by name, in every tournament."""

    def seeds_of(self, tournament: Tournament) -> tuple[int, ...]:
        """Return the seeds of the training whose policies play, each seed's by themselves."""
        if not tournament.first_seed_only:
            return self.seeds
        return tuple(seed for seed in self.seeds if seed == self.first_seed)

    def matches_of(self, seed: int) -> list[int]:
        """Return the seeds of the matches for a seed of the training: no other one has its maps."""
        return [MATCHES * seed + each for each in self.match_seeds]

    def players(self, tournament: Tournament, game: str, seed: int) -> list[Leg]:
        """Return the legs whose policies meet in a tournament's game, of a seed of the training."""
        found = []
        for word in tournament.policies:
            family = word.removesuffix(GAME)
            wanted, dash, own = family.partition("-")
            for leg in self.legs:
                is_game = not word.endswith(GAME) or leg.games == (game,)
                is_own = not dash or leg.games == (own,)
                if leg.family == wanted and is_game and is_own and leg.seed == seed:
                    found.append(leg)
        return found


def _legs_of(
    family: str, told: Mapping[str, Any], common: Mapping[str, Any], shape: "_Shape"
) -> list[Leg]:
    games = tuple(told["games"])
    count = 1 if family in BY_GAME else len(games)
    steps = max(round(shape.scale * count * told.get("share", 1)), LEAST_STEPS)
    options = {**common, **told.get("train", {})}
    if told.get("kept"):
        options["keep_every"] = max(steps // told["kept"], 1)
    groups = [(game,) for game in games] if family in BY_GAME else [games]
    return [
        Leg(family, group, seed, steps, shape.config, options, _begun(told, seed))
        for seed in shape.seeds
        for group in groups
    ]


@dataclass(frozen=True)
class _Shape:
    """What all legs have in common."""

    config: str
    scale: int
    seeds: tuple[int, ...]


def _begun(told: Mapping[str, Any], seed: int) -> str:
    return f"{told['init']}-s{seed}" if told.get("init") else ""


def read_experiment(
    path: Path,
    *,
    scale: int = 0,
    seeds: Sequence[int] = (),
    episodes: int = 0,
    games: Sequence[str] = (),
) -> Experiment:
    """Return what a settings file asks for.

    Args:
        path: a TOML file, as `mini.toml`.
        scale: agent-steps of a specialist; 0: the file's.
        seeds: of the training; none: the file's.
        episodes: of each tournament; 0: the file's.
        games: of these alone, where a family or tournament has several; none: all.

    Raises:
        ValueError: the file cannot be read, or asks for what there is not.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"the settings {path} cannot be read: {error}") from error
    try:
        if games:
            told = _only(told, games)
        return _experiment_of(told, scale, seeds, episodes)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: {error!r} is missing or wrong; see mini.toml") from error


def _only(told: dict[str, Any], games: Sequence[str]) -> dict[str, Any]:
    """Return settings with some of their games; what is left without any is left out."""
    known = {game for family in FAMILIES for game in told.get(family, {}).get("games", ())}
    known |= {game for each in told["tournament"].values() for game in each["games"]}
    unknown = [game for game in games if game not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of the games {', '.join(sorted(known))}")

    def cut(part: dict[str, Any]) -> dict[str, Any]:
        return {**part, "games": [game for game in part["games"] if game in games]}

    kept = {name: cut(part) if name in FAMILIES else part for name, part in told.items()}
    kept = {name: part for name, part in kept.items() if name not in FAMILIES or part["games"]}
    cups = {name: cut(each) for name, each in told["tournament"].items()}
    return {**kept, "tournament": {name: each for name, each in cups.items() if each["games"]}}


def _experiment_of(
    told: Mapping[str, Any], scale: int, seeds: Sequence[int], episodes: int
) -> Experiment:
    shape = _Shape(told["config"], scale or told["scale"], tuple(seeds or told["seeds"]))
    if shape.config not in LAYOUTS:
        raise ValueError(f"config must be one of {', '.join(LAYOUTS)}, got {shape.config!r}")
    if shape.scale < LEAST_STEPS or len(set(shape.seeds)) < len(shape.seeds):
        raise ValueError(
            f"the scale is at least {LEAST_STEPS} agent-steps and seeds differ, got {shape.scale} "
            f"and {', '.join(map(str, shape.seeds))}"
        )
    rated = told["evaluation"]
    if not rated["seeds"] or not all(0 <= each < MATCHES for each in rated["seeds"]):
        raise ValueError(
            f"the evaluation's seeds are some numbers from 0 to {MATCHES - 1}, got {rated['seeds']}"
        )
    legs = [
        leg
        for family in FAMILIES
        if family in told
        for leg in _legs_of(family, told[family], told.get("train", {}), shape)
    ]
    cups = [
        Tournament(
            name,
            each["question"],
            tuple(each["games"]),
            tuple(each["policies"]),
            each.get("tier", "standard"),
            each.get("first_seed_only", False),
            each.get("knobs", {}),
            each.get("checkpoints", False),
            tuple((first, second) for first, second in each.get("compare", ())),
            each.get("deeds", False),
        )
        for name, each in told["tournament"].items()
    ]
    _check(legs, cups, rated["others"])
    return Experiment(
        shape.config,
        shape.scale,
        shape.seeds,
        told["seeds"][0],
        tuple(legs),
        tuple(cups),
        episodes or rated["episodes"],
        tuple(rated["seeds"]),
        tuple(rated["others"]),
    )


def _check(legs: Sequence[Leg], tournaments: Sequence[Tournament], others: Sequence[str]) -> None:
    """Raise ValueError where a leg or tournament names what there is not."""
    names = {leg.name for leg in legs}
    for leg in legs:
        for game in leg.games:
            find_game(game)
        if leg.init and leg.init not in names:
            raise ValueError(f"{leg.name} begins with {leg.init}, which is none of the legs")
    for each in tournaments:
        if each.tier not in TIERS:
            raise ValueError(f"tournament {each.name}: no tier {each.tier!r} in {', '.join(TIERS)}")
        for word in each.policies:
            if word.partition("-")[0] not in FAMILIES:
                raise ValueError(
                    f"tournament {each.name}: {word!r} is of no family: {', '.join(FAMILIES)}"
                )
            if not each.first_seed_only and (each.checkpoints or word in BY_GAME):
                raise ValueError(
                    f"tournament {each.name}: one policy of each kind plays for a seed, here are "
                    f"several of {word!r}: add {GAME} to the family, or `first_seed_only = true`"
                )
        meet = [*dict.fromkeys(word.partition("-")[0] for word in each.policies), *others]
        for word in (name for pair in each.compare for name in pair):
            if word not in meet:
                raise ValueError(
                    f"tournament {each.name}: {word!r} cannot be compared, as it does not play; "
                    f"there are {', '.join(meet)}"
                )


def choose_legs(experiment: Experiment, words: Sequence[str]) -> Experiment:
    """Return an experiment with the legs alone that are named, and those they begin with.

    Args:
        experiment: whose.
        words: families, FAMILY-GAME, or whole names; none: all legs.

    Raises:
        ValueError: a word means no leg.
    """
    if not words:
        return experiment
    chosen: set[str] = set()
    for word in words:
        meant = {leg.name for leg in experiment.legs if f"{leg.name}-".startswith(f"{word}-")}
        if not meant:
            known = ", ".join(dict.fromkeys(leg.family for leg in experiment.legs))
            raise ValueError(f"no leg {word!r}; there are {known}, FAMILY-GAME and FAMILY-sSEED")
        chosen |= meant
    chosen |= {leg.init for leg in experiment.legs if leg.name in chosen and leg.init}
    return replace(experiment, legs=tuple(leg for leg in experiment.legs if leg.name in chosen))
