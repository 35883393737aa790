"""Fire ammunition ten times: found or bought, equipped, and shot.

Free for all; nobody wins. It ends as `multi_task` does (rulebook, section 12).
"""

from metammo.minigames.multi_task import MultiTask
from metammo.rules.rules import FULL
from metammo.tasks.goals import count_event


class AmmoTraining(MultiTask):
    """Each agent is paid for its shots."""

    version = 1
    systems = ()
    full_systems = FULL
    task = count_event("fire_ammo", 10)
