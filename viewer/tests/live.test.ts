import { describe, expect, it } from "vitest";

import { type Column, FormatError } from "../src/format";
import { type Command, decodeBinary, decodeText, type SeatMessage, type StateMessage } from "../src/live/messages";
import { LivePlayer } from "../src/live/player";
import { LiveReplay } from "../src/live/replay";
import { describeAct, Seat } from "../src/live/seat";
import { nameAgents, waitingFor } from "../src/live/words";
import { Replay } from "../src/replay";
import { groupByTeam, Series } from "../src/series";
import { decodedColumns, dtypeOf, makeFile, makeHeader } from "./files";

const columns = decodedColumns().filter(([name]) => name !== "map" && name !== "tile_changes");

function bytesOf(values: Column): Uint8Array {
  return new Uint8Array(values.buffer as ArrayBuffer);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function numbers(...values: number[]): Uint8Array {
  return bytesOf(Int32Array.from(values));
}

/** The episode of the small replay, as a server tells of it. */
function episode(change: object = {}, map = new Uint8Array(36).fill(2)): Uint8Array {
  const header = {
    ...makeHeader(), sections: [], winners: [], is_decided: false, episode: 1,
    columns: columns.map(([name, shape, values]) => ({ name, dtype: dtypeOf(values), shape: shape.slice(1) })), ...change,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  return join(numbers(1, text.length), text, map);
}

function frame(number: number, changes: number[][] = []): Uint8Array {
  const rows = columns.map(([, shape, values]) => {
    const all = bytesOf(values);
    return all.slice((all.length / shape[0]!) * number, (all.length / shape[0]!) * (number + 1));
  });
  return join(numbers(2, number), ...rows, numbers(changes.length, ...changes.flat()));
}

function begin(bytes = episode()): LiveReplay {
  const message = decodeBinary(bytes);
  if (message.kind !== "episode") throw new Error("no episode");
  return new LiveReplay(message);
}

function append(replay: LiveReplay, bytes: Uint8Array): void {
  const message = decodeBinary(bytes);
  if (message.kind !== "frame") throw new Error("no frame");
  replay.append(message);
}

describe("a live game", () => {
  it("becomes, frame by frame, what the file of it is", async () => {
    const file = await Replay.open(makeFile());
    const replay = begin();
    expect([replay.frames, replay.isOver]).toEqual([0, false]);
    append(replay, frame(0, [[1, 1, 4]]));
    expect([replay.frames, replay.happenings.length, replay.mapAt(0)[7]]).toEqual([1, 0, 4]);
    append(replay, frame(1, [[2, 3, 9]]));
    expect(replay.happenings).toEqual(file.happenings);
    expect(replay.deaths).toEqual(file.deaths);
    expect([...replay.damageTaken]).toEqual([...file.damageTaken]);
    expect([...replay.bestProgress]).toEqual([...file.bestProgress]);
    expect([...replay.mapAt(1)]).toEqual([...file.mapAt(1)]);
    expect([...replay.column("entity_health")]).toEqual([...file.column("entity_health")]);
  });

  it("keeps its charts' numbers and adds to them", () => {
    const replay = begin();
    const series = new Series(replay, groupByTeam(replay), "held");
    append(replay, frame(0));
    expect(series.read().map((values) => [...values])).toEqual([[0], [0], [0]]);
    append(replay, frame(1));
    expect(series.read().map((values) => [...values])).toEqual([[0, 1], [0, 0], [0, 1]]);
  });

  it("keeps more changed tiles than it had room for", () => {
    const replay = begin();
    append(replay, frame(0));
    append(replay, frame(1, Array.from({ length: 3000 }, (_, at) => [at % 6, 5, at % 16])));
    expect([replay.changesUntil(0), replay.changesUntil(1)]).toEqual([0, 3000]);
    expect(replay.mapAt(1)[5 * 6 + 5]).toBe(2999 % 16);
  });

  it("ends with winners", () => {
    const replay = begin();
    append(replay, frame(0));
    replay.finish({ kind: "end", frame: 0, winners: [1], is_decided: true, winning_score: 1, progress: [] });
    expect([replay.isOver, [...replay.winners]]).toEqual([true, [1]]);
  });

  it("refuses an episode that is cut short, anywhere", () => {
    const whole = episode();
    for (let length = 0; length < whole.length; length += 53) {
      expect(() => decodeBinary(whole.slice(0, length))).toThrow(FormatError);
    }
    expect(() => decodeBinary(join(whole, new Uint8Array(1)))).toThrow(/map of 37 tiles/);
  });

  it("refuses a frame that is cut short or too long, anywhere", () => {
    const whole = frame(0, [[1, 1, 4]]);
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => append(begin(), whole.slice(0, length))).toThrow(FormatError);
    }
    expect(() => append(begin(), join(whole, new Uint8Array(4)))).toThrow(/do not fit/);
  });

  it("refuses frames out of order and beyond the horizon", () => {
    const replay = begin();
    expect(() => append(replay, frame(1))).toThrow(/frame 0 of 2 was due/);
    append(replay, frame(0));
    append(replay, frame(1));
    expect(() => append(replay, join(numbers(2, 2), frame(1).slice(8)))).toThrow(/frame 2 of 2 was due/);
  });

  it("refuses what cannot be: kinds, columns, sizes, tiles", () => {
    expect(() => decodeBinary(numbers(3, 0))).toThrow(/unknown kind 3/);
    for (const list of [null, [{}], [{ name: "a", dtype: "uint9", shape: [] }], [{ name: "a", dtype: "uint8", shape: [-1] }]]) {
      expect(() => decodeBinary(episode({ columns: list }))).toThrow(FormatError);
    }
    const huge = { name: "a", dtype: "uint8", shape: [1 << 30] };
    expect(() => decodeBinary(episode({ columns: [huge] }))).toThrow(/more than 512 MiB/);
    expect(() => begin(episode({ columns: [] }))).toThrow(/lacks the section/);
    expect(() => append(begin(), frame(0, [[9, 0, 1]]))).toThrow(/no change of a tile/);
    expect(() => append(begin(), frame(0, [[0, 0, -1]]))).toThrow(/no change of a tile/);
    expect(() => begin(episode({}, new Uint8Array(36).fill(99)))).toThrow(/map holds 99/);
  });
});

