// A small replay, written as the format says: 3 entities, 2 of them players, 2 frames.

import { deflateSync } from "node:zlib";

import { type Column, crc32, undoDelta } from "../src/format";

type Fields = Record<string, unknown>;

const NAMES: [ArrayBufferView, string][] = [
  [new Uint8Array(), "uint8"], [new Int16Array(), "int16"], [new Int32Array(), "int32"],
  [new Uint16Array(), "uint16"], [new Float32Array(), "float32"],
];

export function dtypeOf(values: Column): string {
  return NAMES.find(([sample]) => sample.constructor === values.constructor)![1];
}

/** Sections in order: name, shape, the values as they are stored. */
export function makeColumns(): [string, number[], Column][] {
  const entity = (name: string, values: Column): [string, number[], Column] => [name, [2, 3], values];
  const player = (name: string, values: Column): [string, number[], Column] => [name, [2, 2], values];
  return [
    ["map", [6, 6], new Uint8Array(36).fill(2)],
    ["tile_changes", [2, 4], Int32Array.of(0, 1, 1, 4, 1, 2, 3, 9)],
    entity("entity_alive", Uint8Array.of(1, 1, 1, 0, 255, 0)),
    entity("entity_kind", Uint8Array.of(1, 1, 4, 0, 0, 0)),
    entity("entity_row", Int16Array.of(2, 3, 3, 1, -1, 1)),
    entity("entity_col", Int16Array.of(2, 3, 1, 0, 0, 0)),
    entity("entity_health", Uint8Array.of(100, 7, 90, 163, 249, 160)),
    entity("entity_freeze", new Uint8Array(6)),
    entity("entity_level", new Uint8Array(6)),
    entity("entity_target", Int16Array.of(-1, -1, -1, 2, 0, 0)),
    entity("entity_style", new Uint8Array(6)),
    entity("entity_damage", Int16Array.of(0, 0, 0, 0, 12, 0)),
    entity("entity_gold", Int32Array.of(5, 0, 1, 2, 0, 0)),
    player("player_food", new Uint8Array(4)),
    player("player_water", new Uint8Array(4)),
    player("player_message", new Uint8Array(4)),
    player("player_progress", Float32Array.of(0.25, 0, 0.125, 0.5)),
    player("player_reward", new Float32Array(4)),
    player("player_cause", Uint8Array.of(0, 0, 0, 1)),
    player("player_kills", Uint16Array.of(0, 0, 1, 0)),
    ["objective_row", [2, 1], Int16Array.of(3, 0)],
    ["objective_col", [2, 1], Int16Array.of(3, 0)],
    ["objective_owner", [2, 1], Int16Array.of(-1, 2)],
    ["objective_tick", [2, 1], Int32Array.of(0, 1)],
  ];
}

const PLAIN = ["map", "tile_changes", "player_progress", "player_reward"];

/** The same with deltas undone: the values that they mean. */
export function decodedColumns(): [string, number[], Column][] {
  const columns = makeColumns();
  for (const [name, shape, values] of columns) if (!PLAIN.includes(name)) undoDelta(values, shape[0]!);
  return columns;
}

function pack(): { sections: Fields[]; blobs: Uint8Array[] } {
  let offset = 0;
  const blobs: Uint8Array[] = [];
  const sections = makeColumns().map(([name, shape, values]) => {
    const raw = new Uint8Array(values.buffer as ArrayBuffer);
    const packed = deflateSync(raw);
    const section = {
      name, offset, length: packed.length, raw_length: raw.length, dtype: dtypeOf(values), shape,
      coding: PLAIN.includes(name) ? "plain" : "delta", crc32: crc32(raw),
    };
    offset += packed.length;
    blobs.push(packed);
    return section;
  });
  return { sections, blobs };
}

export function makeHeader(): Fields {
  return {
    format: 1, metammo: "0.1.0", source: "metammo", game: "survive", game_version: 1,
    config: "mini", size: "tiny", seed: 1, ticks: 1, players: 2, entities: 3,
    teams: [{ first: 0, size: 1, policy: "a" }, { first: 1, size: 1, policy: "b" }],
    player_team: [0, 1], map_size: 6, first: 1, playable: 3, rules: { center_mark: 1 }, rung: 0,
    fog: null, objectives: 1, objective_kind: [0], winners: [0], is_decided: true,
    winning_score: 1, progress: [0.25, 0.5], materials: Array.from({ length: 16 }, String),
    has_truth: false, has_frames: true, player_tasks: ["live", "live"], sections: pack().sections,
  };
}

export function makeFile(header: Fields = makeHeader(), blobs = pack().blobs): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(12);
  start.set(new TextEncoder().encode("METAMMO"));
  start[7] = 1;
  new DataView(start.buffer).setUint32(8, text.length, true);
  const parts = [start, text, ...blobs];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
