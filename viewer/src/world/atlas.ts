// What do figures, plants and signs look like? All are drawn here, once, into one texture.

import { CanvasSource, Rectangle, Texture } from "pixi.js";

import { type Color, shade, TERRAIN, toCss } from "../colors";

type Canvas = CanvasRenderingContext2D;

/** Side of a cell, in units of the plane; drawn at `SHARP` pixels a unit. */
export const CELL = 48;
const SHARP = 2;
const COLUMNS = 8;
const ROWS = 8;
const INK = "#15171f";

export const PROPS = [3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 15] as const;

export class Atlas {
  readonly textures = new Map<string, Texture>();
  readonly digits: Texture[] = [];
  private readonly canvas = document.createElement("canvas");
  // Kept in main memory: it is drawn once and then only copied.
  private readonly context = this.canvas.getContext("2d", { willReadFrequently: true })!;
  private readonly source: CanvasSource;
  private used = 0;

  constructor() {
    this.canvas.width = COLUMNS * CELL * SHARP;
    this.canvas.height = ROWS * CELL * SHARP;
    this.source = new CanvasSource({ resource: this.canvas, autoGenerateMipmaps: true });
    for (const material of PROPS) {
      for (let variant = 0; variant < 2; variant++) {
        this.draw(`prop${material}.${variant}`, (canvas) => drawProp(canvas, material, variant));
      }
    }
    this.draw("player", drawPlayer);
    this.draw("passive", (canvas) => drawBeast(canvas, [238, 232, 214], "wool"));
    this.draw("neutral", (canvas) => drawBeast(canvas, [236, 186, 74], "tusks"));
    this.draw("aggressive", (canvas) => drawBeast(canvas, [206, 58, 52], "horns"));
    this.draw("soldier", drawSoldier);
    this.draw("shadow", (canvas) => ellipse(canvas, 0, 0, 10, 4.6, "rgba(10,14,10,0.36)"));
    this.draw("ring", drawRing);
    this.draw("ice", drawIce);
    this.draw("skull", drawSkull);
    this.draw("bubble", drawBubble);
    this.draw("arrow", drawArrow);
    this.draw("orb", drawOrb);
    this.draw("slash", drawSlash);
    this.draw("hold", drawBeacon);
    this.draw("carry", drawFlag);
    this.draw("base", drawBase);
    this.draw("crown", drawCrown);
    this.drawStrips();
    this.drawDigits();
    this.source.update();
  }

  get(name: string): Texture {
    return this.textures.get(name) ?? Texture.EMPTY;
  }

  /** Copy what has a name onto a canvas, to fill it. */
  copy(name: string, target: Canvas): void {
    const { x, y, width, height } = this.get(name).frame;
    target.drawImage(this.canvas, x, y, width, height, 0, 0, target.canvas.width, target.canvas.height);
  }

  /** Draw into the next cell; (0, 0) is where the thing touches the ground. */
  private draw(name: string, paint: (canvas: Canvas) => void): void {
    const place = this.used++;
    const left = (place % COLUMNS) * CELL;
    const top = Math.floor(place / COLUMNS) * CELL;
    const canvas = this.context;
    canvas.save();
    canvas.scale(SHARP, SHARP);
    canvas.beginPath();
    canvas.rect(left, top, CELL, CELL);
    canvas.clip();
    canvas.translate(left + CELL / 2, top + CELL * 0.8);
    canvas.lineJoin = canvas.lineCap = "round";
    paint(canvas);
    canvas.restore();
    this.textures.set(name, this.part(left, top, CELL, CELL));
  }

  private part(left: number, top: number, wide: number, high: number): Texture {
    const frame = new Rectangle(left * SHARP, top * SHARP, wide * SHARP, high * SHARP);
    return new Texture({ source: this.source, frame });
  }

  /** Plain white, for bars, and a beam that fades to its ends. */
  private drawStrips(): void {
    const place = this.used++;
    const [left, top] = [(place % COLUMNS) * CELL, Math.floor(place / COLUMNS) * CELL];
    const canvas = this.context;
    canvas.save();
    canvas.scale(SHARP, SHARP);
    canvas.fillStyle = "#fff";
    canvas.fillRect(left + 2, top + 2, 16, 16);
    const fade = canvas.createLinearGradient(0, top + 24, 0, top + 40);
    fade.addColorStop(0, "rgba(255,255,255,0)");
    fade.addColorStop(0.5, "rgba(255,255,255,1)");
    fade.addColorStop(1, "rgba(255,255,255,0)");
    canvas.fillStyle = fade;
    canvas.fillRect(left, top + 24, CELL, 16);
    canvas.restore();
    this.textures.set("white", this.part(left + 6, top + 6, 8, 8));
    this.textures.set("beam", this.part(left + 6, top + 24, 36, 16));
  }

