// What does a person ask of the agent it plays? Keys and clicks to what is legal, and to words.

import { ITEM_NAMES, STYLE_NAMES } from "../replay";
import type { Act, Offer, SeatMessage } from "./messages";

/** Names of moves by their number, as the heads of actions have them. */
export const MOVE_NAMES = ["north", "south", "east", "west", "stay"];
/** Rows and columns of a move. */
export const MOVE_STEPS = [[-1, 0], [1, 0], [0, 1], [0, -1], [0, 0]] as const;
export const ARROWS = ["↑", "↓", "→", "←", "·"];

/** The rules of it: who fights handles nothing, and what is new only from the next tick on. */
export const HINDERED = "Not while in combat, nor in the tick in which it was got";
export type ItemAct = "use" | "destroy" | "sell" | "give";

export class Seat {
  /** What the server said last; null: no agent is played here. */
  message: SeatMessage | null = null;
  /** Style of the attacks to come. */
  style = 0;
  /** Whether the newest frame is shown: only there is what is legal marked on the map. */
  isShown = true;

  get agent(): number {
    return this.message?.agent ?? -1;
  }

  get isActing(): boolean {
    return this.message?.is_alive ?? false;
  }

  move(move: number): Act | null {
    return this.isActing && this.message!.moves.includes(move) ? { move } : null;
  }

  isTarget(entity: number): boolean {
    return this.isActing && this.message!.targets.some((target) => target.entity === entity);
  }

  /** Attack an entity in the chosen style, or in one that reaches it; asked twice: no attack. */
  attack(entity: number): Act | null {
    const target = this.isActing ? this.message!.targets.find((other) => other.entity === entity) : undefined;
    if (target === undefined) return null;
    if (this.message!.pending.attack === entity && this.message!.pending.style === this.style) return { attack: null };
    const style = target.styles.includes(this.style) ? this.style : (target.styles[0] ?? this.style);
    return { attack: entity, style };
  }

  /** Choose a style; an attack that is already asked for changes to it where it can. */
  choose(style: number): Act | null {
    this.style = style;
    const target = this.message?.targets.find((other) => other.entity === this.message!.pending.attack);
    return this.isActing && target?.styles.includes(style) ? { attack: target.entity, style } : null;
  }

  /** Attack the next of those in reach. */
  attackNext(): Act | null {
    if (!this.isActing || this.message!.targets.length === 0) return null;
    const { targets, pending } = this.message!;
    const at = targets.findIndex((target) => target.entity === pending.attack);
    return this.attack(targets[(at + 1) % targets.length]!.entity);
  }

  say(token: number): Act | null {
    const isToken = Number.isInteger(token) && token >= 0 && token <= 127;
    return this.isActing && this.message!.can_say && isToken ? { say: token } : null;
  }

  sell(place: number, price: number): Act | null {
    const [low, high] = this.message?.prices ?? [1, 0];
    const isPrice = Number.isInteger(price) && price >= low && price <= high;
    return isPrice && this.can("sell", place) ? { sell: place, price } : null;
  }

  give(place: number, receiver: number): Act | null {
    return this.can("give", place) && this.message!.receivers.includes(receiver) ? { give: place, to: receiver } : null;
  }

  giveGold(gold: number, receiver: number): Act | null {
    const isGift = Number.isInteger(gold) && gold >= 1;
    return isGift && this.isActing && this.message!.gold_receivers.includes(receiver) ? { gold, gold_to: receiver } : null;
  }

  use(place: number): Act | null {
    return this.can("use", place) ? { use: place } : null;
  }

  destroy(place: number): Act | null {
    return this.can("destroy", place) ? { destroy: place } : null;
  }

  buy(listing: number): Act | null {
    return this.isActing && this.message!.offers.some((offer) => offer.listing === listing) ? { buy: listing } : null;
  }

  /** Return the cheapest offer of each item and level. */
  offers(): Offer[] {
    const best = new Map<number, Offer>();
    for (const offer of this.message?.offers ?? []) {
      const key = offer.type * 256 + offer.level;
      const found = best.get(key);
      if (found === undefined || offer.price < found.price) best.set(key, offer);
    }
    return [...best.values()].sort((one, other) => one.type - other.type || one.level - other.level);
  }

  /** Whether nothing of what is carried can be handled. */
  get isHindered(): boolean {
    return this.isActing && (["use", "destroy", "sell", "give"] as const).every((what) => this.message![what].length === 0);
  }

  /** Return why an item cannot be used, sold, given or destroyed now; null: it can. */
  whyNot(what: ItemAct, place: number, item: { isWorn: boolean; isListed: boolean }): string | null {
    if (this.can(what, place)) return null;
    if (this.isHindered) return HINDERED;
    if (item.isListed && what !== "destroy") return "It is for sale already";
    if (item.isWorn && what !== "use") return "It is worn: take it off first, by Use";
    if (what === "give" && this.message?.receivers.length === 0) return "Nobody is in sight to take it";
    return what === "use" ? "Its level is too high for the agent" : "Not now";
  }

  private can(what: ItemAct, place: number): boolean {
    return this.isActing && this.message![what].includes(place);
  }
}

/** Return what is asked for the next tick, in words; `names` gives the words for rows and places. */
export function describeAct(
  act: Act, names: { entity: (row: number) => string; item: (place: number) => string; offer: (listing: number) => string },
): string[] {
  const has = (value: number | null | undefined): value is number => typeof value === "number";
  const parts: string[] = [];
  if (has(act.move)) parts.push(act.move === 4 ? "stay" : `go ${MOVE_NAMES[act.move] ?? act.move}`);
  if (has(act.attack)) {
    const style = has(act.style) ? ` (${STYLE_NAMES[act.style] ?? act.style})` : "";
    parts.push(`attack ${names.entity(act.attack)}${style}`);
  }
  if (has(act.use)) parts.push(`use ${names.item(act.use)}`);
  if (has(act.destroy)) parts.push(`destroy ${names.item(act.destroy)}`);
  if (has(act.sell)) parts.push(`sell ${names.item(act.sell)} for ${act.price ?? "?"}`);
  if (has(act.buy)) parts.push(`buy ${names.offer(act.buy)}`);
  if (has(act.give)) parts.push(`give ${names.item(act.give)} to ${has(act.to) ? names.entity(act.to) : "?"}`);
  if (has(act.gold)) parts.push(`give ${act.gold} gold to ${has(act.gold_to) ? names.entity(act.gold_to) : "?"}`);
  if (has(act.say) && act.say > 0) parts.push(`say ${act.say}`);
  return parts;
}

export function itemName(type: number, level: number, quantity = 1): string {
  return `${ITEM_NAMES[type] || "item"} ${level}${quantity > 1 ? ` ×${quantity}` : ""}`;
}
