"""Neural MMO 2.1 as a process: reads scenes, one JSON object a line, and answers what came of each.

Run by an interpreter of its own that has `nmmo` 2.1; it imports nothing of metammo. A scene is what
`scenes.py` writes, an answer what `compare.py` reads: numbers under metammo's names. Tiles,
players, NPCs, items and listings are put where the scene says; then the masks are taken, and the
actions carried out. Growth of tiles is held back, and what is found by chance is never found.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import nmmo
import nmmo.core.config as nc
import numpy as np
from nmmo.core import action as Action  # noqa: N812
from nmmo.core.tile import Tile
from nmmo.entity.entity import EntityState
from nmmo.entity.npc import Aggressive, Equipment, Passive, PassiveAggressive
from nmmo.entity.player import Player
from nmmo.lib import material, spawn
from nmmo.lib.event_code import EventCode
from nmmo.systems import combat, droptable
from nmmo.systems import item as Item  # noqa: N812
from nmmo.systems.item import ItemState

SIDE = 48
MOVES = (Action.North, Action.South, Action.East, Action.West, Action.Stay)
STYLES = (Action.Melee, Action.Range, Action.Mage)
SKILLS = ("melee", "range", "mage", "fishing", "herbalism", "prospecting", "carving", "alchemy")
KINDS = {2: Passive, 3: PassiveAggressive, 4: Aggressive}
ITEMS = {item.ITEM_TYPE_ID: item for item in Item.ALL_ITEM}
EVENTS = {
    getattr(EventCode, name): name
    for name in dir(EventCode)
    if name.isupper() and isinstance(getattr(EventCode, name), int)
}


class Mini(nc.Medium, nc.Terrain, nc.Resource, nc.Combat, nc.NPC, nc.Communication):
    """The systems of the mini config on the smallest map."""

    PLAYER_N = 16
    HORIZON = 1024
    MAP_SIZE = SIDE
    MAP_CENTER = 16
    MAP_N = 1
    MAP_PREVIEW_DOWNSCALE = 4
    MAP_GENERATE_PREVIEWS = False
    MAP_FORCE_GENERATION = True
    MAP_RESET_FROM_FRACTAL = False
    TERRAIN_SCATTER_EXTRA_RESOURCES = False
    PROVIDE_ACTION_TARGETS = True
    PROVIDE_NOOP_ACTION_TARGET = True
    PROVIDE_DEATH_FOG_OBS = True
    COMBAT_SPAWN_IMMUNITY = 20
    WEAPON_DROP_PROB = 0.0
    NPC_LEVEL_MULTIPLIER = 0.5
    DEATH_FOG_ONSET = None
    PROGRESSION_SPAWN_CLUSTERS = 0
    PROGRESSION_SPAWN_UNIFORMS = 0


class Full(Mini, nc.Progression, nc.Item, nc.Equipment, nc.Profession, nc.Exchange):
    """The systems of the full config."""


class Peer:
    """One environment, set up anew for every scene."""

    def __init__(self, config):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)
        config.PATH_MAPS = str(Path(self.folder) / "maps")
        config.PATH_CWD = self.folder
        self.env = nmmo.Env(config)
        self.env.reset(seed=1)
        self.realm = self.env.realm
        self.config = self.env.config
        self.materials = {kind.index: kind for kind in material.All}
        self.events = []
        record = self.realm.event_log.record

        def note(event, entity, **more):
            self.events.append((int(event), int(entity.ent_id)))
            return record(event, entity, **more)

        self.realm.event_log.record = note
        # Nothing grows back: that is left to chance in both.
        Tile.step = lambda tile: None

    def clear(self, scene):
        """Empty the world and set its tiles, its clock and its fog."""
        realm = self.realm
        for group in (realm.players, realm.npcs):
            for entity in group.entities.values():
                if self.config.ITEM_SYSTEM_ENABLED:
                    for item in list(entity.inventory.items):
                        item.destroy()
                entity.datastore_record.delete()
            group.entities.clear()
            group.dead_this_tick.clear()
        realm.npcs.next_id = -1
        realm.items.clear()
        # Rows of the tables in order again: of equally near players NPCs take the first row's.
        EntityState.State.table(realm.datastore).reset()
        ItemState.State.table(realm.datastore).reset()
        realm.exchange.reset()
        realm.map.update_list.clear()
        realm.map.pathfinding_cache.clear()
        realm.tick = scene["tick"]
        for row in range(SIDE):
            for col in range(SIDE):
                tile = realm.map.tiles[row, col]
                kind = self.materials[scene["map"][row][col]]
                if type(tile.material) is not kind or tile.depleted or tile.entities:
                    tile.reset(kind, self.config, realm._np_random)
                    realm.map.habitable_tiles[row, col] = tile.habitable
        self.set_fog(scene)

    def set_fog(self, scene):
        """Let the fog be where it is at the scene's tick."""
        fog = scene["fog"]
        self.config.set_for_episode("DEATH_FOG_ONSET", fog and fog["onset"])
        if not fog:
            return
        self.config.set_for_episode("DEATH_FOG_SPEED", fog["speed"])
        self.config.set_for_episode("DEATH_FOG_FINAL_SIZE", fog["final"])
        realm, now = self.realm, self.realm.tick
        realm.tick = 0
        realm.update_fog_map(reset=True)
        for tick in range(1, now + 1):
            realm.tick = tick
            realm.update_fog_map()

    def add_players(self, scene):
        """Put the players where they stand, with all they have."""
        realm = self.realm
        for index, given in enumerate(scene["players"]):
            agent = nmmo.Agent(self.config, index + 1)
            player = Player(realm, (given["row"], given["col"]), agent, bool(given["resilient"]))
            realm.players.spawn_entity(player)
            player.history.exploration = given["exploration"]
            player.message.update(given["message"])
            if self.config.RESOURCE_SYSTEM_ENABLED:
                player.food.update(given["food"])
                player.water.update(given["water"])
            if self.config.EXCHANGE_SYSTEM_ENABLED:
                player.gold.update(given["gold"])
            if self.config.PROGRESSION_SYSTEM_ENABLED:
                for name, experience in zip(SKILLS, given["experience"], strict=True):
                    skill = getattr(player.skills, name)
                    skill.exp.update(experience)
                    level = skill.experience_calculator.level_at_exp(experience)
                    skill.level.update(int(level))
            self.set_body(player, given)
            if given["mortal_tick"] > 0:
                player._set_immortal()
                player._make_mortal_tick = given["mortal_tick"]
            player.my_task = None

    def set_body(self, entity, given):
        """Set what players and NPCs share."""
        entity.health.update(given["health"])
        entity.freeze.update(given["freeze"])
        entity.history.time_alive.update(given["time_alive"])
        entity.history.damage.update(given["damage"])
        entity.latest_combat_tick.update(given["combat_tick"])

    def add_npcs(self, scene):
        """Put the NPCs where they stand."""
        realm = self.realm
        for index, given in enumerate(scene["npcs"]):
            number = -(index + 1)
            npc = KINDS[given["kind"]](realm, (given["row"], given["col"]), number)
            npc.skills.style = STYLES[given["style"]]
            npc.droptable = droptable.Standard()
            if self.config.PROGRESSION_SYSTEM_ENABLED:
                skill = getattr(npc.skills, SKILLS[given["style"]])
                skill.set_experience_by_level(given["level"])
            if self.config.EXCHANGE_SYSTEM_ENABLED:
                npc.gold.update(given["gold"])
            if self.config.EQUIPMENT_SYSTEM_ENABLED:
                offense, defense = given["offense"], given["defense"]
                npc.equipment = Equipment(
                    given["item_level"], offense, offense, offense, defense, defense, defense
                )
            for kind in given["drops"]:
                if kind:
                    npc.droptable.add(ITEMS[kind])
            self.set_body(npc, given)
            realm.npcs.spawn_entity(npc)
        realm.npcs.next_id = -(len(scene["npcs"]) + 1)

    def add_items(self, scene):
        """Give the players what they carry."""
        listings = []
        for index, given in enumerate(scene["players"]):
            player = self.realm.players[index + 1]
            for thing in given["items"]:
                item = ITEMS[thing["type"]](self.realm, thing["level"])
                item.quantity.update(thing["quantity"])
                player.inventory.receive(item)
                if thing["worn"]:
                    item.equipped.update(1)
                    item._slot(player).equip(item)
                if thing["price"]:
                    listings.append((thing["listed_tick"], len(listings), item, player, thing))
            if self.config.EQUIPMENT_SYSTEM_ENABLED:
                level = player.equipment.total(lambda e: e.level)
                player.item_level.update(level)
        # The oldest first, as they would have come.
        for tick, _, item, player, thing in sorted(listings, key=lambda row: row[:2]):
            self.realm.exchange._list_item(item, player, thing["price"], tick)

    @staticmethod
    def words(item):
        """Return what an item is: type, level, quantity, worn, price."""
        fields = (item.type_id, item.level, item.quantity, item.equipped, item.listed_price)
        return [int(field.val) for field in fields]

    def find(self, index, words):
        """Return an item of a player that is as described, None if there is none."""
        player = self.realm.players.get(index + 1)
        if player is None:
            return None
        items = sorted(player.inventory.items, key=lambda item: item.id.val)
        return next((item for item in items if self.words(item) == words), None)

    def add_ties(self, scene):
        """Set who attacked whom, and whom NPCs hunt."""
        for group, sign in (("players", 1), ("npcs", -1)):
            for index, given in enumerate(scene[group]):
                entity = self.entity_of(sign * (index + 1))
                if given["attacker"]:
                    entity.attacker = self.entity_of(given["attacker"])
                    entity.attacker_id.update(given["attacker"])
                if given.get("target"):
                    entity.target = self.entity_of(given["target"])

    def entity_of(self, number):
        """Return players by 1, 2, ..., NPCs by -1, -2, ..."""
        return self.realm.entity_or_none(number)

    def masks(self, scene):
        """Return what the masks allow, by player; None for the dead."""
        env = self.env
        env._alive_agents = list(self.realm.players)
        env._dead_this_tick = {}
        env._current_agents = list(self.realm.players)
        for number in self.realm.players:
            env.obs[number].reset(self.realm.map.habitable_tiles, env._dummy_task_embedding)
        env._compute_observations()
        answer = []
        for number in range(1, len(scene["players"]) + 1):
            if number not in self.realm.players:
                answer.append(None)
                continue
            obs = env.obs[number]
            answer.append(self.allowed(obs, obs.to_gym()["ActionTargets"]))
        return answer

    def allowed(self, obs, targets):
        """Return one player's masks in words that both engines share."""
        ids = [int(value) for value in obs.entities.ids]

        def entities(mask):
            return sorted(ids[i] for i in np.flatnonzero(mask[: len(ids)]))

        allowed = {
            "move": [int(i) for i in np.flatnonzero(targets["Move"]["Direction"])],
            "attack": entities(targets["Attack"]["Target"]),
        }
        if self.config.ITEM_SYSTEM_ENABLED:
            mine = [int(value) for value in obs.inventory.ids]

            def places(mask):
                chosen = np.flatnonzero(mask[: len(mine)])
                return sorted(self.words(self.realm.items[mine[i]]) for i in chosen)

            allowed["use"] = places(targets["Use"]["InventoryItem"])
            allowed["destroy"] = places(targets["Destroy"]["InventoryItem"])
            allowed["give"] = places(targets["Give"]["InventoryItem"])
            allowed["receiver"] = entities(targets["Give"]["Target"])
        if self.config.EXCHANGE_SYSTEM_ENABLED:
            allowed["sell"] = places(targets["Sell"]["InventoryItem"])
            allowed["heir"] = entities(targets["GiveGold"]["Target"])
            listed = [int(value) for value in obs.market.ids]
            chosen = np.flatnonzero(targets["Buy"]["MarketItem"][: len(listed)])
            items = [self.realm.items[listed[i]] for i in chosen]
            allowed["buy"] = sorted([int(i.owner_id.val) - 1, *self.words(i)] for i in items)
        return allowed

    def actions(self, chosen):
        """Return actions as the realm takes them, sorted by name as it sorts them."""
        merged = {}
        for key, given in chosen.items():
            index, own = int(key), {}
            if index + 1 not in self.realm.players:
                continue
            if "attack" in given:
                style, target = given["attack"]
                own[Action.Attack] = {
                    Action.Style: STYLES[style],
                    Action.Target: self.entity_of(target),
                }
            if "buy" in given:
                seller, *words = given["buy"]
                own[Action.Buy] = {Action.MarketItem: self.find(seller, words)}
            if "talk" in given:
                token = Action.Token.edges[given["talk"] - 1]
                own[Action.Comm] = {Action.Token: token}
            if "destroy" in given:
                own[Action.Destroy] = {Action.InventoryItem: self.find(index, given["destroy"])}
            if "give" in given:
                words, receiver = given["give"]
                own[Action.Give] = {
                    Action.InventoryItem: self.find(index, words),
                    Action.Target: self.entity_of(receiver),
                }
            if "give_gold" in given:
                amount, receiver = given["give_gold"]
                own[Action.GiveGold] = {
                    Action.Price: amount,
                    Action.Target: self.entity_of(receiver),
                }
            own[Action.Move] = {Action.Direction: MOVES[given["move"]]}
            if "sell" in given:
                words, price = given["sell"]
                own[Action.Sell] = {
                    Action.InventoryItem: self.find(index, words),
                    Action.Price: price,
                }
            if "use" in given:
                own[Action.Use] = {Action.InventoryItem: self.find(index, given["use"])}
            merged[index + 1] = own
        return merged

    def state(self, scene):
        """Return what the world holds now."""
        counts = {}
        for event, number in self.events:
            if number > 0:
                key = f"{number - 1} {EVENTS[event]}"
                counts[key] = counts.get(key, 0) + 1
        depleted = sorted(
            [int(tile.row.val), int(tile.col.val)] for tile in self.realm.map.update_list
        )
        return {
            "players": [self.player_state(i + 1) for i in range(len(scene["players"]))],
            "npcs": [self.body_state(-(i + 1)) for i in range(len(scene["npcs"]))],
            "depleted": depleted,
            "events": counts,
        }

    def body_state(self, number):
        """Return what players and NPCs share; None for the dead."""
        entity = self.entity_of(number)
        if entity is None:
            return None
        state = {
            "row": int(entity.row.val),
            "col": int(entity.col.val),
            "health": int(entity.health.val),
            "freeze": int(entity.freeze.val),
            "time_alive": int(entity.history.time_alive.val),
            "damage": int(entity.history.damage.val),
            "combat_tick": int(entity.latest_combat_tick.val),
            "attacker": int(entity.attacker_id.val),
        }
        if self.config.EXCHANGE_SYSTEM_ENABLED:
            state["gold"] = int(entity.gold.val)
        return state

    def player_state(self, number):
        """Return all that a player has; None for the dead."""
        state = self.body_state(number)
        if state is None:
            return None
        player = self.entity_of(number)
        state["food"] = int(player.food.val)
        state["water"] = int(player.water.val)
        state["message"] = int(player.message.val)
        state["exploration"] = int(player.history.exploration)
        state["immortal"] = bool(player.immortal)
        if self.config.PROGRESSION_SYSTEM_ENABLED:
            skills = [getattr(player.skills, name) for name in SKILLS]
            state["experience"] = [int(skill.exp.val) for skill in skills]
            state["skill_level"] = [int(skill.level.val) for skill in skills]
            state["item_level"] = int(player.item_level.val)
        if self.config.ITEM_SYSTEM_ENABLED:
            state["items"] = sorted(self.words(item) for item in player.inventory.items)
            equipment = player.equipment
            state["attack"] = [
                int(equipment.total(lambda e, style=style: getattr(e, f"{style}_attack")))
                for style in SKILLS[:3]
            ]
            state["defense"] = int(equipment.total(lambda e: e.melee_defense))
        return state

    def chance(self, message):
        """Draw many times what the engine leaves to chance; return how often each came."""
        draw = getattr(self, "draw_" + message["what"])
        drawn = [draw(message) for _ in range(message["draws"])]
        counts = {}
        for value in drawn:
            counts[value] = counts.get(value, 0) + 1
        return counts

    def draw_wander(self, message):
        """Draw the direction of an NPC that has nothing to do."""
        npc = next(iter(self.realm.npcs.values()))
        actions = npc.decide()
        return str(MOVES.index(actions[Action.Move][Action.Direction]))

    def draw_edge(self, message):
        """Draw where the dead come back."""
        row, col = spawn.get_random_coord(self.config, self.realm._np_random, edge=True)
        return f"{row} {col}"

    def draw_refill(self, message):
        """Draw where an NPC begins in place of a dead one, and how deep that is."""
        row, col = combat.spawn(self.config, message["danger"], self.realm._np_random)
        danger = combat.danger(self.config, (row, col))
        return f"{row} {col} {round(danger * self.config.MAP_CENTER / 2)}"

    def draw_start(self, message):
        """Draw how deep an NPC begins that may begin anywhere."""
        border, side = self.config.MAP_BORDER, self.config.MAP_CENTER
        place = self.realm._np_random.integers(border, side + border, 2).tolist()
        return str(round(combat.danger(self.config, place) * side / 2))

    def draw_harvest(self, message):
        """Draw what a tree gives."""
        table = self.realm.map.tiles[message["row"], message["col"]].material.harvest()
        items = table.roll(self.realm, 1)
        kinds = sorted(int(item.type_id.val) for item in items)
        for item in items:
            item.destroy()
        return " ".join(map(str, kinds))

    def npc_of(self, message):
        """Return an NPC as it comes into the world at a danger; its records are given back."""
        tile, danger = (message["row"], message["col"]), message["danger"]
        rng = self.realm._np_random
        npc = nmmo.entity.npc.NPC.default_spawn(self.realm, tile, -99, rng, danger)
        npc.datastore_record.delete()
        return npc

    def draw_gear(self, message):
        """Draw an NPC's level, gold and gear."""
        npc = self.npc_of(message)
        gear = npc.equipment
        attack, defense = gear.melee_attack, gear.melee_defense
        attack = int(getattr(attack, "val", attack))
        defense = int(getattr(defense, "val", defense))
        level = int(getattr(gear.level, "val", gear.level))
        return f"{npc.attack_level} {int(npc.gold.val)} {level} {attack} {defense}"

    def draw_drops(self, message):
        """Draw kind and style of an NPC, and what it will drop."""
        npc = self.npc_of(message)
        drops = " ".join(str(drop.item.ITEM_TYPE_ID) for drop in npc.droptable.drops)
        return f"{int(npc.npc_type.val) + 1} {STYLES.index(npc.skills.style)} {drops}"

    def begin(self, scene):
        """Set a scene up; return what the masks allow."""
        self.scene = scene
        self.clear(scene)
        self.add_players(scene)
        self.add_npcs(scene)
        self.add_items(scene)
        self.add_ties(scene)
        self.events.clear()
        return {"masks": self.masks(scene)}

    def step(self, actions):
        """Carry out a tick; return the state after it, and what the masks allow then."""
        self.events.clear()
        self.realm.step(self.actions(actions))
        return {"state": self.state(self.scene), "masks": self.masks(self.scene)}


def main():
    """Answer scenes until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engine prints goes to standard error
    if "--chance" in sys.argv:
        Mini.WEAPON_DROP_PROB = 0.025
    peer = Peer(Full() if sys.argv[1] == "full" else Mini())
    for line in sys.stdin:
        message = json.loads(line)
        if "what" in message:
            answer = peer.chance(message)
        else:
            answer = peer.begin(message) if "map" in message else peer.step(message)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
