// Who stands where? Figures in order of depth, with bars, rings and signs over them.

import type { Texture } from "pixi.js";

import { type Replay } from "../replay";
import type { Atlas } from "./atlas";
import type { Camera } from "./camera";
import { FOOT, Particles } from "./particles";
import type { Projection } from "./projection";

const BAR = 22;
/** Height of a figure on the screen below which it is drawn larger than its tile, pixels. */
const LEAST = 13;
const FIGURE = 27;

export class Entities {
  readonly view: Particles;
  /** Middle of each entity's feet as drawn last, on the plane; NaN where none is. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  selected = -1;
  /** Team that alone is shown in full; -1: all. */
  team = -1;
  private readonly order: Int32Array;
  private readonly depth: Float64Array;
  private readonly figures: Texture[];
  private readonly tints: Int32Array;
  private readonly compare = (one: number, other: number) =>
    this.depth[one]! - this.depth[other]! || one - other;
  private readonly shadow: Texture;
  private readonly white: Texture;
  private readonly ring: Texture;
  private readonly ice: Texture;
  private readonly bubble: Texture;
  private readonly crown: Texture;

  constructor(private readonly replay: Replay, private readonly atlas: Atlas, colors: readonly number[]) {
    this.view = new Particles(atlas.get("white"));
    this.x = new Float64Array(replay.entities).fill(NaN);
    this.y = new Float64Array(replay.entities).fill(NaN);
    this.order = new Int32Array(replay.entities);
    this.depth = new Float64Array(replay.entities);
    this.tints = Int32Array.from({ length: replay.entities }, (_, entity) =>
      entity < replay.players ? (colors[replay.header.player_team[entity]!] ?? 0xffffff) : 0xffffff);
    const names = ["shadow", "player", "passive", "neutral", "aggressive", "soldier"];
    this.figures = names.map((name) => atlas.get(name));
    this.shadow = atlas.get("shadow");
    this.white = atlas.get("white");
    this.ring = atlas.get("ring");
    this.ice = atlas.get("ice");
    this.bubble = atlas.get("bubble");
    this.crown = atlas.get("crown");
  }

  /** Return how much larger than its tile figures are drawn. */
  static scaleFor(zoom: number): number {
    return Math.max(1, Math.min(3.4, LEAST / (FIGURE * zoom)));
  }

  /** Draw a moment: a frame, and the share of the way to the next. */
  draw(frame: number, share: number, projection: Projection, camera: Camera): void {
    const count = this.place(frame, share, projection, camera);
    const order = this.order.subarray(0, count);
    order.sort(this.compare);
    const size = Entities.scaleFor(camera.zoom);
    const now = frame * this.replay.entities;
    this.view.begin();
    if (camera.zoom > 0.3) {
      for (const entity of order) {
        this.view.add(this.shadow, this.x[entity]!, this.y[entity]!, 0.5 * size, 0.5 * size, 0xffffff, 1, 0.5, FOOT);
      }
    }
    for (const entity of order) this.drawFigure(entity, now + entity, size);
    for (const entity of order) this.drawSigns(entity, frame, size, camera.zoom);
    this.view.end();
  }

  private place(frame: number, share: number, projection: Projection, camera: Camera): number {
    const { replay } = this;
    const alive = replay.column("entity_alive");
    const rows = replay.column("entity_row");
    const cols = replay.column("entity_col");
    const now = frame * replay.entities;
    const next = Math.min(frame + 1, replay.frames - 1) * replay.entities;
    const halfWide = camera.width / 2 / camera.zoom + 40;
    const halfHigh = camera.height / 2 / camera.zoom + 60;
    let count = 0;
    for (let entity = 0; entity < replay.entities; entity++) {
      this.x[entity] = NaN;
      if (alive[now + entity] === 0) continue;
      let row = rows[now + entity]!;
      let col = cols[now + entity]!;
      if (share > 0 && alive[next + entity]! > 0) {
        const down = rows[next + entity]! - row;
        const across = cols[next + entity]! - col;
        // Whoever is put elsewhere, as after a respawn, does not glide there.
        if (Math.abs(down) + Math.abs(across) <= 2) {
          row += down * share;
          col += across * share;
        }
      }
      // Several on a tile stand a little apart.
      row += 0.5 + (((entity * 7) % 5) - 2) * 0.075;
      col += 0.5 + (((entity * 3) % 5) - 2) * 0.075;
      const x = projection.x(row, col);
      const y = projection.y(row, col);
      this.x[entity] = x;
      this.y[entity] = y;
      this.depth[entity] = y;
      if (Math.abs(x - camera.x) > halfWide || Math.abs(y - camera.y) > halfHigh) continue;
      this.order[count++] = entity;
    }
    return count;
  }

