"""What a replay's header says of an episode: of its start and its rules, and how it ended."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from metammo.envs.batch import Batch
from metammo.rules.materials import Material
from metammo.rules.rules import RULE_COLUMNS
from metammo.tasks.tasks import Task

COUNTED = r"(?= (?:tiles|pieces|ticks)\b)"
"""What follows a number in a task's sentence, as a pattern."""


def written_knobs(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Return knobs as JSON can hold them: numbers as they are, the rest as it would be typed."""
    plain: dict[str, Any] = {}
    for name, value in knobs.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, Fraction)
        plain[name] = value if is_number else str(value)[:2000]
    return plain


def episode_header(
    batch: Batch,
    own: Any,
    game: int,
    policies: Sequence[str] = (),
    *,
    seed: int | None = None,
    knobs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a header says of an episode but for its length, its outcome and its sections.

    Args:
        batch: in which it is played.
        own: its world, record array [1] of `recorder.own_state`.
        game: which of the batch's games it is.
        policies: names of who plays each agent's seat; none where unknown.
        seed: of the batch.
        knobs: that the batch was made with.
    """
    world, file, tasks = own[0], batch.files[game], batch.tasks[game]
    players = int(world.player_count)
    count = int(world.objective_count)
    numbers = world.task_number[:players].tolist()
    return {
        "format": 1,
        "source": "metammo",
        "game": file.name,
        "game_version": file.game.version,
        "config": batch.config,
        "size": batch.sizes.name,
        "seed": seed,
        "knobs": written_knobs(knobs or {}),
        "players": players,
        **_teams(world, policies),
        "player_tasks": [
            sentence_with_numbers(tasks[number], world.task_argument[player])
            for player, number in enumerate(numbers)
            if tasks
        ],
        "map_size": batch.sizes.map_size,
        **_ground(world, batch.sizes.map_size),
        "rung": int(world.episode_rung),
        "objectives": count,
        "objective_kind": world.objective_kind[:count].tolist(),
        "materials": [material.name.lower() for material in Material],
    }


def outcome(world: Any) -> dict[str, Any]:
    """Return what a header says of how an episode ended, or of how it stands."""
    players = int(world.player_count)
    return {
        "winners": world.player_won[:players].nonzero()[0].tolist(),
        "is_decided": bool(world.is_decided),
        "winning_score": round(float(world.winning_score), 6),
        "progress": [round(float(p), 6) for p in world.player_best_progress[:players]],
    }


def _teams(world: Any, policies: Sequence[str]) -> dict[str, Any]:
    teams = []
    for team in range(int(world.team_count)):
        first = int(world.team_first[team])
        policy = policies[first] if policies else ""
        teams.append({"first": first, "size": int(world.team_size[team]), "policy": policy})
    return {"teams": teams, "player_team": world.entity_team[: int(world.player_count)].tolist()}


def sentence_with_numbers(task: Task, numbers: NDArray[Any]) -> str:
    """Return what a task asks, with the episode's numbers in place of the knobs' names.

    Args:
        task: what is asked.
        numbers: [steps, arguments], of the agent that is asked.
    """
    sentence = task.sentence
    for place, step in enumerate(task.steps):
        for index, argument in enumerate(step.arguments):
            if isinstance(argument, str):
                # A knob may be called as a word of its sentence: `gold` pieces of gold.
                place_of = rf"\b{argument}\b" + ("" if "_" in argument else COUNTED)
                number = str(int(numbers[place, index]))
                sentence = re.sub(place_of, number, sentence)
    return sentence


def _ground(world: Any, side: int) -> dict[str, Any]:
    """Return the header's part on the map, the rules and the fog."""
    rules = {}
    for column in RULE_COLUMNS:
        value = world[column.name]
        rules[column.name.removeprefix("rule_")] = float(value) if column.is_float else int(value)
    playable = rules["playable"]
    fog = {
        "onset": rules["fog_onset"],
        "speed": [rules["fog_speed"], rules["fog_speed_per"]],
        "final_size": rules["fog_final_size"],
    }
    return {
        "first": side // 2 - int(playable) // 2,
        "playable": playable,
        "rules": rules,
        "fog": fog if rules["fog_onset"] else None,
    }
