// Which moment is shown? Playing, pausing, speed.

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
/** Ticks in a second at speed 1. */
export const TICK_RATE = 3;

export class Player {
  isPlaying = false;
  protected place = 0;
  private speedAt = 2;

  constructor(public last = 0) {}

  get frame(): number {
    return Math.floor(this.place);
  }

  /** Share of the way to the next frame. */
  get share(): number {
    return this.place - this.frame;
  }

  get speed(): number {
    return SPEEDS[this.speedAt]!;
  }

  /** Go to a frame and stay there. */
  seek(frame: number): void {
    this.isPlaying = false;
    this.place = Math.max(0, Math.min(this.last, Math.round(frame)));
  }

  step(by: number): void {
    this.seek(this.frame + by);
  }

  play(isPlaying: boolean): void {
    // At the end, playing begins anew.
    if (isPlaying && this.frame >= this.last) this.place = 0;
    this.isPlaying = isPlaying && this.last > 0;
  }

  faster(by: 1 | -1): void {
    this.speedAt = Math.max(0, Math.min(SPEEDS.length - 1, this.speedAt + by));
  }

  advance(seconds: number): void {
    if (!this.isPlaying) return;
    this.place = Math.min(this.last, this.place + seconds * this.speed * TICK_RATE);
    if (this.place >= this.last) this.isPlaying = false;
  }
}
