// Which part of the plane is on the screen? Pan, zoom to the pointer, follow.

import type { Projection } from "./projection";

const ZOOM_LIMIT = 4;

export class Camera {
  /** What lies in the middle of the screen, and how large. */
  x = 0;
  y = 0;
  zoom = 1;
  width = 1;
  height = 1;
  /** Zoom at which the whole map is seen. */
  private whole = 0.1;

  get isWhole(): boolean {
    return Math.abs(this.zoom / this.whole - 1) < 0.01;
  }

  /** Show the whole walkable square. */
  fit(projection: Projection, first: number, playable: number): void {
    const last = first + playable + 1;
    const corners = [[first, first], [first, last], [last, first], [last, last]] as const;
    const xs = corners.map(([row, col]) => projection.x(row, col));
    const ys = corners.map(([row, col]) => projection.y(row, col));
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    this.whole = Math.min(this.width / (right - left), this.height / (bottom - top)) * 0.97;
    this.zoom = this.whole;
  }

  zoomAt(factor: number, screenX: number, screenY: number): void {
    const before = this.zoom;
    this.zoom = Math.max(this.whole * 0.7, Math.min(ZOOM_LIMIT, before * factor));
    // What is under the pointer stays there.
    this.x += (screenX - this.width / 2) * (1 / before - 1 / this.zoom);
    this.y += (screenY - this.height / 2) * (1 / before - 1 / this.zoom);
  }

  panBy(screenX: number, screenY: number): void {
    this.x -= screenX / this.zoom;
    this.y -= screenY / this.zoom;
  }

  /** Go a share of the way to a point. */
  follow(x: number, y: number, share: number): void {
    this.x += (x - this.x) * share;
    this.y += (y - this.y) * share;
  }

  toWorldX(screenX: number): number {
    return (screenX - this.width / 2) / this.zoom + this.x;
  }

  toWorldY(screenY: number): number {
    return (screenY - this.height / 2) / this.zoom + this.y;
  }
}
