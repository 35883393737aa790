// What do a live server and the page say to each other? Its messages decoded, and ours as types.

import {
  checkHeader, FormatError, type Header, HEADER_LIMIT, isCount, isFlag, isNumber, isObject, isText,
  ITEM_SIZE, listOf, MAKERS, RAW_LIMIT, type Test,
} from "../format";

export type Pace = "clock" | "turn";

/** A column of the frames to come: its shape at one frame. */
export interface LiveColumn {
  name: string;
  dtype: string;
  shape: number[];
}

export interface LiveHeader extends Header {
  columns: LiveColumn[];
  episode: number;
}

export interface EpisodeMessage {
  kind: "episode";
  header: LiveHeader;
  map: Uint8Array;
}

export interface FrameMessage {
  kind: "frame";
  frame: number;
  /** The columns' bytes and the changed tiles, as they came. */
  body: Uint8Array;
}

export interface StateMessage {
  kind: "state";
  is_playing: boolean;
  speed: number;
  pace: Pace;
  policies: string[];
  people: number[];
  own: number | null;
  is_over: boolean;
}

export interface EndMessage {
  kind: "end";
  frame: number;
  winners: number[];
  is_decided: boolean;
  winning_score: number;
  progress: number[];
}

export interface ErrorMessage {
  kind: "error";
  text: string;
}

export interface Offer {
  listing: number;
  seller: number;
  type: number;
  level: number;
  quantity: number;
  price: number;
}

export interface Target {
  entity: number;
  styles: number[];
}

/** What an agent will do in the next tick; also what is asked of it. */
export interface Act {
  move?: number;
  attack?: number | null;
  style?: number;
  say?: number;
  use?: number;
  destroy?: number;
  sell?: number;
  price?: number;
  buy?: number;
  give?: number;
  to?: number;
  gold?: number;
  gold_to?: number;
  end?: boolean;
  /** What was seen: places and listings are numbered anew every tick. */
  frame?: number;
}

/** What the agent of this page may do. */
export interface SeatMessage {
  kind: "seat";
  frame: number;
  agent: number;
  is_alive: boolean;
  moves: number[];
  targets: Target[];
  use: number[];
  destroy: number[];
  sell: number[];
  prices: [number, number];
  give: number[];
  receivers: number[];
  gold_receivers: number[];
  offers: Offer[];
  can_say: boolean;
  pending: Act;
}

export type TextMessage = StateMessage | EndMessage | SeatMessage | ErrorMessage;
export type BinaryMessage = EpisodeMessage | FrameMessage;

export type Command =
  | { do: "play" | "pause" | "step" | "next" | "leave" }
  | { do: "speed"; value: number }
  | { do: "pace"; value: Pace }
  | { do: "take"; agent: number }
  | ({ do: "act" } & Act);

const EPISODE = 1;
const FRAME = 2;

/** Decode a binary message; everything but a frame's body is checked. */
export function decodeBinary(bytes: Uint8Array): BinaryMessage {
  if (bytes.length < 8) throw new FormatError("The server sent a message that is cut short.");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const number = view.getUint32(4, true);
  if (view.getUint32(0, true) === FRAME) return { kind: "frame", frame: number, body: bytes.subarray(8) };
  if (view.getUint32(0, true) !== EPISODE) {
    throw new FormatError(`The server sent a message of the unknown kind ${bytes[0]}.`);
  }
  return decodeEpisode(bytes, number);
}

function decodeEpisode(bytes: Uint8Array, length: number): EpisodeMessage {
  if (length > HEADER_LIMIT || 8 + length > bytes.length) {
    throw new FormatError("The server sent an episode whose header is not whole.");
  }
  let header: LiveHeader;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    header = JSON.parse(text) as LiveHeader;
  } catch {
    throw new FormatError("The server sent an episode whose header is not valid JSON.");
  }
  checkHeader(header);
  checkColumns(header);
  const map = bytes.slice(8 + length);
  if (map.length !== header.map_size ** 2) {
    throw new FormatError(`The server sent a map of ${map.length} tiles; the header asks for ${header.map_size ** 2}.`);
  }
  return { kind: "episode", header, map };
}

function checkColumns(header: LiveHeader): void {
  if (!Array.isArray(header.columns)) throw new FormatError("The header lacks the list columns.");
  const names = new Set<unknown>();
  let total = 0;
  for (const column of header.columns) {
    const { name, dtype, shape } = column ?? {};
    const isNew = typeof name === "string" && !names.has(name);
    if (!isNew || MAKERS[dtype] === undefined || !Array.isArray(shape) || !shape.every(isWhole)) {
      throw new FormatError(`The header's column ${name} has no valid name, dtype or shape.`);
    }
    names.add(name);
    total += columnSize(column) * (header.ticks + 1);
  }
  if (!(total <= RAW_LIMIT)) {
    throw new FormatError("The game would take more than 512 MiB of memory; play one with fewer agents or ticks.");
  }
}

/** Return the bytes of a column in one frame. */
export function columnSize(column: LiveColumn): number {
  return column.shape.reduce((product, axis) => product * axis, 1) * ITEM_SIZE[column.dtype]!;
}

const isWhole = isCount();

const TESTS: Record<string, Test> = {
  state: isObject({
    is_playing: isFlag, speed: isNumber, pace: (value) => value === "clock" || value === "turn",
    policies: Array.isArray, people: listOf(isWhole), own: (value) => value === null || isWhole(value),
    is_over: isFlag,
  }),
  end: isObject({ frame: isWhole, winners: listOf(isWhole), is_decided: isFlag }),
  seat: isObject({
    frame: isWhole, agent: isWhole, is_alive: isFlag, moves: listOf(isWhole),
    targets: listOf(isObject({ entity: isWhole, styles: listOf(isWhole) })),
    use: listOf(isWhole), destroy: listOf(isWhole), sell: listOf(isWhole), prices: listOf(isNumber),
    give: listOf(isWhole), receivers: listOf(isWhole), gold_receivers: listOf(isWhole),
    offers: listOf(isObject({
      listing: isWhole, seller: isWhole, type: isWhole, level: isWhole, quantity: isWhole, price: isNumber,
    })),
    can_say: isFlag, pending: isObject({}),
  }),
  error: isObject({ text: isText }),
};

/** Decode a text message; its fields are checked. */
export function decodeText(text: string): TextMessage {
  let message: { kind?: unknown } | null;
  try {
    message = JSON.parse(text) as typeof message;
  } catch {
    throw new FormatError("The server sent text that is not valid JSON.");
  }
  const kind = String(message?.kind);
  if (!Object.hasOwn(TESTS, kind)) throw new FormatError(`The server sent a message of the unknown kind ${kind}.`);
  if (!TESTS[kind]!(message)) throw new FormatError(`The server sent a ${kind} message that lacks something.`);
  return message as TextMessage;
}