  private drawDigits(): void {
    const canvas = this.context;
    canvas.save();
    canvas.scale(SHARP, SHARP);
    canvas.font = "800 15px system-ui, sans-serif";
    canvas.textAlign = "center";
    canvas.textBaseline = "middle";
    canvas.lineJoin = "round";
    const place = this.used;
    this.used += 3;
    for (let digit = 0; digit < 10; digit++) {
      // Four to a cell's width, so that the ten take three cells of a row.
      const at = place * 4 + digit;
      const left = (at % (COLUMNS * 4)) * 12;
      const top = Math.floor(at / (COLUMNS * 4)) * CELL;
      canvas.strokeStyle = INK;
      canvas.lineWidth = 3.5;
      canvas.strokeText(String(digit), left + 6, top + 12);
      canvas.fillStyle = "#fff";
      canvas.fillText(String(digit), left + 6, top + 12);
      this.digits.push(this.part(left, top, 12, 24));
    }
    canvas.restore();
  }
}

function ellipse(canvas: Canvas, x: number, y: number, wide: number, high: number, fill: string): void {
  canvas.fillStyle = fill;
  canvas.beginPath();
  canvas.ellipse(x, y, wide, high, 0, 0, Math.PI * 2);
  canvas.fill();
}

function path(canvas: Canvas, points: readonly number[], fill: string, ink: string | null = INK, width = 1.4): void {
  canvas.beginPath();
  for (let at = 0; at < points.length; at += 2) canvas.lineTo(points[at]!, points[at + 1]!);
  canvas.closePath();
  canvas.fillStyle = fill;
  canvas.fill();
  if (ink === null) return;
  canvas.strokeStyle = ink;
  canvas.lineWidth = width;
  canvas.stroke();
}

function ball(canvas: Canvas, x: number, y: number, radius: number, color: Color, ink: string | null = INK): void {
  const light = canvas.createRadialGradient(x - radius * 0.4, y - radius * 0.5, 0, x, y, radius * 1.2);
  light.addColorStop(0, toCss(shade(color, 1.28)));
  light.addColorStop(0.6, toCss(color));
  light.addColorStop(1, toCss(shade(color, 0.7)));
  canvas.fillStyle = light;
  canvas.beginPath();
  canvas.arc(x, y, radius, 0, Math.PI * 2);
  canvas.fill();
  if (ink === null) return;
  canvas.strokeStyle = ink;
  canvas.lineWidth = 1.4;
  canvas.stroke();
}