const SEAT: SeatMessage = {
  kind: "seat", frame: 3, agent: 1, is_alive: true, moves: [0, 4],
  targets: [{ entity: 0, styles: [1] }, { entity: 2, styles: [0, 1, 2] }],
  use: [2], destroy: [2], sell: [2], prices: [1, 99], give: [2], receivers: [0], gold_receivers: [],
  offers: [
    { listing: 4, seller: 0, type: 5, level: 1, quantity: 1, price: 9 },
    { listing: 7, seller: 0, type: 5, level: 1, quantity: 1, price: 3 },
  ],
  can_say: true, pending: {},
};

const STATE: StateMessage = {
  kind: "state", is_playing: true, speed: 1, pace: "clock", policies: ["a"], people: [], own: null, is_over: false,
};

describe("text from the server", () => {
  it("is decoded when it is whole", () => {
    expect(decodeText(JSON.stringify(SEAT))).toEqual(SEAT);
    expect(decodeText(JSON.stringify(STATE))).toEqual(STATE);
    expect(decodeText('{"kind":"error","text":"no"}')).toEqual({ kind: "error", text: "no" });
  });

  it("is refused in one line when something is missing or no message", () => {
    for (const key of Object.keys(SEAT)) {
      expect(() => decodeText(JSON.stringify({ ...SEAT, [key]: undefined }))).toThrow(FormatError);
    }
    for (const text of ["", "null", "[]", '{"kind":"toString"}', '{"kind":"state"}']) {
      expect(() => decodeText(text)).toThrow(FormatError);
    }
  });
});

