"""Knobs as they are typed: `hold_ticks=200 fog_speed=1/16 spawn=ring teams=8,8,112`."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from metammo.rules.knobs import KnobError
from metammo.tasks.parsing import read_task


def _read_value(text: str) -> Any:
    if "," in text:
        return [_read_value(part) for part in text.split(",") if part]
    for kind in (int, float, Fraction):
        try:
            return kind(text)
        except (ValueError, ZeroDivisionError):
            continue
    return text


def read_knobs(words: Sequence[str], task: str = "") -> dict[str, Any]:
    """Return knobs by name.

    Args:
        words: `name=value` each; a value is a number, a fraction, a word, or several with commas.
        task: an expression to ask in place of the game's task; "" for the game's own.

    Raises:
        KnobError: a word without `=`, or a name twice.
        TaskError: no task can be read.
    """
    knobs: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or not name or not value.strip():
            raise KnobError(f"a knob is given as name=value, such as horizon=512; got {word!r}")
        if name in knobs:
            raise KnobError(f"knob {name} is given twice")
        knobs[name] = _read_value(value.strip())
    if task:
        knobs["task"] = read_task(task)
    return knobs
