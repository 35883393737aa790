// How is the chosen agent? Its state, task, gear, and what it sees.

import { FOG, KIND_COLORS, teamColors, TERRAIN, toCss } from "../colors";
import { fogDepth } from "../fog";
import { escape, find } from "../page";
import { CAUSE_NAMES, INVENTORY, ITEM_NAMES, KIND_NAMES, type Replay, teamName } from "../replay";
import { ThoughtsPanel } from "./thoughts";

const SIGHT = 7;
const TILE = 15;

export class AgentPanel {
  private readonly element = find("agent");
  private readonly canvas = document.createElement("canvas");
  private readonly text = document.createElement("div");
  private readonly gear = document.createElement("div");
  private readonly thoughts = new ThoughtsPanel();
  /** What may be done with the agent, in a live game. */
  readonly actions = document.createElement("div");
  private map: Uint8Array | undefined;

  constructor() {
    this.canvas.id = "sight";
    this.canvas.width = this.canvas.height = TILE * (2 * SIGHT + 1);
    this.canvas.title = "What it sees: 15 x 15 tiles";
    this.element.append(this.text, this.actions, this.thoughts.element, this.gear, this.canvas);
  }

  update(replay: Replay, selected: number, frame: number): void {
    const now = frame * replay.entities + selected;
    const isAlive = selected >= 0 && replay.column("entity_alive")[now]! > 0;
    this.canvas.hidden = !isAlive;
    const hasGear = replay.items !== null && selected >= 0 && selected < replay.players;
    this.thoughts.update(replay, selected, frame);
    this.gear.innerHTML = hasGear ? gear(replay, selected, frame) : "";
    if (selected < 0) {
      this.text.innerHTML = `<p class="soft">Click an agent, or press <kbd>J</kbd>, to follow it and see its state, its task and what it sees.</p>`;
      return;
    }
    this.text.innerHTML = this.describe(replay, selected, frame, isAlive);
    if (isAlive) this.paintSight(replay, selected, frame);
  }

  private describe(replay: Replay, selected: number, frame: number, isAlive: boolean): string {
    const now = frame * replay.entities + selected;
    const isPlayer = selected < replay.players;
    const parts = [this.head(replay, selected, frame, isAlive)];
    parts.push(meter("Health", replay.column("entity_health")[now]!, "#58c26a"));
    const facts: [string, string | number][] = [
      ["Level", replay.column("entity_level")[now]!],
      ["Gold", replay.column("entity_gold")[now]!],
      ["Tile", `${replay.column("entity_row")[now]}, ${replay.column("entity_col")[now]}`],
    ];
    if (isPlayer) {
      const player = frame * replay.players + selected;
      if (replay.hasNeeds) {
        parts.push(meter("Food", replay.column("player_food")[player]!, "#e3a84a"));
        parts.push(meter("Water", replay.column("player_water")[player]!, "#5aa9e6"));
      }
      if (replay.hasTasks) parts.push(meter("Task", Math.round(replay.column("player_progress")[player]! * 100), "#b18cf0"));
      const message = replay.column("player_message")[player]!;
      facts.push(
        ["Kills", replay.column("player_kills")[player]!],
        ["Damage", replay.damageTaken[player]!],
      );
      if (replay.hasTasks) facts.push(
        ["Best", `${Math.round(replay.bestProgress[player]! * 100)}%`],
        ["Reward", replay.column("player_reward")[player]!.toFixed(3)],
        ["Says", message === 0 ? "–" : message],
      );
    }
    const target = replay.column("entity_target")[now]!;
    facts.push(["Attacks", target >= 0 ? replay.nameOf(target, frame) : "–"]);
    const cells = facts.map(([name, value]) => `<div><small>${name}</small>${escape(String(value))}</div>`);
    parts.push(`<div class="facts">${cells.join("")}</div>`);
    return parts.join("");
  }

