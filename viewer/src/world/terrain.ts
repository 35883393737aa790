// What is the ground? Chunks drawn once into textures when they come into sight, plants over them.

import { CanvasSource, Container, Matrix, Particle, ParticleContainer, Sprite, Texture } from "pixi.js";

import { TERRAIN } from "../colors";
import type { Replay } from "../replay";
import { type Atlas, PROPS } from "./atlas";
import type { Camera } from "./camera";
import { FOOT } from "./particles";
import { GRASS, isSunken, noise, OCEAN, paintCliff, paintIsometric, paintTopDown, FISH, ROCK } from "./paint";
import { HALF_HEIGHT, HALF_WIDTH, ISOMETRIC, type Projection, SIDE } from "./projection";

/** Tiles along a chunk's side. */
const CHUNK = 16;
/** Time in a frame for chunks in sight that were never drawn, milliseconds. */
const HOLE_TIME = 3;
/** The same before anything was seen: then there is nothing that could be slowed down. */
const FIRST_TIME = 24;
/** Time between two frames for what is not urgent, at most, and where the browser says none. */
const IDLE_TIME = 10;
const BLIND_TIME = 4;
/** Milliseconds after which what is not urgent is drawn between busy frames, too. */
const PATIENCE = 400;
const SHARP_LIMIT = 28;
/** Pixels per unit of what is out of sight. */
const COARSE = 0.5;
/** What is urgent for chunks of one kind comes before all of the next; more than any distance. */
const LATER = 1e6;
const CLIFF_ROOM = 24;
const PROP_MATERIALS = new Set<number>(PROPS);

interface Chunk {
  row: number;
  col: number;
  left: number;
  top: number;
  wide: number;
  high: number;
  sprite: Sprite;
  /** Pixels per unit of the texture; 0: none yet. */
  sharpness: number;
  /** Whether the tiles have changed since it was drawn. */
  isOld: boolean;
}

/** A chunk that is being drawn, a row of tiles at a time. */
interface Job {
  chunk: Chunk;
  sharpness: number;
  canvas: CanvasRenderingContext2D;
  nextRow: number;
}

/** Call back when the browser has time to spare, with how many milliseconds. */
function whenIdle(act: (time: number) => void): void {
  // Safari does not tell.
  if (window.requestIdleCallback === undefined) setTimeout(() => act(BLIND_TIME), 0);
  else window.requestIdleCallback((rest) => act(rest.didTimeout ? BLIND_TIME : rest.timeRemaining()), { timeout: PATIENCE });
}

export class Terrain {
  readonly view = new Container();
  private readonly ground = new Container({ sortableChildren: true });
  private readonly props: ParticleContainer;
  /** All of the ground, a texel a tile: under what is not drawn yet. */
  private readonly rough: Sprite;
  private chunks: Chunk[] = [];
  private propOf = new Map<number, Particle>();
  private shownChanges = 0;
  private readonly map: Uint8Array;
  private projection: Projection = ISOMETRIC;
  private sharp = 0;
  private job: Job | null = null;
  private camera: Camera | null = null;
  private hasBegun = false;
  private isWaiting = false;
  /** Whether a texture is new since the last frame: the next one takes it to the GPU, which costs. */
  private hasNew = false;

  constructor(private readonly replay: Replay, private readonly atlas: Atlas) {
    this.map = replay.mapAt(0);
    this.shownChanges = replay.changesUntil(0);
    this.props = new ParticleContainer({
      dynamicProperties: { position: false, vertex: false, rotation: false, color: false, uvs: false },
    });
    this.props.texture = atlas.get("white");
    this.rough = new Sprite(this.roughTexture());
    this.view.addChild(this.rough, this.ground, this.props);
  }