function drawProp(canvas: Canvas, material: number, variant: number): void {
  const color = TERRAIN[material]!;
  const turn = variant === 0 ? 1 : -1;
  const dark = toCss(shade(color, 0.5));
  const isTall = material === 9 || material === 11 || material === 7;
  if (isTall || material === 4) ellipse(canvas, 0, 1, 12, 5, "rgba(10,20,10,0.26)");
  switch (material) {
    case 4: // foliage: a low bush with berries
      ball(canvas, -6 * turn, -3, 6.4, shade(color, 0.9), dark);
      ball(canvas, 6 * turn, -2.5, 5.8, color, dark);
      ball(canvas, 0, -6, 7, shade(color, 1.12), dark);
      for (const [x, y] of [[-5, -5], [2, -9], [5, -3], [-1, -3]] as const) ellipse(canvas, x * turn, y, 1.5, 1.5, "#e2574c");
      break;
    case 3: // scrub: what is left of it
      canvas.strokeStyle = "rgba(92,104,52,0.8)";
      canvas.lineWidth = 1.3;
      for (const x of [-7, -3, 1, 5]) {
        canvas.beginPath();
        canvas.moveTo(x * turn, 1 + (x % 3));
        canvas.lineTo(x * turn + 1.5 * turn, -3 + (x % 2));
        canvas.stroke();
      }
      break;
    case 9: // tree
      path(canvas, [-2.2, 1, -1.6, -10, 1.6, -10, 2.2, 1], "#6d4c32", "#3b2a1c");
      ball(canvas, -5.5 * turn, -13, 7, shade(color, 0.95), dark);
      ball(canvas, 5.5 * turn, -14, 7, color, dark);
      ball(canvas, 0, -20, 8.4, shade(color, 1.18), dark);
      break;
    case 8: // stump
      path(canvas, [-4.6, 1, -4, -5, 4, -5, 4.6, 1], "#6d4c32", "#3b2a1c");
      ellipse(canvas, 0, -5, 4.2, 2, "#c9a77a");
      break;
    case 7: // ore
      path(canvas, [-10, 2, -7, -8, -1, -11, 6, -8, 10, 2, 2, 5], "#777a84");
      path(canvas, [-7, -8, -1, -11, 6, -8, 0, -5], "#9a9ea8", null);
      for (const [x, y] of [[-5, -2], [1, -7], [5, -1], [0, 1]] as const) ellipse(canvas, x * turn, y, 2, 1.7, toCss(shade(color, 1.25)));
      break;
    case 6: // slag
      for (const [x, y, r] of [[-5, 1, 3], [1, -1, 3.6], [6, 2, 2.4]] as const) ball(canvas, x * turn, y, r, color, "#44403c");
      break;
    case 11: // crystal
      for (const [x, high, wide] of [[-6, 12, 3], [6, 10, 3], [0, 20, 4]] as const) {
        const left = x * turn;
        path(canvas, [left - wide, 0, left - wide, -high + 4, left, -high, left, 2], toCss(shade(color, 1.2)), null);
        path(canvas, [left + wide, 0, left + wide, -high + 4, left, -high, left, 2], toCss(shade(color, 0.75)), null);
        path(canvas, [left - wide, 0, left - wide, -high + 4, left, -high, left + wide, -high + 4, left + wide, 0, left, 2], "rgba(0,0,0,0)", "#3d2a62");
      }
      break;
    case 10: // fragment
      for (const [x, y] of [[-5, 1], [1, -1], [5, 2]] as const) path(canvas, [x - 2, y, x, y - 4, x + 2, y, x, y + 1.5], toCss(color), "#3d3a58", 1);
      break;
    case 13: // herb
    case 12: // weeds
      canvas.strokeStyle = material === 13 ? "#3f6b38" : "#77803f";
      canvas.lineWidth = 1.6;
      for (const x of [-6, 0, 6]) {
        canvas.beginPath();
        canvas.moveTo(x * 0.4, 2);
        canvas.quadraticCurveTo(x * 0.5, -4, x * turn, material === 13 ? -9 : -5);
        canvas.stroke();
        if (material === 13) ball(canvas, x * turn, -10 + Math.abs(x) * 0.2, 3, color, "#7b3152");
      }
      break;
    default: // fish
      ellipse(canvas, 0, 0, 11, 5, "rgba(220,240,255,0.22)");
      path(canvas, [8 * turn, -1, 12 * turn, -5, 12 * turn, 3], "#d9ecf5", "#2b5673", 1);
      ellipse(canvas, 0, -1, 8.4, 4, "#2b5673");
      ellipse(canvas, 0, -1, 7.4, 3.1, "#d9ecf5");
      ellipse(canvas, -4.5 * turn, -1.8, 1, 1, INK);
  }
}

/** White and grey, so that a tint gives it its team's colour. */
function drawPlayer(canvas: Canvas): void {
  const body = canvas.createLinearGradient(-8, 0, 8, 0);
  body.addColorStop(0, "#ffffff");
  body.addColorStop(0.55, "#d9d9d9");
  body.addColorStop(1, "#8f8f8f");
  canvas.beginPath();
  canvas.moveTo(-8, -1);
  canvas.quadraticCurveTo(-8.5, -13, -3.5, -16);
  canvas.lineTo(3.5, -16);
  canvas.quadraticCurveTo(8.5, -13, 8, -1);
  canvas.quadraticCurveTo(0, 3.6, -8, -1);
  canvas.fillStyle = body;
  canvas.fill();
  canvas.strokeStyle = "#1c1c1c";
  canvas.lineWidth = 1.7;
  canvas.stroke();
  ball(canvas, 0, -20.5, 6.4, [226, 226, 226], "#1c1c1c");
  ellipse(canvas, -2.2, -20.4, 1.1, 1.5, "#1c1c1c");
  ellipse(canvas, 2.6, -20.4, 1.1, 1.5, "#1c1c1c");
}

