// What may the person do whose agent this is? Attack, items, market, gold and words.

import type { Act, StateMessage } from "../live/messages";
import { describeAct, type ItemAct, itemName, type Seat } from "../live/seat";
import { escape, find } from "../page";
import { CAUSE_NAMES, INVENTORY, type Replay, STYLE_NAMES } from "../replay";

type Part = "head" | "attack" | "why" | "items" | "gold" | "market";

export class SeatPanel {
  onAct: (act: Act) => void = () => {};
  onLeave: () => void = () => {};
  private readonly element = find("seat");
  private readonly parts = {} as Record<Part, HTMLElement>;
  private readonly written = new Map<HTMLElement, string>();
  private replay: Replay | null = null;
  private state: StateMessage | null = null;
  private isPressed = false;
  /** The frame that is written here. */
  private frame = 0;

  constructor(private readonly seat: Seat) {
    this.element.innerHTML = `<div data-part="head"></div><div data-part="attack"></div>`
      + `<form class="line" data-form="say"><label>Say <input name="token" type="number" min="1" max="127" value="1" aria-label="Token 1 to 127" /></label>`
      + `<button title="Say the token in the next tick">Say</button></form>`
      + `<fieldset data-full><legend>Carries</legend><div class="line"><label>Sell for <input name="price" type="number" min="1" max="99" value="5" /></label>`
      + `<label>Give to <select name="receiver" aria-label="Who gets the item"></select></label></div><p data-part="why" class="why soft"></p><div data-part="items"></div></fieldset>`
      + `<fieldset data-full><legend>Gold <span data-part="gold"></span></legend><form class="line" data-form="gold">`
      + `<label>Give <input name="gold" type="number" min="1" max="99" value="1" aria-label="Pieces of gold" /></label>`
      + `<label>to <select name="gold-receiver" aria-label="Who gets the gold"></select></label><button>Give</button></form></fieldset>`
      + `<fieldset data-full><legend>Market</legend><div data-part="market"></div></fieldset>`;
    for (const part of this.element.querySelectorAll<HTMLElement>("[data-part]")) this.parts[part.dataset["part"] as Part] = part;
    this.wire();
  }

  /** Write anew what has changed. */
  update(replay: Replay, state: StateMessage | null): void {
    this.replay = replay;
    this.state = state;
    const { message } = this.seat;
    this.element.hidden = message === null;
    // What is under the pointer stays until it is let go.
    if (message === null || this.isPressed) return;
    this.frame = message.frame;
    this.write(this.parts.head, this.headText(replay));
    this.write(this.parts.attack, this.attackText(replay));
    this.form("say").hidden = !message.can_say || !message.is_alive;
    const isFull = replay.items !== null;
    for (const part of this.element.querySelectorAll<HTMLElement>("[data-full]")) part.hidden = !isFull || !message.is_alive;
    if (!isFull) return;
    const first = ((replay.frames - 1) * replay.players + message.agent) * INVENTORY;
    const carried = replay.items!.item_type.subarray(first, first + INVENTORY).filter((type) => type > 0).length;
    this.write(this.parts.why, this.seat.isHindered && carried > 0 ? "In combat nothing can be used or traded." : "");
    this.write(this.parts.items, this.itemsText(replay));
    const now = (replay.frames - 1) * replay.entities + message.agent;
    this.write(this.parts.gold, `${replay.column("entity_gold")[now]}`);
    this.write(this.parts.market, this.marketText());
    this.field("price").min = String(message.prices[0] ?? 1);
    this.field("price").max = String(message.prices[1] ?? 99);
    const options = (rows: number[]) =>
      rows.map((row) => `<option value="${row}">${escape(replay.nameOf(row))}</option>`).join("") || `<option value="-1">nobody</option>`;
    this.write(this.field("receiver"), options(message.receivers));
    this.write(this.field("gold-receiver"), options(message.gold_receivers));
    this.button("gold").disabled = message.gold_receivers.length === 0;
    this.button("gold").title = this.button("gold").disabled ? "Nobody can take gold from it now" : "Give the gold in the next tick";
  }

