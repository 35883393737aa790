"""People in a live game: what they ask for happens, and nothing else does.

All in the full config: what compiles for it, compiles once.
"""

import numpy as np
import pytest

from metammo.actions import FULL_HEADS, no_op
from metammo.live.messages import AskError
from metammo.live.person import Person
from metammo.rules.items import Item
from tests.live.pages import CALM, FULL, listen, make_table, watch

NORTH, SOUTH, EAST, WEST, STAY = range(5)
RATION_PLACE, HAT_PLACE, SPARE_PLACE = range(3)


def test_a_person_walks_as_asked():
    async def body(address, session):
        async with listen(address) as page:
            await page.take(0)
            assert page.state["people"] == [0]
            assert page.state["own"] == 0
            walked = 0
            for move, row, col in ((NORTH, -1, 0), (EAST, 0, 1), (SOUTH, 1, 0), (WEST, 0, -1)):
                # A place from which this can be done comes by.
                for _ in range(4):
                    if move in page.seat["moves"]:
                        break
                    await page.act(move=page.seat["moves"][0])
                    await page.step()
                if move not in page.seat["moves"]:
                    continue
                before = page.row_of("entity_row", 0) + row, page.row_of("entity_col", 0) + col
                await page.act(move=move)
                assert page.seat["pending"] == {"move": move}
                await page.step()
                assert page.seat["pending"] == {}
                assert (page.row_of("entity_row", 0), page.row_of("entity_col", 0)) == before
                walked += 1
            assert walked >= 3
            place = page.row_of("entity_row", 0), page.row_of("entity_col", 0)
            await page.step()
            # Nothing asked, nothing done.
            assert (page.row_of("entity_row", 0), page.row_of("entity_col", 0)) == place

    watch(body, setting=FULL)


def test_an_attack_and_a_word_land_as_asked():
    async def body(address, session):
        async with listen(address) as page:
            await page.take(2)
            while not page.seat["targets"]:
                await page.step()
            target = page.seat["targets"][-1]
            assert target["styles"] == [0, 1, 2]
            await page.act(attack=target["entity"], style=2, say=77)
            await page.act(move=STAY)
            assert page.seat["pending"] == {
                "attack": target["entity"],
                "style": 2,
                "say": 77,
                "move": STAY,
            }
            frame = await page.step()
            assert frame["entity_target"][2] == target["entity"]
            assert frame["entity_style"][2] == 2
            assert frame["player_message"][2] == 77

    watch(body, setting=FULL)


def test_npcs_are_meant_by_their_rows():
    table = make_table(**FULL)
    world, person = table.batch.worlds[0], Person(table.batch, 0)
    person.batch.worlds.player_count[0] = 12
    # Of rows of NPCs a replay knows those behind the last agent.
    first = table.batch.sizes.players
    world.observed_entity[0] = -1
    world.observed_entity[0, :3] = [5, first + 1, first]
    assert person._rows(np.arange(3)) == [5, 13, 12]
    assert [person._slot(row) for row in (5, 13, 12, 14, -1, 10**9)] == [0, 1, 2, -1, -1, -1]


def test_what_cannot_be_done_now_is_said_and_the_rest_stands():
    async def body(address, session):
        async with listen(address) as page:
            await page.take(0)
            await page.act(say=5)
            wall = next((move for move in range(4) if move not in page.seat["moves"]), 9)
            everything = {row["entity"] for row in page.seat["targets"]}
            nobody = next(row for row in range(40) if row not in everything)
            for parts, words in (
                ({"move": wall}, f"move {wall} cannot be done now"),
                ({"move": 5}, "move 5"),
                ({"move": -1}, "move -1"),
                ({"move": True}, "move is a whole number or null, got True"),
                ({"move": 1.0}, "a whole number or null, got 1.0"),
                ({"attack": nobody}, f"attack {nobody} cannot be done now"),
                ({"attack": 0}, "attack 0"),
                ({"attack": -1}, "attack -1"),
                ({"attack": 10**30}, "attack 1000"),
                ({"style": 3}, "style 3"),
                ({"say": 128}, "say 128"),
                ({"say": -1}, "say -1"),
                ({"use": 0}, "use 0 cannot be done now"),
                ({"sell": 0}, "sell goes with price"),
                ({"sell": 0, "price": 5}, "sell 0"),
                ({"give": 0}, "give goes with to"),
                ({"gold": 1, "gold_to": 1}, "gold 1"),
                ({"end": 1}, "end is true or false"),
                ({"frame": 7}, "frame 7 is not one of the last 16"),
                ({"frame": "0"}, "frame '0' is not one"),
            ):
                count = len(page.errors)
                await page.act(**parts)
                assert len(page.errors) == count + 1, parts
                assert words in page.errors[-1]
            await page.act(style=1)
            assert page.seat["pending"] == {"say": 5, "style": 1}
            # What changes nothing is answered, too.
            await page.act(style=1)
            await page.act(say=0, style=None)
            assert page.seat["pending"] == {}

    watch(body, setting=FULL)


