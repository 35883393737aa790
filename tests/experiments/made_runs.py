"""A small experiment, and runs of it that were never trained."""

import json

import torch
from experiments.generalist.training import run_folder

from metammo.learner.checkpoint import Parts, Snapshot, save_checkpoint, save_policy
from metammo.learner.settings import TrainSettings
from metammo.policies.recurrent import RecurrentPolicy

TINY = """
config = "mini"
seeds = [1, 2]
scale = 2000

[train]
worlds = 2
rollout = 8
tensorboard = false
ppo = { sequence = 4, minibatch = 512 }
pool = { share = 0.0 }

[specialist]
games = ["survive", "race_to_center"]
[generalist]
games = ["survive", "race_to_center"]
kept = 2
[tuned]
games = ["team_battle"]
share = 0.5
init = "generalist"

[evaluation]
episodes = 4
seeds = [1]
others = ["scripted", "random"]

[tournament.ratings]
question = "Generalist and specialist"
games = ["survive", "race_to_center"]
policies = ["generalist", "specialist-{game}"]
knobs = { horizon = 6 }
[tournament.transfer]
question = "Specialists elsewhere"
games = ["survive", "team_battle"]
policies = ["specialist", "generalist"]
first_seed_only = true
knobs = { horizon = 6 }
[tournament.curves]
question = "While they learn"
games = ["survive"]
policies = ["generalist", "specialist-{game}"]
first_seed_only = true
checkpoints = true
knobs = { horizon = 6 }
[tournament.adapted]
question = "Fine-tuned"
games = ["team_battle"]
policies = ["tuned-{game}"]
"""


def make_run(folder, leg, steps=None, kept=()):
    """Write the folder of a leg as if it had been trained for so many agent-steps."""
    steps = leg.steps if steps is None else steps
    torch.manual_seed(leg.seed)
    module = RecurrentPolicy()
    games = dict.fromkeys(leg.games, 1)
    run = run_folder(folder, leg)
    init = str(run.parent / leg.init) if leg.init else None
    settings = TrainSettings(games=leg.games, steps=leg.steps, seed=leg.seed, init=init)
    save_checkpoint(
        run / "checkpoints/last",
        Snapshot(module, games, steps),
        Parts({}, {}),
        settings,
        {"seconds": 2.0},
    )
    for each in kept:
        save_policy(run / "checkpoints" / str(each), Snapshot(RecurrentPolicy(), games, each))
    (run / "settings.json").write_text(json.dumps({"games": list(leg.games)}))
    row = {"steps": steps, "seconds": 2.0, "agent_steps_per_second": 1000.0}
    row |= {f"{game}/steps": steps / len(leg.games) for game in leg.games}
    (run / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    return run
