"""Settings of short runs, and games that are over soon."""

from dataclasses import replace

from metammo.learner.settings import PoolSettings, PPOSettings, TrainSettings

QUICK_GAME = '''
"""A game that is over soon."""

from metammo.minigames.{file} import {game}


class Quick({game}):
    """Episodes of a few ticks."""

    rules = {{"horizon": {horizon}}}
'''


def settings_in(folder, **changes):
    """Return settings of a run whose games other tests compile, too; all seats are the learner's.

    Args:
        folder: of its folder.
        changes: what differs.
    """
    settings = TrainSettings(
        games=("race_to_center", "survive", "team_battle"),
        worlds=2,
        rollout=8,
        steps=10**6,
        threads=1,
        folder=folder,
        ppo=PPOSettings(sequence=4, minibatch=512),
        pool=PoolSettings(share=0.0),
    )
    return replace(settings, **changes)


def quick_games(folder):
    """Write two games whose episodes end within a rollout; return the paths of their files."""
    games = []
    for file, game, horizon in (("multi_task", "MultiTask", 5), ("team_battle", "TeamBattle", 7)):
        path = folder / f"quick_{file}.py"
        path.write_text(QUICK_GAME.format(file=file, game=game, horizon=horizon))
        games.append(str(path))
    return tuple(games)
