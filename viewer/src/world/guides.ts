// Where may the person's agent go, whom may it attack, and what would a policy do? Marks on the map.

import { Container, Graphics, Text } from "pixi.js";

import { ARROWS, MOVE_STEPS, type Seat } from "../live/seat";
import type { Replay } from "../replay";
import type { Atlas } from "./atlas";
import { Entities } from "./entities";
import { FOOT, Particles } from "./particles";
import type { Projection } from "./projection";

const OWN = 0x7fe0ff;
const ENEMY = 0xff5a4e;
const THOUGHT = 0xc9a2ff;
const STAY = 4;
/** Probability below which a choice is not worth an arrow. */
const LEAST_SHARE = 0.05;

export class Guides {
  /** On the ground, below the figures. */
  readonly below = new Container();
  /** Keys that move the agent, over the figures. */
  readonly above = new Container();
  /** What the person plays here, or null. */
  seat: Seat | null = null;
  private readonly tiles = new Graphics();
  private readonly thought = new Graphics();
  private readonly rings: Particles;
  private readonly keys: Text[];
  private shown = "";

  constructor(private readonly replay: Replay, private readonly atlas: Atlas, private readonly entities: Entities) {
    this.rings = new Particles(atlas.get("white"));
    this.keys = ARROWS.slice(0, STAY).map((sign) => {
      const text = new Text({ text: sign, style: { fontFamily: "system-ui, sans-serif", fontSize: 30, fontWeight: "700", fill: 0xffffff, stroke: { color: 0x12141c, width: 5 } } });
      text.anchor.set(0.5);
      text.scale.set(0.5);
      text.visible = false;
      return text;
    });
    this.below.addChild(this.tiles, this.thought, this.rings.view);
    this.above.addChild(...this.keys);
  }

  draw(frame: number, projection: Projection, zoom: number): void {
    const { seat } = this;
    const { selected } = this.entities;
    const isNow = seat !== null && seat.isActing && seat.isShown;
    const key = `${frame}/${projection.name}/${selected}/${isNow ? JSON.stringify(seat.message!.pending) + seat.message!.frame : ""}`;
    if (key !== this.shown) {
      this.shown = key;
      this.drawMoves(projection, isNow ? seat : null);
      this.drawThought(frame, projection, selected);
    }
    this.drawRings(isNow ? seat : null, Entities.scaleFor(zoom));
  }

  private drawMoves(projection: Projection, seat: Seat | null): void {
    this.tiles.clear();
    for (const key of this.keys) key.visible = false;
    if (seat === null) return;
    const { moves, pending, agent } = seat.message!;
    const at = (this.replay.frames - 1) * this.replay.entities + agent;
    const [row, col] = [this.replay.column("entity_row")[at]!, this.replay.column("entity_col")[at]!];
    for (const move of moves) {
      const step = MOVE_STEPS[move];
      if (step === undefined || (move === STAY && pending.move !== STAY)) continue;
      const [top, left] = [row + step[0], col + step[1]];
      const corners = [[top, left], [top, left + 1], [top + 1, left + 1], [top + 1, left]] as const;
      const isAsked = pending.move === move;
      this.tiles.poly(corners.flatMap(([down, across]) => [projection.x(down, across), projection.y(down, across)]))
        .fill({ color: OWN, alpha: isAsked ? 0.6 : 0.16 }).stroke({ width: isAsked ? 2.5 : 1.2, color: OWN, alpha: isAsked ? 1 : 0.7 });
      const sign = this.keys[move];
      if (sign === undefined) continue;
      sign.visible = true;
      sign.alpha = isAsked ? 1 : 0.8;
      sign.position.set(projection.x(top + 0.5, left + 0.5), projection.y(top + 0.5, left + 0.5));
    }
  }

  /** Draw the likeliest move as an arrow, the likeliest target as a line. */
  private drawThought(frame: number, projection: Projection, selected: number): void {
    this.thought.clear();
    const { thoughts } = this.replay;
    const now = frame * this.replay.entities;
    if (thoughts === null || selected < 0 || selected >= this.replay.players) return;
    if (this.replay.column("entity_alive")[now + selected] === 0) return;
    const place = (entity: number) =>
      [this.replay.column("entity_row")[now + entity]! + 0.5, this.replay.column("entity_col")[now + entity]! + 0.5] as const;
    const [row, col] = place(selected);
    const move = thoughts.likeliest(frame, selected, "move");
    const step = MOVE_STEPS[move?.choice ?? STAY];
    if (move !== null && step !== undefined && move.choice !== STAY && move.share >= LEAST_SHARE) {
      this.arrow(projection, row, col, row + step[0] * 1.35, col + step[1] * 1.35, move.share);
    }
    const target = thoughts.likeliest(frame, selected, "attack_target");
    if (target !== null && target.choice >= 0 && target.share >= LEAST_SHARE) {
      const [down, across] = place(target.choice);
      this.thought.moveTo(projection.x(row, col), projection.y(row, col)).lineTo(projection.x(down, across), projection.y(down, across))
        .stroke({ width: 3, color: THOUGHT, alpha: 0.25 + 0.65 * target.share });
      this.thought.ellipse(projection.x(down, across), projection.y(down, across), 17, projection.name === "isometric" ? 9 : 15)
        .stroke({ width: 3, color: THOUGHT, alpha: 0.35 + 0.65 * target.share });
    }
  }

  /** Draw an arrow that lies on the ground. */
  private arrow(projection: Projection, row: number, col: number, toRow: number, toCol: number, share: number): void {
    const [down, across] = [toRow - row, toCol - col];
    // Along the arrow, and to its side.
    const outline = [[0.25, 0.09], [0.62, 0.09], [0.62, 0.26], [1, 0], [0.62, -0.26], [0.62, -0.09], [0.25, -0.09]] as const;
    const points = outline.flatMap(([along, aside]) => {
      const [y, x] = [row + down * along - across * aside, col + across * along + down * aside];
      return [projection.x(y, x), projection.y(y, x)];
    });
    this.thought.poly(points).fill({ color: THOUGHT, alpha: 0.2 + 0.75 * share }).stroke({ width: 1.5, color: 0x2a1650, alpha: 0.4 + 0.6 * share });
  }

  private drawRings(seat: Seat | null, size: number): void {
    this.rings.begin();
    const message = seat?.message;
    if (message) {
      const ring = this.atlas.get("ring");
      const add = (entity: number, scale: number, tint: number, alpha: number) => {
        const [x, y] = [this.entities.x[entity]!, this.entities.y[entity]!];
        if (!Number.isNaN(x)) this.rings.add(ring, x, y, scale * size, scale * size, tint, alpha, 0.5, FOOT);
      };
      for (const { entity, styles } of message.targets) {
        const isAsked = message.pending.attack === entity;
        add(entity, 0.5, ENEMY, styles.includes(seat.style) ? 1 : 0.5);
        if (isAsked) add(entity, 0.72, ENEMY, 1);
      }
    }
    this.rings.end();
  }
}
