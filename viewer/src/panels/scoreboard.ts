// Who is ahead? A table by team or policy, sortable; a click shows one team alone.

import { type Color, toCss, teamColors } from "../colors";
import { escape, find } from "../page";
import type { Replay } from "../replay";
import { type Group, groupByPolicy, groupByTeam, type Row, scores } from "../series";
import { LINES } from "./charts";

type Key = "name" | "alive" | "kills" | "gold" | "damage" | "progress";
const HEADS: [Key, string, string][] = [
  ["name", "Name", ""], ["alive", "Alive", "agents that live"], ["kills", "Kills", "agents killed"],
  ["gold", "Gold", "pieces"], ["damage", "Dmg", "damage taken, points"],
  ["progress", "Best", "best progress of the task"],
];

export class Scoreboard {
  /** Called with the team to show alone, or -1 for all. */
  onTeam: (team: number) => void = () => {};
  private groups: Group[] = [];
  private isByTeam = true;
  private sortKey: Key = "alive";
  private isRising = false;
  private replay: Replay | null = null;
  private frame = 0;
  private chosen = "";
  private policyColors: Color[] | null = null;

  constructor() {
    find("by-team").onclick = () => this.group(true);
    find("by-policy").onclick = () => this.group(false);
    const table = find("scores");
    table.addEventListener("click", (event) => this.press(event.target as HTMLElement));
    table.addEventListener("keydown", (event) => {
      const isPress = event.key === "Enter" || event.key === " ";
      if (!isPress || (event.target as HTMLElement).tagName !== "TR") return;
      event.preventDefault();
      event.stopPropagation();
      this.press(event.target as HTMLElement);
    });
  }

  show(replay: Replay): void {
    this.replay = replay;
    this.chosen = "";
    const policies = groupByPolicy(replay).length;
    this.policyColors = replay.header.teams.length > LINES ? teamColors(policies) : null;
    this.group(true);
  }

  update(frame: number): void {
    this.frame = frame;
    if (this.replay === null) return;
    const rows = scores(this.replay, this.groups, frame).sort((one, other) => {
      const order = this.sortKey === "name"
        ? one.group.name.localeCompare(other.group.name, undefined, { numeric: true })
        : (one[this.sortKey] as number) - (other[this.sortKey] as number);
      return this.isRising ? order : -order;
    });
    const colors = teamColors(this.replay.header.teams.length);
    const heads = HEADS.filter(([key]) => key !== "progress" || this.replay!.hasTasks);
    const head = heads.map(([key, label, hint]) => {
      const sorted = key === this.sortKey ? ` aria-sort="${this.isRising ? "ascending" : "descending"}"` : "";
      return `<th${sorted}><button data-sort="${key}" title="${hint}">${label}</button></th>`;
    });
    const body = rows.map((row) => this.rowText(row, colors));
    const focus = (document.activeElement as HTMLElement | null)?.dataset;
    const table = find("scores");
    table.classList.toggle("policies", !this.isByTeam);
    table.innerHTML = `<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody>`;
    // The table is written anew: give back the keyboard's place.
    const name = focus?.["sort"] ?? focus?.["group"];
    if (name !== undefined) {
      table.querySelector<HTMLElement>(`[data-sort="${CSS.escape(name)}"],[data-group="${CSS.escape(name)}"]`)?.focus();
    }
  }

  private rowText(row: Row, colors: ReturnType<typeof teamColors>): string {
    const { group } = row;
    // A policy's colour is that of its line in the charts, where they are by policy.
    const color = this.isByTeam ? colors[group.teams[0]!] : this.policyColors?.[this.groups.indexOf(group)];
    const swatch = color ? `<span class="swatch" style="background:${toCss(color)}"></span>` : "";
    const policy = this.isByTeam ? ` title="policy: ${escape(this.replay!.policyOf(group.teams[0]!))}"` : "";
    const name = escape(group.name);
    const replay = this.replay!;
    const hasWon = replay.isOver && this.frame === replay.frames - 1 && group.players.some((player) => replay.winners.has(player));
    const crown = hasWon ? ` <span class="won" title="winner" role="img" aria-label="winner">♛</span>` : "";
    const look = `${group.name === this.chosen ? "chosen" : ""} ${row.alive === 0 ? "fallen" : ""}`;
    const total = group.players.length;
    return `<tr tabindex="0" class="${look}" data-group="${name}"${policy}><td>${swatch}${name}${crown}</td>`
      + `<td>${row.alive}<span class="soft">/${total}</span></td><td>${row.kills}</td><td>${row.gold}</td>`
      + `<td>${row.damage}</td>${this.replay!.hasTasks ? `<td>${Math.round(row.progress * 100)}%</td>` : ""}</tr>`;
  }

  private press(target: HTMLElement): void {
    const key = target.closest<HTMLElement>("[data-sort]")?.dataset["sort"] as Key | undefined;
    if (key !== undefined) {
      this.isRising = key === this.sortKey ? !this.isRising : key === "name";
      this.sortKey = key;
    }
    const name = target.closest<HTMLElement>("[data-group]")?.dataset["group"];
    if (name !== undefined && this.isByTeam) {
      this.chosen = name === this.chosen ? "" : name;
      const group = this.groups.find((other) => other.name === this.chosen);
      this.onTeam(group?.teams[0] ?? -1);
    }
    this.update(this.frame);
  }

  private group(isByTeam: boolean): void {
    if (this.replay === null) return;
    this.isByTeam = isByTeam;
    this.groups = isByTeam ? groupByTeam(this.replay) : groupByPolicy(this.replay);
    find("by-team").setAttribute("aria-selected", String(isByTeam));
    find("by-policy").setAttribute("aria-selected", String(!isByTeam));
    this.update(this.frame);
  }
}
