// What happened in a replay? Its columns by name, and what follows from them, frame by frame.

import { TERRAIN } from "./colors";
import { type Column, FormatError, type Header, readFile } from "./format";
import { findThoughts, type Thoughts } from "./thoughts";

export const KIND_NAMES = ["none", "agent", "passive", "neutral", "aggressive", "soldier"];
export const PLAYER = 1;
export const STYLE_NAMES = ["melee", "range", "mage"];
export const CAUSE_NAMES = [
  "unknown", "another agent", "an NPC", "the fog", "starvation", "the game's rules",
];
export const INVENTORY = 12;
/** Materials that can be drawn. */
const MATERIALS = TERRAIN.length;
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

/**
 * An episode: all of it, read from a file, or what is there of one that is played (`LiveReplay`).
 *
 * Columns have room for `capacity` frames; the first `frames` of them are there.
 */
export class Replay {
  frames = 0;
  readonly capacity: number;
  readonly players: number;
  readonly entities: number;
  /** In order of frames. */
  readonly happenings: Happening[] = [];
  readonly deaths: Happening[] = [];
  winners: ReadonlySet<number>;
  readonly items: Record<ItemName, Column> | null;
  readonly thoughts: Thoughts | null;
  /** Whether agents hunger and thirst in this game. */
  hasNeeds = false;
  /** What has been seen of what not every game has: kinds of NPCs, "frozen", "words". */
  readonly signs = new Set<string>();
  /** Damage that each player has taken so far, [capacity, players]. */
  readonly damageTaken: Int32Array;
  /** Best progress of each player so far, [capacity, players]. */
  readonly bestProgress: Float32Array;
  /** Number of tile changes before each frame. */
  private readonly changeStart: Int32Array;

  constructor(
    readonly header: Header,
    protected readonly columns: Map<string, Column>,
    frames = header.ticks + 1,
  ) {
    this.capacity = header.ticks + 1;
    this.players = header.players;
    this.entities = header.entities;
    this.winners = new Set(header.winners ?? []);
    this.checkSizes();
    this.checkRange("map", 0, MATERIALS - 1, 0, header.map_size ** 2);
    this.items = this.findItems();
    this.checkMarket();
    this.thoughts = findThoughts(header, columns);
    this.damageTaken = new Int32Array(this.capacity * this.players);
    this.bestProgress = new Float32Array(this.capacity * this.players);
    this.changeStart = new Int32Array(this.capacity + 1);
    this.include(frames);
  }

  static async open(bytes: Uint8Array): Promise<Replay> {
    const { header, columns } = await readFile(bytes);
    return new Replay(header, columns);
  }

  /** Whether no frame will follow. */
  get isOver(): boolean {
    return true;
  }

  /** Whether progress, rewards and words are known; a converted file does not say them. */
  get hasTasks(): boolean {
    return this.header.source !== "neural_mmo";
  }

  /** Whether it is known what is for sale. */
  get hasMarket(): boolean {
    return this.market !== null || (this.items !== null && this.header.source !== "neural_mmo");
  }

