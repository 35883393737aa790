"""What follows a step is valued by what was seen there: the last observation of lives cut short."""

from dataclasses import replace

import pytest
import torch

from metammo.policies.inputs import Inputs
from tests.learner.runs import settings_in


@pytest.fixture
def run(begin, tmp_path):
    """A run whose episodes end within a rollout; opponents play a quarter of the seats."""
    settings = settings_in(tmp_path, rollout=16)
    pool = replace(settings.pool, share=0.25, others=("scripted",))
    return begin(replace(settings, pool=pool), ticks=(5, 9))


def watched(run):
    """Return a list that grows, at each tick, by what the actor has to value, and its memory."""
    batch, step, seen = run.batch, run.batch.step, []

    def stepped(actions):
        answer = step(actions)
        rows = (batch.final_observation_bytes, batch.observation_bytes)
        final, present = (torch.tensor(each).flatten(0, 1) for each in rows)
        seen.append((final, present, run.actor.state.clone()))
        return answer

    batch.step = stepped
    return seen


def test_what_follows_a_step_is_valued_by_what_is_seen_there(run):
    seen = watched(run)
    run.actor.collect()
    buffer, module = run.actor.buffer, run.algorithm.acting
    assert len(seen) == buffer.steps
    counts = torch.zeros(2)
    for step, (final, present, state) in enumerate(seen):
        with torch.no_grad():
            of_final, of_present = (module.step(Inputs(x), state)[1] for x in (final, present))
        following = buffer.next_values[step]
        cut_short = buffer.alive[step] & buffer.truncated[step]
        goes_on = buffer.alive[step] & ~buffer.ends[step]
        assert torch.allclose(following[cut_short], of_final[cut_short], atol=1e-6)
        assert torch.allclose(following[goes_on], of_present[goes_on], atol=1e-6)
        if cut_short.any():
            # The next episode has begun, and is another sight.
            assert not torch.allclose(of_final[cut_short], of_present[cut_short], atol=1e-4)
        counts += torch.stack((cut_short.sum(), goes_on.sum()))
    assert counts.min() > 50