function drawBeast(canvas: Canvas, color: Color, kind: "wool" | "tusks" | "horns"): void {
  canvas.strokeStyle = INK;
  canvas.lineWidth = 3;
  for (const x of [-5, 5]) {
    canvas.beginPath();
    canvas.moveTo(x, -3);
    canvas.lineTo(x, 1);
    canvas.stroke();
  }
  if (kind === "wool") {
    for (const [x, y] of [[-6, -8], [6, -8], [0, -11], [0, -6]] as const) ball(canvas, x, y, 6, color, INK);
    for (const [x, y] of [[-5, -8], [5, -8], [0, -10], [0, -7]] as const) ball(canvas, x, y, 5.2, color, null);
    ball(canvas, 7, -10, 4, [96, 84, 78]);
    ellipse(canvas, 8.4, -10.6, 0.9, 1.1, "#fff");
    return;
  }
  ball(canvas, 0, -8, 8.6, color);
  if (kind === "tusks") {
    path(canvas, [-6, -14, -8, -19, -2, -16], toCss(shade(color, 0.8)));
    path(canvas, [6, -14, 8, -19, 2, -16], toCss(shade(color, 0.8)));
    ellipse(canvas, 0, -5.6, 4, 2.8, toCss(shade(color, 0.66)));
    path(canvas, [-4.4, -5, -5.6, -9, -2.6, -6], "#fff", INK, 0.8);
    path(canvas, [4.4, -5, 5.6, -9, 2.6, -6], "#fff", INK, 0.8);
  } else {
    path(canvas, [-6.5, -13, -10, -21, -2.5, -15.6], "#f1e3c8");
    path(canvas, [6.5, -13, 10, -21, 2.5, -15.6], "#f1e3c8");
    path(canvas, [-4, -4, -2, -6.5, 0, -4, 2, -6.5, 4, -4], "#fff", INK, 0.8);
  }
  ellipse(canvas, -3, -10, 1.9, 1.7, "#fff");
  ellipse(canvas, 3, -10, 1.9, 1.7, "#fff");
  ellipse(canvas, -2.6, -9.8, 0.9, 1.1, INK);
  ellipse(canvas, 2.6, -9.8, 0.9, 1.1, INK);
}

function drawSoldier(canvas: Canvas): void {
  path(canvas, [-7, 1, -8, -12, -4, -16, 4, -16, 8, -12, 7, 1], "#4b5064");
  path(canvas, [-2, -14, 2, -14, 3, 0, -3, 0], "#8b3a3a", null);
  ball(canvas, 0, -20, 6.4, [122, 128, 148]);
  path(canvas, [-4.5, -21, 4.5, -21, 4.5, -18.6, -4.5, -18.6], INK, null);
  path(canvas, [0, -26, 5, -31, 1.5, -24.5], "#c54a3c");
  canvas.strokeStyle = "#cfd5e4";
  canvas.lineWidth = 1.8;
  canvas.beginPath();
  canvas.moveTo(10.5, 1);
  canvas.lineTo(10.5, -26);
  canvas.stroke();
}

function drawRing(canvas: Canvas): void {
  for (const [width, color] of [[4.4, "rgba(10,12,20,0.75)"], [2.2, "#ffffff"]] as const) {
    canvas.strokeStyle = color;
    canvas.lineWidth = width;
    canvas.beginPath();
    canvas.ellipse(0, 0, 15, 7, 0, 0, Math.PI * 2);
    canvas.stroke();
  }
}

function drawIce(canvas: Canvas): void {
  path(canvas, [-9, 1, -10, -15, -4, -27, 5, -27, 10, -14, 9, 1, 0, 4], "rgba(160,220,255,0.55)", "rgba(235,250,255,0.95)", 1.6);
  path(canvas, [-5, -4, -6, -15, -2, -21], "rgba(255,255,255,0.55)", null);
}

