// When did things happen? Marks over the scrubber.

import { teamColors, toCss } from "../colors";
import { find } from "../page";
import type { Replay } from "../replay";

/** Half the width of a range input's thumb: its track begins and ends there. */
const THUMB = 8;
/** Where the lane of kills begins, under the bar; deaths have the one at the bottom, as high. */
const KILLS = 20;
const LANE = 8;

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
    // Most deaths are kills, at the same place: each has a lane, so that both are seen.
    const lane = (counts: Float32Array, color: string, top: (tall: number) => number) => {
      context.fillStyle = color;
      counts.forEach((count, frame) => {
        const tall = Math.min(2 + count * 1.5, LANE);
        if (count > 0) context.fillRect(place(frame) - 1, top(tall), 2, tall);
      });
    };
    lane(kills, "rgb(226,160,40)", () => KILLS);
    lane(deaths, "rgb(226,76,76)", (tall) => high - tall);
  }
}
