// Who won, and by what? In words, for the title and for the end.

import { type Replay, teamName } from "./replay";

/** Teams that are named one by one. */
const NAMED = 3;

/** Return the winning teams with their policies, as "team A (mine)"; nothing if nobody won. */
export function winnersText(replay: Replay): string {
  const teams = [...new Set([...replay.winners].map((player) => replay.header.player_team[player] ?? -1))].filter((team) => team >= 0);
  if (teams.length === 0) return "";
  const counts = new Map<string, number>();
  for (const team of teams) counts.set(replay.policyOf(team), (counts.get(replay.policyOf(team)) ?? 0) + 1);
  const names = teams.slice(0, NAMED).map(teamName).join(", ");
  const policies = [...counts].map(([policy, count]) => (counts.size > 1 ? `${count} ${policy}` : policy));
  const shown = policies.slice(0, NAMED).join(", ") + (policies.length > NAMED ? ", …" : "");
  if (teams.length === 1) return `team ${names} (${shown})`;
  return teams.length > NAMED ? `${teams.length} teams: ${names}, … (${shown})` : `teams ${names} (${shown})`;
}

/** Return in a sentence how the game ended; nothing where that is not known. */
export function endingText(replay: Replay): string {
  const { is_decided: isDecided, winning_score: score } = replay.header;
  const winners = winnersText(replay);
  if (winners === "") return typeof isDecided !== "boolean" ? "" : `Nobody wins${isDecided ? "" : ": it ended undecided"}.`;
  // Some games are won better the earlier: then the score says how well.
  const points = typeof score === "number" && score > 0 && score < 1 ? `, score ${score.toFixed(2)}` : "";
  if (winners.startsWith("team ")) return `T${winners.slice(1)} wins${points}.`;
  return winners.startsWith("teams ") ? `T${winners.slice(1)} win${points}.` : `${winners.replace(" teams:", " teams win:")}${points}.`;
}
