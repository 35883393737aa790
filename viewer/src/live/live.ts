// How is a live game watched and played? The server's messages to the page, the person's to the server.

import { endingText } from "../ending";
import type { Key } from "../keys";
import { escape, find } from "../page";
import { SeatPanel } from "../panels/seat";
import { Connection } from "./connection";
import type { Act, BinaryMessage, Command, StateMessage, TextMessage } from "./messages";
import { LivePlayer } from "./player";
import { LiveReplay } from "./replay";
import { Seat } from "./seat";
import { nameAgents, waitingFor } from "./words";

/** Milliseconds for which the server's complaints stay. */
const ERROR_TIME = 5000;
/** Milliseconds between drawings of what grows: charts, the timeline. */
const GROW_PAUSE = 700;

/** Pixels that the seat's panel takes from the stage, as in theme.css. */
const SEAT_WIDTH = 294;

/** What a live game needs of the page around it. */
export interface Host {
  /** A new episode, of which at least one frame is there. */
  begin: (replay: LiveReplay) => void;
  /** Frames have come since the last call, or the end. */
  grow: () => void;
  /** Show anew what depends on who plays what. */
  refresh: () => void;
  select: (entity: number) => void;
  selected: () => number;
}

export class Live {
  readonly player: LivePlayer;
  readonly seat = new Seat();
  private readonly panel = new SeatPanel(this.seat);
  private readonly connection: Connection;
  private readonly bar = new Bar();
  private readonly seatButton = document.createElement("button");
  private replay: LiveReplay | null = null;
  private shown: LiveReplay | null = null;
  private state: StateMessage | null = null;
  private lastGrow = 0;
  private grownFrames = 0;
  private errorTimer = 0;
  private readonly column = matchMedia("(max-width: 699px)");

  constructor(address: string, private readonly host: Host, actions: HTMLElement) {
    this.connection = new Connection(address, {
      onMessage: (message) => this.receive(message),
      onTrouble: (text) => this.trouble(text),
    });
    this.player = new LivePlayer((command) => this.send(command));
    this.bar.onLive = () => this.player.goLive();
    this.bar.onPace = () => this.togglePace();
    this.bar.onNext = () => this.send({ do: "next" });
    this.panel.onAct = (act) => this.act(act);
    this.panel.onLeave = () => this.send({ do: "leave" });
    this.seatButton.className = "take";
    this.seatButton.hidden = true;
    this.seatButton.onclick = () => this.toggleSeat();
    actions.append(this.seatButton);
    this.trouble("Looking for the server …");
    this.connection.open();
  }

  /** Keys of a live game; those of a seat come before the page's own. */
  keys(): Key[] {
    const playing = "Playing an agent, in a live game: the arrow keys move it";
    const isSeated = () => this.seat.isActing;
    const isTurn = () => isSeated() && this.state?.pace === "turn";
    const move = (key: string, label: string, number: number, text: string): Key =>
      ({ keys: [key], label, text, group: playing, when: isSeated, act: () => this.ask(this.seat.move(number)) });
    const style = (number: number, text: string): Key =>
      ({ keys: [String(number + 1)], label: String(number + 1), text, group: playing, when: isSeated, act: () => this.choose(number) });
    const keys: Key[] = [
      move("ArrowUp", "↑", 0, "north"), move("ArrowDown", "↓", 1, "south"),
      move("ArrowRight", "→", 2, "east"), move("ArrowLeft", "←", 3, "west"),
      style(0, "attack by melee"), style(1, "by range"), style(2, "by mage"),
      { keys: ["x"], label: "X", text: "attack the next in reach; or click it", group: playing, when: isSeated, act: () => this.ask(this.seat.attackNext()) },
      { keys: ["Enter", " "], label: "Enter", text: "end your turn, when by turns", group: playing, when: isTurn, act: () => this.act({ end: true }) },
      { keys: ["q"], label: "Q", text: "take over the chosen agent; leave it", group: playing, act: () => this.toggleSeat() },
    ];
    return [
      ...keys,
      { keys: ["l"], label: "L", text: "back to live", act: () => this.player.goLive() },
      { keys: ["p"], label: "P", text: "pace: by the clock, or by turns", act: () => this.togglePace() },
      { keys: ["e"], label: "E", text: "next episode, after the end", when: () => this.replay?.isOver ?? false, act: () => this.send({ do: "next" }) },
    ];
  }

