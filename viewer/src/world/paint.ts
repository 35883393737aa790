// How is ground drawn? One tile at a time, on a canvas, in either projection.

import { type Color, shade, TERRAIN, toCss } from "../colors";
import { HALF_HEIGHT, HALF_WIDTH, SIDE } from "./projection";

type Canvas = CanvasRenderingContext2D;

export const VOID = 0;
export const WATER = 1;
export const GRASS = 2;
export const STONE = 5;
export const OCEAN = 14;
export const FISH = 15;
/** How far rock rises above the ground, pixels. */
export const ROCK = 17;
const BANK = 7;
const CLIFF = 22;

export function isSunken(material: number): boolean {
  return material === WATER || material === OCEAN || material === FISH;
}

/** A number in 0..1 that depends on the tile alone. */
export function noise(row: number, col: number, salt = 0): number {
  let value = Math.imul(row + 17, 0x9e3779b1) ^ Math.imul(col + 31, 0x85ebca6b) ^ (salt * 0x27d4eb2f);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39);
  return ((value ^ (value >>> 15)) >>> 0) / 4294967296;
}

/** A tile's surroundings, in order north, west, south, east. */
export type Around = readonly [number, number, number, number];

function polygon(canvas: Canvas, color: string, points: readonly number[]): void {
  canvas.fillStyle = color;
  canvas.beginPath();
  for (let at = 0; at < points.length; at += 2) canvas.lineTo(points[at]!, points[at + 1]!);
  canvas.fill();
}

function meadow(row: number, col: number): Color {
  // Broad patches under fine grain, so that a field is no flat sheet.
  const patch = noise(row >> 2, col >> 2, 3) * 0.05 + noise(row >> 3, col >> 3, 5) * 0.06;
  return shade(TERRAIN[GRASS]!, 0.93 + patch + noise(row, col) * 0.035);
}

function blades(canvas: Canvas, x: number, y: number, row: number, col: number, wide: number, high: number): void {
  const count = noise(row, col, 7) < 0.55 ? 2 : 0;
  canvas.lineWidth = 1.1;
  for (let blade = 0; blade < count; blade++) {
    const left = x + (noise(row, col, 11 + blade) - 0.5) * wide;
    const top = y + (noise(row, col, 21 + blade) - 0.5) * high;
    canvas.strokeStyle = toCss(shade(TERRAIN[GRASS]!, 0.72), 0.75);
    canvas.beginPath();
    canvas.moveTo(left - 1.6, top - 3);
    canvas.lineTo(left, top);
    canvas.lineTo(left + 1.9, top - 3.4);
    canvas.stroke();
  }
  if (noise(row, col, 41) > 0.972) {
    canvas.fillStyle = noise(row, col, 43) > 0.5 ? "#fff3c4" : "#f5c6d6";
    canvas.fillRect(x + (noise(row, col, 47) - 0.5) * wide, y - 2, 2, 2);
  }
}

/** Draw a tile whose far corner is at (x, y), isometric. */
export function paintIsometric(
  canvas: Canvas, x: number, y: number, row: number, col: number, material: number, around: Around,
): void {
  const [w, h] = [HALF_WIDTH, HALF_HEIGHT];
  const grain = 0.97 + noise(row, col, 1) * 0.06;
  // The overlap hides the seams between neighbours.
  const diamond = (up: number, by = 1.2) =>
    [x, y - up - by, x + w + by * 2, y + h - up, x, y + 2 * h - up + by, x - w - by * 2, y + h - up];
  if (isSunken(material)) {
    const base = shade(TERRAIN[material === WATER ? WATER : OCEAN]!, grain);
    polygon(canvas, toCss(base), diamond(0));
    const wall = shade([116, 96, 70], 1);
    if (!isSunken(around[0])) {
      polygon(canvas, toCss(shade(wall, 0.72)), [x, y, x + w, y + h, x + w, y + h + BANK, x, y + BANK]);
    }
    if (!isSunken(around[1])) {
      polygon(canvas, toCss(shade(wall, 0.95)), [x, y, x - w, y + h, x - w, y + h + BANK, x, y + BANK]);
    }
    canvas.strokeStyle = "rgba(220,240,255,0.28)";
    canvas.lineWidth = 1;
    for (let wave = 0; wave < 2; wave++) {
      const left = x + (noise(row, col, 61 + wave) - 0.5) * w;
      const top = y + h + 4 + (noise(row, col, 71 + wave) - 0.5) * h * 0.8;
      canvas.beginPath();
      canvas.moveTo(left - 5, top);
      canvas.quadraticCurveTo(left, top - 2.4, left + 5, top);
      canvas.stroke();
    }
    return;
  }
  if (material === VOID) {
    polygon(canvas, toCss(TERRAIN[VOID]!), diamond(0));
    return;
  }
  polygon(canvas, toCss(meadow(row, col)), diamond(0));
  if (material !== STONE) {
    // Rock to the north or west throws a soft shadow.
    if (around[0] === STONE) polygon(canvas, "rgba(20,30,30,0.20)", [x, y, x + w, y + h, x + w * 0.6, y + h * 1.4, x - w * 0.4, y + h * 0.4]);
    blades(canvas, x, y + h, row, col, w, h);
    return;
  }
  const top = shade(TERRAIN[STONE]!, 1.05 * grain);
  if (around[2] !== STONE) {
    polygon(canvas, toCss(shade(top, 0.70)), [x - w, y + h - ROCK, x, y + 2 * h - ROCK, x, y + 2 * h, x - w, y + h]);
  }
  if (around[3] !== STONE) {
    polygon(canvas, toCss(shade(top, 0.50)), [x + w, y + h - ROCK, x, y + 2 * h - ROCK, x, y + 2 * h, x + w, y + h]);
  }
  polygon(canvas, toCss(top), diamond(ROCK));
  canvas.strokeStyle = "rgba(255,255,255,0.30)";
  canvas.lineWidth = 1.2;
  if (around[0] !== STONE) line(canvas, x, y - ROCK, x + w, y + h - ROCK);
  if (around[1] !== STONE) line(canvas, x, y - ROCK, x - w, y + h - ROCK);
  canvas.strokeStyle = "rgba(0,0,0,0.22)";
  if (noise(row, col, 81) > 0.45) {
    const left = x + (noise(row, col, 83) - 0.5) * w;
    const from = y + h - ROCK + (noise(row, col, 85) - 0.5) * h;
    canvas.beginPath();
    canvas.moveTo(left - 5, from);
    canvas.lineTo(left, from + 2);
    canvas.lineTo(left + 3, from - 1);
    canvas.stroke();
  }
}

