"""Materials: what a harvest changes, and what it does not."""

import numpy as np

from metammo.rules.materials import DEPLETED, DEPLETES_TO, IS_HABITABLE, ORIGIN, Material


def test_a_harvest_does_not_change_where_one_can_walk():
    assert (IS_HABITABLE[DEPLETED] == IS_HABITABLE).all()


def test_every_harvested_tile_knows_what_it_was():
    for whole, harvested in DEPLETES_TO.items():
        assert ORIGIN[DEPLETED[whole]] == ORIGIN[whole] == whole
        assert DEPLETED[harvested] == harvested
    others = np.setdiff1d(list(Material), list(DEPLETES_TO.values()))
    assert (ORIGIN[others] == others).all()
