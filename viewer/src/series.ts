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

/** Return a measure of each group at each frame. */
export function series(replay: Replay, groups: readonly Group[], measure: Measure): Float64Array[] {
  const alive = replay.column("entity_alive");
  const gold = replay.column("entity_gold");
  const { objectives } = replay.header;
  return groups.map((group) => {
    const values = new Float64Array(replay.frames);
    for (let frame = 0; frame < replay.frames; frame++) {
      const now = frame * replay.entities;
      let total = 0;
      if (measure === "held") {
        const owners = replay.column("objective_owner");
        for (let number = 0; number < objectives; number++) {
          if (group.teams.includes(owners[frame * objectives + number]!)) total++;
        }
      } else {
        for (const player of group.players) {
          total += measure === "alive" ? (alive[now + player]! > 0 ? 1 : 0) : gold[now + player]!;
        }
      }
      values[frame] = total;
    }
    return values;
  });
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
  const best = bestProgress(replay);
  return groups.map((group) => {
    const row: Row = { group, alive: 0, kills: 0, gold: 0, damage: 0, progress: 0 };
    for (const player of group.players) {
      const at = frame * replay.players + player;
      row.alive += alive[frame * replay.entities + player]! > 0 ? 1 : 0;
      row.gold += gold[frame * replay.entities + player]!;
      row.kills += kills[at]!;
      row.damage += replay.damageTaken[at]!;
      row.progress = Math.max(row.progress, best[at]!);
    }
    return row;
  });
}

const bestOf = new WeakMap<Replay, Float32Array>();

/** Return the best progress of each player so far, [frames, players]; made once a replay. */
export function bestProgress(replay: Replay): Float32Array {
  let best = bestOf.get(replay);
  if (best === undefined) {
    best = Float32Array.from(replay.column("player_progress"));
    for (let at = replay.players; at < best.length; at++) {
      best[at] = Math.max(best[at]!, best[at - replay.players]!);
    }
    bestOf.set(replay, best);
  }
  return best;
}