  /** Pixels by which the middle of what is free of the seat's panel lies right of the stage's. */
  get aside(): number {
    // In one column the panel lies below what is seen.
    return this.seat.message === null || this.column.matches ? 0 : SEAT_WIDTH / 2;
  }

  /** Take a click on an entity for an attack; return whether it was one. */
  pick(entity: number): boolean {
    if (!this.seat.isTarget(entity)) return false;
    this.ask(this.seat.attack(entity));
    return true;
  }

  /** Bring up to date what changes with the frames; called once a drawn frame. */
  update(time: number): void {
    const { replay } = this;
    if (replay === null) return;
    this.bar.showLive(this.player.isLive);
    this.seat.isShown = this.player.isLive;
    if (replay.frames === this.grownFrames || (time - this.lastGrow < GROW_PAUSE && !replay.isOver)) return;
    this.lastGrow = time;
    this.grownFrames = replay.frames;
    this.host.grow();
  }

  private receive(message: BinaryMessage | TextMessage): void {
    if (message.kind === "episode") {
      this.replay = new LiveReplay(message);
      this.seat.message = null;
      this.updateSeat();
    } else if (message.kind === "frame") this.receiveFrame(this.replay, message);
    else if (message.kind === "state") this.follow(message);
    else if (message.kind === "error") this.complain(message.text);
    else if (message.kind === "seat") {
      this.seat.message = message;
      this.updateSeat();
      this.showWaiting();
    } else if (this.replay !== null) {
      this.replay.finish(message);
      this.grownFrames = 0;
      this.showEnd();
    }
  }

  private receiveFrame(replay: LiveReplay | null, message: Extract<BinaryMessage, { kind: "frame" }>): void {
    if (replay === null) return;
    replay.append(message);
    this.player.last = replay.frames - 1;
    this.showWaiting();
    if (replay === this.shown) return this.showSeatButton();
    this.shown = replay;
    this.grownFrames = 0;
    this.notice(null);
    this.player.seek(this.player.last);
    const selected = this.host.selected();
    this.host.begin(replay);
    // Whom one plays or follows is followed on.
    const next = this.state?.own ?? selected;
    if (next >= 0 && next < replay.players) this.host.select(next);
    this.showSeatButton();
  }

  private follow(state: StateMessage): void {
    const before = this.state?.own ?? null;
    this.state = state;
    this.player.follow(state);
    if (state.own === null) this.seat.message = null;
    if (state.own !== null && state.own !== before && this.shown !== null) this.host.select(state.own);
    // What was pressed to take the agent would now leave it: the keys are the game's from here on.
    if (state.own !== before) find("stage").focus({ preventScroll: true });
    this.bar.show(state);
    this.showWaiting();
    this.updateSeat();
    this.showSeatButton();
    this.host.refresh();
  }

  /** Show who may be taken over; called too when another agent is chosen. */
  showSeatButton(): void {
    const { replay, state, seatButton } = this;
    const selected = this.host.selected();
    seatButton.hidden = replay === null || state === null || selected < 0 || selected >= replay.players;
    if (replay === null || state === null || seatButton.hidden) return;
    const isOwn = selected === state.own;
    const isTaken = !isOwn && state.people.includes(selected);
    const now = (replay.frames - 1) * replay.entities + selected;
    const isDead = !isOwn && replay.frames > 0 && replay.column("entity_alive")[now] === 0;
    seatButton.disabled = isTaken || isDead || (replay.isOver && !isOwn);
    seatButton.textContent = isOwn ? "Leave" : isTaken ? "Another person plays it" : "Take over";
    seatButton.title = isOwn ? "Give the agent back to its policy (Q)" : "Play this agent yourself (Q)";
  }