function line(canvas: Canvas, x: number, y: number, toX: number, toY: number): void {
  canvas.beginPath();
  canvas.moveTo(x, y);
  canvas.lineTo(toX, toY);
  canvas.stroke();
}

/** Draw the earth below the near edges of the island. */
export function paintCliff(canvas: Canvas, x: number, y: number, isLeft: boolean): void {
  const [w, h] = [HALF_WIDTH, HALF_HEIGHT];
  const side = isLeft ? -w : w;
  const edge = (from: number, to: number) =>
    [x + side, y + h + from, x, y + 2 * h + from, x, y + 2 * h + to, x + side, y + h + to];
  polygon(canvas, isLeft ? "#7a6244" : "#5c4a36", edge(0, CLIFF));
  polygon(canvas, isLeft ? "#5f8a44" : "#4c7038", edge(0, 4));
  polygon(canvas, "rgba(0,0,0,0.18)", edge(CLIFF * 0.6, CLIFF));
}

/** Draw a tile whose north-western corner is at (x, y), seen from above. */
export function paintTopDown(
  canvas: Canvas, x: number, y: number, row: number, col: number, material: number, around: Around,
): void {
  const s = SIDE;
  const grain = 0.97 + noise(row, col, 1) * 0.06;
  const fill = (color: string, left: number, top: number, wide: number, high: number) => {
    canvas.fillStyle = color;
    canvas.fillRect(x + left, y + top, wide, high);
  };
  if (material === VOID) return fill(toCss(TERRAIN[VOID]!), 0, 0, s + 1.5, s + 1.5);
  if (isSunken(material)) {
    fill(toCss(shade(TERRAIN[material === WATER ? WATER : OCEAN]!, grain)), 0, 0, s + 1.5, s + 1.5);
    if (!isSunken(around[0])) {
      fill("#6b5840", 0, 0, s + 1.5, 6);
      fill("rgba(0,0,0,0.20)", 0, 6, s + 1.5, 3);
    }
    if (!isSunken(around[1])) fill("rgba(40,30,20,0.45)", 0, 0, 2.5, s + 1.5);
    if (!isSunken(around[3])) fill("rgba(255,255,255,0.22)", s - 1.5, 0, 2, s + 1.5);
    if (!isSunken(around[2])) fill("rgba(255,255,255,0.22)", 0, s - 1.5, s + 1.5, 2);
    canvas.strokeStyle = "rgba(220,240,255,0.28)";
    canvas.lineWidth = 1;
    const left = x + 8 + noise(row, col, 61) * 14;
    const top = y + 13 + noise(row, col, 71) * 12;
    canvas.beginPath();
    canvas.moveTo(left - 5, top);
    canvas.quadraticCurveTo(left, top - 2.6, left + 5, top);
    canvas.stroke();
    return;
  }
  if (material !== STONE) {
    fill(toCss(meadow(row, col)), 0, 0, s + 1.5, s + 1.5);
    if (around[0] === STONE) fill("rgba(20,30,30,0.22)", 0, 0, s + 1.5, 6);
    if (around[1] === STONE) fill("rgba(20,30,30,0.14)", 0, 0, 4, s + 1.5);
    blades(canvas, x + s / 2, y + s / 2, row, col, s * 0.8, s * 0.8);
    return;
  }
  const top = shade(TERRAIN[STONE]!, 1.05 * grain);
  fill(toCss(top), 0, 0, s + 1.5, s + 1.5);
  if (around[0] !== STONE) fill("rgba(255,255,255,0.25)", 0, 0, s + 1.5, 2);
  if (around[1] !== STONE) fill("rgba(255,255,255,0.14)", 0, 0, 2, s + 1.5);
  if (around[3] !== STONE) fill("rgba(0,0,0,0.22)", s - 2, 0, 2.5, s + 1.5);
  if (around[2] !== STONE) fill(toCss(shade(top, 0.58)), 0, s - 11, s + 1.5, 11.5);
}
