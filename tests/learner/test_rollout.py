"""A rollout deals out every living step once, each with the market that its agent saw."""

from types import SimpleNamespace

import pytest
import torch

from metammo.learner.rollout import Rollout


def rollout_of(worlds=1, agents=5, listings=0, steps=8, sequence=4):
    """Return a rollout whose observations say which step and row they are of."""
    batch = SimpleNamespace(
        world_count=worlds,
        agent_count=agents,
        layout=SimpleNamespace(row_bytes=2),
        masks=torch.zeros(worlds, agents, 3),
        markets=torch.zeros(worlds, listings, 6),
        heads=[None, None],
    )
    buffer = Rollout(batch, steps, sequence, 4)
    generator = torch.Generator().manual_seed(0)
    buffer.alive[:] = torch.rand(buffer.alive.shape, generator=generator) < 0.6
    buffer.observations[:, :, 0] = torch.arange(steps)[:, None]
    buffer.observations[:, :, 1] = torch.arange(buffer.rows)
    buffer.states[:] = torch.arange(buffer.rows)[None, :, None]
    buffer.states[:, :, 1] = torch.arange(steps // sequence)[:, None]
    buffer.actions[:] = buffer.observations.to(torch.int16)
    buffer.log_probabilities[:] = buffer.observations
    buffer.masks[:, :, :2] = buffer.observations
    buffer.begins[:] = torch.rand(buffer.begins.shape, generator=generator) < 0.3
    buffer.markets[:, :, :, 0] = torch.arange(steps)[:, None, None]
    buffer.markets[:, :, :, 1] = torch.arange(worlds)[None, :, None]
    return buffer, generator


@pytest.mark.parametrize("listings", [0, 7])
def test_every_living_step_is_dealt_once(listings):
    buffer, generator = rollout_of(worlds=3, listings=listings)
    numbers = torch.arange(float(buffer.steps * buffer.rows)).view(buffer.steps, buffer.rows)
    seen = []
    count = 0
    for minibatch in buffer.minibatches(4, generator):
        assert minibatch.begins.shape[0] == 4
        assert len(minibatch.source) == len(minibatch.living) == len(minibatch.actions)
        seen += buffer.rows_of(numbers, minibatch.source).tolist()
        count += 1
    assert sorted(seen) == numbers[buffer.alive].tolist()
    assert count > 3


def test_a_sequence_begins_with_its_own_memory():
    buffer, generator = rollout_of(worlds=2, listings=7)
    for minibatch in buffer.minibatches(4, generator):
        sequence = minibatch.living % minibatch.begins.shape[1]
        step, row = minibatch.inputs.rows.float().unbind(1)
        assert torch.equal(minibatch.state[sequence, 0], row)
        assert torch.equal(minibatch.state[sequence, 1], step // buffer.sequence)


def test_what_belongs_to_a_row_comes_with_it():
    buffer, generator = rollout_of(worlds=2, listings=7)
    for minibatch in buffer.minibatches(4, generator):
        rows = minibatch.inputs.rows
        assert torch.equal(minibatch.actions, rows.long())
        assert torch.equal(minibatch.log_probabilities, rows.float())
        assert torch.equal(minibatch.masks[:, :2], rows)
        step, row = rows.long().unbind(1)
        assert torch.equal(minibatch.begins.view(-1)[minibatch.living], buffer.begins[step, row])


def test_generators_stay_alike_whoever_lives():
    states = []
    for living in (500, 524):
        buffer, generator = rollout_of(worlds=4, agents=128, listings=7)
        buffer.alive[:] = torch.arange(buffer.rows) < living
        list(buffer.minibatches(4, generator))
        states.append(generator.get_state())
    assert torch.equal(*states)


def test_each_row_gets_the_market_of_its_world_and_step():
    buffer, generator = rollout_of(worlds=3, listings=7)
    for minibatch in buffer.minibatches(4, generator):
        markets, world_of = minibatch.inputs.markets, minibatch.inputs.world_of
        rows = minibatch.inputs.rows
        seen = markets[world_of][:, 0]
        assert torch.equal(seen[:, 0], rows[:, 0].to(torch.int16))
        assert torch.equal(seen[:, 1], (rows[:, 1] // 5).to(torch.int16))
        # Minibatches are large enough for all agents of a world: no market comes twice.
        pairs = {(int(step), int(world)) for step, world in markets[:, 0, :2]}
        assert len(pairs) == len(markets)


def test_small_minibatches_part_a_worlds_agents_and_are_alike():
    buffer, generator = rollout_of(worlds=3, agents=32, listings=7)
    living = int(buffer.alive.sum())
    sizes = []
    for minibatch in buffer.minibatches(24, generator):
        sizes.append(len(minibatch.source))
        seen = minibatch.inputs.markets[minibatch.inputs.world_of][:, 0]
        assert torch.equal(seen[:, 1], (minibatch.inputs.rows[:, 1] // 32).to(torch.int16))
    assert sum(sizes) == living
    assert max(sizes) < 2 * living / 24


def test_there_are_as_many_minibatches_as_asked_for_even_without_rows():
    buffer, generator = rollout_of(agents=2)
    rows = [len(minibatch.source) for minibatch in buffer.minibatches(6, generator)]
    assert len(rows) == 6
    assert 0 in rows
    assert sum(rows) == int(buffer.alive.sum())


def test_sequences_that_fill_a_minibatch_are_dealt_alike():
    buffer, generator = rollout_of(worlds=3, listings=7)
    buffer.alive[:] = True
    # Two sequences of each of three worlds, of whose 5 agents 4 steps are dealt together.
    rows = [len(minibatch.source) for minibatch in buffer.minibatches(6, generator)]
    assert rows == [20] * 6


def test_without_markets_none_are_given():
    buffer, generator = rollout_of()
    minibatch = next(buffer.minibatches(1, generator))
    assert minibatch.inputs.markets is None
    assert minibatch.inputs.world_of is None


def test_a_rollout_is_whole_sequences():
    with pytest.raises(ValueError, match="multiple of the sequence"):
        rollout_of(sequence=3)
