"""Who plays in which team, and on which tiles they begin: what a user may say of it."""

from typing import Any

from metammo.minigames.minigame import Minigame
from metammo.rules.knobs import Integers, KnobError
from metammo.rules.rules import RULE_FIELDS, SPAWN_GIVEN

ASSIGN = ("random", "rotated")
"""How places are dealt to teams: by lot, or in turn, one place further each episode."""


def team_sizes(game: type[Minigame], teams: Any, agents: Any, limit: int) -> list[int]:
    """Return the sizes of a game's teams.

    Args:
        game: the game.
        teams: a number of equal teams, a list of sizes, or None for the game's own.
        agents: number of agents where `teams` gives no sizes; None for the game's own.
        limit: most agents of the size class; the game's own numbers are cut to it.

    Raises:
        KnobError: the numbers do not fit.
    """
    own = game.agents if isinstance(game.teams, int) else sum(game.teams)
    agents = min(own, limit) if agents is None else int(agents)
    if teams is None:
        teams = agents if game.free_for_all else game.teams
        if not isinstance(teams, int) and sum(teams) != agents:
            # The same shares of fewer or more agents; the last team takes what is left.
            teams = [max(size * agents // sum(teams), 1) for size in teams]
            teams[-1] += agents - sum(teams)
    if isinstance(teams, int):
        if teams < 1 or agents % teams:
            raise KnobError(f"{agents} agents cannot make {teams} equal teams; give teams=[...]")
        return [agents // teams] * teams
    sizes = [int(size) for size in teams]
    if not sizes or min(sizes) < 1:
        raise KnobError(f"teams must be sizes of at least 1, got {teams!r}")
    return sizes


def read_spawn(knobs: dict[str, Any], teams: list[int]) -> list[tuple[int, int]]:
    """Take `assign`, and a list of tiles as `spawn`, out of the knobs; return the tiles.

    Args:
        knobs: the user's; changed to what the rules understand.
        teams: sizes of the teams.

    Returns:
        A tile for each team, or for each agent, (row, column) from the corner of the walkable
        square; nothing where the rule `spawn` says it all.

    Raises:
        KnobError: another number of tiles, or no tiles.
    """
    assign = knobs.pop("assign", None)
    if assign is not None:
        if assign not in ASSIGN:
            raise KnobError(f"assign must be one of {', '.join(ASSIGN)}, got {assign!r}")
        knobs["spawn_rotated"] = ASSIGN.index(assign)
    spawn = knobs.get("spawn")
    if spawn is None or isinstance(spawn, (str, int)):
        return []
    try:
        tiles = [(int(row), int(col)) for row, col in spawn]
    except (TypeError, ValueError) as error:
        raise KnobError(f"spawn takes a name or a list of (row, column), got {spawn!r}") from error
    if len(tiles) not in (len(teams), sum(teams)):
        raise KnobError(
            f"spawn must give a tile for each of {len(teams)} teams or of {sum(teams)} agents, "
            f"got {len(tiles)}"
        )
    knobs["spawn"] = SPAWN_GIVEN
    return tiles


def write_places(row: Any, tiles: list[tuple[int, int]], values: dict[str, Any]) -> None:
    """Write the given tiles into a game's row of the table.

    Raises:
        KnobError: a tile lies outside the smallest map of the game.
    """
    playable = values.get("playable", RULE_FIELDS["playable"].default)
    smallest = playable.low if isinstance(playable, Integers) else playable
    for tile in tiles:
        if not (0 <= tile[0] <= smallest and 0 <= tile[1] <= smallest):
            raise KnobError(
                f"spawn tile {tile} lies outside the walkable square: rows and columns are "
                f"0..{smallest}"
            )
    row["place_count"] = len(tiles)
    for place, tile in enumerate(tiles):
        row["place_row"][place], row["place_col"][place] = tile
