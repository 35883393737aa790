// How deep does a tile lie in the fog of death? The same fractions as the simulator's.

import type { Header } from "./format";

export interface Square {
  /** First and last row (and column) of the square that is still clear; empty if low > high. */
  low: number;
  high: number;
}

/** Return how deep a tile lies in the fog at a frame, tiles; 0 or less: clear. */
export function fogDepth(header: Header, frame: number, row: number, col: number): number {
  const fog = header.fog;
  if (fog === null || fog.onset === 0) return 0;
  const center = header.map_size >> 1;
  if (Math.max(Math.abs(row - center), Math.abs(col - center)) <= fog.final_size) return -160;
  const last = header.map_size - 1;
  const border = center - (header.playable >> 1);
  const ring = Math.min(row, col, last - row, last - col) - border;
  return (Math.max(frame - fog.onset + 1, 0) * fog.speed[0]) / fog.speed[1] - ring;
}

/** Return the square of tiles that lie at most `depth` deep in the fog at a frame. */
export function clearSquare(header: Header, frame: number, depth = 0): Square {
  const center = header.map_size >> 1;
  const last = header.map_size - 1;
  const fog = header.fog;
  if (fog === null || fog.onset === 0) return { low: 0, high: last };
  const border = center - (header.playable >> 1);
  const advance = (Math.max(frame - fog.onset + 1, 0) * fog.speed[0]) / fog.speed[1];
  // Clear are the rings with advance - (ring - border) <= depth, and the final square.
  const ring = Math.max(Math.ceil(advance - depth) + border, 0);
  const kept = { low: center - fog.final_size, high: center + fog.final_size };
  if (ring > last - ring) return kept;
  return { low: Math.min(ring, kept.low), high: Math.max(last - ring, kept.high) };
}
