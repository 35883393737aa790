// Where is what, in all? A small map; a click goes there.

import { FOG, KIND_COLORS, shade, teamColors, TERRAIN, toCss, type Color } from "../colors";
import { clearSquare } from "../fog";
import { find } from "../page";
import type { Replay } from "../replay";
import type { Stage } from "../world/stage";

/** Sides of what stands for agents and NPCs, and the agents' dark edge, pixels of the canvas. */
const PLAYER = 8;
const NPC = 5;
const EDGE = 2;

export class Minimap {
  private readonly canvas = find<HTMLCanvasElement>("minimap");
  private readonly ground = document.createElement("canvas");
  private replay: Replay | null = null;
  private image: ImageData | null = null;
  private map: Uint8Array | undefined;
  private changes = -1;
  private colors: Color[] = [];

  constructor(private readonly stage: Stage, private readonly onMove: () => void) {
    const go = (event: PointerEvent) => {
      if (this.replay === null || event.buttons === 0) return;
      const { first, playable } = this.replay.header;
      const scale = (playable + 1) / this.canvas.clientWidth;
      this.stage.centerOn(first + event.offsetY * scale, first + event.offsetX * scale);
      this.onMove();
    };
    this.canvas.addEventListener("pointerdown", go);
    this.canvas.addEventListener("pointermove", go);
  }

  show(replay: Replay): void {
    this.replay = replay;
    const side = replay.header.playable + 1;
    this.ground.width = this.ground.height = side;
    this.image = new ImageData(side, side);
    this.map = replay.mapAt(0);
    this.changes = -1;
    this.colors = teamColors(replay.header.teams.length);
  }

  update(frame: number): void {
    const { replay, image } = this;
    if (replay === null || image === null) return;
    if (replay.changesUntil(frame) !== this.changes) this.paintGround(replay, image, frame);
    const context = this.canvas.getContext("2d", { willReadFrequently: true })!;
    const { first, playable } = replay.header;
    const scale = this.canvas.width / (playable + 1);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.ground, 0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(scale, 0, 0, scale, -first * scale, -first * scale);
    this.paintFog(context, replay, frame);
    this.paintEntities(context, replay, frame, scale);
    this.paintView(context, scale);
  }

  private paintGround(replay: Replay, image: ImageData, frame: number): void {
    const { first, map_size: side } = replay.header;
    this.changes = replay.changesUntil(frame);
    replay.mapAt(frame, this.map);
    for (let row = 0; row < image.height; row++) {
      for (let col = 0; col < image.width; col++) {
        // Darker than the world, so that who stands there is seen.
        const color = shade(TERRAIN[this.map![(row + first) * side + col + first]!]!, 0.72);
        image.data.set([color[0], color[1], color[2], 255], (row * image.width + col) * 4);
      }
    }
    this.ground.getContext("2d", { willReadFrequently: true })!.putImageData(image, 0, 0);
  }

  private paintFog(context: CanvasRenderingContext2D, replay: Replay, frame: number): void {
    const { fog, first, playable } = replay.header;
    if (fog === null || fog.onset === 0 || frame < fog.onset) return;
    const { low, high } = clearSquare(replay.header, frame);
    context.fillStyle = toCss(FOG, 0.6);
    context.beginPath();
    context.rect(first, first, playable + 1, playable + 1);
    context.rect(low, low, Math.max(high - low + 1, 0), Math.max(high - low + 1, 0));
    context.fill("evenodd");
  }

  private paintEntities(context: CanvasRenderingContext2D, replay: Replay, frame: number, scale: number): void {
    const now = frame * replay.entities;
    const [alive, kind] = [replay.column("entity_alive"), replay.column("entity_kind")];
    const [rows, cols] = [replay.column("entity_row"), replay.column("entity_col")];
    for (let entity = replay.entities - 1; entity >= 0; entity--) {
      if (alive[now + entity] === 0) continue;
      const isPlayer = entity < replay.players;
      const color = isPlayer ? this.colors[replay.header.player_team[entity]!] : KIND_COLORS[kind[now + entity]!];
      const size = (isPlayer ? PLAYER : NPC) / scale;
      const [x, y] = [cols[now + entity]! + 0.5, rows[now + entity]! + 0.5];
      if (isPlayer) {
        context.fillStyle = "rgba(10,12,20,0.85)";
        context.fillRect(x - size / 2 - EDGE / scale, y - size / 2 - EDGE / scale, size + 2 * EDGE / scale, size + 2 * EDGE / scale);
      }
      context.fillStyle = toCss(color ?? [255, 255, 255]);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
  }

  private paintView(context: CanvasRenderingContext2D, scale: number): void {
    const { camera, projection } = this.stage;
    const corners = [[0, 0], [camera.width, 0], [camera.width, camera.height], [0, camera.height]] as const;
    context.beginPath();
    for (const [screenX, screenY] of corners) {
      const [x, y] = [camera.toWorldX(screenX), camera.toWorldY(screenY)];
      context.lineTo(projection.col(x, y), projection.row(x, y));
    }
    context.closePath();
    context.strokeStyle = "rgba(255,255,255,0.9)";
    context.lineWidth = 3 / scale;
    context.stroke();
  }
}