  /** Lay everything out anew for a projection. */
  layOut(projection: Projection): void {
    this.projection = projection;
    this.clear();
    this.hasBegun = false;
    const { first, playable } = this.replay.header;
    const { x, y } = projection;
    const [left, top] = [x(first, first), y(first, first)];
    this.rough.setFromMatrix(new Matrix(
      x(first, first + 1) - left, y(first, first + 1) - top, x(first + 1, first) - left, y(first + 1, first) - top, left, top,
    ));
    for (let row = first; row <= first + playable; row += CHUNK) {
      for (let col = first; col <= first + playable; col += CHUNK) this.addChunk(row, col);
    }
    this.plant();
  }

  /** Show the tiles as they are at a frame. */
  seek(frame: number): void {
    const until = this.replay.changesUntil(frame);
    if (until === this.shownChanges) return;
    const side = this.replay.header.map_size;
    const changes = this.replay.column("tile_changes");
    if (until > this.shownChanges) {
      for (let at = this.shownChanges * 4; at < until * 4; at += 4) {
        this.change(changes[at + 1]! * side + changes[at + 2]!, changes[at + 3]!);
      }
    } else {
      const now = this.replay.mapAt(frame);
      for (let tile = 0; tile < now.length; tile++) {
        if (now[tile] !== this.map[tile]) this.change(tile, now[tile]!);
      }
    }
    this.shownChanges = until;
    this.props.update();
  }

  /** Draw what has come into sight, nearest first; hide the rest. */
  look(camera: Camera): void {
    this.camera = camera;
    this.hasNew = false;
    for (const chunk of this.chunks) {
      chunk.sprite.visible = this.isSeen(chunk);
      if (!chunk.sprite.visible && chunk.sharpness > 1 && this.sharp > SHARP_LIMIT) this.drop(chunk);
    }
    this.work(this.hasBegun ? HOLE_TIME : FIRST_TIME, true);
    this.rough.visible = this.chunks.some((chunk) => chunk.sprite.visible && chunk.sharpness === 0);
    this.hasBegun ||= this.next(true) === null;
    if (this.isWaiting || this.next(false) === null) return;
    this.isWaiting = true;
    whenIdle((time) => {
      this.isWaiting = false;
      this.work(Math.min(time, IDLE_TIME), false);
    });
  }

  /** Let go of everything; nothing is drawn any more. */
  destroy(): void {
    this.clear();
    this.rough.texture.destroy(true);
    this.view.destroy({ children: true });
  }

  /** Return the ground as the minimap has it; as it is at the start, for the moments that it is seen. */
  private roughTexture(): Texture {
    const { first, playable, map_size: side } = this.replay.header;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = playable + 1;
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    const image = context.createImageData(playable + 1, playable + 1);
    for (let at = 0; at < (playable + 1) ** 2; at++) {
      const [row, col] = [first + Math.floor(at / (playable + 1)), first + (at % (playable + 1))];
      const material = this.map[row * side + col]!;
      // Under what grows there is grass, under fish the ocean: as the chunks have it.
      const base = material === FISH ? OCEAN : PROP_MATERIALS.has(material) ? GRASS : material;
      image.data.set([...TERRAIN[base]!, 255], at * 4);
    }
    context.putImageData(image, 0, 0);
    return new Texture({ source: new CanvasSource({ resource: canvas, scaleMode: "nearest" }) });
  }

  private clear(): void {
    for (const chunk of this.chunks) {
      this.drop(chunk);
      chunk.sprite.destroy();
    }
    this.chunks = [];
    this.job = null;
  }

  private isSeen({ left, top, wide, high }: Chunk): boolean {
    const { x, y, width, height, zoom } = this.camera!;
    const [halfWide, halfHigh] = [width / 2 / zoom, height / 2 / zoom];
    return left < x + halfWide && left + wide > x - halfWide && top < y + halfHigh && top + high > y - halfHigh;
  }

  /** Return the pixels per unit that a chunk should have. */
  private wanted(chunk: Chunk): number {
    const size = this.camera!.zoom * window.devicePixelRatio;
    if (!chunk.sprite.visible) return COARSE;
    return size > 1 ? 2 : size > COARSE ? 1 : COARSE;
  }

