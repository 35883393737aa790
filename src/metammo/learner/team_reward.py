"""How an agent is paid for what its team does: a part of its reward is shared."""

import numpy as np
from numpy.typing import NDArray


def share_rewards(
    rewards: NDArray[np.float32],
    teams: NDArray[np.int16],
    alive: NDArray[np.bool_],
    part: float,
) -> NDArray[np.float32]:
    """Return rewards of which a part is paid as the mean of the team's members.

    It is the mean of those who acted in this tick, who die in it included: the dead before it would
    learn nothing from a reward, and a team is paid as much together as without sharing, however few
    are left. Who has died is not paid for what its team does later.

    Args:
        rewards: float32[worlds, agents].
        teams: the agents' teams when they acted, int16[worlds, agents], from 0; -1: nobody's seat.
        alive: bool[worlds, agents], who acted.
        part: that is shared, 0..1.
    """
    worlds, _ = rewards.shape
    count = max(int(teams.max()) + 1, 1)
    # Each team of each world has a number of its own.
    place = np.arange(worlds)[:, None] * count + np.maximum(teams, 0)
    acting = alive & (teams >= 0)
    members = np.bincount(place[acting], minlength=worlds * count)
    sums = np.bincount(place[acting], rewards[acting], worlds * count)
    means = (sums / np.maximum(members, 1))[place]
    shared: NDArray[np.float32] = np.where(acting, (1 - part) * rewards + part * means, rewards)
    return shared.astype(np.float32)
