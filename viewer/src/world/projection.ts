// Where on the plane does a tile lie? Isometric and top-down, and back again.

export interface Projection {
  readonly name: "isometric" | "top-down";
  x(row: number, col: number): number;
  y(row: number, col: number): number;
  row(x: number, y: number): number;
  col(x: number, y: number): number;
}

export const HALF_WIDTH = 24;
export const HALF_HEIGHT = 12;
/** Side of a tile seen from above, pixels. */
export const SIDE = 32;

/** Rows go down to the left, columns down to the right; (0, 0) is the far corner. */
export const ISOMETRIC: Projection = {
  name: "isometric",
  x: (row, col) => (col - row) * HALF_WIDTH,
  y: (row, col) => (col + row) * HALF_HEIGHT,
  row: (x, y) => (y / HALF_HEIGHT - x / HALF_WIDTH) / 2,
  col: (x, y) => (y / HALF_HEIGHT + x / HALF_WIDTH) / 2,
};

export const TOP_DOWN: Projection = {
  name: "top-down",
  x: (_row, col) => col * SIDE,
  y: (row) => row * SIDE,
  row: (_x, y) => y / SIDE,
  col: (x) => x / SIDE,
};
