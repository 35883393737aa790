// What is the viewer made of? The page's parts, and the loop that keeps them at one moment.

import "./theme.css";

import { endingText, winnersText } from "./ending";
import { FormatError } from "./format";
import { helpText, type Key, listen } from "./keys";
import { Live, liveAddress } from "./live/live";
import { LiveReplay } from "./live/replay";
import { openFile, openFromPage } from "./open";
import { escape, find } from "./page";
import { AgentPanel } from "./panels/agent";
import { Charts } from "./panels/charts";
import { showLegend } from "./panels/legend";
import { Market } from "./panels/market";
import { Minimap } from "./panels/minimap";
import { Scoreboard } from "./panels/scoreboard";
import { Timeline } from "./panels/timeline";
import { Player } from "./player";
import type { HappeningKind, Replay } from "./replay";
import type { Camera } from "./world/camera";
import { Stage } from "./world/stage";

/** Milliseconds between updates of what is text and tables. */
const PANEL_PAUSE = 250;
const SAMPLES = 600;

interface Stats {
  /** Script time of the last frames, milliseconds; a ring. */
  frameTimes: Float64Array;
  frameCount: number;
  loadTime: number;
  /** From the page's beginning to the first picture of a replay, milliseconds. */
  firstFrame: number;
  frame: number;
  selected: number;
  /** Where the view is. */
  camera: Camera;
}

declare global {
  interface Window {
    metammoStats: Stats;
  }
}

class App {
  private replay: Replay | null = null;
  private player = new Player();
  private readonly scoreboard = new Scoreboard();
  private readonly charts = new Charts();
  private readonly timeline = new Timeline();
  private readonly agent = new AgentPanel();
  private readonly market = new Market();
  private readonly minimap: Minimap;
  private readonly live: Live | null;
  private readonly stats: Stats;
  private isFollowing = false;
  private lastTime = 0;
  private lastPanels = -1;
  private lastFrame = -1;
  private lastPart = 0;

  constructor(private readonly stage: Stage) {
    this.stats = { frameTimes: new Float64Array(SAMPLES), frameCount: 0, loadTime: 0, firstFrame: 0, frame: 0, selected: -1, camera: stage.camera };
    window.metammoStats = this.stats;
    this.minimap = new Minimap(stage, () => (this.isFollowing = false));
    stage.onPick = (entity) => {
      if (this.live?.pick(entity) !== true) this.select(entity);
    };
    stage.onPan = () => (this.isFollowing = false);
    this.scoreboard.onTeam = (team) => {
      if (stage.entities !== null) stage.entities.team = team;
    };
    this.charts.onSeek = this.timeline.onSeek = (frame) => this.seek(frame);
    this.live = this.watch(liveAddress(location));
    showLegend(stage.atlas, null);
    this.wire();
    requestAnimationFrame((time) => this.tick(time));
  }

