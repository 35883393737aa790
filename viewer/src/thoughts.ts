// What did a policy think? What it expected, and its likeliest choices for each head of its action.

import { type Column, FormatError, type Header } from "./format";

/** Choices that are kept for each head, the likeliest first. */
export const CHOICES = 3;
const NAMES = ["player_value", "player_choice", "player_share"] as const;

export interface Choice {
  /** Index in its head; a row of entities for heads that choose one, -1: nobody. */
  choice: number;
  /** Probability. */
  share: number;
}

/** Return whether the choices of a head are rows of entities, -1: nobody. */
export function isEntityHead(name: string): boolean {
  return name.endsWith("target");
}

export class Thoughts {
  constructor(
    private readonly players: number,
    private readonly entities: number,
    readonly heads: readonly string[],
    private readonly values: Float32Array,
    private readonly choices: Int16Array,
    private readonly shares: Uint8Array,
  ) {}

  /** Return what a player expected at a frame; 0: unknown. */
  valueAt(frame: number, player: number): number {
    return this.values[frame * this.players + player]!;
  }

  /** Return whether anything is known of what a player thought at a frame. */
  isKnown(frame: number, player: number): boolean {
    return this.heads.some((_, head) => this.shares[this.place(frame, player, head)]! > 0);
  }

  /** Return the likeliest choices for a head, the likeliest first; empty: unknown. */
  choicesAt(frame: number, player: number, head: number): Choice[] {
    const start = this.place(frame, player, head);
    return Array.from({ length: CHOICES }, (_, rank) => start + rank)
      .filter((at) => this.shares[at]! > 0)
      .map((at) => ({ choice: this.choices[at]!, share: this.shares[at]! / 255 }));
  }

  /** Return the likeliest choice for a head by its name, or null where it is unknown. */
  likeliest(frame: number, player: number, name: string): Choice | null {
    const head = this.heads.indexOf(name);
    return head < 0 ? null : (this.choicesAt(frame, player, head)[0] ?? null);
  }

  /** Check frames from `start` to before `end`. */
  check(start: number, end: number): void {
    const width = this.players * this.heads.length * CHOICES;
    const limits = this.heads.map((name) => (isEntityHead(name) ? this.entities : Infinity));
    for (let at = start * width; at < end * width; at++) {
      const choice = this.choices[at]!;
      if (choice < -1 || choice >= limits[Math.floor(at / CHOICES) % limits.length]!) {
        throw new FormatError(`Section player_choice holds ${choice}, which is no choice.`);
      }
    }
    for (let at = start * this.players; at < end * this.players; at++) {
      if (!Number.isFinite(this.values[at]!)) {
        throw new FormatError(`Section player_value holds ${this.values[at]}; it must be a number.`);
      }
    }
  }

  private place(frame: number, player: number, head: number): number {
    return ((frame * this.players + player) * this.heads.length + head) * CHOICES;
  }
}

/** Return the thoughts among a replay's columns, or null where it has none. */
export function findThoughts(header: Header, columns: ReadonlyMap<string, Column>): Thoughts | null {
  const [value, choice, share] = NAMES.map((name) => columns.get(name));
  if (value === undefined && choice === undefined && share === undefined) return null;
  const { heads, players, entities } = header;
  if (!Array.isArray(heads) || heads.length > 64) {
    throw new FormatError("The replay holds thoughts, but its header lacks the list heads.");
  }
  const frames = header.ticks + 1;
  const isWhole = value instanceof Float32Array && value.length === frames * players
    && choice instanceof Int16Array && choice.length === frames * players * heads.length * CHOICES
    && share instanceof Uint8Array && share.length === choice.length;
  if (!isWhole) throw new FormatError(`Sections ${NAMES.join(", ")} do not fit the header's players and heads.`);
  return new Thoughts(players, entities, heads, value, choice, share);
}