  /** Say why a game by turns stands. */
  private showWaiting(): void {
    const names = this.replay === null || this.state === null ? [] : waitingFor(this.replay, this.state, this.seat.message);
    this.bar.showWaiting(names);
  }

  private toggleSeat(): void {
    const selected = this.host.selected();
    const own = this.state?.own ?? null;
    if (own !== null && (own === selected || selected < 0)) this.send({ do: "leave" });
    else if (!this.seatButton.hidden && !this.seatButton.disabled) this.send({ do: "take", agent: selected });
  }

  private togglePace(): void {
    this.send({ do: "pace", value: this.state?.pace === "turn" ? "clock" : "turn" });
  }

  private choose(style: number): void {
    this.ask(this.seat.choose(style));
    this.updateSeat();
  }

  private ask(act: Act | null): void {
    if (act !== null) this.act(act);
  }

  private act(act: Act): void {
    this.player.goLive();
    this.send({ do: "act", ...(this.seat.message && { frame: this.seat.message.frame }), ...act });
  }

  private send(command: Command): void {
    this.connection.send(command);
  }

  private updateSeat(): void {
    if (this.replay !== null && this.replay.frames > 0) this.panel.update(this.replay, this.state);
    if (this.seat.message === null) find("seat").hidden = true;
  }

  private trouble(text: string | null): void {
    if (text !== null || this.replay === null || !this.replay.isOver) this.notice(text === null ? null : escape(text));
    if (text === null) return;
    this.player.isPlaying = false;
    this.state = null;
    this.seat.message = null;
    this.updateSeat();
    this.showSeatButton();
  }

  private showEnd(): void {
    const { replay } = this;
    if (replay === null) return;
    this.notice(`<b>${escape(endingText(replay))}</b> <button data-next title="Next episode (E)">Next episode</button>`);
    find("notice").querySelector<HTMLElement>("[data-next]")!.onclick = () => this.send({ do: "next" });
  }

  private notice(html: string | null): void {
    find("notice").hidden = html === null;
    find("notice").innerHTML = html ?? "";
  }

  private complain(text: string): void {
    find("error").textContent = this.replay === null ? text : nameAgents(text, this.replay);
    find("error").hidden = false;
    clearTimeout(this.errorTimer);
    this.errorTimer = window.setTimeout(() => (find("error").hidden = true), ERROR_TIME);
  }
}

/** The live game's part of the controls. */
class Bar {
  onLive: () => void = () => {};
  onPace: () => void = () => {};
  onNext: () => void = () => {};
  private readonly live = this.button("Live", "Back to live (L)", () => this.onLive());
  private readonly pace = this.button("Clock", "", () => this.onPace());
  private readonly next = this.button("Next episode", "Next episode (E)", () => this.onNext());

  private readonly waiting = document.createElement("span");

  constructor() {
    this.waiting.className = "waiting";
    this.waiting.setAttribute("role", "status");
    this.live.className = "live";
    this.next.hidden = true;
    find("live-controls").append(this.live, this.pace, this.waiting, this.next);
    find("live-controls").hidden = false;
  }

  showLive(isLive: boolean): void {
    if (this.live.getAttribute("aria-pressed") !== String(isLive)) this.live.setAttribute("aria-pressed", String(isLive));
  }

  showWaiting(names: readonly string[]): void {
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    const text = names.length > 0 ? `waiting for ${names.slice(0, 3).join(", ")}${more}` : "";
    if (this.waiting.textContent !== text) this.waiting.textContent = text;
  }

  show(state: StateMessage): void {
    const isTurn = state.pace === "turn";
    this.pace.textContent = isTurn ? "By turns" : "By clock";
    this.pace.title = `${isTurn ? "A tick comes when every person has ended the turn" : "Ticks come by the clock"} (P)`;
    this.next.hidden = !state.is_over;
  }

  private button(text: string, title: string, act: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.textContent = text;
    button.title = title;
    button.onclick = act;
    return button;
  }
}

/** Return where a page that was opened with `?live` finds its server, or null. */
export function liveAddress(place: Location): string | null {
  if (!new URLSearchParams(place.search).has("live")) return null;
  return `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}/live`;
}