  /** Return the chunk to be drawn next, null: none; of holes in sight alone, or of all. */
  private next(isUrgent: boolean): Chunk | null {
    let [best, least] = [null as Chunk | null, isUrgent ? LATER : Infinity];
    for (const chunk of this.chunks) {
      if (!chunk.isOld && chunk.sharpness >= this.wanted(chunk)) continue;
      const away = Math.hypot(chunk.left + chunk.wide / 2 - this.camera!.x, chunk.top + chunk.high / 2 - this.camera!.y);
      const rank = away + (!chunk.sprite.visible ? 2 * LATER : chunk.sharpness > 0 ? LATER : 0);
      if (rank < least) [best, least] = [chunk, rank];
    }
    return best;
  }

  /** Draw for some milliseconds, a row of tiles at least. */
  private work(time: number, isUrgent: boolean): void {
    const start = performance.now();
    if (this.hasNew) return;
    for (let chunk = this.next(isUrgent); chunk !== null; chunk = this.next(isUrgent)) {
      // What was begun is finished, unless it only grows sharper and a hole is to be filled.
      if (this.job === null || (chunk.sharpness === 0 && this.job.chunk.sharpness > 0)) this.job = this.begin(chunk);
      this.paintRow(this.job);
      if (performance.now() - start >= time || (this.hasNew && this.hasBegun)) return;
    }
  }

  private addChunk(row: number, col: number): void {
    const { first, playable } = this.replay.header;
    const rows = Math.min(CHUNK, first + playable + 1 - row);
    const cols = Math.min(CHUNK, first + playable + 1 - col);
    const isIsometric = this.projection === ISOMETRIC;
    const sprite = new Sprite(Texture.EMPTY);
    const left = isIsometric ? this.projection.x(row + rows, col) : this.projection.x(row, col);
    const top = this.projection.y(row, col) - (isIsometric ? ROCK + 2 : 0);
    const wide = isIsometric ? (rows + cols) * HALF_WIDTH : cols * SIDE;
    const high = isIsometric ? (rows + cols) * HALF_HEIGHT + ROCK + CLIFF_ROOM : rows * SIDE;
    sprite.position.set(left, top);
    sprite.zIndex = row + col;
    this.ground.addChild(sprite);
    this.chunks.push({ row, col, left, top, wide, high, sprite, sharpness: 0, isOld: false });
  }

  private materialAt(row: number, col: number): number {
    const { map_size: side, first, playable } = this.replay.header;
    const isIn = row >= first && col >= first && row <= first + playable && col <= first + playable;
    return isIn ? this.map[row * side + col]! : GRASS;
  }

  private begin(chunk: Chunk): Job {
    const sharpness = this.wanted(chunk);
    const element = document.createElement("canvas");
    element.width = Math.ceil((chunk.wide + 2) * sharpness);
    element.height = Math.ceil((chunk.high + 2) * sharpness);
    // Kept in main memory: it is drawn on once and then only copied.
    const canvas = element.getContext("2d", { willReadFrequently: true })!;
    canvas.scale(sharpness, sharpness);
    return { chunk, sharpness, canvas, nextRow: chunk.row };
  }

  /** Draw the next row of a chunk's tiles; with the last one it is shown. */
  private paintRow(job: Job): void {
    const { chunk, canvas } = job;
    const { first, playable } = this.replay.header;
    const last = first + playable;
    const isIsometric = this.projection === ISOMETRIC;
    const row = job.nextRow++;
    for (let col = chunk.col; col < chunk.col + CHUNK && col <= last; col++) {
      const x = this.projection.x(row, col) - chunk.left;
      const y = this.projection.y(row, col) - chunk.top;
      const around = [
        this.materialAt(row - 1, col), this.materialAt(row, col - 1),
        this.materialAt(row + 1, col), this.materialAt(row, col + 1),
      ] as const;
      const material = this.materialAt(row, col);
      // What grows is drawn apart; a fish swims in the ocean.
      const base = material === FISH ? OCEAN : material;
      (isIsometric ? paintIsometric : paintTopDown)(canvas, x, y, row, col, base, around);
      if (isIsometric && row === last) paintCliff(canvas, x, y, true);
      if (isIsometric && col === last) paintCliff(canvas, x, y, false);
    }
    if (job.nextRow >= chunk.row + CHUNK || job.nextRow > last) this.finish(job);
  }

