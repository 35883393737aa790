"""Each game played once on a small map, written down as text.

`python -m tests.minigames.playthroughs` writes the files of tests/golden anew. Read what changed
before you commit it.
"""

import sys
from pathlib import Path

import numpy as np

import metammo
from metammo.envs.render import draw_text
from metammo.minigames.minigame import find_game
from metammo.observe.layout import Market
from metammo.policies.scripted import ScriptedPolicy
from metammo.policies.smith import SmithPolicy
from metammo.world.columns import Cause
from tests.contract.batches import ALL_GAMES, GAMES

FOLDER = Path(__file__).parent.parent / "golden"
FRAMES = (0, 5, 10, 20, 40, 80, 120, 160, 200)
"""Ticks that are drawn, beside the last."""
SHORT = {
    "capture_the_flag": {"flags": 2},
    "hide_and_seek": {"horizon": 80, "head_start": 10},
    "king_of_the_hill": {"hold_ticks": 10},
    "merchants": {"horizon": 60, "gold": 20},
    "multi_task": {"horizon": 60},
    "multi_task_eval": {"horizon": 60},
    "ammo_training": {"horizon": 120},
    "radio_raid": {"goal_npcs": 5},
    "sandwich": {"inner_npcs": 2, "survive_ticks": 60, "grass_map": 1},
    "survive": {"fog_onset": 20, "npc_count": 8},
    "team_battle": {"fog_onset": 20, "npc_count": 8},
    "protect_the_king": {"fog_onset": 20, "npc_count": 8},
}
"""Knobs that make an episode end soon."""
FOR_ITSELF = ("race_to_center", "survive", "multi_task", "multi_task_eval", "ammo_training")


def name_of(world, player):
    """Return an agent's name: its team's letter and its number in the team."""
    team = int(world.entity_team[player])
    number = player - int(world.team_first[team])
    return chr(ord("A") + team) + (str(number) if world.team_size[team] > 1 else "")


def act(batch, policy):
    """Let one policy play all living agents."""
    flat = batch.observations.reshape(-1)
    masks = batch.masks.reshape(len(flat), -1)
    rows = np.flatnonzero(batch.alive.reshape(-1))
    actions = np.zeros((len(flat), len(batch.heads)), np.int16)
    told = (flat[rows], masks[rows], None)
    if batch.layout.has_market:
        told = (*told, Market(batch.markets, rows // batch.agent_count))
    actions[rows], _ = policy.act(*told)
    return actions.reshape(batch.world_count, batch.agent_count, -1)


def happenings(world, before):
    """Return what became of agents and objectives in a tick, in words."""
    words = []
    for player in np.flatnonzero(world.player_died[: world.player_count]):
        cause = Cause(int(world.entity_death_cause[player])).name.lower()
        words.append(f"{name_of(world, player)} dies ({cause})")
    for number in range(int(world.objective_count)):
        owner = int(world.objective_owner[number])
        if owner != int(before.objective_owner[number]):
            words.append(f"team {chr(ord('A') + owner)} seizes objective {number}")
    captures = np.flatnonzero(world.team_state[:, 0] > before.team_state[:, 0])
    words += [f"team {chr(ord('A') + team)} scores" for team in captures]
    return ", ".join(words)


def result_of(world, result):
    """Return how an episode ended, in words."""
    won = np.flatnonzero(result.won)
    names = " ".join(name_of(world, player) for player in won) or "nobody"
    progress = result.progress[: world.player_count]
    return (
        f"over at tick {result.length}: {'decided' if result.is_decided else 'undecided'}, "
        f"won by {names}\nbest progress {progress.mean():.3f} on average, "
        f"{progress.max():.3f} at most"
    )


def play(game):
    """Return a playthrough as text."""
    config = "mini" if "mini" in find_game(game).configs else "full"
    knobs = {**SHORT.get(game, {}), **({} if game in FOR_ITSELF else {"teams": 4})}
    options = {"size": "tiny", "config": config, "seed": 7, "threads": 1}
    games = GAMES if config == "mini" else ALL_GAMES
    # A mix of all in which one alone is drawn: no driver of its own to compile.
    mix = {name: (1.0, knobs) if name == game else 1e-12 for name in games}
    batch = metammo.make_vec(mix, 1, **options)
    policy = (SmithPolicy if config == "full" else ScriptedPolicy)(seed=7)
    settings = ", ".join(f"{name}={value}" for name, value in sorted(knobs.items()))
    lines = [f"{game}, {config} config, tiny, seed 7; {settings}", ""]
    lines.append(draw_text(batch.worlds[0]))
    while True:
        before = batch.worlds.copy()
        actions = act(batch, policy)
        batch.step(actions)
        if batch.done[0]:
            # The next episode has begun; the world as it ended is the last step done again.
            batch.end(before, actions)
            lines.append(draw_text(before[0]))
            lines.append(result_of(before[0], batch.results[0]))
            return "\n".join(lines) + "\n"
        world = batch.worlds[0]
        words = happenings(world, before[0])
        if words:
            lines.append(f"tick {int(world.tick)}: {words}")
        if int(world.tick) in FRAMES:
            lines.append("\n" + draw_text(world))


def main():
    FOLDER.mkdir(exist_ok=True)
    for game in sys.argv[1:] or metammo.games():
        (FOLDER / f"{game}.txt").write_text(play(game), encoding="utf-8")
        print(game)


if __name__ == "__main__":
    main()
