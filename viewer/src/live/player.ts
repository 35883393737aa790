// Which moment of a live game is shown? The newest, reached smoothly, or one that was gone back to.

import { Player, SPEEDS, TICK_RATE } from "../player";
import type { Command, StateMessage } from "./messages";

/** Frames in a second at which the newest is reached when the game has no clock. */
const TURN_RATE = 6;
/** Frames behind the newest beyond which there is no use in hurrying. */
const FAR = 12;

/** A playhead whose keys ask the server: to play, to pause, to step, to go faster. */
export class LivePlayer extends Player {
  /** Whether the playhead stays with the newest frame. */
  isLive = true;
  private hasClock = true;
  private rate = 1;

  constructor(private readonly send: (command: Command) => void) {
    super(0);
  }

  /** Show what the server says of its pace. */
  follow(state: StateMessage): void {
    this.isPlaying = state.is_playing && !state.is_over;
    this.hasClock = state.pace === "clock";
    this.rate = state.speed;
  }

  override get speed(): number {
    return this.rate;
  }

  override seek(frame: number): void {
    this.place = Math.max(0, Math.min(this.last, Math.round(frame)));
    this.isLive = this.place >= this.last;
  }

  override step(by: number): void {
    if (by === 1 && this.frame >= this.last) this.send({ do: "step" });
    else this.seek(this.frame + by);
  }

  override play(isPlaying: boolean): void {
    this.send({ do: isPlaying ? "play" : "pause" });
  }

  override faster(by: 1 | -1): void {
    const at = SPEEDS.findIndex((speed) => speed >= this.rate);
    const next = Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? SPEEDS.length - 1 : at) + by));
    // Said before the server says it, so that pressing twice goes two steps.
    this.rate = SPEEDS[next]!;
    this.send({ do: "speed", value: this.rate });
  }

  /** Go to the newest frame and stay there. */
  goLive(): void {
    this.isLive = true;
    this.place = Math.max(this.place, this.last - 1);
  }

  override advance(seconds: number): void {
    if (!this.isLive) return;
    const behind = this.last - this.place;
    if (behind > FAR) this.place = this.last - 1;
    // A frame is reached when the next is due; who has fallen behind makes haste.
    const rate = this.isPlaying && this.hasClock ? this.rate * TICK_RATE : TURN_RATE;
    this.place = Math.min(this.last, this.place + seconds * rate * Math.max(1, behind * behind));
  }
}
