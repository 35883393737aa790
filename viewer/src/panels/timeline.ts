// When did things happen? Marks over the scrubber.

import { teamColors, toCss } from "../colors";
import { find } from "../page";
import type { Replay } from "../replay";

/** Half the width of a range input's thumb: its track begins and ends there. */
const THUMB = 8;

export class Timeline {
  onSeek: (frame: number) => void = () => {};
  private readonly scrub = find<HTMLInputElement>("scrub");
  private readonly canvas = find<HTMLCanvasElement>("marks");
  private replay: Replay | null = null;
  private frame = 0;

  constructor() {
    this.scrub.addEventListener("input", () => this.onSeek(Number(this.scrub.value)));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(replay: Replay): void {
    this.replay = replay;
    this.frame = 0;
    this.grow();
  }

  /** Take in the frames that have come since; of a game that is played. */
  grow(): void {
    if (this.replay === null) return;
    this.scrub.max = String(Math.max(this.replay.frames - 1, 0));
    // A value beyond the maximum of before was cut to it.
    this.update(this.frame);
    this.draw();
  }

  update(frame: number): void {
    this.frame = frame;
    if (this.scrub.value !== String(frame)) this.scrub.value = String(frame);
  }

  private draw(): void {
    const { replay, canvas } = this;
    if (replay === null) return;
    const ratio = window.devicePixelRatio;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.scale(ratio, ratio);
    const wide = canvas.clientWidth - 2 * THUMB;
    const high = canvas.clientHeight;
    const place = (frame: number) => THUMB + (frame / Math.max(replay.frames - 1, 1)) * wide;
    const deaths = new Float32Array(replay.frames);
    const kills = new Float32Array(replay.frames);
    const colors = teamColors(replay.header.teams.length);
    for (const happening of replay.happenings) {
      if (happening.kind === "death") deaths[happening.frame]! += 1;
      if (happening.kind === "kill") kills[happening.frame]! += happening.what;
      if (happening.kind === "seizure") {
        context.fillStyle = toCss(colors[happening.what] ?? [255, 255, 255]);
        context.fillRect(place(happening.frame) - 1, 0, 2.5, 6);
      }
    }
    const bar = (counts: Float32Array, color: string, shift: number) => {
      context.fillStyle = color;
      counts.forEach((count, frame) => {
        const tall = Math.min(3 + count * 2.5, high - 20);
        if (count > 0) context.fillRect(place(frame) - 1 + shift, high - tall, 2, tall);
      });
    };
    bar(kills, "rgba(240,180,70,0.75)", 0);
    bar(deaths, "rgba(226,76,76,0.95)", 0);
  }
}