  private drawFigure(entity: number, at: number, size: number): void {
    const x = this.x[entity]!;
    const y = this.y[entity]!;
    const kind = this.replay.column("entity_kind")[at]!;
    const isFaint = this.team >= 0 && this.replay.header.player_team[entity] !== this.team;
    if (entity === this.selected) {
      this.view.add(this.ring, x, y, 0.56 * size, 0.56 * size, 0xffe27a, 1, 0.5, FOOT);
    }
    const alpha = isFaint ? 0.3 : 1;
    this.view.add(this.figures[kind]!, x, y, 0.5 * size, 0.5 * size, this.tints[entity]!, alpha, 0.5, FOOT);
    if (this.replay.column("entity_freeze")[at]! > 0) {
      this.view.add(this.ice, x, y, 0.5 * size, 0.5 * size, 0xffffff, 0.9, 0.5, FOOT);
    }
  }

  private drawSigns(entity: number, frame: number, size: number, zoom: number): void {
    const { replay } = this;
    const at = frame * replay.entities + entity;
    const player = frame * replay.players + entity;
    const isPlayer = entity < replay.players;
    const isSelected = entity === this.selected;
    if (this.team >= 0 && replay.header.player_team[entity] !== this.team && !isSelected) return;
    const health = replay.column("entity_health")[at]!;
    const x = this.x[entity]!;
    let top = this.y[entity]! - (isPlayer ? 31 : 25) * size;
    const isNear = zoom > 0.7 || isSelected;
    if (isNear && isPlayer && replay.hasNeeds && (zoom > 1.1 || isSelected)) {
      top = this.bar(x, top, size, replay.column("player_water")[player]!, 0x5aa9e6);
      top = this.bar(x, top, size, replay.column("player_food")[player]!, 0xe3a84a);
    }
    if (isNear || health < 100) top = this.bar(x, top, size, health, healthColor(health));
    if (replay.isOver && frame === replay.frames - 1 && replay.winners.has(entity)) {
      this.view.add(this.crown, x, top, 0.5 * size, 0.5 * size, 0xffffff, 1, 0.5, FOOT);
      top -= 12 * size;
    }
    if (isPlayer && (zoom > 0.9 || isSelected)) this.talk(x, top, size, player, frame);
  }

  private talk(x: number, top: number, size: number, player: number, frame: number): void {
    const messages = this.replay.column("player_message");
    const token = messages[player]!;
    // A word that is repeated each tick is no news.
    if (token === 0 || (frame > 0 && messages[player - this.replay.players] === token)) return;
    this.view.add(this.bubble, x, top, 0.5 * size, 0.5 * size, 0xffffff, 1, 0.5, FOOT);
    drawNumber(this.view, this.atlas, token, x, top - 15 * size, 0.42 * size, 0xffffff, 1);
  }

  private bar(x: number, top: number, size: number, value: number, color: number): number {
    const wide = BAR * size;
    const high = 3 * size;
    this.view.add(this.white, x, top, (wide + 2) / 16, (high + 1.6) / 16, 0x12141c, 0.85);
    const full = (wide * Math.max(Math.min(value, 100), 0)) / 100;
    this.view.add(this.white, x - wide / 2, top, full / 16, high / 16, color, 1, 0);
    return top - 4.4 * size;
  }

  /** Return the entity at a point of the plane, or -1; those that `isWanted` before others. */
  pick(x: number, y: number, zoom: number, isWanted: (entity: number) => boolean = () => false): number {
    const size = Entities.scaleFor(zoom);
    let best = -1;
    let nearest = Math.max(16 * size, 12 / zoom);
    for (let entity = 0; entity < this.x.length; entity++) {
      if (Number.isNaN(this.x[entity]!)) continue;
      const away = Math.hypot(this.x[entity]! - x, this.y[entity]! - 12 * size - y);
      // Agents before NPCs.
      const cost = away + (entity < this.replay.players ? 0 : 6 * size) - (isWanted(entity) ? 12 * size : 0);
      if (cost < nearest) [best, nearest] = [entity, cost];
    }
    return best;
  }
}

export function healthColor(health: number): number {
  const good = health / 100;
  const red = Math.min(255, 510 - 440 * good);
  const green = Math.min(255, 70 + 300 * good);
  return (red << 16) | (green << 8) | 70;
}

/** Draw a whole number, its middle at (x, y). */
export function drawNumber(
  view: Particles, atlas: Atlas, value: number, x: number, y: number, scale: number,
  tint: number, alpha: number,
): void {
  const digits = value >= 100 ? 3 : value >= 10 ? 2 : 1;
  let rest = Math.min(value, 999);
  for (let place = digits - 1; place >= 0; place--) {
    const left = x + (place - (digits - 1) / 2) * 18 * scale;
    view.add(atlas.digits[rest % 10]!, left, y, scale, scale, tint, alpha);
    rest = Math.floor(rest / 10);
  }
}