def test_what_becomes_impossible_is_left_out():
    table = make_table(**FULL)
    batch = table.batch
    person = Person(batch, 0)
    mask = batch.masks[0, 0].copy()
    move = int(np.flatnonzero(mask[:4])[0])
    person.ask({"move": move, "say": 3}, mask)
    mask[move] = 0
    action, _ = person.act(batch.observations[0][:1], mask[None], None)
    assert action.tolist() == [[STAY, 0, 32, 2, *no_op(FULL_HEADS)[4:]]]
    assert person.asked == {}


def test_nobody_takes_what_is_not_to_be_had():
    def kill(batch):
        batch.worlds.entity_is_alive[0, 1] = 0
        batch.observe()

    async def body(address, session):
        async with listen(address) as page, listen(address) as other:
            await page.take(0)
            await other.until(lambda page: page.state["people"] == [0])
            await other.ask("take", agent=0)
            await other.until(lambda page: page.errors == ["agent 0 is somebody else's"])
            await other.ask("take", agent=1)
            await other.until(lambda page: page.errors[1:] == ["agent 1 is dead"])
            # What fails takes nothing away.
            await other.take(3)
            await other.ask("take", agent=1)
            await other.until(lambda page: len(page.errors) == 3)
            assert other.state["own"] == 3
            await other.take(4)
            await page.until(lambda page: page.state["people"] == [0, 4])
            await page.ask("leave")
            await other.until(lambda page: page.state["people"] == [4])

    watch(body, setting=FULL, prepare=kill)


def test_by_turns_a_tick_waits_for_every_person():
    async def body(address, session):
        async with listen(address) as page, listen(address) as other:
            await page.take(0)
            await other.take(5)
            await page.act(move=STAY)
            await page.act(end=True)
            assert page.seat["pending"] == {"move": STAY, "end": True}
            await other.act(move=STAY)
            assert len(page.frames) == len(other.frames) == 1
            await other.act(end=True)
            await other.until(lambda page: len(page.frames) == 2)
            await page.until(lambda page: len(page.frames) == 2 and page.seat["frame"] == 1)
            assert page.seat["pending"] == {}
            await page.act(end=True)
            # Whoever goes keeps nobody waiting.
            await other.ask("leave")
            await page.until(lambda page: len(page.frames) == 3)

    watch(body, setting=FULL, pace="turn")


def test_by_turns_the_clock_goes_on_where_nobody_plays():
    async def body(address, session):
        session.speed = 32.0
        async with listen(address) as page:
            await page.until(lambda page: len(page.frames) > 4)

    watch(body, setting=FULL, pace="turn", is_playing=True)


def test_a_page_that_dies_leaves_its_agent_to_the_policy():
    async def body(address, session):
        async with listen(address) as page:
            async with listen(address) as other:
                await other.take(0)
                await page.until(lambda page: page.state["people"] == [0])
                other.connection.transport.abort()
            await page.until(lambda page: page.state["people"] == [])
            # Who plays at random talks all the time.
            assert page.row_of("player_message", 0) == 0
            await page.step()
            await page.step()
            assert page.row_of("player_message", 0) > 0

    watch(body, setting=FULL, policies=("random",))


def outfit(batch):
    """Put agents 0 and 1 side by side, with gold; give the first of them things to handle."""
    world = batch.worlds[0]
    for place, kind in enumerate((Item.RATION, Item.HAT, Item.TOP)):
        world.item_type[0, place] = int(kind)
        world.item_level[0, place] = world.item_quantity[0, place] = 1
    world.entity_gold[:2] = 50
    world.player_food[0] = 40
    world.entity_row[1], world.entity_col[1] = world.entity_row[0], world.entity_col[0]
    world.tile_first_entity[:] = -1
    world.entity_next[:] = -1
    for entity in np.flatnonzero(world.entity_is_alive):
        tile = world.entity_row[entity], world.entity_col[entity]
        world.entity_next[entity] = world.tile_first_entity[tile]
        world.tile_first_entity[tile] = entity
    batch.observe()