  private head(replay: Replay, selected: number, frame: number, isAlive: boolean): string {
    const name = escape(replay.nameOf(selected, frame));
    if (selected >= replay.players) {
      const kind = KIND_NAMES[replay.column("entity_kind")[frame * replay.entities + selected]!];
      return `<h2>${name}</h2><p class="soft">NPC, ${kind}${isAlive ? "" : ", not alive"}</p>`;
    }
    const team = replay.header.player_team[selected]!;
    const color = toCss(teamColors(replay.header.teams.length)[team] ?? [255, 255, 255]);
    const cause = CAUSE_NAMES[replay.column("player_cause")[frame * replay.players + selected]!];
    const won = replay.winners.has(selected) ? " · winner" : "";
    const isFrozen = replay.column("entity_freeze")[frame * replay.entities + selected]! > 0;
    const fate = !isAlive ? ` · died: ${cause}` : isFrozen ? " · frozen" : "";
    const task = replay.header.player_tasks?.[selected];
    return `<h2><span class="swatch" style="background:${color}"></span>${name}</h2>`
      + `<div class="soft">team ${teamName(team)} · ${escape(replay.policyOf(team))}${won}${fate}</div>`
      + (task ? `<p class="task">“${escape(task)}”</p>` : "");
  }

  private paintSight(replay: Replay, selected: number, frame: number): void {
    const { header } = replay;
    const side = header.map_size;
    const now = frame * replay.entities;
    const [rows, cols] = [replay.column("entity_row"), replay.column("entity_col")];
    const [row, col] = [rows[now + selected]!, cols[now + selected]!];
    const context = this.canvas.getContext("2d", { willReadFrequently: true })!;
    this.map = replay.mapAt(frame, this.map);
    for (let down = -SIGHT; down <= SIGHT; down++) {
      for (let across = -SIGHT; across <= SIGHT; across++) {
        const [y, x] = [row + down, col + across];
        const isIn = y >= 0 && x >= 0 && y < side && x < side;
        const [left, top] = [(across + SIGHT) * TILE, (down + SIGHT) * TILE];
        context.fillStyle = toCss(TERRAIN[isIn ? this.map[y * side + x]! : 0]!);
        context.fillRect(left, top, TILE, TILE);
        const depth = isIn ? fogDepth(header, frame, y, x) : 0;
        if (depth > 0) {
          context.fillStyle = toCss(FOG, Math.min(0.34 + 0.02 * depth, 0.72));
          context.fillRect(left, top, TILE, TILE);
        }
      }
    }
    const colors = teamColors(header.teams.length);
    for (let entity = replay.entities - 1; entity >= 0; entity--) {
      const [down, across] = [rows[now + entity]! - row, cols[now + entity]! - col];
      if (replay.column("entity_alive")[now + entity] === 0) continue;
      if (Math.max(Math.abs(down), Math.abs(across)) > SIGHT) continue;
      const isPlayer = entity < replay.players;
      const color = isPlayer ? colors[header.player_team[entity]!] : KIND_COLORS[replay.column("entity_kind")[now + entity]!];
      context.beginPath();
      context.arc((across + SIGHT + 0.5) * TILE, (down + SIGHT + 0.5) * TILE, isPlayer ? 6 : 4.5, 0, Math.PI * 2);
      context.fillStyle = toCss(color ?? [255, 255, 255]);
      context.strokeStyle = entity === selected ? "#fff" : "#14161e";
      context.lineWidth = entity === selected ? 2.5 : 1.5;
      context.fill();
      context.stroke();
    }
  }
}

function meter(name: string, value: number, color: string): string {
  const share = Math.max(0, Math.min(value, 100));
  return `<div class="meter"><span>${name}</span><i><b style="width:${share}%;background:${color}"></b></i><span>${value}</span></div>`;
}

function gear(replay: Replay, player: number, frame: number): string {
  const items = replay.items!;
  const start = (frame * replay.players + player) * INVENTORY;
  const places = Array.from({ length: INVENTORY }, (_, place) => start + place)
    .filter((at) => items.item_type[at]! > 0)
    .sort((one, other) => items.item_worn[other]! - items.item_worn[one]!);
  const cells = places.map((at) => {
    const many = items.item_quantity[at]! > 1 ? ` ×${items.item_quantity[at]}` : "";
    const price = items.item_price[at]! > 0 ? ` <span class="soft">${items.item_price[at]} gold</span>` : "";
    const name = ITEM_NAMES[items.item_type[at]!] ?? "item";
    const worn = items.item_worn[at]! > 0 ? ' class="worn" title="worn"' : "";
    return `<span${worn}>${name} ${items.item_level[at]}${many}${price}</span>`;
  });
  return `<div class="gear">${cells.join("") || '<span class="soft">carries nothing</span>'}</div>`;
}
