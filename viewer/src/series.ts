// How did it go over time? Numbers of each team, or of each policy, at each frame.

import type { Replay } from "./replay";
import { teamName } from "./replay";

export interface Group {
  name: string;
  teams: number[];
  players: number[];
}

export function groupByTeam(replay: Replay): Group[] {
  const groups = replay.header.teams.map((_, team) => ({
    name: teamName(team), teams: [team], players: [] as number[],
  }));
  replay.header.player_team.forEach((team, player) => groups[team]?.players.push(player));
  return groups;
}

export function groupByPolicy(replay: Replay): Group[] {
  const groups = new Map<string, Group>();
  for (const group of groupByTeam(replay)) {
    const name = replay.policyOf(group.teams[0]!);
    const found = groups.get(name) ?? { name, teams: [], players: [] };
    found.teams.push(...group.teams);
    found.players.push(...group.players);
    groups.set(name, found);
  }
  return [...groups.values()];
}

export type Measure = "alive" | "gold" | "held";

/** A measure of each group at each frame; it grows with its replay. */
export class Series {
  private frames = 0;
  private readonly values: Float64Array[];
  private readonly time: Float64Array;

  constructor(
    private readonly replay: Replay,
    private readonly groups: readonly Group[],
    private readonly measure: Measure,
  ) {
    this.values = groups.map(() => new Float64Array(replay.capacity));
    this.time = Float64Array.from({ length: replay.capacity }, (_, frame) => frame);
  }

  /** Return the frames' numbers, and each group's values at the frames that are there by now. */
  read(): [Float64Array, ...Float64Array[]] {
    for (; this.frames < this.replay.frames; this.frames++) {
      this.groups.forEach((group, at) => (this.values[at]![this.frames] = this.measureAt(group, this.frames)));
    }
    const view = (values: Float64Array) => values.subarray(0, this.frames);
    return [view(this.time), ...this.values.map(view)];
  }

  private measureAt(group: Group, frame: number): number {
    const { replay } = this;
    let total = 0;
    if (this.measure === "held") {
      const owners = replay.column("objective_owner");
      const { objectives } = replay.header;
      for (let number = 0; number < objectives; number++) {
        if (group.teams.includes(owners[frame * objectives + number]!)) total++;
      }
      return total;
    }
    const values = replay.column(this.measure === "alive" ? "entity_alive" : "entity_gold");
    for (const player of group.players) {
      const value = values[frame * replay.entities + player]!;
      total += this.measure === "gold" ? value : Math.min(value, 1);
    }
    return total;
  }
}

export interface Row {
  group: Group;
  alive: number;
  kills: number;
  gold: number;
  damage: number;
  progress: number;
}

/** Return the scoreboard's rows at a frame. */
export function scores(replay: Replay, groups: readonly Group[], frame: number): Row[] {
  const alive = replay.column("entity_alive");
  const gold = replay.column("entity_gold");
  const kills = replay.column("player_kills");
  return groups.map((group) => {
    const row: Row = { group, alive: 0, kills: 0, gold: 0, damage: 0, progress: 0 };
    for (const player of group.players) {
      const at = frame * replay.players + player;
      row.alive += alive[frame * replay.entities + player]! > 0 ? 1 : 0;
      row.gold += gold[frame * replay.entities + player]!;
      row.kills += kills[at]!;
      row.damage += replay.damageTaken[at]!;
      row.progress = Math.max(row.progress, replay.bestProgress[at]!);
    }
    return row;
  });
}