  private headText(replay: Replay): string {
    const { message } = this.seat;
    const { agent, is_alive: isAlive, pending } = message!;
    const name = escape(replay.nameOf(agent));
    const leave = `<button data-do="leave" title="Give the agent back (Q)">Leave</button>`;
    if (!isAlive) {
      const cause = CAUSE_NAMES[replay.column("player_cause")[(replay.frames - 1) * replay.players + agent]!];
      const fate = replay.isOver ? "The episode is over." : `It has died: ${cause}. Watch, or leave it and take over another.`;
      return `<h2>You play ${name}${leave}</h2><p class="fallen">${fate}</p>`;
    }
    const asked = describeAct(pending, {
      entity: (row) => replay.nameOf(row, replay.frames - 1),
      item: (place) => this.itemAt(replay, place),
      offer: (listing) => {
        const offer = message!.offers.find((other) => other.listing === listing);
        return offer === undefined ? `listing ${listing}` : itemName(offer.type, offer.level);
      },
    });
    const isTurn = this.state?.pace === "turn";
    const hasEnded = pending.end === true ? " disabled" : "";
    const end = isTurn ? `<button data-do="end" class="end" title="End the turn (Enter)"${hasEnded}>End turn</button>` : "";
    const words = asked.length > 0 ? escape(asked.join(", ")) : `<span class="soft">nothing yet</span>`;
    const isPaused = !isTurn && this.state?.is_playing === false;
    const rest = isPaused ? ", when play goes on" : hasEnded ? ", when all have ended their turns" : "";
    return `<h2>You play ${name}${leave}</h2><div class="pending" role="status"><span><small>Next tick${rest}</small>${words}</span>${end}</div>`;
  }

  private attackText(replay: Replay): string {
    const { message, style } = this.seat;
    if (!message!.is_alive) return "";
    const styles = STYLE_NAMES.map((name, at) =>
      `<button data-do="style" data-at="${at}" aria-pressed="${at === style}" title="Attack by ${name} (${at + 1})">${at + 1} ${name}</button>`);
    const targets = message!.targets.map(({ entity, styles: legal }) => {
      const look = message!.pending.attack === entity ? ' aria-pressed="true"' : "";
      const dim = legal.includes(style) ? "" : ' class="soft"';
      const health = replay.column("entity_health")[(replay.frames - 1) * replay.entities + entity];
      return `<button data-do="attack" data-at="${entity}"${look}${dim} title="Attack it (X goes through them)">${escape(replay.nameOf(entity, replay.frames - 1))} <small>${health}</small></button>`;
    });
    const list = targets.join("") || `<span class="soft">nobody is in reach</span>`;
    return `<div class="styles">${styles.join("")}</div><div class="targets">${list}</div>`;
  }

  private itemsText(replay: Replay): string {
    const items = replay.items!;
    const start = ((replay.frames - 1) * replay.players + this.seat.agent) * INVENTORY;
    const rows: string[] = [];
    for (let place = 0; place < INVENTORY; place++) {
      if (items.item_type[start + place] === 0) continue;
      const worn = items.item_worn[start + place]! > 0 ? ' class="worn" title="worn"' : "";
      const price = items.item_price[start + place]! > 0 ? ` <small>for ${items.item_price[start + place]}</small>` : "";
      const item = { isWorn: items.item_worn[start + place]! > 0, isListed: items.item_price[start + place]! > 0 };
      const act = (what: ItemAct, label: string, hint: string) => {
        const reason = this.seat.whyNot(what, place, item);
        return `<button data-do="${what}" data-at="${place}" title="${reason ?? hint}"${reason === null ? "" : " disabled"}>${label}</button>`;
      };
      rows.push(`<div class="item"><span${worn}>${escape(this.itemAt(replay, place))}${price}</span>`
        + act("use", "Use", "Use or wear it") + act("sell", "Sell", "Offer it at the price above")
        + act("give", "Give", "Give it to whom is chosen above") + act("destroy", "✕", "Destroy it") + `</div>`);
    }
    return rows.join("") || `<span class="soft">nothing</span>`;
  }