  /** Open what `read` gives, or say in one line why not. */
  async open(read: () => Promise<Replay | null>): Promise<void> {
    const start = performance.now();
    try {
      const replay = await read();
      if (replay === null) return;
      find("error").hidden = true;
      this.show(replay);
      this.stats.loadTime = performance.now() - start;
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Say in one line why there is nothing to see. */
  private refuse(error: unknown): void {
    this.replay = null;
    const text = error instanceof FormatError ? error.message : `The replay cannot be shown: ${String(error)}`;
    find("error").textContent = text;
    find("error").hidden = false;
  }

  /** Follow the game of a live server, if the page was opened for one. */
  private watch(address: string | null): Live | null {
    if (address === null) return null;
    find("welcome").hidden = true;
    const refresh = () => (this.lastPanels = -1);
    const live = new Live(address, {
      begin: (replay) => this.showParts(replay),
      grow: () => this.grow(),
      refresh,
      select: (entity) => this.select(entity),
      selected: () => this.stats.selected,
    }, this.agent.actions);
    this.player = live.player;
    this.stage.seat = live.seat;
    return live;
  }

  /** Show what has come since of a game that is played. */
  private grow(): void {
    if (this.replay === null) return;
    this.charts.grow();
    this.timeline.grow();
    showLegend(this.stage.atlas, this.replay);
    find("title").innerHTML = this.title(this.replay);
  }

  private show(replay: Replay): void {
    this.player.last = replay.frames - 1;
    this.player.seek(0);
    this.showParts(replay);
    this.player.play(true);
  }

  private showParts(replay: Replay): void {
    this.replay = replay;
    find("welcome").hidden = true;
    this.stage.show(replay);
    this.select(-1);
    this.scoreboard.show(replay);
    this.charts.show(replay);
    this.timeline.show(replay);
    this.minimap.show(replay);
    showLegend(this.stage.atlas, replay);
    find("market-button").hidden = !replay.hasMarket;
    this.market.toggle(false);
    find("title").innerHTML = this.title(replay);
    document.title = `${replay.header.game ?? "replay"} – metammo viewer`;
    this.lastFrame = -1;
  }

  private title(replay: Replay): string {
    const { header } = replay;
    const winners = winnersText(replay);
    // A converted file does not say how the game ended.
    const nobody = header.is_decided === null || !replay.isOver ? "" : "no winner";
    const won = winners === "" ? nobody : `won by ${winners}`;
    const episode = replay instanceof LiveReplay ? `episode ${replay.episode}` : "";
    const seed = header.seed === null ? "" : `seed ${header.seed}`;
    const words = [header.config, episode, seed, `${header.players} agents`, `${this.live === null ? "" : "at most "}${header.ticks} ticks`, won];
    const game = header.game ?? (header.source === "neural_mmo" ? "Neural MMO" : "replay");
    return `<b>${escape(game.replaceAll("_", " "))}</b> <span class="soft">· ${escape(words.filter(Boolean).join(" · "))}</span>`;
  }

  private seek(frame: number): void {
    this.player.seek(frame);
  }

  private select(entity: number): void {
    if (this.stage.entities === null) return;
    this.stage.entities.selected = this.stats.selected = entity;
    this.isFollowing = entity >= 0;
    find("legend").hidden = entity >= 0;
    if (entity >= 0) this.showSide("right");
    this.lastPanels = -1;
    this.live?.showSeatButton();
  }

  /** Show one of the columns beside the world, where there is room for one alone. */
  private showSide(side: string): void {
    document.querySelector("main")!.dataset["side"] = side;
    for (const tab of document.querySelectorAll<HTMLElement>(".sides button")) {
      tab.setAttribute("aria-selected", String(tab.dataset["side"] === side));
    }
  }

  /** Choose the next agent that lives. */
  private selectNext(step: 1 | -1): void {
    const { replay } = this;
    if (replay === null) return;
    const alive = replay.column("entity_alive");
    let player = this.stats.selected;
    for (let tried = 0; tried < replay.players; tried++) {
      player = (player + step + replay.players) % replay.players;
      if (alive[this.player.frame * replay.entities + player]! > 0) return this.select(player);
    }
  }

  private jump(kind: HappeningKind, step: 1 | -1): void {
    const happening = this.replay?.nextHappening(this.player.frame, kind, step);
    if (!happening) return;
    this.seek(happening.frame);
    if (kind !== "seizure") this.select(happening.who);
  }

  private toggleProjection(): void {
    const name = this.stage.projection.name === "isometric" ? "top-down" : "isometric";
    this.stage.project(name);
    find("projection").textContent = name === "isometric" ? "Top-down" : "Isometric";
  }

  private toggleTheme(): void {
    const { dataset } = document.documentElement;
    dataset["theme"] = dataset["theme"] === "light" ? "dark" : "light";
  }

  private wire(): void {
    const zoom = (factor: number) => this.stage.camera.zoomAt(factor, this.stage.camera.width / 2, this.stage.camera.height / 2);
    const pan = (x: number, y: number) => {
      this.stage.camera.panBy(x, y);
      this.isFollowing = false;
    };
    const help = find<HTMLDialogElement>("help");
    const step = (by: number) => this.player.step(by);
    const play = () => this.player.play(!this.player.isPlaying);
    const keys: Key[] = [
      ...(this.live?.keys() ?? []),
      { keys: [" "], label: "Space", text: "play or pause", act: play },
      { keys: ["ArrowLeft"], label: "←", text: "one tick back", act: () => step(-1) },
      { keys: ["ArrowRight"], label: "→", text: "one tick on", act: () => step(1) },
      { keys: ["Shift+ArrowLeft"], label: "Shift ←", text: "ten ticks back", act: () => step(-10) },
      { keys: ["Shift+ArrowRight"], label: "Shift →", text: "ten ticks on", act: () => step(10) },
      { keys: ["Home"], label: "Home", text: "to the start", act: () => this.seek(0) },
      { keys: ["End"], label: "End", text: "to the end", act: () => this.seek(this.player.last) },
      { keys: ["]", "."], label: "]", text: "faster", act: () => this.player.faster(1) },
      { keys: ["[", ","], label: "[", text: "slower", act: () => this.player.faster(-1) },
      { keys: ["n"], label: "N", text: "next death", act: () => this.jump("death", 1) },
      { keys: ["N"], label: "Shift N", text: "death before", act: () => this.jump("death", -1) },
      { keys: ["k"], label: "K", text: "next kill", act: () => this.jump("kill", 1) },
      { keys: ["K"], label: "Shift K", text: "kill before", act: () => this.jump("kill", -1) },
      { keys: ["o"], label: "O", text: "next objective seized", act: () => this.jump("seizure", 1) },
      { keys: ["O"], label: "Shift O", text: "objective seized before", act: () => this.jump("seizure", -1) },
      { keys: ["j"], label: "J", text: "next agent", act: () => this.selectNext(1) },
      { keys: ["J"], label: "Shift J", text: "agent before", act: () => this.selectNext(-1) },
      { keys: ["c"], label: "C", text: "follow the chosen agent again", act: () => (this.isFollowing = this.stats.selected >= 0) },
      { keys: ["Escape"], label: "Esc", text: "choose nobody", act: () => this.select(-1) },
      { keys: ["+", "="], label: "+", text: "zoom in", act: () => zoom(1.25) },
      { keys: ["-"], label: "−", text: "zoom out", act: () => zoom(0.8) },
      { keys: ["w"], label: "W", text: "move the view up", act: () => pan(0, 80) },
      { keys: ["s"], label: "S", text: "move the view down", act: () => pan(0, -80) },
      { keys: ["a"], label: "A", text: "move the view left", act: () => pan(80, 0) },
      { keys: ["d"], label: "D", text: "move the view right", act: () => pan(-80, 0) },
      { keys: ["f"], label: "F", text: "show the whole map", act: () => this.fit() },
      { keys: ["i"], label: "I", text: "isometric or top-down", act: () => this.toggleProjection() },
      { keys: ["m"], label: "M", text: "market", act: () => this.toggleMarket() },
      { keys: ["t"], label: "T", text: "light or dark", act: () => this.toggleTheme() },
      { keys: ["?"], label: "?", text: "this list", act: () => (help.open ? help.close() : help.showModal()) },
    ];
    help.innerHTML = helpText(keys);
    listen(keys);
    const clicks: [string, () => void][] = [
      ["play", play], ["step-back", () => step(-1)], ["step-on", () => step(1)],
      ["death-before", () => this.jump("death", -1)], ["death-after", () => this.jump("death", 1)],
      ["slower", () => this.player.faster(-1)], ["faster", () => this.player.faster(1)],
      ["projection", () => this.toggleProjection()], ["fit", () => this.fit()],
      ["theme", () => this.toggleTheme()], ["market-button", () => this.toggleMarket()],
      ["help-button", () => help.showModal()],
    ];
    for (const [id, act] of clicks) find(id).addEventListener("click", act);
    for (const tab of document.querySelectorAll<HTMLElement>(".sides button")) {
      tab.addEventListener("click", () => this.showSide(tab.dataset["side"]!));
    }
    this.wireFiles();
  }

  private wireFiles(): void {
    const input = find<HTMLInputElement>("open");
    // A page that follows a game has no other replay.
    find("open-label").hidden = this.live !== null;
    const take = (file: File | undefined) => {
      if (this.live !== null) return;
      if (file !== undefined) void this.open(() => openFile(file));
    };
    input.addEventListener("change", () => {
      take(input.files?.[0]);
      input.value = "";
    });
    find("welcome-open").addEventListener("click", () => input.click());
    find("open-label").addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") input.click();
    });
    const stage = find("stage");
    window.addEventListener("dragover", (event) => {
      event.preventDefault();
      stage.classList.add("dropping");
    });
    window.addEventListener("dragleave", () => stage.classList.remove("dropping"));
    window.addEventListener("drop", (event) => {
      event.preventDefault();
      stage.classList.remove("dropping");
      take(event.dataTransfer?.files[0]);
    });
  }