function drawSkull(canvas: Canvas): void {
  path(canvas, [-4, -4, -4, 1, 4, 1, 4, -4], "#f4f1e6");
  ball(canvas, 0, -9, 7.4, [240, 237, 224]);
  path(canvas, [-3.4, -4, -3.4, 0.2, 3.4, 0.2, 3.4, -4], "#f4f1e6", null);
  ellipse(canvas, -2.8, -8.4, 2, 2.3, INK);
  ellipse(canvas, 2.8, -8.4, 2, 2.3, INK);
  canvas.strokeStyle = INK;
  canvas.lineWidth = 1;
  for (const x of [-1.4, 1.4]) {
    canvas.beginPath();
    canvas.moveTo(x, -3);
    canvas.lineTo(x, 0.4);
    canvas.stroke();
  }
}

function drawBubble(canvas: Canvas): void {
  canvas.beginPath();
  canvas.roundRect(-15, -25, 30, 18, 7);
  canvas.moveTo(-5, -7.4);
  canvas.lineTo(-2, 0);
  canvas.lineTo(3, -7.4);
  canvas.fillStyle = "rgba(252,252,255,0.96)";
  canvas.strokeStyle = INK;
  canvas.lineWidth = 1.6;
  canvas.stroke();
  canvas.fill();
}

function drawArrow(canvas: Canvas): void {
  // Flies to the right; lies across the cell's middle.
  canvas.translate(0, -CELL * 0.3);
  canvas.strokeStyle = INK;
  canvas.lineWidth = 3.4;
  for (const [ink, width] of [[INK, 4], ["#fff3c8", 2]] as const) {
    canvas.strokeStyle = ink;
    canvas.lineWidth = width;
    canvas.beginPath();
    canvas.moveTo(-14, 0);
    canvas.lineTo(10, 0);
    canvas.stroke();
  }
  path(canvas, [16, 0, 7, -5, 9, 0, 7, 5], "#ffffff", INK, 1.2);
}

function drawOrb(canvas: Canvas): void {
  canvas.translate(0, -CELL * 0.3);
  const glow = canvas.createRadialGradient(0, 0, 0, 0, 0, 16);
  glow.addColorStop(0, "#ffffff");
  glow.addColorStop(0.35, "rgba(255,255,255,0.85)");
  glow.addColorStop(1, "rgba(255,255,255,0)");
  canvas.fillStyle = glow;
  canvas.fillRect(-16, -16, 32, 32);
}

function drawSlash(canvas: Canvas): void {
  canvas.translate(0, -CELL * 0.3);
  canvas.beginPath();
  canvas.arc(-6, 0, 17, -1.1, 1.1);
  canvas.arc(-14, 0, 21, 0.82, -0.82, true);
  canvas.closePath();
  canvas.fillStyle = "#ffffff";
  canvas.fill();
}

function drawBeacon(canvas: Canvas): void {
  ellipse(canvas, 0, 0, 11, 5.2, INK);
  ellipse(canvas, 0, -0.6, 9.6, 4.2, "#d8d8d8");
  path(canvas, [-5, -1, -3, -24, 3, -24, 5, -1], "#f4f4f4");
  path(canvas, [0, -1, 0, -24, 3, -24, 5, -1], "#b8b8b8", null);
  ball(canvas, 0, -27, 6.4, [250, 250, 250]);
}

function drawFlag(canvas: Canvas): void {
  ellipse(canvas, 0, 0, 6, 2.8, INK);
  for (const [ink, width] of [[INK, 4], ["#c8c8c8", 1.8]] as const) {
    canvas.strokeStyle = ink;
    canvas.lineWidth = width;
    canvas.beginPath();
    canvas.moveTo(0, 0);
    canvas.lineTo(0, -33);
    canvas.stroke();
  }
  path(canvas, [1, -34, 18, -29, 14, -25, 18, -20, 1, -18], "#ffffff", INK, 1.8);
}

function drawBase(canvas: Canvas): void {
  for (const [scale, fill] of [[1, INK], [0.92, "#9d9d9d"], [0.7, INK], [0.62, "#f2f2f2"]] as const) {
    path(canvas, [0, -10 * scale, 20 * scale, 0, 0, 10 * scale, -20 * scale, 0], fill, null);
  }
}

function drawCrown(canvas: Canvas): void {
  path(canvas, [-8, 0, -9, -9, -4, -5, 0, -11, 4, -5, 9, -9, 8, 0], "#ffd55e");
}
