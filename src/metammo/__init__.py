"""Massively multi-agent minigames for training generalist reinforcement-learning agents."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from metammo.envs.batch import make_vec as make_vec
    from metammo.envs.parallel import make as make
    from metammo.envs.single import MinigameEnv
    from metammo.minigames.minigame import game_names as games
    from metammo.policies.hub import load_policy as load_policy
    from metammo.replay.recording import record as record

_PLACES = {
    "make": "metammo.envs.parallel:make",
    "make_vec": "metammo.envs.batch:make_vec",
    "games": "metammo.minigames.minigame:game_names",
    "load_policy": "metammo.policies.hub:load_policy",
    "record": "metammo.replay.recording:record",
}

__all__ = ["games", "load_policy", "make", "make_single", "make_vec", "record"]


def __getattr__(name: str) -> Any:
    # Imported when first used: `import metammo` stays quick, and free of torch and numba.
    if name not in _PLACES:
        raise AttributeError(f"module 'metammo' has no attribute {name!r}; it has {__all__}")
    module, _, attribute = _PLACES[name].partition(":")
    return getattr(import_module(module), attribute)


def make_single(
    game: str, seat: int = 0, others: Any = "scripted", seed: int = 0, **options: Any
) -> "MinigameEnv":
    """Return one seat of a minigame as a Gymnasium `Env`; a policy plays the other seats.

    Args:
        game: a game's id or file.
        seat: the agent that is played.
        others: "random", "scripted", a trained policy's name, a checkpoint's folder, or a policy.
        seed: seeds the world and the others until `reset` is given another.
        **options: `render_mode`, `config`, `size`, rules and the game's own knobs.
    """
    # Here and not in `envs`, which stands below the policies and knows none of them by name.
    if not hasattr(others, "act"):
        others = import_module("metammo.policies.hub").load_policy(others, seed=seed)
    make = import_module("metammo.envs.single").make_single
    return make(game, others, seat=seat, seed=seed, **options)
