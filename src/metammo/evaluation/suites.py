"""The frozen suites: which games, tiers, opponents and maps a number stands for.

A suite never changes: a number of `v1` can be compared with any other of `v1`. What is to be
different belongs into a new suite. A suite holds for the versions of games that it names; where a
game has another, nothing is rated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metammo.minigames.minigame import find_game

TIERS = ("easy", "standard", "hard")

Tiers = Mapping[str, Mapping[str, Any]]


def _tiers(easy: Mapping[str, Any], hard: Mapping[str, Any]) -> Tiers:
    """Return the knobs of each tier; the standard one is the game's own evaluation."""
    return {"easy": easy, "standard": {}, "hard": hard}


@dataclass(frozen=True)
class SuiteGame:
    """A game of a suite."""

    version: int
    """The one that it was frozen with."""
    tiers: Tiers
    """Knobs of each tier that differ from the game's evaluation."""


@dataclass(frozen=True)
class SuitePart:
    """What of a suite is played in one config."""

    games: Mapping[str, SuiteGame]
    """By id."""
    opponents: tuple[str, ...]
    """Who shares the seats with the policy that is rated, in equal parts; the first is the one
    that it is measured by."""


@dataclass(frozen=True)
class Suite:
    """A frozen suite."""

    name: str
    """As it is asked for."""
    seed: int
    """Of the matches, and with that of the held-out maps."""
    episodes: int
    """Of each game and tier: a whole number of rounds, so that seats are shared evenly."""
    parts: Mapping[str, SuitePart]
    """By config."""

    def part(self, config: str) -> SuitePart:
        """Return what is played in a config.

        Raises:
            ValueError: nothing is.
        """
        if config not in self.parts:
            raise ValueError(f"suite {self.name} has configs {', '.join(self.parts)}: not {config}")
        return self.parts[config]

    def check_versions(self, config: str, games: Sequence[str]) -> None:
        """Refuse games that are not as they were when the suite was frozen.

        Raises:
            ValueError: a game has another version, or is none of the suite's.
        """
        known = self.part(config).games
        for name in games:
            if name not in known:
                raise ValueError(
                    f"{name} is none of the games of suite {self.name}: {', '.join(known)}"
                )
            here, wanted = find_game(name).game.version, known[name].version
            if here != wanted:
                raise ValueError(
                    f"suite {self.name} is frozen with version {wanted} of {name}, here it has "
                    f"version {here}: a number would not compare with others. Use the metammo that "
                    "has it, or a newer suite"
                )


_MILD: dict[str, Any] = {"npc_count": 64, "resource_depletion": 3, "attack_damage": 5}
"""Hunger is slower and blows are lighter."""
_HARSH: dict[str, Any] = {"npc_count": 192, "resource_depletion": 8, "attack_damage": 15}
_FIGHT = _tiers(
    {**_MILD, "fog_onset": 256, "fog_speed": 1 / 12},
    {**_HARSH, "fog_onset": 32, "fog_speed": 1 / 6},
)
"""Of games in which the fog closes in: it comes late and slowly, or soon and fast."""
_FEARSOME: dict[str, Any] = {"npc_aggressive": 0.5, "npc_neutral": 0.2}
"""More NPCs attack."""
_BARREN: dict[str, Any] = {
    "resource_depletion": 8,
    "npc_count": 64,
    "npc_level_multiplier": 1.0,
    "weapon_find": 0.005,
    "ore_regrowth": 0.03,
    "tree_regrowth": 0.03,
    "crystal_regrowth": 0.03,
    "herb_regrowth": 0.006,
    "fish_regrowth": 0.006,
}
"""Of the full config: there is little to harvest, and fewer NPCs, who are stronger, drop little."""

SUITES = {
    "v1": Suite(
        name="v1",
        seed=20_261_121,
        episodes=48,
        parts={
            "mini": SuitePart(
                games={
                    "capture_the_flag": SuiteGame(1, _tiers({"flags": 1}, {"playable": 96})),
                    "comm_together": SuiteGame(
                        1, _tiers({"playable": 96, "within": 15}, {"within": 3})
                    ),
                    "hide_and_seek": SuiteGame(1, _tiers({"playable": 32}, {"playable": 56})),
                    "king_of_the_hill": SuiteGame(
                        1,
                        _tiers(
                            {"playable": 40, "hold_ticks": 50, "resource_depletion": 2},
                            {"playable": 96, "hold_ticks": 300, "resource_depletion": 6},
                        ),
                    ),
                    "multi_task_eval": SuiteGame(1, _tiers(_MILD, {**_HARSH, **_FEARSOME})),
                    "protect_the_king": SuiteGame(1, _FIGHT),
                    "race_to_center": SuiteGame(
                        1,
                        _tiers(
                            {"playable": 64},
                            {"terrain_water": 0.25, "terrain_foliage": 0.8},
                        ),
                    ),
                    "radio_raid": SuiteGame(1, _tiers({"goal_npcs": 5}, {"goal_npcs": 40})),
                    "sandwich": SuiteGame(
                        1, _tiers({"inner_npcs": 4}, {"inner_npcs": 24, "fog_speed": 1 / 8})
                    ),
                    "survive": SuiteGame(1, _FIGHT),
                    "team_battle": SuiteGame(1, _FIGHT),
                },
                opponents=("scripted", "random"),
            ),
            "full": SuitePart(
                games={
                    "merchants": SuiteGame(1, _tiers({"gold": 50}, {"gold": 300})),
                    "multi_task_eval": SuiteGame(
                        1,
                        _tiers(
                            {"resource_depletion": 3, "spawn_immunity": 1024},
                            _BARREN,
                        ),
                    ),
                    "survive": SuiteGame(1, _FIGHT),
                    "team_battle": SuiteGame(1, _FIGHT),
                },
                opponents=("scripted", "smith", "random"),
            ),
        },
    )
}


def find_suite(name: str) -> Suite:
    """Return a suite by its name.

    Raises:
        ValueError: there is none.
    """
    if name not in SUITES:
        raise ValueError(f"there is no suite {name!r}; there are {', '.join(SUITES)}")
    return SUITES[name]
