// What is on the canvas? The world's layers, the camera, and what the pointer does.

import { Container, Graphics, Particle, ParticleContainer, Sprite, WebGLRenderer } from "pixi.js";

import { teamColors, toNumber } from "../colors";
import type { Seat } from "../live/seat";
import type { Replay } from "../replay";
import { Atlas } from "./atlas";
import { Camera } from "./camera";
import { Effects } from "./effects";
import { Entities } from "./entities";
import { Guides } from "./guides";
import { Marks } from "./marks";
import { ISOMETRIC, type Projection, TOP_DOWN } from "./projection";
import { Terrain } from "./terrain";

const DRAG = 4;

export class Stage {
  readonly camera = new Camera();
  projection: Projection = ISOMETRIC;
  onPick: (entity: number) => void = () => {};
  /** Called when the person moves the view by hand. */
  onPan: () => void = () => {};
  entities: Entities | null = null;
  /** What the person plays, in a live game. */
  seat: Seat | null = null;
  private readonly root = new Container();
  private readonly world = new Container({ isRenderGroup: true });
  private terrain: Terrain | null = null;
  private marks: Marks | null = null;
  private effects: Effects | null = null;
  private guides: Guides | null = null;
  private replay: Replay | null = null;
  readonly atlas = new Atlas();

  private constructor(private readonly renderer: WebGLRenderer, private readonly host: HTMLElement) {}

  static async create(host: HTMLElement): Promise<Stage> {
    // Not an `Application`: that first tries out on a canvas of its own whether there is WebGL.
    const renderer = new WebGLRenderer();
    await renderer.init({
      antialias: true, backgroundAlpha: 0, resolution: Math.min(window.devicePixelRatio, 2),
      autoDensity: true, skipExtensionImports: true,
    });
    host.appendChild(renderer.canvas);
    renderer.canvas.setAttribute("aria-hidden", "true");
    const stage = new Stage(renderer, host);
    stage.root.addChild(stage.world);
    new ResizeObserver(() => stage.resize()).observe(host);
    stage.resize();
    stage.listen();
    return stage;
  }

  /** Draw one thing of each kind: the shaders are compiled while a replay is still being read. */
  warmUp(): void {
    const texture = this.atlas.get("white");
    const particles = new ParticleContainer({ texture });
    particles.addParticle(new Particle({ texture, alpha: 0 }));
    const graphics = new Graphics().rect(0, 0, 1, 1).fill({ color: 0, alpha: 0 });
    this.world.addChild(new Sprite({ texture, alpha: 0.01 }), particles, graphics);
    this.renderer.render(this.root);
    this.world.removeChildren().forEach((child) => child.destroy());
  }

  show(replay: Replay): void {
    this.clear();
    this.replay = replay;
    const colors = teamColors(replay.header.teams.length).map(toNumber);
    this.terrain = new Terrain(replay, this.atlas);
    this.marks = new Marks(replay, this.atlas, colors);
    this.entities = new Entities(replay, this.atlas, colors);
    this.effects = new Effects(replay, this.atlas, this.entities);
    this.guides = new Guides(replay, this.atlas, this.entities);
    this.world.addChild(
      this.terrain.view, this.marks.below, this.guides.below, this.entities.view.view, this.marks.above,
      this.effects.view.view, this.guides.above,
    );
    this.terrain.layOut(this.projection);
    this.fit();
  }

  /** Let go of what a replay needed on the GPU: a live game brings one after the other. */
  private clear(): void {
    this.terrain?.destroy();
    this.world.removeChildren().forEach((child) => child.destroyed || child.destroy({ children: true }));
  }

  fit(): void {
    if (this.replay === null) return;
    this.camera.fit(this.projection, this.replay.header.first, this.replay.header.playable);
  }

  /** Change between isometric and top-down; what is in the middle stays there. */
  project(name: "isometric" | "top-down"): void {
    const { camera } = this;
    const row = this.projection.row(camera.x, camera.y);
    const col = this.projection.col(camera.x, camera.y);
    const whole = camera.zoom;
    this.fit();
    const isWhole = Math.abs(camera.zoom / whole - 1) < 0.01;
    this.projection = name === "isometric" ? ISOMETRIC : TOP_DOWN;
    this.terrain?.layOut(this.projection);
    this.fit();
    if (isWhole) return;
    camera.zoom = whole;
    this.centerOn(row, col);
  }

  centerOn(row: number, col: number): void {
    this.camera.x = this.projection.x(row, col);
    this.camera.y = this.projection.y(row, col);
  }

  /** Draw a moment. */
  draw(frame: number, share: number): void {
    const { camera, projection } = this;
    if (this.terrain === null || this.entities === null) return;
    this.world.scale.set(camera.zoom);
    this.world.position.set(camera.width / 2 - camera.x * camera.zoom, camera.height / 2 - camera.y * camera.zoom);
    this.terrain.seek(frame);
    this.terrain.look(camera);
    this.entities.draw(frame, share, projection, camera);
    this.effects!.draw(frame, share, projection, camera);
    this.guides!.seat = this.seat;
    this.guides!.draw(frame, projection, camera.zoom);
    this.marks!.draw(frame, projection, camera.zoom, this.entities.selected);
    this.renderer.render(this.root);
  }

  private resize(): void {
    const [width, height] = [this.host.clientWidth, this.host.clientHeight];
    if (width === 0 || height === 0) return;
    const isFirst = this.camera.width === 1;
    const { isWhole } = this.camera;
    this.renderer.resize(width, height);
    this.camera.width = width;
    this.camera.height = height;
    if (isFirst || isWhole) this.fit();
  }

  private listen(): void {
    const { canvas } = this.renderer;
    let from: { x: number; y: number; moved: number } | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, y: event.clientY, moved: 0 };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      from = { x: event.clientX, y: event.clientY, moved: from.moved + Math.abs(x) + Math.abs(y) };
      if (from.moved <= DRAG) return;
      this.camera.panBy(x, y);
      this.onPan();
    });
    canvas.addEventListener("pointerup", (event) => {
      const isClick = from !== null && from.moved <= DRAG;
      from = null;
      if (!isClick || this.entities === null) return;
      const { camera } = this;
      const x = camera.toWorldX(event.offsetX);
      const y = camera.toWorldY(event.offsetY);
      this.onPick(this.entities.pick(x, y, camera.zoom, (entity) => this.seat?.isTarget(entity) ?? false));
    });
    canvas.addEventListener("pointercancel", () => (from = null));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const step = event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY;
      this.camera.zoomAt(Math.exp(-step * 0.0016), event.offsetX, event.offsetY);
    }, { passive: false });
  }
}
