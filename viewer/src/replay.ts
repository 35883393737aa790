// What happened in a replay? Its columns by name, and what follows from them.

import { type Column, FormatError, type Header, readFile } from "./format";

export const KIND_NAMES = ["none", "agent", "passive", "neutral", "aggressive", "soldier"];
export const PLAYER = 1;
export const STYLE_NAMES = ["melee", "range", "mage"];
export const CAUSE_NAMES = [
  "unknown", "another agent", "an NPC", "the fog", "starvation", "the game's rules",
];
export const INVENTORY = 12;
export const ITEM_NAMES = [
  "", "", "hat", "top", "bottom", "spear", "bow", "wand", "rod", "gloves", "pickaxe", "axe",
  "chisel", "whetstone", "arrow", "runes", "ration", "potion",
];

export type HappeningKind = "death" | "kill" | "seizure";

export interface Happening {
  frame: number;
  kind: HappeningKind;
  /** Row of the player, or number of the objective. */
  who: number;
  /** Cause of a death; new owner of an objective; kills gained. */
  what: number;
}

type ColumnName =
  | "map" | "tile_changes" | "entity_alive" | "entity_kind" | "entity_row" | "entity_col"
  | "entity_health" | "entity_freeze" | "entity_level" | "entity_target" | "entity_style"
  | "entity_damage" | "entity_gold" | "player_food" | "player_water" | "player_message"
  | "player_progress" | "player_reward" | "player_cause" | "player_kills";
type ObjectiveName = "objective_row" | "objective_col" | "objective_owner" | "objective_tick";
type ItemName = "item_type" | "item_level" | "item_quantity" | "item_price" | "item_worn";

/** Name a team as spreadsheets name columns: A to Z, then AA. */
export function teamName(team: number): string {
  if (team < 0) return "nobody";
  const last = String.fromCharCode(65 + (team % 26));
  return team < 26 ? last : teamName(Math.floor(team / 26) - 1) + last;
}

export class Replay {
  readonly frames: number;
  readonly players: number;
  readonly entities: number;
  readonly happenings: Happening[];
  readonly items: Record<ItemName, Column> | null;
  /** Whether agents hunger and thirst in this game. */
  readonly hasNeeds: boolean;
  /** Damage that each player has taken so far, [frames, players]. */
  readonly damageTaken: Int32Array;
  private changeStart: Int32Array;

  constructor(
    readonly header: Header,
    private readonly columns: Map<string, Column>,
  ) {
    this.frames = header.ticks + 1;
    this.players = header.players;
    this.entities = header.entities;
    this.checkSizes();
    this.items = this.findItems();
    this.checkValues();
    this.changeStart = this.indexChanges();
    this.damageTaken = this.sumDamage();
    this.hasNeeds = (this.column("player_food") as Uint8Array).some((food) => food > 0);
    this.happenings = this.findHappenings();
  }

  static async open(bytes: Uint8Array): Promise<Replay> {
    const { header, columns } = await readFile(bytes);
    return new Replay(header, columns);
  }

  /** Whether progress, rewards and words are known; a converted file does not say them. */
  get hasTasks(): boolean {
    return this.header.source !== "neural_mmo";
  }

  /** Whether it is known what is for sale; a converted file does not say it. */
  get hasMarket(): boolean {
    return this.items !== null && this.header.source !== "neural_mmo";
  }

  column(name: ColumnName | ObjectiveName): Column {
    const values = this.columns.get(name);
    if (values === undefined) throw new FormatError(`The replay lacks the section ${name}.`);
    return values;
  }

  /** Return a player's name: its team's letter and its number in the team; an NPC's kind. */
  nameOf(entity: number, frame = 0): string {
    if (entity >= this.players) {
      const kind = this.column("entity_kind")[frame * this.entities + entity]!;
      return `${KIND_NAMES[kind] || "NPC"} ${entity - this.players}`;
    }
    const team = this.header.player_team[entity]!;
    const size = this.header.teams[team]?.size ?? 1;
    const number = entity - (this.header.teams[team]?.first ?? entity);
    return team < 0 ? `agent ${entity}` : teamName(team) + (size > 1 ? String(number) : "");
  }

  /** Return a team's policy, in words. */
  policyOf(team: number): string {
    return this.header.teams[team]?.policy || "unnamed";
  }

  /** Return the number of a rule, by its name with or without `rule_`. */
  rule(name: string): number {
    const rules = this.header.rules ?? {};
    return rules[name] ?? rules[`rule_${name}`] ?? 0;
  }

  /** Return the map at a frame; written into `out` if it is given. */
  mapAt(frame: number, out: Uint8Array = new Uint8Array(this.header.map_size ** 2)): Uint8Array {
    out.set(this.column("map") as Uint8Array);
    const changes = this.column("tile_changes");
    const end = this.changesUntil(frame);
    for (let change = 0; change < end; change++) {
      const tile = changes[change * 4 + 1]! * this.header.map_size + changes[change * 4 + 2]!;
      out[tile] = changes[change * 4 + 3]!;
    }
    return out;
  }

  /** Return how many changes of tiles lie at or before a frame. */
  changesUntil(frame: number): number {
    return this.changeStart[frame + 1]!;
  }

