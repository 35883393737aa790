"""The fractal field: its statistics against the peer's, and that it repeats."""

import numpy as np
import pytest

from metammo.maps.fractal import FIXED_POINT, OCTAVES, SOFTNESSES, WEIGHT, fill_field

SIDE = 160
MAPS = 30
PLAYABLE = slice(16, 145)
LAGS = (1, 2, 4)

# Means over 43 of the peer's own maps, at three softnesses of its seams: standard deviation;
# shares up to .30, .70, .85 and above; up to .10 and .05; correlation at lags 1, 2 and 4.
PEER = {
    0: (0.272, 0.283, 0.430, 0.169, 0.118, 0.066, 0.038, 0.619, 0.260, -0.053),
    6: (0.270, 0.270, 0.456, 0.161, 0.112, 0.074, 0.045, 0.709, 0.331, -0.077),
    8: (0.263, 0.243, 0.510, 0.138, 0.109, 0.075, 0.051, 0.788, 0.399, -0.104),
    12: (0.259, 0.233, 0.529, 0.134, 0.104, 0.073, 0.051, 0.827, 0.439, -0.128),
    16: (0.249, 0.222, 0.553, 0.134, 0.091, 0.064, 0.043, 0.831, 0.445, -0.130),
}
TOLERANCE = (0.004, 0.008, 0.008, 0.006, 0.006, 0.006, 0.005, 0.025, 0.030, 0.030)

# What the rulebook asks of maps of all softnesses together.
BANDS = {
    "mean": (0.49, 0.51),
    "deviation": (0.25, 0.27),
    "to .30": (0.22, 0.28),
    "to .70": (0.43, 0.55),
    "to .85": (0.13, 0.17),
    "rest": (0.09, 0.12),
    "to .10": (0.061, 0.077),
    "above .90": (0.064, 0.080),
    "to .05": (0.036, 0.053),
    "above .95": (0.039, 0.055),
}


def field(seed: int, softness: int = -1, side: int = SIDE) -> np.ndarray:
    out = np.full((side, side), -1, np.int32)
    fill_field(np.uint64(seed), softness, out)
    return out


def heights(seed: int, softness: int = -1) -> np.ndarray:
    return field(seed, softness)[PLAYABLE, PLAYABLE] / (FIXED_POINT - 1)


def correlation(values: np.ndarray, lag: int) -> float:
    off = values - values.mean()
    down = (off[lag:] * off[:-lag]).mean()
    right = (off[:, lag:] * off[:, :-lag]).mean()
    return float((down + right) / (2 * off.var()))


def shares(values: np.ndarray, *limits: float) -> list[float]:
    below = [float((values <= limit).mean()) for limit in limits]
    return [high - low for low, high in zip([0.0, *below], [*below, 1.0], strict=True)]


@pytest.mark.parametrize("softness", PEER)
def test_statistics_are_the_peers(softness):
    rows = []
    for seed in range(MAPS):
        values = heights(1000 + seed, softness)
        tails = [float((values <= limit).mean()) for limit in (0.10, 0.05)]
        lags = [correlation(values, lag) for lag in LAGS]
        rows.append([values.std(), *shares(values, 0.30, 0.70, 0.85), *tails, *lags])
    ours = np.mean(rows, axis=0)
    off = np.abs(ours - PEER[softness])
    assert (off <= TOLERANCE).all(), f"ours {ours.round(3)}, the peer's {PEER[softness]}"


def test_statistics_over_all_softnesses_are_the_rulebooks():
    rows = []
    for softness in range(SOFTNESSES):
        for seed in (7, 8):
            values = heights(seed * 1000 + softness, softness)
            low = [float((values <= limit).mean()) for limit in (0.10, 0.05)]
            high = [float((values > limit).mean()) for limit in (0.90, 0.95)]
            four = shares(values, 0.30, 0.70, 0.85)
            rows.append([values.mean(), values.std(), *four, low[0], high[0], low[1], high[1]])
    ours = dict(zip(BANDS, np.mean(rows, axis=0).round(4), strict=True))
    wrong = {
        name: ours[name] for name, (low, high) in BANDS.items() if not low <= ours[name] <= high
    }
    assert not wrong, f"{wrong} outside {BANDS}"


def test_values_are_cut_at_both_ends():
    for softness in (0, 8, 16):
        values = field(3, softness)
        assert values.min() == 0
        assert values.max() == FIXED_POINT - 1
        for end in (0, FIXED_POINT - 1):
            assert 0.01 < (values == end).mean() < 0.06


def test_a_seed_gives_one_field_and_another_seed_another():
    assert (field(5) == field(5)).all()
    assert (field(5) == field(6)).mean() < 0.2


def test_the_maps_own_softness_is_drawn_from_all():
    chosen = set()
    for seed in range(100):
        own = field(seed, side=8)
        chosen |= {s for s in range(SOFTNESSES) if (field(seed, s, side=8) == own).all()}
    # The hardest ones look alike, so a match with one of them is a match with all.
    assert chosen == set(range(SOFTNESSES))


def test_weights_fall_from_the_leader_outward():
    assert WEIGHT.shape == (SOFTNESSES, OCTAVES)
    assert (WEIGHT[:, 0] == 1.0).all()
    assert (np.diff(WEIGHT, axis=1) <= 0).all()
    assert (WEIGHT[0, 1:] == 0).all()
    assert (WEIGHT[-1] > 0.3).all()


def test_every_place_of_a_large_field_is_written():
    values = field(11, side=300)
    assert values.min() >= 0
    assert values.max() < FIXED_POINT


def test_blocks_meet_without_a_seam():
    # Steps across the blocks' border are no larger than those beside it.
    soft = field(12, 16, side=300)
    step = np.abs(np.diff(soft, axis=0)).mean(axis=1)
    assert step[135] < 1.5 * np.median(step)
