"""What may a sweep try? Settings of training and their ranges, as they are typed.

`ppo.learning_rate=log:1e-4..1e-2`, `ppo.discount=range:0.97..0.999`, `worlds=choice:4,8,16`.
"""

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal

from metammo.learner.settings import TrainSettings

Value = bool | int | float | str
KINDS = ("log", "range", "choice")
FORMS = "log:LOW..HIGH, range:LOW..HIGH or choice:A,B,..."
OWN = (
    "name",
    "folder",
    "resume",
    "seed",
    "steps",
    "processes",
    "threads",
    "device",
    "checkpoint_every",
    "keep_every",
    "evaluate_every",
    "evaluation_episodes",
    "record_every",
    "tensorboard",
    "wandb",
)
"""Settings that are the sweep's own, the same in every trial."""
DEFAULTS = (
    "learning_rate=log:3e-4..1e-2",
    "entropy_weight=log:1e-3..3e-2",
    "minibatch=choice:1024,2048,4096",
    "epochs=choice:1,2",
)
"""What of the algorithm's settings is worth trying where nothing else is asked."""


class SweepError(ValueError):
    """A sweep that cannot be made; says what to change."""


@dataclass(frozen=True)
class Vary:
    """One setting, and the values that it may take."""

    name: str
    """With dots, as `ppo.learning_rate`."""
    kind: Literal["log", "range", "choice"]
    """How values are drawn: evenly in their logarithm, evenly, or of a list."""
    values: tuple[Value, ...]
    """The least and the greatest, or the list."""

    def __str__(self) -> str:
        joined = (".." if self.kind != "choice" else ",").join(map(str, self.values))
        return f"{self.name}={self.kind}:{joined}"

    def suggest(self, trial: Any) -> Value:
        """Return a value for a trial of Optuna's."""
        if self.kind == "choice":
            return trial.suggest_categorical(self.name, list(self.values))
        low, high = self.values
        draw = trial.suggest_int if isinstance(low, int) else trial.suggest_float
        return draw(self.name, low, high, log=self.kind == "log")


def varied_settings(settings: TrainSettings) -> dict[str, Value]:
    """Return every setting that can be varied, by its name with dots, and its value.

    Those of algorithms that the run does not learn by are left out.
    """
    found: dict[str, Value] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            if field.name in (algorithm_of(settings), "pool"):
                inner = {each.name: getattr(value, each.name) for each in fields(value)}
                found |= {
                    f"{field.name}.{name}": own
                    for name, own in inner.items()
                    if isinstance(own, Value)
                }
        elif isinstance(value, Value) and field.name not in OWN:
            found[field.name] = value
    return found


def algorithm_of(settings: TrainSettings) -> str:
    """Return the name of the algorithm, under which its settings are found."""
    return getattr(settings, "algorithm", "ppo")


def _read_value(text: str, like: Value, name: str) -> Value:
    """Return what a text says, of the type that a setting has."""
    truths: dict[str, Value] = {"true": True, "false": False}
    try:
        if isinstance(like, bool):
            return truths[text.lower()]
        value = type(like)(text)
    except (ValueError, KeyError):
        wanted = "true or false" if isinstance(like, bool) else f"{type(like).__name__}s"
        raise SweepError(f"{name} takes {wanted}, such as {like}; got {text!r}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise SweepError(f"{name} takes finite numbers; got {text!r}")
    return value


def _read_reach(kind: str, text: str, like: Value, name: str) -> tuple[Value, Value]:
    if isinstance(like, bool | str):
        raise SweepError(f"{name} has no range: give choice:A,B,...; it is {like!r} by default")
    parts = text.split("..")
    if len(parts) != 2 or not all(parts):
        raise SweepError(f"{name}: a range is LOW..HIGH, such as {kind}:1e-4..1e-2; got {text!r}")
    low, high = (_read_value(part, like, name) for part in parts)
    if not low < high:  # type: ignore[operator]
        raise SweepError(f"{name}: the range's low end must lie below its high end; got {text!r}")
    if kind == "log" and low <= 0:  # type: ignore[operator]
        raise SweepError(f"{name}: a log range lies above 0; got {text!r}")
    return low, high


def read_vary(words: Sequence[str], settings: TrainSettings) -> tuple[Vary, ...]:
    """Return what is to be varied.

    Args:
        words: `NAME=KIND:VALUES` each; none: what is worth trying.
        settings: whose values say of which types theirs are.

    Raises:
        SweepError: a name that is no setting or cannot be varied, or values that it cannot take.
    """
    known = varied_settings(settings)
    own = algorithm_of(settings)
    defaults = [f"{own}.{word}" for word in DEFAULTS]
    found: list[Vary] = []
    for word in words or [each for each in defaults if each.partition("=")[0] in known]:
        name, sign, rest = word.partition("=")
        name = name.strip().removeprefix("--").replace("-", "_")
        kind, colon, text = rest.strip().partition(":")
        if not sign or not colon or kind not in KINDS:
            raise SweepError(f"what varies is given as NAME={FORMS}; got {word!r}")
        if name not in known:
            raise SweepError(_unknown(name, known))
        if name in (each.name for each in found):
            raise SweepError(f"{name} is given twice")
        if kind == "choice":
            parts = [part.strip() for part in text.split(",")]
            values = tuple(_read_value(part, known[name], name) for part in parts)
            if len(set(values)) < max(len(values), 2):
                raise SweepError(
                    f"{name}: a choice is of two or more different values; got {text!r}"
                )
            found.append(Vary(name, "choice", values))
        else:
            reach = _read_reach(kind, text, known[name], name)
            found.append(Vary(name, "log" if kind == "log" else "range", reach))
    return tuple(found)


def _unknown(name: str, known: Mapping[str, Value]) -> str:
    if name in OWN:
        return f"{name} is the same in every trial: give it as --{name.replace('_', '-')}"
    # The last part alone is what people remember.
    alike = [each for each in known if each.split(".")[-1] == name.split(".")[-1]]
    close = alike or difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return f"no setting {name!r} can be varied; {hint}"


def changed(settings: Any, values: Mapping[str, Value]) -> Any:
    """Return settings with others in place of some, by names with dots."""
    own = {name: value for name, value in values.items() if "." not in name}
    inner: dict[str, dict[str, Value]] = {}
    for name, value in values.items():
        first, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(first, {})[rest] = value
    parts = {name: changed(getattr(settings, name), part) for name, part in inner.items()}
    return replace(settings, **own, **parts)
