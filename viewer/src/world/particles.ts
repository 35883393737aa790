// How are thousands of sprites drawn without a new object per frame? From one pool, refilled.

import { Particle, ParticleContainer, type Texture } from "pixi.js";

export class Particles {
  readonly view = new ParticleContainer({
    dynamicProperties: { position: true, vertex: true, rotation: true, color: true, uvs: true },
  });
  private readonly pool: Particle[] = [];
  private used = 0;

  constructor(private readonly blank: Texture) {
    this.view.texture = blank;
  }

  begin(): void {
    this.used = 0;
  }

  /** Draw one; its anchor is the middle of its texture, or what is given. */
  add(
    texture: Texture, x: number, y: number, scaleX: number, scaleY: number, tint: number,
    alpha = 1, anchorX = 0.5, anchorY = 0.5, rotation = 0,
  ): void {
    let particle = this.pool[this.used];
    if (particle === undefined) {
      particle = new Particle({ texture: this.blank });
      this.pool.push(particle);
    }
    const shown = this.view.particleChildren;
    if (shown[this.used] !== particle) shown[this.used] = particle;
    this.used++;
    particle.texture = texture;
    particle.x = x;
    particle.y = y;
    particle.scaleX = scaleX;
    particle.scaleY = scaleY;
    particle.anchorX = anchorX;
    particle.anchorY = anchorY;
    particle.rotation = rotation;
    particle.tint = tint;
    particle.alpha = alpha;
  }

  end(): void {
    this.view.particleChildren.length = this.used;
  }
}

/** Where in a cell of the atlas a thing touches the ground. */
export const FOOT = 0.8;