  /** Return the first happening of a kind after (step 1) or before (step -1) a frame. */
  nextHappening(frame: number, kind: HappeningKind, step: 1 | -1): Happening | null {
    let best: Happening | null = null;
    for (const happening of this.happenings) {
      const away = (happening.frame - frame) * step;
      if (happening.kind !== kind || away <= 0) continue;
      if (best === null || away < (best.frame - frame) * step) best = happening;
    }
    return best;
  }

  private checkSizes(): void {
    const [frames, players, entities] = [this.frames, this.players, this.entities];
    const objectives = this.header.objectives;
    const sizes: [ColumnName | ObjectiveName, number][] = [
      ["map", this.header.map_size ** 2],
      ...(["alive", "kind", "row", "col", "health", "freeze", "level", "target", "style",
        "damage", "gold"] as const).map(
        (name) => [`entity_${name}`, frames * entities] as [ColumnName, number]),
      ...(["food", "water", "message", "progress", "reward", "cause", "kills"] as const).map(
        (name) => [`player_${name}`, frames * players] as [ColumnName, number]),
    ];
    if (objectives > 0) {
      for (const name of ["row", "col", "owner", "tick"] as const) {
        sizes.push([`objective_${name}`, frames * objectives]);
      }
    }
    for (const [name, size] of sizes) {
      if (this.column(name).length !== size) {
        throw new FormatError(`Section ${name} has ${this.column(name).length} values; the header`
          + ` asks for ${size}.`);
      }
    }
    if (this.column("tile_changes").length % 4 !== 0) {
      throw new FormatError("Section tile_changes does not hold rows of four.");
    }
  }

  private findItems(): Record<ItemName, Column> | null {
    const names: ItemName[] = [
      "item_type", "item_level", "item_quantity", "item_price", "item_worn",
    ];
    const found = {} as Record<ItemName, Column>;
    for (const name of names) {
      const values = this.columns.get(name);
      if (values === undefined || values.length === 0) return null;
      if (values.length !== this.frames * this.players * INVENTORY) {
        throw new FormatError(`Section ${name} has ${values.length} values, which do not fit.`);
      }
      found[name] = values;
    }
    return found;
  }

  /** Values that are used as indices must be ones. */
  private checkValues(): void {
    const side = this.header.map_size;
    const check = (name: ColumnName | ObjectiveName, low: number, high: number) => {
      for (const value of this.column(name)) {
        if (value < low || value > high) {
          throw new FormatError(`Section ${name} holds ${value}; it must lie in ${low}..${high}.`);
        }
      }
    };
    check("map", 0, this.header.materials.length - 1);
    check("entity_kind", 0, KIND_NAMES.length - 1);
    check("entity_target", -1, this.entities - 1);
    check("player_cause", 0, CAUSE_NAMES.length - 1);
    if (this.header.objectives > 0) check("objective_owner", -1, this.header.teams.length - 1);
    const changes = this.column("tile_changes");
    for (let at = 0; at < changes.length; at += 4) {
      const isTile = [changes[at + 1]!, changes[at + 2]!].every((v) => v >= 0 && v < side);
      const isFrame = changes[at]! >= (at > 0 ? changes[at - 4]! : 0);
      if (!isTile || !isFrame || !(changes[at + 3]! < this.header.materials.length)) {
        throw new FormatError(`Row ${at / 4} of tile_changes is no change of a tile in order.`);
      }
    }
  }

  private indexChanges(): Int32Array {
    const changes = this.column("tile_changes");
    const starts = new Int32Array(this.frames + 1);
    let at = 0;
    for (let frame = 0; frame < this.frames; frame++) {
      while (at * 4 < changes.length && changes[at * 4]! <= frame) at++;
      starts[frame + 1] = at;
    }
    return starts;
  }

  private sumDamage(): Int32Array {
    const damage = this.column("entity_damage");
    const taken = new Int32Array(this.frames * this.players);
    for (let frame = 1; frame < this.frames; frame++) {
      for (let player = 0; player < this.players; player++) {
        const at = frame * this.players + player;
        taken[at] = taken[at - this.players]! + Math.max(damage[frame * this.entities + player]!, 0);
      }
    }
    return taken;
  }

  private findHappenings(): Happening[] {
    const alive = this.column("entity_alive");
    const cause = this.column("player_cause");
    const kills = this.column("player_kills");
    const found: Happening[] = [];
    for (let frame = 1; frame < this.frames; frame++) {
      const now = frame * this.entities;
      for (let player = 0; player < this.players; player++) {
        const at = frame * this.players + player;
        const fell = alive[now - this.entities + player]! > 0 && alive[now + player] === 0;
        // Who comes back in the tick of its death lives in both frames, but now has a cause.
        const cameBack = cause[at]! > 0 && cause[at - this.players] === 0;
        if (fell || cameBack) found.push({ frame, kind: "death", who: player, what: cause[at]! });
        const gained = kills[at]! - kills[at - this.players]!;
        if (gained > 0) found.push({ frame, kind: "kill", who: player, what: gained });
      }
      this.findSeizures(frame, found);
    }
    return found;
  }

  private findSeizures(frame: number, found: Happening[]): void {
    const count = this.header.objectives;
    if (count === 0) return;
    const owner = this.column("objective_owner");
    for (let number = 0; number < count; number++) {
      const at = frame * count + number;
      if (owner[at] !== owner[at - count] && owner[at]! >= 0) {
        found.push({ frame, kind: "seizure", who: number, what: owner[at]! });
      }
    }
  }
}