  /** Rows of six, where sums alone are known: frame, type, level, supply, lowest and highest price. */
  get market(): Column | null {
    return this.columns.get("market_changes") ?? null;
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

  /** Check the frames up to `end`, and take them into all that is counted frame by frame. */
  protected include(end: number): void {
    const start = this.frames;
    this.checkValues(start, end);
    const food = this.column("player_food") as Uint8Array;
    this.hasNeeds ||= food.subarray(start * this.players, end * this.players).some((points) => points > 0);
    this.findSigns(start, end);
    for (let frame = start; frame < end; frame++) {
      this.indexChanges(frame);
      this.addUp(frame);
      if (frame > 0) this.findHappenings(frame);
    }
    this.frames = end;
  }

  private checkSizes(): void {
    const [frames, players, entities] = [this.capacity, this.players, this.entities];
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

  /** Check the rows of a market of which sums are known. */
  private checkMarket(): void {
    const rows = this.market ?? new Int32Array();
    if (rows.length % 6 !== 0) throw new FormatError("Section market_changes does not hold rows of six.");
    for (let at = 0; at < rows.length; at += 6) {
      const isFrame = rows[at]! >= (at > 0 ? rows[at - 6]! : 0);
      if (!isFrame || !(rows[at + 1]! > 0 && rows[at + 1]! < ITEM_NAMES.length)) {
        throw new FormatError(`Row ${at / 6} of market_changes is no change of an offer in order.`);
      }
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
      if (values.length !== this.capacity * this.players * INVENTORY) {
        throw new FormatError(`Section ${name} has ${values.length} values, which do not fit.`);
      }
      found[name] = values;
    }
    return found;
  }

  private checkRange(name: ColumnName | ObjectiveName, low: number, high: number, start: number, end: number): void {
    const values = this.column(name);
    for (let at = start; at < end; at++) {
      const value = values[at]!;
      if (value < low || value > high) {
        throw new FormatError(`Section ${name} holds ${value}; it must lie in ${low}..${high}.`);
      }
    }
  }

  /** Values that are used as indices must be ones. */
  private checkValues(start: number, end: number): void {
    const { players, entities, header } = this;
    const check = (name: ColumnName | ObjectiveName, low: number, high: number, width: number) =>
      this.checkRange(name, low, high, start * width, end * width);
    check("entity_kind", 0, KIND_NAMES.length - 1, entities);
    check("entity_target", -1, entities - 1, entities);
    check("player_cause", 0, CAUSE_NAMES.length - 1, players);
    if (header.objectives > 0) check("objective_owner", -1, header.teams.length - 1, header.objectives);
    this.thoughts?.check(start, end);
    this.checkChanges(this.changeStart[start]!);
  }

  /** Check the tile changes from the one numbered `first` on. */
  private checkChanges(first: number): void {
    const changes = this.column("tile_changes");
    const side = this.header.map_size;
    for (let at = first * 4; at < changes.length; at += 4) {
      const isTile = [changes[at + 1]!, changes[at + 2]!].every((v) => v >= 0 && v < side);
      const isFrame = changes[at]! >= (at > 0 ? changes[at - 4]! : 0);
      const isMaterial = changes[at + 3]! >= 0 && changes[at + 3]! < MATERIALS;
      if (!isTile || !isFrame || !isMaterial) {
        throw new FormatError(`Row ${at / 4} of tile_changes is no change of a tile in order.`);
      }
    }
  }

  private findSigns(start: number, end: number): void {
    const { players, entities, signs } = this;
    const [alive, kind] = [this.column("entity_alive"), this.column("entity_kind")];
    for (let at = start * entities; at < end * entities; at++) {
      if (at % entities >= players && alive[at]! > 0) signs.add(KIND_NAMES[kind[at]!]!);
    }
    const isAny = (name: ColumnName, width: number) => this.column(name).subarray(start * width, end * width).some((value) => value > 0);
    if (isAny("entity_freeze", entities)) signs.add("frozen");
    if (this.hasTasks && isAny("player_message", players)) signs.add("words");
  }

  private indexChanges(frame: number): void {
    const changes = this.column("tile_changes");
    let at = this.changeStart[frame]!;
    while (at * 4 < changes.length && changes[at * 4]! <= frame) at++;
    this.changeStart[frame + 1] = at;
  }

  private addUp(frame: number): void {
    const { players, damageTaken, bestProgress } = this;
    const damage = this.column("entity_damage");
    const alive = this.column("entity_alive");
    const progress = this.column("player_progress");
    for (let player = 0; player < players; player++) {
      const at = frame * players + player;
      const now = frame * this.entities + player;
      // Older files keep the last damage of the dead.
      const wasAlive = frame > 0 && alive[now - this.entities]! > 0;
      const taken = wasAlive ? Math.max(damage[now]!, 0) : 0;
      damageTaken[at] = frame > 0 ? damageTaken[at - players]! + taken : 0;
      bestProgress[at] = frame > 0 ? Math.max(progress[at]!, bestProgress[at - players]!) : progress[at]!;
    }
  }

  private findHappenings(frame: number): void {
    const alive = this.column("entity_alive");
    const cause = this.column("player_cause");
    const kills = this.column("player_kills");
    const now = frame * this.entities;
    for (let player = 0; player < this.players; player++) {
      const at = frame * this.players + player;
      const fell = alive[now - this.entities + player]! > 0 && alive[now + player] === 0;
      // Who comes back in the tick of its death lives in both frames, but has a cause in the second.
      const cameBack = alive[now + player]! > 0 && cause[at]! > 0;
      if (fell || cameBack) {
        this.deaths.push({ frame, kind: "death", who: player, what: cause[at]! });
        this.happenings.push(this.deaths.at(-1)!);
      }
      const gained = kills[at]! - kills[at - this.players]!;
      if (gained > 0) this.happenings.push({ frame, kind: "kill", who: player, what: gained });
    }
    this.findSeizures(frame);
  }

  private findSeizures(frame: number): void {
    const count = this.header.objectives;
    if (count === 0) return;
    const owner = this.column("objective_owner");
    for (let number = 0; number < count; number++) {
      const at = frame * count + number;
      if (owner[at] !== owner[at - count] && owner[at]! >= 0) {
        this.happenings.push({ frame, kind: "seizure", who: number, what: owner[at]! });
      }
    }
  }
}
