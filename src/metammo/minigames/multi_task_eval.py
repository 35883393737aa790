"""Do what you are asked: the tasks by which generalists are rated."""

from metammo.minigames.multi_task import MultiTask
from metammo.tasks.curriculum import EVALUATION


class MultiTaskEval(MultiTask):
    """`multi_task` with the 63 tasks of the evaluation."""

    version = 1
    task = EVALUATION
