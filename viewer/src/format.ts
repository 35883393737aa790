// How is a replay file read? Header and sections to typed arrays; everything is checked.

export type Column =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface Team {
  first: number;
  size: number;
  policy: string;
}

export interface Fog {
  onset: number;
  speed: [number, number];
  final_size: number;
}

export interface Section {
  name: string;
  offset: number;
  length: number;
  raw_length: number;
  dtype: string;
  shape: number[];
  coding: "plain" | "delta" | "planes";
  crc32: number;
}

export interface Header {
  format: number;
  metammo: string | null;
  source: string;
  game: string | null;
  game_version: number | null;
  config: string | null;
  size: string | null;
  seed: number | null;
  ticks: number;
  players: number;
  entities: number;
  teams: Team[];
  player_team: number[];
  map_size: number;
  first: number;
  playable: number;
  rules: Record<string, number> | null;
  rung: number | null;
  fog: Fog | null;
  objectives: number;
  objective_kind: number[];
  winners: number[] | null;
  is_decided: boolean | null;
  winning_score: number | null;
  progress: number[] | null;
  materials: string[];
  has_truth: boolean;
  has_frames: boolean;
  player_tasks: string[] | null;
  /** Names of the heads of an action; where thoughts are kept. */
  heads?: string[];
  sections: Section[];
}

/** What is wrong with a file, in one line for the person who opened it. */
export class FormatError extends Error {}

const MAGIC = "METAMMO";
const VERSION = 1;
export const HEADER_LIMIT = 4 * 1024 * 1024;
/** Bytes that all sections may inflate to: beyond it a small file could fill the memory. */
export const RAW_LIMIT = 512 * 1024 * 1024;
const ENTITY_LIMIT = 32_768;
const MAP_LIMIT = 2_048;
const TICK_LIMIT = 1_048_576;

export const MAKERS: Record<string, (buffer: ArrayBuffer) => Column> = {
  uint8: (buffer) => new Uint8Array(buffer),
  int8: (buffer) => new Int8Array(buffer),
  uint16: (buffer) => new Uint16Array(buffer),
  int16: (buffer) => new Int16Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
};
export const ITEM_SIZE: Record<string, number> = {
  uint8: 1, int8: 1, uint16: 2, int16: 2, int32: 4, float32: 4, float64: 8, uint64: 8,
};

/** Return the header of a file, and where its sections begin. */
export function readHeader(bytes: Uint8Array): { header: Header; start: number } {
  const magic = String.fromCharCode(...bytes.subarray(0, 7));
  if (bytes.length < 12 || magic !== MAGIC) {
    throw new FormatError("This is not a metammo replay: it does not begin with METAMMO.");
  }
  if (bytes[7] !== VERSION) {
    throw new FormatError(`This replay's container has version ${bytes[7]}; this viewer reads 1.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  if (length > HEADER_LIMIT || 12 + length > bytes.length) {
    throw new FormatError("The replay is cut short: its header is not whole.");
  }
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(
      bytes.subarray(12, 12 + length),
    )) as Header;
  } catch {
    throw new FormatError("The replay's header is not valid JSON.");
  }
  checkHeader(header);
  return { header, start: 12 + length };
}

export type Test = (value: unknown) => boolean;
export const isNumber: Test = (value) => Number.isFinite(value);
export const isFlag: Test = (value) => typeof value === "boolean";
export const isText: Test = (value) => typeof value === "string";
export const isCount = (high = Infinity): Test =>
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= high;
/** Also what is missing is unknown. */
const orUnknown = (test: Test): Test => (value) => value === null || value === undefined || test(value);
export const listOf = (test: Test): Test => (value) => Array.isArray(value) && value.every(test);
export const isObject = (fields: Record<string, Test>): Test => (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value)
  && Object.entries(fields).every(([name, test]) => test((value as Record<string, unknown>)[name]));

/** What the viewer uses of a header, and whether a value will do; as docs/replay.md says. */
const KEYS: Record<string, Test> = {
  source: isText, game: orUnknown(isText), config: orUnknown(isText), seed: orUnknown(isNumber),
  ticks: isCount(TICK_LIMIT), players: isCount(ENTITY_LIMIT), entities: isCount(ENTITY_LIMIT),
  teams: listOf(isObject({ first: isCount(ENTITY_LIMIT), size: isCount(ENTITY_LIMIT), policy: isText })),
  player_team: listOf(isCount(ENTITY_LIMIT)), player_tasks: orUnknown(listOf(isText)),
  map_size: (value) => value !== 0 && isCount(MAP_LIMIT)(value), first: isCount(MAP_LIMIT), playable: isCount(MAP_LIMIT),
  rules: orUnknown((value) => isObject({})(value) && Object.values(value as object).every(isNumber)),
  fog: orUnknown(isObject({
    onset: isCount(), final_size: isCount(),
    speed: (value) => listOf(isCount())(value) && (value as number[]).length === 2 && (value as number[])[1]! > 0,
  })),
  objectives: isCount(8), objective_kind: listOf(isCount(255)),
  winners: orUnknown(listOf(isCount(ENTITY_LIMIT))), is_decided: orUnknown(isFlag), winning_score: orUnknown(isNumber),
  materials: listOf(isText), heads: orUnknown(listOf(isText)), sections: Array.isArray,
};

export function checkHeader(header: Header): void {
  if (header === null || typeof header !== "object" || Array.isArray(header)) {
    throw new FormatError("The replay's header is not an object.");
  }
  if (header.format !== 1) {
    throw new FormatError(`This replay has format ${header.format}; this viewer reads format 1.`);
  }
  if (!header.has_frames) {
    throw new FormatError("This replay holds no frames to view; record it with frames.");
  }
  for (const [name, fits] of Object.entries(KEYS)) {
    const value = (header as unknown as Record<string, unknown>)[name];
    if (!fits(value)) throw new FormatError(`The header's ${name} cannot be ${shorten(value)}.`);
  }
  const { players, entities, teams, player_team: playerTeam, player_tasks: tasks } = header;
  const isWhole = players <= entities && playerTeam.length === players
    && [0, players].includes(tasks?.length ?? 0)
    && header.objective_kind.length === header.objectives
    && playerTeam.every((team) => team < teams.length)
    && (header.winners ?? []).every((row) => row < players)
    && teams.every(({ first, size }) => first + size <= players);
  if (!isWhole) throw new FormatError("The header's lists do not fit its number of players.");
  if (header.first + header.playable + 1 > header.map_size) {
    throw new FormatError("The header's walkable square does not fit the map.");
  }
}

function shorten(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 40);
}