  private finish({ chunk, sharpness, canvas }: Job): void {
    this.job = null;
    this.drop(chunk);
    const source = new CanvasSource({ resource: canvas.canvas, autoGenerateMipmaps: true });
    chunk.sprite.texture = new Texture({ source });
    chunk.sprite.scale.set(1 / sharpness);
    chunk.sharpness = sharpness;
    chunk.isOld = false;
    this.hasNew ||= chunk.sprite.visible;
    if (sharpness > 1) this.sharp++;
  }

  private drop(chunk: Chunk): void {
    if (chunk.sharpness === 0) return;
    if (chunk.sharpness > 1) this.sharp--;
    chunk.sprite.texture.destroy(true);
    chunk.sprite.texture = Texture.EMPTY;
    chunk.sharpness = 0;
  }

  private plant(): void {
    this.propOf.clear();
    const { first, playable, map_size: side } = this.replay.header;
    const tiles: number[] = [];
    for (let row = first; row <= first + playable; row++) {
      for (let col = first; col <= first + playable; col++) {
        if (PROP_MATERIALS.has(this.map[row * side + col]!)) tiles.push(row * side + col);
      }
    }
    // What stands nearer is drawn later.
    const depth = (tile: number) =>
      this.projection === ISOMETRIC ? Math.floor(tile / side) + (tile % side) : tile;
    tiles.sort((one, other) => depth(one) - depth(other));
    const shown: Particle[] = [];
    for (const tile of tiles) {
      const [row, col] = [Math.floor(tile / side), tile % side];
      const particle = new Particle({
        texture: this.propTexture(tile),
        x: this.projection.x(row + 0.5, col + 0.5),
        y: this.projection.y(row + 0.5, col + 0.5),
        scaleX: 0.5, scaleY: 0.5, anchorX: 0.5, anchorY: FOOT,
      });
      this.propOf.set(tile, particle);
      shown.push(particle);
    }
    this.props.particleChildren = shown;
    this.props.update();
  }

  private propTexture(tile: number): Texture {
    const side = this.replay.header.map_size;
    const variant = noise(Math.floor(tile / side), tile % side, 99) > 0.5 ? 1 : 0;
    return this.atlas.get(`prop${this.map[tile]}.${variant}`);
  }

  private change(tile: number, material: number): void {
    const side = this.replay.header.map_size;
    const before = this.map[tile]!;
    this.map[tile] = material;
    const particle = this.propOf.get(tile);
    const isProp = PROP_MATERIALS.has(material);
    if (particle !== undefined) {
      // Tiles are only rarely something that never grows: hide the plant then.
      particle.texture = isProp || material === OCEAN ? this.propTexture(tile) : Texture.EMPTY;
      particle.alpha = isProp ? 1 : 0;
    }
    const isSame = isSunken(before) === isSunken(material) && (before === 5) === (material === 5);
    if (isSame && (particle !== undefined || !isProp)) return;
    for (const chunk of this.chunks) {
      const [row, col] = [Math.floor(tile / side) - chunk.row, (tile % side) - chunk.col];
      if (row < -1 || row > CHUNK || col < -1 || col > CHUNK) continue;
      // It is shown as it was until it is drawn anew.
      chunk.isOld = true;
      if (this.job?.chunk === chunk) this.job = null;
    }
    if (isProp && particle === undefined) this.plant();
  }
}
