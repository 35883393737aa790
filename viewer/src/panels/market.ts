// What is for sale? Offers by item and level, the cheapest first.

import { escape, find } from "../page";
import { INVENTORY, ITEM_NAMES, type Replay } from "../replay";

interface Offer {
  type: number;
  level: number;
  count: number;
  cheapest: number;
  seller: number;
}

interface Sum {
  type: number;
  level: number;
  supply: number;
  low: number;
  high: number;
}

export class Market {
  private readonly element = find("market");

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  toggle(isOpen = !this.isOpen): void {
    this.element.hidden = !isOpen;
  }

  update(replay: Replay, frame: number): void {
    if (!this.isOpen) return;
    if (replay.market !== null) return this.updateSums(replay, frame);
    if (replay.items === null) return;
    const offers = listOffers(replay, frame);
    const total = offers.reduce((sum, offer) => sum + offer.count, 0);
    const rows = offers.map((offer) =>
      `<tr><td>${escape(ITEM_NAMES[offer.type] ?? "item")}</td><td>${offer.level}</td><td>${offer.count}</td>`
      + `<td>${offer.cheapest}</td><td>${escape(replay.nameOf(offer.seller))}</td></tr>`);
    if (total === 0) {
      this.element.innerHTML = `<h2>Market</h2><p class="soft">Nothing is for sale now.</p>`;
      return;
    }
    this.element.innerHTML = `<h2>Market <span class="soft">${total} offers</span></h2><table><thead><tr>`
      + `<th>Item</th><th>Level</th><th>Offers</th><th>From</th><th>Seller</th></tr></thead>`
      + `<tbody>${rows.join("")}</tbody></table>`;
  }

  private updateSums(replay: Replay, frame: number): void {
    const sums = listSums(replay, frame);
    const rows = sums.map((sum) =>
      `<tr><td>${escape(ITEM_NAMES[sum.type] ?? "item")}</td><td>${sum.level}</td><td>${sum.supply}</td><td>${sum.low}</td><td>${sum.high}</td></tr>`);
    this.element.innerHTML = sums.length === 0 ? `<h2>Market</h2><p class="soft">Nothing is for sale now.</p>`
      : `<h2>Market</h2><table><thead><tr><th>Item</th><th>Level</th><th>Pieces</th><th>From</th><th>To</th></tr></thead>`
        + `<tbody>${rows.join("")}</tbody></table>`;
  }
}

/** Return what is for sale at a frame where no sellers are known. */
export function listSums(replay: Replay, frame: number): Sum[] {
  const rows = replay.market!;
  const sums = new Map<string, Sum>();
  for (let at = 0; at < rows.length && rows[at]! <= frame; at += 6) {
    const [type, level, supply, low, high] = rows.subarray(at + 1, at + 6) as Int32Array;
    const key = `${type}.${level}`;
    if (supply === 0) sums.delete(key);
    else sums.set(key, { type: type!, level: level!, supply: supply!, low: low!, high: high! });
  }
  return [...sums.values()].sort((one, other) => one.type - other.type || one.level - other.level);
}

/** Return the offers of a frame, one for each item and level. */
export function listOffers(replay: Replay, frame: number): Offer[] {
  const items = replay.items!;
  const offers = new Map<number, Offer>();
  const start = frame * replay.players * INVENTORY;
  for (let place = 0; place < replay.players * INVENTORY; place++) {
    const price = items.item_price[start + place]!;
    const type = items.item_type[start + place]!;
    // The dead sell nothing.
    const seller = Math.floor(place / INVENTORY);
    const isAlive = replay.column("entity_alive")[frame * replay.entities + seller]! > 0;
    if (price <= 0 || type === 0 || !isAlive) continue;
    const level = items.item_level[start + place]!;
    const key = type * 100 + level;
    const offer = offers.get(key);
    if (offer === undefined) offers.set(key, { type, level, count: 1, cheapest: price, seller });
    else {
      offer.count++;
      if (price < offer.cheapest) [offer.cheapest, offer.seller] = [price, seller];
    }
  }
  return [...offers.values()].sort((one, other) => one.type - other.type || one.level - other.level);
}
