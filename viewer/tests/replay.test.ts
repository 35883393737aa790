import { describe, expect, it } from "vitest";

import { endingText, winnersText } from "../src/ending";
import { readFile } from "../src/format";
import { listSums } from "../src/panels/market";
import { Player } from "../src/player";
import { Replay, teamName } from "../src/replay";
import { groupByPolicy, groupByTeam, scores, Series } from "../src/series";
import { makeFile, makeHeader } from "./files";

describe("a replay", () => {
  it("finds deaths, kills and seizures", async () => {
    const { happenings } = await Replay.open(makeFile());
    expect(happenings).toEqual([
      { frame: 1, kind: "kill", who: 0, what: 1 },
      { frame: 1, kind: "death", who: 1, what: 1 },
      { frame: 1, kind: "seizure", who: 0, what: 1 },
    ]);
  });

  it("counts each death of who comes back in the tick of it", async () => {
    const { header, columns } = await readFile(makeFile());
    columns.get("entity_alive")!.fill(1);
    // In both frames: it died on the way to each.
    columns.get("player_cause")!.fill(4);
    const { deaths } = new Replay(header, columns);
    expect(deaths.map(({ frame, who, what }) => [frame, who, what])).toEqual([[1, 0, 4], [1, 1, 4]]);
  });

  it("jumps only forward or only back", async () => {
    const replay = await Replay.open(makeFile());
    expect(replay.nextHappening(0, "death", 1)?.frame).toBe(1);
    expect(replay.nextHappening(1, "death", 1)).toBeNull();
    expect(replay.nextHappening(1, "death", -1)).toBeNull();
  });

  it("knows the map at each frame", async () => {
    const replay = await Replay.open(makeFile());
    expect(replay.mapAt(0)[7]).toBe(4);
    expect(replay.mapAt(0)[15]).toBe(2);
    expect(replay.mapAt(1)[15]).toBe(9);
  });

  it("refuses values that are no index", async () => {
    const header = { ...makeHeader(), teams: [{ first: 0, size: 2, policy: "" }], player_team: [0, 0] };
    await expect(Replay.open(makeFile(header))).rejects.toThrow(/objective_owner holds 1/);
  });

  it("counts no damage of who was dead before", async () => {
    const { header, columns } = await readFile(makeFile());
    const taken = () => new Replay(header, columns).damageTaken[3];
    expect(taken()).toBe(12);
    columns.get("entity_alive")![1] = 0;
    expect(taken()).toBe(0);
  });

  it("knows which signs it has", async () => {
    expect([...(await Replay.open(makeFile())).signs]).toEqual(["aggressive"]);
    const { header, columns } = await readFile(makeFile());
    columns.get("entity_freeze")![0] = 2;
    columns.get("player_message")![1] = 9;
    expect([...new Replay(header, columns).signs].sort()).toEqual(["aggressive", "frozen", "words"]);
  });

  it("knows a market of which sums alone are kept", async () => {
    const { header, columns } = await readFile(makeFile());
    expect(new Replay(header, columns).hasMarket).toBe(false);
    columns.set("market_changes", Int32Array.of(0, 2, 1, 3, 4, 9, 1, 2, 1, 0, 0, 0, 1, 14, 2, 7, 1, 1));
    const replay = new Replay(header, columns);
    expect(listSums(replay, 0)).toEqual([{ type: 2, level: 1, supply: 3, low: 4, high: 9 }]);
    expect(listSums(replay, 1)).toEqual([{ type: 14, level: 2, supply: 7, low: 1, high: 1 }]);
    columns.set("market_changes", Int32Array.of(0, 99, 1, 3, 4, 9));
    expect(() => new Replay(header, columns)).toThrow(/Row 0 of market_changes/);
  });

  it("says who won, of which policy and how well", async () => {
    const { header, columns } = await readFile(makeFile());
    const say = (change: object) => endingText(new Replay({ ...header, winning_score: null, ...change }, columns));
    expect(say({ winners: [0], winning_score: 0.75 })).toBe("Team A (a) wins, score 0.75.");
    expect(say({ winners: [0, 1], winning_score: 1 })).toBe("Teams A, B (1 a, 1 b) win.");
    expect(say({ winners: [], is_decided: true })).toBe("Nobody wins.");
    expect(say({ winners: [], is_decided: false })).toBe("Nobody wins: it ended undecided.");
    expect(say({ winners: null, is_decided: null })).toBe("");
  });

  it("names the first of many winners", async () => {
    const { header, columns } = await readFile(makeFile());
    const replay = new Replay(header, columns);
    const teams = Array.from({ length: 12 }, () => ({ first: 0, size: 1, policy: "mine" }));
    Object.assign(replay.header, { teams, player_team: teams.map((_, team) => team) });
    replay.winners = new Set(teams.keys());
    expect(winnersText(replay)).toBe("12 teams: A, B, C, … (mine)");
    expect(endingText(replay)).toMatch(/^12 teams win: A, B, C, … \(mine\)/);
  });

  it("adds up teams and policies", async () => {
    const replay = await Replay.open(makeFile());
    const rows = scores(replay, groupByTeam(replay), 1);
    expect(rows.map((row) => [row.alive, row.kills, row.gold, row.damage, row.progress])).toEqual([
      [1, 1, 7, 0, 0.25], [0, 0, 0, 12, 0.5],
    ]);
    expect(groupByPolicy(replay).map((group) => group.name)).toEqual(["a", "b"]);
    expect([...new Series(replay, groupByTeam(replay), "held").read()[2]!]).toEqual([0, 1]);
  });
});

it("names teams as columns are named", () => {
  expect([0, 25, 26, 127].map(teamName)).toEqual(["A", "Z", "AA", "DX"]);
});

describe("playing", () => {
  it("stops at the end and begins anew", () => {
    const player = new Player(4);
    player.play(true);
    player.advance(100);
    expect([player.frame, player.isPlaying]).toEqual([4, false]);
    player.play(true);
    expect(player.frame).toBe(0);
  });

  it("stays within the replay when it is told to go elsewhere", () => {
    const player = new Player(4);
    player.seek(99);
    expect(player.frame).toBe(4);
    player.seek(-1);
    expect(player.frame).toBe(0);
  });
});
