"""How tasks are told to a policy: different ones differ, like ones lie near, sentences serve."""

import hashlib
import sys
from types import ModuleType

import numpy as np
import pytest

import metammo
from metammo.envs.scenario import Scenario
from metammo.jit import entry
from metammo.tasks.curriculum import EVALUATION, TRAINING
from metammo.tasks.embedding import BITS, LIMIT, embed_sentences, told_predicate
from metammo.tasks.goals import (
    attain_skill,
    buy_item,
    can_see_tile,
    count_event,
    earn_gold,
    equip_item,
    gain_experience,
    harvest_item,
    hoard_gold,
    occupy_tile,
    own_item,
    score_hit,
    tick_ge,
)
from metammo.tasks.tasks import TaskError
from tests.contract.batches import only


@entry
def told(task):
    return told_predicate(task, int(0))


@pytest.fixture(scope="module")
def vector_of():
    scene = Scenario(["..."] * 3, size="standard", config="full")
    anna = scene.player(1, 1)

    def vector(task):
        scene.ask(anna, task)
        return scene["task_vector"][anna].astype(int)

    return vector


@pytest.mark.pure
def test_different_tasks_have_different_vectors(vector_of):
    seen = {}
    for task in (*TRAINING.tasks, *EVALUATION.tasks):
        vector = vector_of(task)
        assert abs(vector).max() <= LIMIT
        assert seen.setdefault(tuple(vector), str(task)) == str(task)
    assert len(seen) == 1342


@pytest.mark.pure
@pytest.mark.parametrize(
    ("task", "near", "far"),
    [
        (own_item("hat", 3), own_item("hat", 4), own_item("hat", 8)),
        (own_item("hat", 3), own_item("top", 3), own_item("rod", 3)),
        (own_item("hat", 3), equip_item("hat", 3), attain_skill("fishing", 3)),
        (harvest_item("arrow", 2, 3), harvest_item("arrow", 2, 5), harvest_item("arrow", 2, 50)),
        (buy_item("bow", 2), buy_item("bow", 3), can_see_tile("fish")),
        (hoard_gold(20), hoard_gold(30), hoard_gold(1)),
        (hoard_gold(20), earn_gold(20), count_event("eat_food", 20)),
        (attain_skill("melee", 4), attain_skill("melee", 5), attain_skill("fishing", 4)),
        (gain_experience("mage", 50), gain_experience("mage", 100), tick_ge(50)),
        (score_hit("range", 5), score_hit("range", 7), score_hit("range", 50)),
        (occupy_tile((5, 5)), occupy_tile((5, 7)), occupy_tile((-40, 30))),
        (tick_ge(150), tick_ge(200), tick_ge(1024)),
        (equip_item("spear"), attain_skill("melee", 2), attain_skill("alchemy", 2)),
    ],
    ids=str,
)
def test_like_tasks_lie_near(vector_of, task, near, far):
    def distance(other):
        return abs(vector_of(task) - vector_of(other)).sum()

    assert 0 < distance(near) < distance(far)


@pytest.mark.pure
def test_how_predicates_are_combined_is_told(vector_of):
    one, other = hoard_gold(5), own_item("hat")
    combined = [one & other, one | other, one * other, one + other, one - other, one, ~one]
    combined += [0.5 * one + other, one + 0.5 * other]
    assert len({tuple(vector_of(task)) for task in combined}) == len(combined)


@pytest.mark.pure
def test_a_vector_tells_its_predicate(vector_of):
    for task in (tick_ge(5), own_item("hat"), 0.3 * equip_item("spear") + 0.7 * hoard_gold(5)):
        assert told(vector_of(task)) == task.steps[0].code
    assert told(np.zeros(32, int)) == -1


class Model:
    """Stands in for a language model: a sentence's words, each a direction of its own."""

    def __init__(self, folder, local_files_only):
        assert local_files_only
        self.folder = folder

    def encode(self, sentences):
        vectors = np.zeros((len(sentences), 48))
        for row, sentence in zip(vectors, sentences, strict=True):
            for word in sentence.split():
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
                row += np.random.default_rng(seed).standard_normal(48)
        return vectors


@pytest.fixture
def model_folder(monkeypatch, tmp_path):
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = Model
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return tmp_path


@pytest.mark.pure
def test_sentences_make_vectors_of_their_own(model_folder):
    tasks = (own_item("hat", 3), own_item("hat", 4), tick_ge(100))
    vectors = embed_sentences(tasks, model_folder)
    assert (vectors.dtype, vectors.shape) == (np.int8, (3, 32 - BITS))
    assert vectors.any(1).all()
    apart = abs(vectors.astype(int) - vectors[0]).sum(1)
    assert 0 < apart[1] < apart[2]
    # What else is asked does not matter.
    assert (embed_sentences(tasks[2:], model_folder)[0] == vectors[2]).all()


@pytest.mark.pure
def test_without_model_or_library_it_says_what_to_do(monkeypatch, tmp_path):
    with pytest.raises(TaskError, match=r"no model folder .*nowhere"):
        embed_sentences([tick_ge(5)], tmp_path / "nowhere")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(TaskError, match=r"pip install 'metammo\[sentences\]'"):
        embed_sentences([tick_ge(5)], tmp_path)


def test_a_batch_tells_its_tasks_by_their_sentences(model_folder):
    options = {"seed": 1, "threads": 1}
    batch = metammo.make_vec(only("multi_task"), 2, task_embedding=model_folder, **options)
    plain = metammo.make_vec(only("multi_task"), 2, **options)
    every = [task for tasks in batch.tasks for task in tasks]
    expected = embed_sentences(every, model_folder)
    numbers = batch.worlds.task_number
    assert len(np.unique(numbers)) > 20
    assert (batch.worlds.task_vector[..., BITS:] == expected[numbers]).all()
    # The predicate is told as ever.
    assert (batch.worlds.task_vector[..., :BITS] == plain.worlds.task_vector[..., :BITS]).all()
    assert (batch.worlds.task_vector != plain.worlds.task_vector).any()
