// What did the chosen agent's policy think? Its value over time, and its likeliest choices with bars.

import { ARROWS, itemName, MOVE_NAMES } from "../live/seat";
import { escape } from "../page";
import { INVENTORY, type Replay, STYLE_NAMES } from "../replay";
import { type Choice, isEntityHead } from "../thoughts";

const TOKENS = 127;
const LISTINGS = 384;
/** Choices that are less likely are not shown, but for the likeliest. */
const LEAST_SHARE = 0.02;
/** A head that does nothing this surely is named, not shown. */
const IDLE_SHARE = 0.98;
const LABELS: Record<string, string> = {
  move: "Move", attack_style: "Style", attack_target: "Attack", talk: "Say", use: "Use", destroy: "Destroy",
  sell_item: "Sell", sell_price: "for", buy: "Buy", give_item: "Give", give_target: "to",
  give_gold_target: "Gold to", give_gold_price: "Gold",
};
/** Heads that count only where another chooses something. */
const NEEDS: Record<string, string> = {
  attack_style: "attack_target", sell_price: "sell_item", give_target: "give_item", give_gold_price: "give_gold_target",
};
const CHART = { wide: 240, high: 40 };

export class ThoughtsPanel {
  readonly element = document.createElement("div");
  private readonly text = document.createElement("div");
  private readonly chart = document.createElement("canvas");

  constructor() {
    this.element.className = "thoughts";
    this.chart.width = CHART.wide * 2;
    this.chart.height = CHART.high * 2;
    this.chart.title = "The value that the policy gave, over time";
    this.element.append(this.text, this.chart);
  }

  update(replay: Replay, selected: number, frame: number): void {
    const { thoughts } = replay;
    const isPlayer = selected >= 0 && selected < replay.players;
    const isKnown = thoughts !== null && isPlayer && thoughts.isKnown(frame, selected);
    this.element.hidden = thoughts === null || !isPlayer || (!isKnown && !hasThought(replay, selected));
    if (thoughts === null || this.element.hidden) return;
    const value = isKnown ? thoughts.valueAt(frame, selected).toFixed(2) : "–";
    this.text.innerHTML = `<h3>Thoughts <small>value ${value}</small></h3>` + (isKnown ? headsText(replay, selected, frame) : "");
    this.paint(replay, selected, frame);
  }

  private paint(replay: Replay, selected: number, frame: number): void {
    const context = this.chart.getContext("2d")!;
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, CHART.wide, CHART.high);
    const thoughts = replay.thoughts!;
    let [low, high] = [0, 0];
    for (let at = 0; at < replay.frames; at++) {
      const value = thoughts.valueAt(at, selected);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const span = high - low || 1;
    const x = (at: number) => (at / Math.max(replay.frames - 1, 1)) * (CHART.wide - 4) + 2;
    const y = (value: number) => CHART.high - 4 - ((value - low) / span) * (CHART.high - 8);
    const style = getComputedStyle(document.documentElement);
    const line = (color: string, width: number, ...points: [number, number][]) => {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      for (const [across, down] of points) context.lineTo(across, down);
      context.stroke();
    };
    line(style.getPropertyValue("--edge"), 1, [0, y(0)], [CHART.wide, y(0)]);
    const known: [number, number][] = [];
    for (let at = 0; at < replay.frames; at++) {
      const value = thoughts.valueAt(at, selected);
      if (value !== 0) known.push([x(at), y(value)]);
    }
    line("#b18cf0", 1.6, ...known);
    line(style.getPropertyValue("--accent"), 1.5, [x(frame), 0], [x(frame), CHART.high]);
  }
}

/** Return whether anything was ever known of a player: the last frame has no thoughts, nor have the dead. */
function hasThought(replay: Replay, player: number): boolean {
  return replay.frames > 0 && replay.thoughts!.isKnown(0, player);
}

function headsText(replay: Replay, player: number, frame: number): string {
  const thoughts = replay.thoughts!;
  const idle: string[] = [];
  const rows: string[] = [];
  thoughts.heads.forEach((head, at) => {
    const choices = thoughts.choicesAt(frame, player, at);
    const best = choices[0];
    if (best === undefined) return;
    // Names of heads come from files: one may be called as what every object has.
    const name = Object.hasOwn(LABELS, head) ? LABELS[head]! : head;
    const needed = Object.hasOwn(NEEDS, head) ? NEEDS[head] : undefined;
    const isMoot = needed !== undefined && isIdle(needed, thoughts.likeliest(frame, player, needed));
    if (isMoot || isIdle(head, best)) {
      if (needed === undefined) idle.push(name.toLowerCase());
      return;
    }
    const bars = choices.filter(({ share }, rank) => rank === 0 || share >= LEAST_SHARE).map(({ choice, share }) => {
      const percent = Math.round(share * 100);
      return `<span class="choice"><b style="width:${percent}%"></b><em>${escape(choiceName(replay, player, frame, head, choice))}</em><small>${percent}%</small></span>`;
    });
    rows.push(`<div class="head"><span>${escape(name)}</span><div>${bars.join("")}</div></div>`);
  });
  const rest = idle.length > 0 ? `<p class="soft">Surely not: ${escape(idle.join(", "))}</p>` : "";
  return rows.join("") + rest;
}

function isIdle(head: string, best: Choice | null): boolean {
  return best !== null && best.share >= IDLE_SHARE && isNothing(head, best.choice);
}

function isNothing(head: string, choice: number): boolean {
  if (isEntityHead(head)) return choice < 0;
  if (head === "talk") return choice >= TOKENS;
  if (head === "buy") return choice >= LISTINGS;
  return ["use", "destroy", "sell_item", "give_item"].includes(head) && choice >= INVENTORY;
}

/** Return a choice in words. */
export function choiceName(replay: Replay, player: number, frame: number, head: string, choice: number): string {
  if (isNothing(head, choice)) return isEntityHead(head) ? "nobody" : head === "talk" ? "silent" : "nothing";
  if (head === "move") return `${ARROWS[choice] ?? ""} ${MOVE_NAMES[choice] ?? choice}`.trim();
  if (head === "attack_style") return STYLE_NAMES[choice] ?? String(choice);
  if (head === "talk") return String(choice + 1);
  if (isEntityHead(head)) return choice < replay.entities ? replay.nameOf(choice, frame) : String(choice);
  if (head.endsWith("_price")) return `${choice + 1} gold`;
  if (head === "buy") return `listing ${choice}`;
  if (replay.items !== null && choice >= 0 && choice < INVENTORY) {
    const at = (frame * replay.players + player) * INVENTORY + choice;
    const type = replay.items.item_type[at]!;
    if (type > 0) return itemName(type, replay.items.item_level[at]!);
  }
  return `${head} ${choice}`;
}
