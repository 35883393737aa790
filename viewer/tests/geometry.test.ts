import { describe, expect, it } from "vitest";

import { teamColors } from "../src/colors";
import { clearSquare, fogDepth } from "../src/fog";
import type { Header } from "../src/format";
import { Camera } from "../src/world/camera";
import { ISOMETRIC, TOP_DOWN } from "../src/world/projection";

describe("projections", () => {
  it.each([ISOMETRIC, TOP_DOWN])("of $name can be undone", (projection) => {
    for (const [row, col] of [[0, 0], [16, 143], [70.5, 3.25]] as const) {
      const [x, y] = [projection.x(row, col), projection.y(row, col)];
      expect(projection.row(x, y)).toBeCloseTo(row);
      expect(projection.col(x, y)).toBeCloseTo(col);
    }
  });
});

describe("the camera", () => {
  it("keeps what is under the pointer", () => {
    const camera = new Camera();
    camera.width = 800;
    camera.height = 600;
    camera.fit(TOP_DOWN, 16, 127);
    const before = camera.toWorldX(130);
    camera.zoomAt(2, 130, 470);
    expect(camera.toWorldX(130)).toBeCloseTo(before);
  });
});

describe("the fog", () => {
  const header = {
    map_size: 160, playable: 127, first: 17,
    fog: { onset: 10, speed: [1, 8], final_size: 5 },
  } as unknown as Header;

  it("is nowhere before its onset and never in the final square", () => {
    expect(fogDepth(header, 9, 17, 80)).toBeLessThanOrEqual(0);
    expect(fogDepth(header, 5000, 80, 85)).toBe(-160);
  });

  it("comes in from the border, an eighth of a tile a tick", () => {
    expect(fogDepth(header, 17, 17, 80)).toBe(1);
    expect(fogDepth(header, 25, 18, 80)).toBe(1);
  });

  it("has a square that agrees with the depth of every tile", () => {
    for (const frame of [0, 9, 10, 18, 100, 400, 900]) {
      for (const depth of [0, 6]) {
        const { low, high } = clearSquare(header, frame, depth);
        for (let row = 0; row < 160; row++) {
          const isClear = fogDepth(header, frame, row, 80) <= depth;
          expect(isClear, `row ${row} at frame ${frame}`).toBe(row >= low && row <= high);
        }
      }
    }
  });
});

it("gives teams different colours", () => {
  for (const count of [2, 16, 128]) {
    expect(new Set(teamColors(count).map(String)).size).toBeGreaterThan(count * 0.95);
  }
});