  private marketText(): string {
    const rows = this.seat.offers().map((offer) =>
      `<div class="item"><span>${escape(itemName(offer.type, offer.level, offer.quantity))}</span><small>${escape(this.replay!.nameOf(offer.seller))}</small>`
      + `<button data-do="buy" data-at="${offer.listing}" data-kind="${offer.type}.${offer.level}" title="Buy it">${offer.price} gold</button></div>`);
    return rows.join("") || `<span class="soft">nothing that can be bought</span>`;
  }

  private itemAt(replay: Replay, place: number): string {
    const { items } = replay;
    if (items === null) return `item ${place}`;
    const at = ((replay.frames - 1) * replay.players + this.seat.agent) * INVENTORY + place;
    return itemName(items.item_type[at]!, items.item_level[at]!, items.item_quantity[at]!);
  }

  /** Write into an element what differs from before; the focus stays where it was. */
  private write(element: HTMLElement, text: string): void {
    if (this.written.get(element) === text) return;
    this.written.set(element, text);
    const focus = element.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset : null;
    const chosen = element instanceof HTMLSelectElement ? element.value : null;
    element.innerHTML = text;
    if (element instanceof HTMLSelectElement && element.querySelector(`option[value="${chosen}"]`)) element.value = chosen!;
    if (focus?.["do"] !== undefined) {
      const place = focus["kind"] === undefined ? "at" : "kind";
      const at = focus[place] === undefined ? "" : `[data-${place}="${focus[place]}"]`;
      // Never another button: the next key might press it.
      (element.querySelector<HTMLElement>(`[data-do="${focus["do"]}"]${at}`) ?? this.element).focus();
    }
  }

  private wire(): void {
    this.element.addEventListener("pointerdown", () => (this.isPressed = true));
    for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, () => (this.isPressed = false));
    this.element.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>("[data-do]");
      if (button !== null) this.press(button.dataset["do"]!, Number(button.dataset["at"]));
    });
    for (const name of ["say", "gold"] as const) {
      this.form(name).addEventListener("submit", (event) => {
        event.preventDefault();
        this.act(name === "say" ? this.seat.say(this.number("token")) : this.seat.giveGold(this.number("gold"), this.number("gold-receiver")));
      });
    }
  }

  private press(what: string, at: number): void {
    const { seat } = this;
    if (what === "leave") this.onLeave();
    else if (what === "end") this.onAct({ end: true });
    else if (what === "style") {
      this.act(seat.choose(at));
      if (this.replay !== null) this.update(this.replay, this.state);
    } else if (what === "attack") this.act(seat.attack(at));
    else if (what === "use") this.act(seat.use(at));
    else if (what === "destroy") this.act(seat.destroy(at));
    else if (what === "buy") this.act(seat.buy(at));
    else if (what === "sell") this.act(seat.sell(at, this.number("price")));
    else if (what === "give") this.act(seat.give(at, this.number("receiver")));
  }

  private act(act: Act | null): void {
    if (act !== null) this.onAct({ ...act, frame: this.frame });
  }

  private field(name: string): HTMLInputElement {
    return this.element.querySelector<HTMLInputElement>(`[name="${name}"]`)!;
  }

  private form(name: string): HTMLFormElement {
    return this.element.querySelector<HTMLFormElement>(`[data-form="${name}"]`)!;
  }

  private button(form: string): HTMLButtonElement {
    return this.form(form).querySelector("button")!;
  }

  private number(field: string): number {
    return Number(this.field(field).value);
  }
}
