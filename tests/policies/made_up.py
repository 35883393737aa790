"""Observations and markets that no world has, for networks."""

import numpy as np
import torch

from metammo.observe.layout import LAYOUTS, EntityFeature, MarketFeature
from metammo.policies.inputs import Inputs
from metammo.rules.items import LISTING_LIMIT

OFFERS = (6, 0, 384, 20)
"""How many offers each world has."""


def random_observations(count, config="mini", seed=0):
    """Return a record array of a config's layout."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, LAYOUTS[config].dtype)
    rows["own"] = rng.integers(0, 100, rows["own"].shape)
    rows["tiles"][:, 0] = rng.integers(0, 16, (count, 15, 15))
    rows["tiles"][:, 1] = rng.integers(0, 8, (count, 15, 15))
    rows["entities"][:, :9] = rng.integers(0, 8, (count, 9, len(EntityFeature)))
    rows["entities"][:, :9, EntityFeature.PRESENT] = 1
    rows["tiles"][:, 2] = rng.integers(120, 136, (count, 15, 15))
    rows["tiles"][:, 3] = rng.integers(0, 4, (count, 15, 15))
    rows["talk"][:, :3] = rng.integers(1, 9, (count, 3, 4))
    rows["task"] = rng.integers(-16, 16, rows["task"].shape)
    if config == "full":
        rows["inventory"][:, :7] = rng.integers(1, 10, (count, 7, 8))
        rows["skills"] = rng.integers(0, 10, rows["skills"].shape)
    return rows


def random_listings(worlds=4, seed=0):
    """Return markets, int16[worlds, 384, 6]."""
    rng = np.random.default_rng(seed)
    listings = np.zeros((worlds, LISTING_LIMIT, len(MarketFeature)), np.int16)
    for world in range(worlds):
        count = OFFERS[world % len(OFFERS)]
        listings[world, :count] = rng.integers(1, 10, (count, len(MarketFeature)))
    return listings


def random_inputs(count, config="mini", seed=0):
    """Return what a network is given of rows that share four worlds."""
    rows = random_observations(count, config, seed).view(np.uint8).reshape(count, -1)
    if config == "mini":
        return Inputs(torch.from_numpy(rows))
    listings = torch.from_numpy(random_listings(seed=seed))
    return Inputs(torch.from_numpy(rows), listings, torch.arange(count) % len(OFFERS))