  private fit(): void {
    this.isFollowing = false;
    this.stage.fit();
  }

  private toggleMarket(): void {
    if (this.replay?.hasMarket) this.market.toggle();
    this.lastPanels = -1;
  }

  private tick(time: number): void {
    // What one replay cannot draw must not end the page: another may be opened.
    try {
      this.draw(time);
    } catch (error) {
      this.refuse(error);
    }
    requestAnimationFrame((next) => this.tick(next));
  }

  private draw(time: number): void {
    const start = performance.now();
    const seconds = Math.min((time - this.lastTime) / 1000, 0.1);
    this.lastTime = time;
    if (this.replay !== null) {
      this.player.advance(seconds);
      this.live?.update(time);
      const { frame } = this.player;
      // Fast play shows whole frames; between them nothing could be followed.
      const share = this.player.speed > 8 ? 0 : this.player.share;
      this.follow(seconds);
      this.stage.draw(frame, share);
      this.updatePanels(frame, time);
      this.stats.frame = frame;
      this.stats.frameTimes[this.stats.frameCount++ % SAMPLES] = performance.now() - start;
      this.stats.firstFrame ||= performance.now();
    }
  }

  private follow(seconds: number): void {
    const { entities, camera } = this.stage;
    const { selected } = this.stats;
    if (!this.isFollowing || entities === null || selected < 0) return;
    const [x, y] = [entities.x[selected]!, entities.y[selected]!];
    if (Number.isNaN(x)) return;
    if (camera.zoom < 0.9) camera.zoomAt(1 + seconds * 4, camera.width / 2, camera.height / 2);
    camera.follow(x - (this.live?.aside ?? 0) / camera.zoom, y, 1 - Math.exp(-seconds * 7));
  }

