"""What tests of runs share."""

import pytest

from metammo.learner.train import Run


@pytest.fixture
def begin():
    """Begin a run, its episodes of a few ticks where these are given; all are closed at the end."""
    runs = []

    def start(settings, ticks=None):
        run = Run(settings)
        runs.append(run)
        step = run.batch.step

        def hurried(actions):
            run.batch.worlds["rule_horizon"][:] = ticks
            return step(actions)

        if ticks is not None:
            run.batch.step = hurried
        return run

    yield start
    for run in runs:
        run.batch.close()
