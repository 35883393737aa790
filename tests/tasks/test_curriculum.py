"""The curriculum is the competition's: its counts, weights and names; each task says what it is."""

import ast
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import metammo.tasks.goals
from metammo.rules.rules import FULL, MINI
from metammo.tasks.curriculum import (
    CATEGORIES,
    EVALUATION,
    PUBLISHED_CATEGORIES,
    TRAINING,
    WHOLE_EPISODE,
)
from metammo.tasks.goals import tick_ge

PUBLISHED = Path(__file__).parents[3] / "shared" / "reference" / "published" / "full_mt"
EVERY = (*TRAINING.tasks, *EVALUATION.tasks)


def plain(task):
    """Return a task without what a list adds to it."""
    return replace(task, weight=1.0, category="")


def first_word(task):
    return re.sub(r"\W.*", "", task.expression.lstrip("(0.3* "))


def test_training_has_the_competitions_families_and_weights():
    counts, weights = Counter(), Counter()
    for task in TRAINING.tasks:
        counts[first_word(task)] += 1
        weights[first_word(task)] += task.weight
    # `equip_item` alone, 112 of weight 126, and with experience, 56 of weight 2,800.
    assert counts == {
        "tick_ge": 9,
        "count_event": 144,
        "can_see_tile": 7,
        "attain_skill": 56,
        "equip_item": 112 + 56,
        "occupy_tile": 1,
        "can_see_agent": 4,
        "score_hit": 33,
        "hoard_gold": 11,
        "earn_gold": 11,
        "spend_gold": 11,
        "make_profit": 11,
        "inventory_space": 21,
        "own_item": 224,
        "consume_item": 28,
        "harvest_item": 112,
        "list_item": 224,
        "buy_item": 224,
    }
    assert weights["count_event"] == 3807
    assert weights["equip_item"] == 126 + 2800
    assert weights["attain_skill"] == 640
    assert {weights[name] for name in ("own_item", "list_item", "buy_item")} == {288}
    assert len(TRAINING.tasks) == 1299
    assert sum(task.weight for task in TRAINING.tasks) == 8995


def test_survival_is_the_only_task_that_training_has_twice():
    counts = Counter(str(task) for task in TRAINING.tasks)
    assert [name for name, count in counts.items() if count > 1] == [str(tick_ge(WHOLE_EPISODE))]


def test_evaluation_has_six_categories():
    counts = Counter(task.category for task in EVALUATION.tasks)
    assert list(counts) == list(CATEGORIES)
    assert list(counts.values()) == [1, 3, 2, 8, 44, 5]
    assert sum(counts[name] for name in PUBLISHED_CATEGORIES) == 62
    assert len({str(task) for task in EVALUATION.tasks}) == 63


NAMES = {
    "TickGE": "tick_ge",
    "CountEvent": "count_event",
    "DefeatEntity": "defeat_entity",
    "OccupyTile": "occupy_tile",
    "AttainSkill": "attain_skill",
    "HarvestItem": "harvest_item",
    "ConsumeItem": "consume_item",
    "EquipItem": "equip_item",
    "FullyArmed": "fully_armed",
    "EarnGold": "earn_gold",
    "HoardGold": "hoard_gold",
    "MakeProfit": "make_profit",
}
FIELDS = r"event|N|agent_type|level|num_agent|row|col|skill|item|quantity|combat_style|amount"


def task_of(published):
    """Return our task by the name that the published results have for it."""
    name, text = re.fullmatch(
        r"curriculum/Task_(\w+?)_\((.*)\)_reward_to:agent", published
    ).groups()
    values = dict(re.findall(rf"({FIELDS}):(\w+?)(?=_(?:{FIELDS}):|$)", text))
    values = {key: int(v) if v.isdigit() else v.lower() for key, v in values.items()}
    make = getattr(metammo.tasks.goals, NAMES[name])
    if name == "OccupyTile":
        return make((values["row"] - 80, values["col"] - 80))
    if name == "DefeatEntity":
        return make(values["agent_type"], values["num_agent"], values["level"])
    return make(*values.values())


def test_evaluation_names_the_tasks_of_the_published_results():
    files = sorted(PUBLISHED.glob("curriculum_info_*.json"))
    if not files:
        pytest.skip("the published results are not beside this checkout")
    names = set()
    for path in files:
        for rows in json.loads(path.read_text()).values():
            names |= set(rows) - {"length"}
    # The centre has two names, a word and a tile.
    ours = {str(task) for task in EVALUATION.tasks if task.category in PUBLISHED_CATEGORIES}
    theirs = {str(task_of(name)).replace("(0, 0)", "'center'") for name in names}
    assert len(names) == 62
    assert theirs == ours


def test_no_two_different_tasks_share_an_expression_or_a_sentence():
    expressions, sentences = {}, {}
    for task in map(plain, EVERY):
        assert expressions.setdefault(str(task), task) == task
        assert sentences.setdefault(task.sentence, task) == task
    assert len(expressions) == len(sentences) == 1342


def test_an_expression_read_as_python_gives_the_same_task():
    names = vars(metammo.tasks.goals)
    for task in map(plain, EVERY):
        ast.parse(str(task), mode="eval")
        assert eval(str(task), dict(names)) == task


def test_sentences_read_as_english():
    for task in EVERY:
        assert not re.search(r"\ba [aeio]|\ban [^aeioN]|_|  ", task.sentence), task.sentence
        assert not re.search(r"(?<!level )\b1 ", task.sentence), task.sentence
        assert not re.search(r"\b[2-9]\d* (piece|item|point|tile|tick|place)\b", task.sentence)


def test_each_config_draws_what_its_systems_allow():
    assert EVALUATION.within(FULL) == list(EVALUATION.tasks)
    assert TRAINING.within(FULL) == list(TRAINING.tasks)
    expected = {
        "tick_ge",
        "count_event",
        "can_see_tile",
        "occupy_tile",
        "can_see_agent",
        "score_hit",
    }
    mini = TRAINING.within(MINI)
    assert {first_word(task) for task in mini} == expected
    # Ore, trees and the like stand on no map without professions.
    assert sum(first_word(task) == "can_see_tile" for task in mini) == 2
    assert {str(task) for task in EVALUATION.within(MINI)} == {
        "tick_ge(1024)",
        "count_event('player_kill', 20)",
        "defeat_entity('npc', 20, level=1)",
        "defeat_entity('npc', 20, level=3)",
        "count_event('go_farthest', 64)",
        "occupy_tile('center')",
    }
