import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import { crc32, FormatError, readFile, readHeader, undoDelta } from "../src/format";
import { makeFile, makeHeader } from "./files";

describe("a file", () => {
  it("gives back what was written, deltas undone", async () => {
    const { columns } = await readFile(makeFile());
    expect([...columns.get("entity_row")!]).toEqual([2, 3, 3, 3, 2, 4]);
    expect([...columns.get("entity_health")!]).toEqual([100, 7, 90, 7, 0, 250]);
  });

  it("is refused in one line when it is something else", () => {
    expect(() => readHeader(new Uint8Array(40))).toThrow(/not a metammo replay/);
  });

  it("is refused when it is cut short, anywhere", async () => {
    const whole = makeFile();
    for (let length = 0; length < whole.length; length += 97) {
      await expect(readFile(whole.slice(0, length))).rejects.toThrow(FormatError);
    }
  });

  it("is refused when a byte of a section has changed", async () => {
    const bytes = makeFile();
    bytes[bytes.length - 3]! ^= 0xff;
    await expect(readFile(bytes)).rejects.toThrow(/damaged/);
  });

  it("is refused when a section inflates to more than it says", async () => {
    const packed = deflateSync(new Uint8Array(1_000_000));
    const section = {
      name: "map", offset: 0, length: packed.length, raw_length: 36, dtype: "uint8", shape: [6, 6],
      coding: "plain", crc32: 0,
    };
    const bytes = makeFile({ ...makeHeader(), sections: [section] }, [packed]);
    await expect(readFile(bytes)).rejects.toThrow(/larger than its header says/);
  });

  it("is refused when its header says what cannot be", () => {
    for (const change of [
      { format: 2 }, { ticks: -1 }, { players: 9 }, { has_frames: false }, { teams: null },
      { game: 5 }, { seed: "x" }, { teams: [null, null] }, { teams: [{ first: 0, size: 9, policy: "" }] },
      { teams: [{ first: 0, size: 1, policy: 5 }, { first: 1, size: 1, policy: "" }] }, { player_team: [0, 2] },
      { player_tasks: [{}, {}] }, { player_tasks: ["one"] }, { fog: { onset: 1 } }, { fog: { onset: 1, speed: [1, 0], final_size: 0 } },
      { rules: { horizon: "x" } }, { objective_kind: null }, { winners: [2] }, { winners: "ab" }, { heads: [5] }, { map_size: 4096 },
    ]) {
      expect(() => readHeader(makeFile({ ...makeHeader(), ...change }))).toThrow(FormatError);
    }
  });
});

describe("deltas", () => {
  it("wrap in their dtype", () => {
    const values = Uint8Array.of(250, 10, 10, 250);
    undoDelta(values, 2);
    expect([...values]).toEqual([250, 10, 4, 4]);
    const signed = Int16Array.of(32767, 1);
    undoDelta(signed, 2);
    expect([...signed]).toEqual([32767, -32768]);
  });
});

it("has zlib's checksum", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});
