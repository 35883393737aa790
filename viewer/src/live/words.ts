// How does the page speak of a live game's agents? By the names that it shows.

import type { Replay } from "../replay";
import type { SeatMessage, StateMessage } from "./messages";

/** Return the server's words with agents by name: it numbers them as rows. */
export function nameAgents(text: string, replay: Replay): string {
  return text.replace(/\b(agent|attack|to|gold_to) (\d+)\b/g, (words, before: string, row: string) => {
    if (Number(row) >= replay.entities) return words;
    const name = replay.nameOf(Number(row), Math.max(replay.frames - 1, 0));
    return before === "agent" ? name : `${before} ${name}`;
  });
}

/** Return for whom a game by turns waits: its living people, but for who has ended the turn here. */
export function waitingFor(replay: Replay, state: StateMessage, seat: SeatMessage | null): string[] {
  if (state.pace !== "turn" || state.is_over || replay.frames === 0) return [];
  const now = (replay.frames - 1) * replay.entities;
  const alive = replay.column("entity_alive");
  const hasEnded = (agent: number) => agent === state.own && seat?.pending.end === true;
  return state.people
    .filter((agent) => alive[now + agent]! > 0 && !hasEnded(agent))
    .map((agent) => (agent === state.own ? "you" : replay.nameOf(agent)));
}
