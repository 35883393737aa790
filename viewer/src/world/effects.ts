// What happens in a moment? Attacks by style, damage that floats up, deaths.

import { STYLE_COLORS, toNumber } from "../colors";
import type { Replay } from "../replay";
import type { Atlas } from "./atlas";
import type { Camera } from "./camera";
import { drawNumber, Entities } from "./entities";
import { FOOT, Particles } from "./particles";
import type { Projection } from "./projection";

const TINTS = STYLE_COLORS.map(toNumber);
/** Frames for which the sign of a death stays. */
const MOURNING = 6;
const BODY = 13;
/** Tiles that somebody may go in a tick. */
const STEP = 2;

export class Effects {
  readonly view: Particles;

  constructor(private readonly replay: Replay, private readonly atlas: Atlas, private readonly entities: Entities) {
    this.view = new Particles(atlas.get("white"));
  }

  /** Draw what led to a frame; `share` of the way to the next has passed. */
  draw(frame: number, share: number, projection: Projection, camera: Camera): void {
    this.view.begin();
    const size = Entities.scaleFor(camera.zoom);
    this.drawAttacks(frame, share, size, projection);
    this.drawDamage(frame, share, size, camera.zoom);
    this.drawDeaths(frame, share, size, projection);
    this.view.end();
  }

  private drawAttacks(frame: number, share: number, size: number, projection: Projection): void {
    const { replay, view, atlas } = this;
    const targets = replay.column("entity_target");
    const styles = replay.column("entity_style");
    const rows = replay.column("entity_row");
    const cols = replay.column("entity_col");
    const alive = replay.column("entity_alive");
    const now = frame * replay.entities;
    const before = Math.max(frame - 1, 0) * replay.entities;
    for (let entity = 0; entity < replay.entities; entity++) {
      const target = targets[now + entity]!;
      // Whoever died in this tick still struck; whoever was dead before did not.
      if (target < 0 || alive[before + entity] === 0 || alive[before + target] === 0) continue;
      const fromX = projection.x(rows[now + entity]! + 0.5, cols[now + entity]! + 0.5);
      const fromY = projection.y(rows[now + entity]! + 0.5, cols[now + entity]! + 0.5) - BODY * size;
      // An NPC that fell may be another elsewhere by now, in the same row: it was hit where it was.
      const away = Math.abs(rows[now + target]! - rows[before + target]!) + Math.abs(cols[now + target]! - cols[before + target]!);
      const at = (away > STEP ? before : now) + target;
      const toX = projection.x(rows[at]! + 0.5, cols[at]! + 0.5);
      const toY = projection.y(rows[at]! + 0.5, cols[at]! + 0.5) - BODY * size;
      const style = Math.min(styles[now + entity]!, 2);
      const tint = TINTS[style]!;
      const length = Math.hypot(toX - fromX, toY - fromY);
      const angle = Math.atan2(toY - fromY, toX - fromX);
      const fade = 1 - share * 0.75;
      const thick = (style === 2 ? 0.30 : 0.16) * size;
      view.add(atlas.get("beam"), fromX, fromY, length / 72, thick, tint, 0.85 * fade, 0, 0.5, angle);
      const flown = 0.45 + 0.55 * share;
      const [x, y] = [fromX + (toX - fromX) * flown, fromY + (toY - fromY) * flown];
      if (style === 0) view.add(atlas.get("slash"), toX, toY, 0.5 * size, 0.5 * size, tint, fade, 0.5, 0.5, angle);
      else if (style === 1) view.add(atlas.get("arrow"), x, y, 0.42 * size, 0.42 * size, tint, 1, 0.5, 0.5, angle);
      else view.add(atlas.get("orb"), x, y, 0.6 * size, 0.6 * size, tint, 0.95);
    }
  }

  private drawDamage(frame: number, share: number, size: number, zoom: number): void {
    if (zoom < 0.22) return;
    const damage = this.replay.column("entity_damage");
    const alive = this.replay.column("entity_alive");
    const now = frame * this.replay.entities;
    const before = Math.max(frame - 1, 0) * this.replay.entities;
    for (let entity = 0; entity < this.replay.entities; entity++) {
      const amount = alive[before + entity]! > 0 ? damage[now + entity]! : 0;
      const x = this.entities.x[entity]!;
      if (amount <= 0 || Number.isNaN(x)) continue;
      const y = this.entities.y[entity]! - (40 + share * 18) * size;
      const isOwn = entity < this.replay.players;
      drawNumber(this.view, this.atlas, amount, x + 8 * size, y, 0.6 * size, isOwn ? 0xff7a6b : 0xffffff, 1 - share * share);
    }
  }

  private drawDeaths(frame: number, share: number, size: number, projection: Projection): void {
    const rows = this.replay.column("entity_row");
    const cols = this.replay.column("entity_col");
    const { deaths } = this.replay;
    // Deaths are in order of frames: find the first that may still be mourned.
    let low = 0;
    let high = deaths.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (deaths[middle]!.frame <= frame - MOURNING) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < deaths.length && deaths[at]!.frame <= frame; at++) {
      const death = deaths[at]!;
      const age = frame + share - death.frame;
      const place = (death.frame - 1) * this.replay.entities + death.who;
      const x = projection.x(rows[place]! + 0.5, cols[place]! + 0.5);
      const y = projection.y(rows[place]! + 0.5, cols[place]! + 0.5) - age * 4 * size;
      const tint = this.entities.team >= 0 && this.replay.header.player_team[death.who] !== this.entities.team ? 0x777777 : 0xffffff;
      this.view.add(this.atlas.get("skull"), x, y, 0.55 * size, 0.55 * size, tint, 1 - age / MOURNING, 0.5, FOOT);
    }
  }
}
