// How does a game that is played look like a replay? Its columns fill, frame by frame.

import { type Column, FormatError, MAKERS } from "../format";
import { Replay } from "../replay";
import { columnSize, type EndMessage, type EpisodeMessage, type FrameMessage, type LiveHeader } from "./messages";

/** A replay that grows: `append` adds a frame, `finish` says how it ended. */
export class LiveReplay extends Replay {
  end: EndMessage | null = null;
  private changes = new Int32Array(1024);
  private changeCount = 0;

  constructor(message: EpisodeMessage) {
    super(message.header, makeColumns(message), 0);
  }

  override get isOver(): boolean {
    return this.end !== null;
  }

  get episode(): number {
    return (this.header as LiveHeader).episode;
  }

  /** Take in the next frame; its length and its values are checked first. */
  append(message: FrameMessage): void {
    const { frame, body } = message;
    if (frame !== this.frames || frame >= this.capacity) {
      throw new FormatError(`The server sent frame ${frame}; frame ${this.frames} of ${this.capacity} was due.`);
    }
    const { columns } = this.header as LiveHeader;
    const size = columns.reduce((sum, column) => sum + columnSize(column), 0);
    if (body.length < size + 4) throw new FormatError(`The server sent frame ${frame} cut short.`);
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const count = view.getUint32(size, true);
    if (body.length !== size + 4 + count * 12) {
      throw new FormatError(`The server sent frame ${frame} with ${body.length} bytes, which do not fit its columns.`);
    }
    let at = 0;
    for (const column of columns) {
      const width = columnSize(column);
      const { buffer } = this.columns.get(column.name)!;
      new Uint8Array(buffer as ArrayBuffer, frame * width, width).set(body.subarray(at, at + width));
      at += width;
    }
    this.appendChanges(frame, view, size + 4, count);
    this.include(frame + 1);
  }

  finish(end: EndMessage): void {
    this.end = end;
    this.winners = new Set(end.winners);
    this.header.winners = end.winners;
    this.header.is_decided = end.is_decided;
    this.header.winning_score = end.winning_score;
  }

  private appendChanges(frame: number, view: DataView, start: number, count: number): void {
    const total = (this.changeCount + count) * 4;
    if (total > this.changes.length) {
      const larger = new Int32Array(Math.max(this.changes.length * 2, total));
      larger.set(this.changes);
      this.changes = larger;
    }
    for (let at = this.changeCount * 4; at < total; at += 4, start += 12) {
      this.changes[at] = frame;
      for (let part = 0; part < 3; part++) this.changes[at + 1 + part] = view.getInt32(start + part * 4, true);
    }
    this.changeCount += count;
    this.columns.set("tile_changes", this.changes.subarray(0, total));
  }
}

function makeColumns(message: EpisodeMessage): Map<string, Column> {
  const { header, map } = message;
  const columns = new Map<string, Column>();
  for (const column of header.columns) {
    const buffer = new ArrayBuffer(columnSize(column) * (header.ticks + 1));
    columns.set(column.name, MAKERS[column.dtype]!(buffer));
  }
  columns.set("map", map);
  columns.set("tile_changes", new Int32Array());
  return columns;
}
