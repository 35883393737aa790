// What is the ground? Chunks drawn once into textures when they come into sight, plants over them.

import { CanvasSource, Container, Particle, ParticleContainer, Sprite, Texture } from "pixi.js";

import type { Replay } from "../replay";
import { type Atlas, PROPS } from "./atlas";
import type { Camera } from "./camera";
import { FOOT } from "./particles";
import { GRASS, isSunken, noise, OCEAN, paintCliff, paintIsometric, paintTopDown, FISH, ROCK } from "./paint";
import { HALF_HEIGHT, HALF_WIDTH, ISOMETRIC, type Projection, SIDE } from "./projection";

/** Tiles along a chunk's side. */
const CHUNK = 16;
/** Time in a frame for drawing chunks sharper, so that panning stays smooth, milliseconds. */
const SHARPEN_TIME = 2;
/** Time for chunks that were never drawn: a hole is worse than a slow frame. */
const FIRST_TIME = 24;
const SHARP_LIMIT = 28;
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
}

export class Terrain {
  readonly view = new Container();
  private readonly ground = new Container({ sortableChildren: true });
  private readonly props: ParticleContainer;
  private chunks: Chunk[] = [];
  private propOf = new Map<number, Particle>();
  private shownChanges = 0;
  private readonly map: Uint8Array;
  private projection: Projection = ISOMETRIC;
  private sharp = 0;

  constructor(private readonly replay: Replay, private readonly atlas: Atlas) {
    this.map = replay.mapAt(0);
    this.shownChanges = replay.changesUntil(0);
    this.props = new ParticleContainer({
      dynamicProperties: { position: false, vertex: false, rotation: false, color: false, uvs: false },
    });
    this.props.texture = atlas.get("white");
    this.view.addChild(this.ground, this.props);
  }

  /** Lay everything out anew for a projection. */
  layOut(projection: Projection): void {
    this.projection = projection;
    for (const chunk of this.chunks) this.drop(chunk);
    this.ground.removeChildren();
    this.chunks = [];
    const { first, playable } = this.replay.header;
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

  /** Draw what has come into sight, a few chunks a frame; hide the rest. */
  look(camera: Camera): void {
    const [halfWide, halfHigh] = [camera.width / 2 / camera.zoom, camera.height / 2 / camera.zoom];
    const size = camera.zoom * window.devicePixelRatio;
    const wanted = size > 0.75 ? 2 : size > 0.3 ? 1 : 0.5;
    const start = performance.now();
    for (const chunk of this.chunks) {
      const isSeen = chunk.left < camera.x + halfWide && chunk.left + chunk.wide > camera.x - halfWide
        && chunk.top < camera.y + halfHigh && chunk.top + chunk.high > camera.y - halfHigh;
      chunk.sprite.visible = isSeen;
      if (!isSeen && chunk.sharpness > 1 && this.sharp > SHARP_LIMIT) this.drop(chunk);
      if (!isSeen || chunk.sharpness >= wanted) continue;
      const limit = chunk.sharpness === 0 ? FIRST_TIME : SHARPEN_TIME;
      if (performance.now() - start < limit) this.paint(chunk, wanted);
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
    this.chunks.push({ row, col, left, top, wide, high, sprite, sharpness: 0 });
  }

  private materialAt(row: number, col: number): number {
    const { map_size: side, first, playable } = this.replay.header;
    const isIn = row >= first && col >= first && row <= first + playable && col <= first + playable;
    return isIn ? this.map[row * side + col]! : GRASS;
  }

  private paint(chunk: Chunk, sharpness: number): void {
    this.drop(chunk);
    const element = document.createElement("canvas");
    element.width = Math.ceil((chunk.wide + 2) * sharpness);
    element.height = Math.ceil((chunk.high + 2) * sharpness);
    // Kept in main memory: it is drawn on once and then only copied.
    const canvas = element.getContext("2d", { willReadFrequently: true })!;
    canvas.scale(sharpness, sharpness);
    const { first, playable } = this.replay.header;
    const last = first + playable;
    const isIsometric = this.projection === ISOMETRIC;
    for (let row = chunk.row; row < chunk.row + CHUNK && row <= last; row++) {
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
    }
    const source = new CanvasSource({ resource: element, autoGenerateMipmaps: true });
    chunk.sprite.texture = new Texture({ source });
    chunk.sprite.scale.set(1 / sharpness);
    chunk.sharpness = sharpness;
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
      if (row >= -1 && row <= CHUNK && col >= -1 && col <= CHUNK) this.drop(chunk);
    }
    if (isProp && particle === undefined) this.plant();
  }
}
