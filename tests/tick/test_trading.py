"""The market and gifts (rulebook, section 10)."""

import pytest

from metammo.envs.scenario import Scenario
from metammo.rules.items import Item
from metammo.world.columns import Event

pytestmark = pytest.mark.pure


def field(count=3, **rules):
    scene = Scenario(["......."] * 5, config="full", **rules)
    return scene, *(scene.player(2, 2 * place, gold=20) for place in range(count))


def test_an_item_changes_hands_for_its_price():
    scene, anna, bert, _ = field()
    arrows = scene.item(anna, "arrow", 3, quantity=6)
    scene.tick({anna: {"sell": (arrows, 8)}})
    assert scene["item_price"][anna, arrows] == 8
    scene.tick({bert: {"buy": (anna, arrows)}})
    assert scene.items(anna) == []
    assert scene.items(bert) == [("arrow", 3, 6)]
    assert scene["gold"][[anna, bert]].tolist() == [28, 12]
    assert scene["item_price"][bert].max() == 0
    assert scene["gold_earned"][anna] == scene["gold_spent"][bert] == 8
    counts = scene["event_count"]
    assert counts[anna, [Event.LIST_ITEM, Event.EARN_GOLD]].tolist() == [1, 1]
    assert counts[bert, Event.BUY_ITEM] == 1
    assert scene["item_events"][anna, 2, Item.ARROW, 3] == 6
    assert scene["item_events"][bert, 3, Item.ARROW, 3] == 6


@pytest.mark.parametrize(("waited", "bought"), [(0, True), (2, True), (3, False)])
def test_a_listing_lapses_after_three_ticks(waited, bought):
    scene, anna, bert, _ = field()
    hat = scene.item(anna, "hat")
    scene.tick({anna: {"sell": (hat, 1)}})
    if waited:
        scene.tick(ticks=waited)
    scene.tick({bert: {"buy": (anna, hat)}})
    assert (len(scene.items(bert)) == 1) == bought


def test_a_listing_stands_until_it_lapses():
    scene, anna, bert, _ = field()
    hat = scene.item(anna, "hat", price=9)
    scene.tick({anna: {"sell": (hat, 2), "give": (hat, bert), "use": hat}})
    assert scene["item_price"][anna, hat] == 9
    assert scene.items(bert) == []


@pytest.mark.parametrize(
    "hindrance", ["gold", "own", "room", "combat", "frozen", "worn", "price 0", "price 100"]
)
def test_what_hinders_a_sale(hindrance):
    scene, anna, bert, _ = field()
    hat = scene.item(anna, "hat", worn=hindrance == "worn")
    price = {"price 0": 0, "price 100": 100}.get(hindrance, 5)
    if hindrance in ("combat", "worn", "price 0", "price 100"):
        attack = {"attack": bert} if hindrance == "combat" else {}
        scene.tick({anna: {"sell": (hat, price), **attack}})
        assert scene["item_price"][anna, hat] == 0
        return
    scene.tick({anna: {"sell": (hat, price)}})
    buyer = bert
    if hindrance == "gold":
        scene.set(bert, gold=4)
    if hindrance == "own":
        buyer = anna
    if hindrance == "room":
        for _ in range(12):
            scene.item(bert, "potion")
    if hindrance == "frozen":
        scene.set(bert, freeze=2)
    scene.tick({buyer: {"buy": (anna, hat)}})
    assert scene["item_price"][anna, hat] == 5
    assert scene["gold"][anna] == 20


def test_a_full_inventory_buys_what_stacks():
    scene, anna, bert, _ = field()
    runes = scene.item(anna, "runes", 2, quantity=3, price=1)
    scene.item(bert, "runes", 2, quantity=1, worn=True)
    for _ in range(11):
        scene.item(bert, "potion")
    scene.tick({bert: {"buy": (anna, runes)}})
    assert ("runes", 2, 4) in scene.items(bert)


def test_of_two_buyers_one_gets_it_and_not_always_the_same():
    winners = set()
    for seed in range(12):
        scene = Scenario(["......."], config="full", seed=seed)
        anna, bert, carl = (scene.player(0, place, gold=20) for place in range(3))
        hat = scene.item(anna, "hat", price=5)
        scene.tick({bert: {"buy": (anna, hat)}, carl: {"buy": (anna, hat)}})
        assert sorted(scene["gold"][[anna, bert, carl]].tolist()) == [15, 20, 25]
        winners.add(bert if scene.items(bert) else carl)
    assert winners == {bert, carl}


def test_gifts_of_items_and_gold():
    scene, anna, bert, carl = field()
    hat = scene.item(anna, "hat")
    scene.tick({anna: {"give": (hat, bert), "give_gold": (6, bert)}})
    assert scene.items(bert) == [("hat", 1, 1)]
    assert scene["gold"][[anna, bert]].tolist() == [14, 26]
    counts = scene["event_count"][anna]
    assert counts[[Event.GIVE_ITEM, Event.GIVE_GOLD]].tolist() == [1, 1]
    # What is received can be given on in the next tick.
    scene.tick({bert: {"give": (0, carl)}, anna: {"give_gold": (15, bert)}})
    assert scene.items(carl) == [("hat", 1, 1)]
    hat = scene.item(anna, "hat")
    scene.tick({anna: {"give": (hat, bert)}, bert: {"give": (0, carl)}})
    assert scene.items(bert) == [("hat", 1, 1)]
    assert scene["gold"][anna] == 14


@pytest.mark.parametrize("hindrance", ["far", "npc", "self", "dead", "full", "worn", "combat"])
def test_what_hinders_a_gift(hindrance):
    scene = Scenario(["." * 9] * 3, config="full")
    anna = scene.player(1, 0, gold=9)
    bert = scene.player(1, 8 if hindrance == "far" else 4)
    hat = scene.item(anna, "hat", worn=hindrance == "worn")
    receiver = bert
    if hindrance == "npc":
        receiver = scene.npc("passive", 1, 1)
    if hindrance == "self":
        receiver = anna
    if hindrance == "dead":
        scene.set(bert, health=0)
    if hindrance == "full":
        for _ in range(12):
            scene.item(bert, "potion")
    if hindrance == "combat":
        scene.set(anna, combat_tick=1)
        scene.worlds[0].tick = 2
    gold = hindrance not in ("full", "worn")
    scene.tick({anna: {"give": (hat, receiver), **({"give_gold": (3, receiver)} if gold else {})}})
    assert scene["item_type"][anna, hat] == Item.HAT
    assert scene["gold"][anna] == 9
