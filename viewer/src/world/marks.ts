// What lies over the ground? The fog of death, objectives and their owners, the selection's sight.

import { Container, Graphics, Sprite } from "pixi.js";

import { FOG, GOAL, toNumber } from "../colors";
import { clearSquare } from "../fog";
import type { Replay } from "../replay";
import type { Atlas } from "./atlas";
import { Entities } from "./entities";
import { FOOT } from "./particles";
import type { Projection } from "./projection";

const KIND_SPRITES = ["hold", "carry", "base"];
const SIGHT = 7;
/** Depths at which the fog grows thicker, tiles, and how much. */
const LAYERS = [[0, 0.46], [6, 0.2], [14, 0.18]] as const;

export class Marks {
  /** Below the figures. */
  readonly below = new Container();
  /** Objectives, and the fog over figures' feet. */
  readonly above = new Container();
  private readonly ground = new Graphics();
  private readonly fog = new Graphics();
  private readonly sight = new Graphics();
  private readonly objectives: Sprite[] = [];
  private shown = "";

  constructor(private readonly replay: Replay, atlas: Atlas, private readonly colors: readonly number[]) {
    this.below.addChild(this.ground, this.fog, this.sight);
    for (let number = 0; number < replay.header.objectives; number++) {
      const kind = replay.header.objective_kind[number] ?? 0;
      const sprite = new Sprite(atlas.get(KIND_SPRITES[kind] ?? "hold"));
      sprite.anchor.set(0.5, FOOT);
      // A base lies flat, under whoever stands on it.
      (kind === 2 ? this.below : this.above).addChild(sprite);
      this.objectives.push(sprite);
    }
  }

  /** Show the marks of a frame; they are drawn anew only when something changed. */
  draw(frame: number, projection: Projection, zoom: number, selected: number): void {
    const size = Math.sqrt(Entities.scaleFor(zoom));
    const key = `${frame}/${projection.name}/${selected}/${size.toFixed(2)}`;
    if (key === this.shown) return;
    this.shown = key;
    this.drawFog(frame, projection);
    this.drawObjectives(frame, projection, size);
    this.drawSight(frame, projection, selected);
  }

  /** Points of the square of tiles from `low` to `high`, corner by corner. */
  private square(projection: Projection, top: number, left: number, bottom: number, right: number): number[] {
    const corners = [[top, left], [top, right], [bottom, right], [bottom, left]] as const;
    return corners.flatMap(([row, col]) => [projection.x(row, col), projection.y(row, col)]);
  }

  private drawFog(frame: number, projection: Projection): void {
    this.fog.clear();
    const { header } = this.replay;
    if (header.fog === null || header.fog.onset === 0 || frame < header.fog.onset) return;
    const [first, last] = [header.first, header.first + header.playable + 1];
    for (const [depth, alpha] of LAYERS) {
      const clear = clearSquare(header, frame, depth);
      const low = Math.max(clear.low, first);
      const high = Math.min(clear.high + 1, last);
      const strips = [
        [first, first, low, last], [high, first, last, last],
        [low, first, high, low], [low, high, high, last],
      ] as const;
      for (const [top, left, bottom, right] of strips) {
        if (bottom <= top || right <= left) continue;
        this.fog.poly(this.square(projection, top, left, bottom, right)).fill({ color: toNumber(FOG), alpha });
      }
      if (depth === 0 && (low > first || high < last)) {
        this.fog.poly(this.square(projection, low, low, high, high)).stroke({ width: 4, color: 0xc58bf2, alpha: 0.9 });
      }
    }
  }

  private drawObjectives(frame: number, projection: Projection, size: number): void {
    this.ground.clear();
    const { header } = this.replay;
    if (this.replay.rule("center_mark") > 0) {
      const center = header.map_size >> 1;
      this.tile(projection, center, center, toNumber(GOAL));
    }
    if (header.objectives === 0) return;
    const rows = this.replay.column("objective_row");
    const cols = this.replay.column("objective_col");
    const owners = this.replay.column("objective_owner");
    this.objectives.forEach((sprite, number) => {
      const at = frame * header.objectives + number;
      const owner = owners[at]!;
      const color = owner < 0 ? 0xffffff : (this.colors[owner] ?? 0xffffff);
      this.tile(projection, rows[at]!, cols[at]!, color);
      sprite.position.set(projection.x(rows[at]! + 0.5, cols[at]! + 0.5), projection.y(rows[at]! + 0.5, cols[at]! + 0.5));
      sprite.scale.set(0.5 * size);
      sprite.tint = color;
    });
  }

  private tile(projection: Projection, row: number, col: number, color: number): void {
    const around = this.square(projection, row - 1, col - 1, row + 2, col + 2);
    // A path is used up by its stroke.
    this.ground.poly(around).fill({ color, alpha: 0.16 }).stroke({ width: 4.5, color: 0x14161e, alpha: 0.6 });
    this.ground.poly(around).stroke({ width: 2.5, color, alpha: 1 });
    this.ground.poly(this.square(projection, row, col, row + 1, col + 1)).fill({ color, alpha: 0.5 });
  }

  private drawSight(frame: number, projection: Projection, selected: number): void {
    this.sight.clear();
    const at = frame * this.replay.entities + selected;
    if (selected < 0 || this.replay.column("entity_alive")[at] === 0) return;
    const row = this.replay.column("entity_row")[at]!;
    const col = this.replay.column("entity_col")[at]!;
    this.sight.poly(this.square(projection, row - SIGHT, col - SIGHT, row + SIGHT + 1, col + SIGHT + 1))
      .fill({ color: 0xffffff, alpha: 0.05 }).stroke({ width: 2, color: 0xffe27a, alpha: 0.75 });
  }
}
