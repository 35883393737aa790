"""How a rule's value is given: fixed, or drawn anew for each episode."""

import difflib
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from metammo.rules.rules import RULE_FIELDS, SHARE


class KnobError(ValueError):
    """A knob that does not exist, or a value out of its range."""


@dataclass(frozen=True)
class Integers:
    """A whole number drawn uniformly from [low, high) for each episode."""

    low: int
    """Smallest value."""
    high: int
    """Exclusive upper bound."""

    def __post_init__(self) -> None:
        if self.high <= self.low:
            raise KnobError(f"Integers({self.low}, {self.high}) is empty: high must exceed low")

    def __str__(self) -> str:
        return f"{self.low}..{self.high - 1}"


@dataclass(frozen=True)
class OneOver:
    """The fraction 1 / n: n fixed, or drawn uniformly from [low, high) for each episode."""

    low: int
    """The denominator, or the smallest one."""
    high: int = 0
    """Exclusive upper bound; 0: the denominator is `low`."""

    def __post_init__(self) -> None:
        if self.low < 1 or (self.high and self.high <= self.low):
            raise KnobError(f"OneOver({self.low}, {self.high}): want 1 <= low < high, or high 0")

    def __str__(self) -> str:
        return f"1/{self.low}..1/{self.high - 1}" if self.high else f"1/{self.low}"


@dataclass(frozen=True)
class Draw:
    """One stored number: fixed if high == low + 1, else drawn uniformly from [low, high)."""

    column: str
    """Rule column, or a game's own knob by its plain name."""
    low: float
    """Smallest value, as stored."""
    high: float
    """Exclusive upper bound, as stored; unused for floats."""


def _fixed(column: str, value: float) -> Draw:
    return Draw(column, value, value + 1)


def check_name(name: str, own_knobs: dict[str, int]) -> None:
    """Raise KnobError unless the name is a rule or one of a game's own knobs."""
    known = [*RULE_FIELDS, *own_knobs]
    if name not in known:
        close = difflib.get_close_matches(name, known, 3)
        hint = f"did you mean {', '.join(close)}?" if close else f"knobs: {', '.join(known)}"
        raise KnobError(f"unknown knob {name!r}; {hint}")


def _check_range(name: str, low: float, high: float) -> None:
    metadata = RULE_FIELDS[name].metadata
    if low < metadata["low"] or high > metadata["high"]:
        given = low if low == high else f"{low}..{high}"
        raise KnobError(
            f"knob {name} must lie in {metadata['low']}..{metadata['high']} "
            f"({metadata['doc']}), got {given}"
        )


def draws_of(name: str, value: Any, own_knobs: dict[str, int]) -> list[Draw]:
    """Return the stored draws that a knob's value stands for.

    Args:
        name: a rule's name or one of `own_knobs`.
        value: a number, a Fraction, `Integers` or `OneOver`.
        own_knobs: a game's own knobs and their defaults (whole numbers).

    Raises:
        KnobError: unknown name, wrong type or out of range.
    """
    check_name(name, own_knobs)
    kind = RULE_FIELDS[name].metadata["kind"] if name in RULE_FIELDS else "own"
    column = name if kind == "own" else f"rule_{name}"
    if kind == "ratio":
        return _ratio_draws(name, value)
    if isinstance(value, Integers):
        if kind not in ("count", "own"):
            raise KnobError(f"knob {name} is a {kind}; Integers draws whole numbers only")
        if kind == "count":
            _check_range(name, value.low, value.high - 1)
        return [Draw(column, value.low, value.high)]
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, str):
        value = _named(name, value)
    if not isinstance(value, (int, float)):
        raise KnobError(f"knob {name} takes a number or Integers(low, high), got {value!r}")
    if kind in ("count", "own") and value != int(value):
        raise KnobError(f"knob {name} takes a whole number, got {value!r}")
    if kind != "own":
        _check_range(name, value, value)
    if name == "playable" and value % 2:
        raise KnobError(f"knob playable must be even, got {value}")
    return [_fixed(column, round(value * SHARE) if kind == "share" else value)]


def _named(name: str, value: str) -> int:
    """Return the number that a word stands for, of a rule that takes words."""
    names = RULE_FIELDS[name].metadata.get("names", ()) if name in RULE_FIELDS else ()
    if value not in names:
        want = f"one of {', '.join(names)}" if names else "a number"
        raise KnobError(f"knob {name} takes {want}, got {value!r}")
    return int(names.index(value))


def _ratio_draws(name: str, value: Any) -> list[Draw]:
    column = f"rule_{name}"
    if isinstance(value, OneOver):
        high = value.high or value.low + 1
        return [_fixed(column, 1), Draw(f"{column}_per", value.low, high)]
    if isinstance(value, (int, float, Fraction)) and not isinstance(value, bool):
        fraction = Fraction(value).limit_denominator(1000)
        _check_range(name, float(fraction), float(fraction))
        return [_fixed(column, fraction.numerator), _fixed(f"{column}_per", fraction.denominator)]
    raise KnobError(f"knob {name} takes a fraction or OneOver(low, high), got {value!r}")


def default_draws() -> list[Draw]:
    """Return every rule at its default."""
    return [draw for name, rule in RULE_FIELDS.items() for draw in draws_of(name, rule.default, {})]
