// How did it go? Charts over time, with the playhead; a click goes there.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { shade, toCss, teamColors } from "../colors";
import { find } from "../page";
import type { Replay } from "../replay";
import { groupByPolicy, groupByTeam, type Measure, Series } from "../series";

/** With more teams than this, charts have a line for each policy. */
export const LINES = 20;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000];
const LABELS: Record<Measure, string> = { alive: "Alive", held: "Objectives", gold: "Gold" };

export class Charts {
  onSeek: (frame: number) => void = () => {};
  private chart: uPlot | null = null;
  private measure: Measure = "alive";
  private replay: Replay | null = null;
  private series: Series | null = null;
  private readonly playhead = document.createElement("div");
  private frame = 0;

  constructor() {
    this.playhead.className = "playhead";
    new ResizeObserver(() => {
      this.chart?.setSize(this.size());
      this.update(this.frame);
    }).observe(find("chart"));
    // Its colours are the theme's, whoever changes that.
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  show(replay: Replay): void {
    this.replay = replay;
    this.measure = "alive";
    const measures: Measure[] = replay.header.objectives > 0 ? ["alive", "held", "gold"] : ["alive", "gold"];
    const tabs = find("chart-tabs");
    tabs.replaceChildren(...measures.map((measure) => {
      const button = document.createElement("button");
      button.textContent = LABELS[measure];
      button.setAttribute("role", "tab");
      button.dataset["measure"] = measure;
      button.onclick = () => this.draw(measure);
      return button;
    }));
    this.draw("alive");
  }

  /** Draw the chart of a measure. */
  draw(measure = this.measure): void {
    const { replay } = this;
    if (replay === null) return;
    this.measure = measure;
    for (const tab of find("chart-tabs").children) {
      tab.setAttribute("aria-selected", String((tab as HTMLElement).dataset["measure"] === measure));
    }
    const isByTeam = replay.header.teams.length <= LINES;
    const groups = isByTeam ? groupByTeam(replay) : groupByPolicy(replay);
    // On white, bright lines are hard to see.
    const isLight = document.documentElement.dataset["theme"] === "light";
    const colors = teamColors(groups.length).map((color) => shade(color, isLight ? 0.8 : 1));
    const style = getComputedStyle(document.documentElement);
    const soft = style.getPropertyValue("--soft");
    const edge = style.getPropertyValue("--edge");
    const axis = { stroke: soft, grid: { stroke: edge, width: 1 }, ticks: { stroke: edge, width: 1 }, font: "11px system-ui" };
    this.chart?.destroy();
    this.series = new Series(replay, groups, measure);
    this.chart = new uPlot({
      ...this.size(),
      scales: { x: { time: false } },
      legend: { show: false },
      // Its scale changes with its size, and with frames that come.
      hooks: { draw: [() => this.placePlayhead()] },
      cursor: { y: false, drag: { x: false, y: false } },
      axes: [{ ...axis, size: 26 }, { ...axis, size: 42, incrs: STEPS }],
      series: [{}, ...groups.map((group, at) => ({ label: group.name, stroke: toCss(colors[at]!), width: 1.6, points: { show: false } }))],
    }, this.series.read(), find("chart"));
    this.chart.over.appendChild(this.playhead);
    this.chart.over.addEventListener("click", (event) => {
      this.onSeek(Math.round(this.chart!.posToVal(event.offsetX, "x")));
    });
  }

  /** Draw what frames have come since; of a game that is played. */
  grow(): void {
    if (this.series !== null) this.chart?.setData(this.series.read());
  }

  update(frame: number): void {
    this.frame = frame;
    this.placePlayhead();
  }

  private placePlayhead(): void {
    if (this.chart === null) return;
    // Frames may be there that are not drawn yet.
    const place = Math.min(this.chart.valToPos(this.frame, "x"), this.chart.bbox.width / window.devicePixelRatio);
    this.playhead.style.transform = `translateX(${place - 1}px)`;
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(find("chart").clientWidth, 120), height: 168 };
  }
}
