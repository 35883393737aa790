"""Which games a run learns, and how much of each: `race_to_center=2 team_battle`, or `mini_gen`."""

import math
from collections.abc import Sequence

PLAYLISTS = {
    "mini_gen": (
        "mini",
        ("team_battle", "protect_the_king", "race_to_center", "king_of_the_hill", "sandwich"),
    ),
    "full_gen": ("full", ("multi_task", "survive", "team_battle")),
}
"""Config and games of the mixes on which Meta MMO's generalists are trained."""


def read_game(word: str) -> tuple[str, float]:
    """Return id or path of a game, and its weight: `team_battle=2`; 1 where none is given.

    Raises:
        ValueError: the weight is no number above 0.
    """
    name, sign, text = word.rpartition("=")
    # A sign of equality may be part of a path: runs/seed=1/well.py.
    if not sign or word.endswith(".py"):
        return word, 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not name or not 0 < weight < math.inf:
        raise ValueError(
            f"a game's weight is a number above 0, as in race_to_center=2; got {word!r}"
        )
    return name, weight


def read_games(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[float, ...], str | None]:
    """Return games, their weights, and the config that they ask for; None: any.

    A mix stands for its games; its weight is that of each of them.

    Args:
        words: ids or paths of games, or names of `PLAYLISTS`, with or without a weight.

    Raises:
        ValueError: no game, one twice, two configs, or a weight that is none.
    """
    weights: dict[str, float] = {}
    configs = set()
    for word in words:
        name, weight = read_game(word)
        games: tuple[str, ...] = (name,)
        if name in PLAYLISTS:
            config, games = PLAYLISTS[name]
            configs.add(config)
        for game in games:
            if game in weights:
                raise ValueError(f"{game} is named twice in --games {' '.join(words)}")
            weights[game] = weight
    if not weights:
        raise ValueError(f"no game given; name at least one, or {', '.join(PLAYLISTS)}")
    if len(configs) > 1:
        raise ValueError(f"--games {' '.join(words)}: one run has one config, mini or full")
    return tuple(weights), tuple(weights.values()), next(iter(configs), None)