describe("a person's seat", () => {
  const make = (change: Partial<SeatMessage> = {}) => Object.assign(new Seat(), { message: { ...SEAT, ...change } });

  it("asks only for what is legal", () => {
    const seat = make();
    expect([seat.move(0), seat.move(1)]).toEqual([{ move: 0 }, null]);
    expect([seat.use(2), seat.use(3), seat.destroy(2)]).toEqual([{ use: 2 }, null, { destroy: 2 }]);
    expect([seat.sell(2, 5), seat.sell(2, 100), seat.sell(1, 5)]).toEqual([{ sell: 2, price: 5 }, null, null]);
    expect([seat.give(2, 0), seat.give(2, 9), seat.giveGold(3, 0)]).toEqual([{ give: 2, to: 0 }, null, null]);
    expect([seat.buy(7), seat.buy(5)]).toEqual([{ buy: 7 }, null]);
    expect([seat.say(127), seat.say(128), seat.say(1.5)]).toEqual([{ say: 127 }, null, null]);
  });

  it("asks for nothing when its agent is dead, or there is none", () => {
    for (const seat of [make({ is_alive: false }), new Seat()]) {
      expect([seat.move(0), seat.attack(2), seat.use(2), seat.buy(7), seat.say(1), seat.attackNext()]).toEqual(Array(6).fill(null));
    }
  });

  it("attacks in the chosen style, or in one that reaches", () => {
    const seat = make();
    seat.choose(2);
    expect(seat.attack(2)).toEqual({ attack: 2, style: 2 });
    expect(seat.attack(0)).toEqual({ attack: 0, style: 1 });
    expect(seat.attack(1)).toBeNull();
  });

  it("takes an attack back when it is asked for twice, and changes its style", () => {
    const seat = make({ pending: { attack: 2, style: 0 } });
    expect(seat.attack(2)).toEqual({ attack: null });
    expect(seat.choose(1)).toEqual({ attack: 2, style: 1 });
    expect(seat.attackNext()).toEqual({ attack: 0, style: 1 });
  });

  it("says why something cannot be done with an item", () => {
    const free = { isWorn: false, isListed: false };
    expect(make({ use: [3] }).whyNot("use", 3, free)).toBeNull();
    const seat = make({ use: [3], destroy: [], sell: [], give: [], receivers: [] });
    expect(seat.whyNot("sell", 4, { ...free, isWorn: true })).toMatch(/worn/);
    expect(seat.whyNot("sell", 4, { ...free, isListed: true })).toMatch(/for sale/);
    expect(seat.whyNot("use", 4, free)).toMatch(/level is too high/);
    expect(seat.whyNot("give", 4, free)).toMatch(/in sight/);
    const hindered = make({ use: [], destroy: [], sell: [], give: [] });
    expect([seat.isHindered, hindered.isHindered]).toEqual([false, true]);
    expect(hindered.whyNot("use", 3, free)).toMatch(/combat/);
  });

  it("is offered the cheapest of each kind", () => {
    expect(make().offers().map((offer) => offer.listing)).toEqual([7]);
  });

  it("says in words what is asked", () => {
    const names = { entity: (row: number) => `A${row}`, item: () => "hat 1", offer: () => "spear 2" };
    const act = { move: 0, attack: 2, style: 1, use: 3, sell: 1, price: 5, buy: 7, give: 1, to: 0, gold: 2, gold_to: 0, say: 9 };
    expect(describeAct(act, names)).toEqual([
      "go north", "attack A2 (range)", "use hat 1", "sell hat 1 for 5", "buy spear 2", "give hat 1 to A0",
      "give 2 gold to A0", "say 9",
    ]);
    expect(describeAct({ attack: null, say: 0 }, names)).toEqual([]);
  });
});

describe("the words of a live game", () => {
  const make = () => {
    const replay = begin();
    append(replay, frame(0));
    return replay;
  };

  it("name agents as the page does", () => {
    const name = (text: string) => nameAgents(text, make());
    expect(name("agent 1 is somebody else's")).toBe("B is somebody else's");
    expect(name("attack 2 cannot be done now")).toBe("attack aggressive 0 cannot be done now");
    expect(name("agent 7 is dead; a speed lies in 0.25..32, got 1")).toBe("agent 7 is dead; a speed lies in 0.25..32, got 1");
  });

  it("say for whom a game by turns waits", () => {
    const replay = make();
    const turn = { ...STATE, pace: "turn" as const, people: [0, 1], own: 0 };
    const seat = { pending: { end: true } } as SeatMessage;
    expect(waitingFor(replay, turn, null)).toEqual(["you", "B"]);
    expect(waitingFor(replay, turn, seat)).toEqual(["B"]);
    expect(waitingFor(replay, { ...turn, own: null }, null)).toEqual(["A", "B"]);
    expect(waitingFor(replay, { ...turn, pace: "clock" }, null)).toEqual([]);
    append(replay, frame(1));
    expect(waitingFor(replay, turn, null)).toEqual(["you"]);
  });
});

describe("a live playhead", () => {
  const make = () => {
    const sent: Command[] = [];
    const player = new LivePlayer((command) => sent.push(command));
    player.last = 10;
    player.goLive();
    player.follow(STATE);
    return { player, sent };
  };

  it("reaches the newest frame when the next is due, and waits there", () => {
    const { player } = make();
    player.advance(1 / 6);
    expect([player.frame, player.share]).toEqual([9, 0.5]);
    player.advance(1);
    expect([player.frame, player.share]).toEqual([10, 0]);
  });

  it("leaves live when it goes back, and returns", () => {
    const { player } = make();
    player.step(-10);
    expect([player.frame, player.isLive]).toEqual([0, false]);
    player.last = 20;
    player.advance(1);
    expect(player.frame).toBe(0);
    player.goLive();
    expect([player.frame, player.isLive]).toEqual([19, true]);
  });

  it("asks the server to play, step and go faster", () => {
    const { player, sent } = make();
    player.play(false);
    player.seek(10);
    player.step(1);
    player.faster(1);
    player.faster(1);
    expect(sent).toEqual([{ do: "pause" }, { do: "step" }, { do: "speed", value: 2 }, { do: "speed", value: 4 }]);
  });
});