/** Undo delta coding in place: a running sum along the first axis, wrapped in the dtype. */
export function undoDelta(values: Column, rows: number): void {
  const width = rows > 0 ? values.length / rows : 0;
  // An element of a typed integer array wraps by itself. One loop for each of the common types:
  // a loop that meets several of them is five times slower.
  if (values instanceof Uint8Array) addBytes(values, width);
  else if (values instanceof Int16Array) addShorts(values, width);
  else addAny(values, width);
}

function addBytes(values: Uint8Array, width: number): void {
  for (let index = width; index < values.length; index++) values[index] = values[index]! + values[index - width]!;
}

function addShorts(values: Int16Array, width: number): void {
  for (let index = width; index < values.length; index++) values[index] = values[index]! + values[index - width]!;
}

function addAny(values: Column, width: number): void {
  for (let index = width; index < values.length; index++) values[index] = values[index]! + values[index - width]!;
}

let crcTables: Int32Array | null = null;

/** Four tables of 256: a byte's effect on the sum when 0 to 3 bytes follow it. */
function makeCrcTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    tables[byte] = value;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = tables[before & 255]! ^ (before >>> 8);
  }
  return tables;
}

/** Return the CRC-32 of bytes, as zlib does; four bytes at a time. */
export function crc32(bytes: Uint8Array): number {
  const tables = (crcTables ??= makeCrcTables());
  let crc = -1;
  let index = 0;
  for (; index + 4 <= bytes.length; index += 4) {
    crc ^= bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) | (bytes[index + 3]! << 24);
    crc = tables[768 + (crc & 255)]! ^ tables[512 + ((crc >>> 8) & 255)]!
      ^ tables[256 + ((crc >>> 16) & 255)]! ^ tables[crc >>> 24]!;
  }
  for (; index < bytes.length; index++) crc = tables[(crc ^ bytes[index]!) & 255]! ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

/** Inflate a section into exactly `size` bytes; more or fewer are an error. */
async function inflate(packed: Uint8Array, size: number, name: string): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  let filled = 0;
  try {
    const source = new Blob([packed as BlobPart]).stream();
    const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > size) {
        void reader.cancel();
        throw new FormatError(`Section ${name} is larger than its header says.`);
      }
      whole.set(value, filled);
      filled += value.length;
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`Section ${name} is damaged: it cannot be inflated.`);
  }
  if (filled !== size) throw new FormatError(`Section ${name} is shorter than its header says.`);
  return whole;
}

/** Read one section. */
export async function readSection(
  bytes: Uint8Array,
  start: number,
  section: Section,
): Promise<Column> {
  const { name, offset, length, shape, dtype, coding } = section;
  const make = MAKERS[dtype];
  if (make === undefined) throw new FormatError(`Section ${name} has the unknown dtype ${dtype}.`);
  const isWhole = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isWhole) || !isWhole(offset) || !isWhole(length)) {
    throw new FormatError(`Section ${name} has no valid place or shape.`);
  }
  const count = shape.reduce((product, axis) => product * axis, 1);
  if (count * ITEM_SIZE[dtype]! !== section.raw_length || section.raw_length > RAW_LIMIT) {
    throw new FormatError(`Section ${name} has a shape and a length that do not agree.`);
  }
  if (start + offset + length > bytes.length) {
    throw new FormatError(`The replay is cut short: section ${name} is not whole.`);
  }
  if (coding !== "plain" && coding !== "delta") {
    throw new FormatError(`Section ${name} has the unknown coding ${String(coding)}.`);
  }
  const packed = bytes.subarray(start + offset, start + offset + length);
  const raw = await inflate(packed, section.raw_length, name);
  if (crc32(raw) !== section.crc32) {
    throw new FormatError(`Section ${name} is damaged: its checksum differs.`);
  }
  const values = make(raw.buffer as ArrayBuffer);
  if (coding === "delta") undoDelta(values, shape[0] ?? 0);
  return values;
}

const TRUTH = ["actions", "hashes", "start"];

/** Read a whole file: its header, and every section for viewing by name. */
export async function readFile(
  bytes: Uint8Array,
): Promise<{ header: Header; columns: Map<string, Column> }> {
  const { header, start } = readHeader(bytes);
  const wanted = header.sections.filter((section) => !TRUTH.includes(section?.name));
  const total = wanted.reduce((sum, section) => sum + Number(section?.raw_length), 0);
  if (!(total <= RAW_LIMIT)) {
    throw new FormatError("The replay would take more than 512 MiB of memory; record fewer ticks.");
  }
  const columns = new Map<string, Column>();
  const read = async (section: Section) =>
    columns.set(section.name, await readSection(bytes, start, section));
  await Promise.all(wanted.map(read));
  return { header, columns };
}