  /** Bring the panels up to date: the playhead always, one of the rest a frame and seldom. */
  private updatePanels(frame: number, time: number): void {
    const { replay } = this;
    if (replay === null) return;
    if (frame !== this.lastFrame) {
      this.timeline.update(frame);
      this.charts.update(frame);
      find("clock").textContent = `${frame} / ${replay.frames - 1}`;
      if (this.live === null) this.showEnding(replay, frame);
    }
    const isForced = this.lastPanels < 0 || (frame !== this.lastFrame && !this.player.isPlaying);
    this.lastFrame = frame;
    if (isForced) {
      for (let part = 0; part < 4; part++) this.updatePart(part, replay, frame);
      this.lastPanels = time;
    } else if (time - this.lastPanels > PANEL_PAUSE / 4) {
      this.updatePart(this.lastPart++ % 4, replay, frame);
      this.lastPanels = time;
    }
  }

  /** Say at the end of a replay who won; a live game does so by itself. */
  private showEnding(replay: Replay, frame: number): void {
    const text = frame === replay.frames - 1 ? endingText(replay) : "";
    find("notice").hidden = text === "";
    if (text !== "") find("notice").innerHTML = `<b>${escape(text)}</b>`;
  }

  private updatePart(part: number, replay: Replay, frame: number): void {
    if (part === 0 && this.player.isPlaying !== (find("play").textContent === "❚❚")) this.showPlaying();
    if (part === 0) this.scoreboard.update(frame);
    if (part === 1) this.agent.update(replay, this.stats.selected, frame);
    if (part === 2) this.minimap.update(frame);
    if (part === 3) this.market.update(replay, frame);
    if (part === 3) find("speed").textContent = `${this.player.speed}×`;
  }

  private showPlaying(): void {
    find("play").textContent = this.player.isPlaying ? "❚❚" : "▶";
    find("play").setAttribute("aria-label", this.player.isPlaying ? "Pause" : "Play");
  }
}

function followSystemTheme(): void {
  const light = matchMedia("(prefers-color-scheme: light)");
  const apply = () => (document.documentElement.dataset["theme"] = light.matches ? "light" : "dark");
  light.addEventListener("change", apply);
  apply();
}

async function start(): Promise<void> {
  followSystemTheme();
  // The replay is read in a thread of its own while this one gets ready to draw; but a thread
  // only begins while this one is idle.
  let reading: Promise<Replay | null> = Promise.resolve(null);
  await new Promise<void>((resolve) => {
    reading = openFromPage(resolve);
    // What goes wrong is told below, to whoever opens it.
    reading.then(() => resolve(), () => resolve());
  });
  const stage = await Stage.create(find("stage"));
  stage.warmUp();
  await new App(stage).open(() => reading);
}

void start();