def test_items_are_used_sold_bought_and_given():
    async def body(address, session):
        async with listen(address) as page, listen(address) as other:
            await page.take(0)
            await other.take(1)
            assert page.seat["use"] == page.seat["sell"] == page.seat["give"] == [0, 1, 2]
            assert page.seat["prices"] == [1, 99]
            assert 1 in page.seat["receivers"]
            assert 1 in page.seat["gold_receivers"]
            assert page.seat["offers"] == []
            await page.act(use=RATION_PLACE, gold=7, gold_to=1)
            frame = await page.step()
            assert frame["item_type"][0].tolist()[:3] == [0, Item.HAT, Item.TOP]
            assert frame["player_food"][0] > 40
            assert frame["entity_gold"][:2].tolist() == [43, 57]
            assert page.seat["destroy"] == [1, 2]
            await page.act(use=HAT_PLACE, sell=SPARE_PLACE, price=9)
            frame = await page.step()
            assert frame["item_worn"][0].tolist()[:3] == [0, 1, 0]
            assert frame["item_price"][0].tolist()[:3] == [0, 0, 9]
            await other.until(lambda page: page.seat["frame"] == 2)
            offer = {"seller": 0, "type": Item.TOP, "level": 1, "quantity": 1, "price": 9}
            assert other.seat["offers"] == [{"listing": 0, **offer}]
            await other.act(buy=0)
            frame = await page.step()
            assert frame["entity_gold"][:2].tolist() == [52, 48]
            assert Item.TOP in frame["item_type"][1]
            assert Item.TOP not in frame["item_type"][0]
            await page.act(use=HAT_PLACE)
            await page.step()
            await page.act(give=HAT_PLACE, to=1)
            frame = await page.step()
            assert Item.HAT in frame["item_type"][1]
            assert not frame["item_type"][0].any()
            await page.act(gold=53, gold_to=1)
            assert page.errors == ["gold 53 cannot be done now"]

    watch(body, setting=CALM, prepare=outfit, policies=("scripted",))


def test_what_was_seen_is_meant_though_its_number_has_changed():
    batch = make_table(("scripted",), **CALM).batch
    outfit(batch)
    world, person = batch.worlds[0], Person(batch, 0)

    def offer(seller, kind, price):
        world.item_type[seller, 0], world.item_level[seller, 0] = int(kind), 1
        world.item_quantity[seller, 0], world.item_price[seller, 0] = 1, price

    def look(frame):
        batch.observe()
        person.look(frame)

    def ask(**given):
        person.ask(given, batch.masks[0, 0])

    offer(5, Item.TOP, 9)
    look(0)
    offer(2, Item.HAT, 4)
    look(1)
    assert batch.markets[0, :2, 4].tolist() == [2, 5]
    ask(buy=0, use=0, frame=0)
    assert person.asked == {"buy": 1, "use": 0}
    ask(buy=0, frame=1)
    assert person.asked["buy"] == 0
    offer(5, 0, 0)
    world.item_type[0, RATION_PLACE] = int(Item.BOTTOM)
    look(2)
    for given, words in (
        ({"buy": 0}, "buy 0: the offer is gone"),
        ({"use": RATION_PLACE}, "use 0: what was there is gone"),
        ({"sell": RATION_PLACE, "price": 3}, "sell 0: what was there is gone"),
    ):
        with pytest.raises(AskError, match=words):
            ask(**given, frame=0)
    for frame in range(3, 20):
        person.look(frame)
    with pytest.raises(AskError, match="frame 2 is not one of the last 16"):
        ask(frame=2)


def test_what_is_thrown_away_is_gone_and_a_sale_can_be_taken_back():
    async def body(address, session):
        async with listen(address) as page:
            await page.take(0)
            await page.act(sell=HAT_PLACE, price=3, destroy=SPARE_PLACE)
            await page.act(sell=None)
            assert page.seat["pending"] == {"destroy": SPARE_PLACE}
            frame = await page.step()
            assert frame["item_type"][0].tolist()[:3] == [Item.RATION, Item.HAT, 0]
            assert not frame["item_price"].any()

    watch(body, setting=CALM, prepare=outfit, policies=("scripted",))


def test_a_person_who_asks_for_nothing_does_nothing_in_the_full_config():
    table = make_table(("scripted",), **FULL)
    person = Person(table.batch, 0)
    action, state = person.act(table.batch.observations[0][:1], table.batch.masks[0][:1], None)
    assert action.tolist() == [list(no_op(FULL_HEADS))]
    assert state is None
