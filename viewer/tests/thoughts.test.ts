import { describe, expect, it } from "vitest";

import { FormatError } from "../src/format";
import { choiceName } from "../src/panels/thoughts";
import { Replay } from "../src/replay";
import { decodedColumns, makeHeader } from "./files";

const HEADS = ["move", "attack_target"];

/** Two frames, two players, two heads, three choices. */
function thoughts() {
  const choice = new Int16Array(24).fill(-1);
  const share = new Uint8Array(24);
  choice.set([1, 4, -1, 2, -1, -1], 6);
  share.set([204, 51, 0, 153, 102, 0], 6);
  return { player_value: Float32Array.of(0, 0.5, 0, 0), player_choice: choice, player_share: share };
}

function open(columns: Partial<ReturnType<typeof thoughts>> = thoughts(), heads: unknown = HEADS): Replay {
  const all = new Map([...decodedColumns().map(([name, , values]) => [name, values] as const), ...Object.entries(columns)]);
  return new Replay({ ...makeHeader(), heads } as unknown as Replay["header"], all);
}

describe("thoughts", () => {
  it("are the likeliest choices, best first, and a value", () => {
    const found = open().thoughts!;
    expect([found.isKnown(0, 0), found.isKnown(0, 1), found.isKnown(1, 1)]).toEqual([false, true, false]);
    expect(found.valueAt(0, 1)).toBe(0.5);
    expect(found.choicesAt(0, 1, 0)).toEqual([{ choice: 1, share: 0.8 }, { choice: 4, share: 0.2 }]);
    expect(found.likeliest(0, 1, "attack_target")).toEqual({ choice: 2, share: 0.6 });
    expect(found.choicesAt(0, 1, 1)[1]).toEqual({ choice: -1, share: 0.4 });
    expect([found.likeliest(0, 0, "move"), found.likeliest(0, 1, "dance")]).toEqual([null, null]);
  });

  it("are said in words", () => {
    const replay = open();
    const name = (head: string, choice: number) => choiceName(replay, 1, 0, head, choice);
    expect([name("move", 1), name("attack_style", 2), name("attack_target", 2), name("attack_target", -1)])
      .toEqual(["↓ south", "mage", "aggressive 0", "nobody"]);
    expect([name("talk", 4), name("talk", 127), name("sell_price", 4), name("use", 12), name("give_target", 0)])
      .toEqual(["5", "silent", "5 gold", "nothing", "A"]);
  });

  it("may be missing, but only all of them", () => {
    expect(open({}).thoughts).toBeNull();
    const { player_value, player_choice } = thoughts();
    expect(() => open({ player_value, player_choice })).toThrow(FormatError);
    expect(() => open(thoughts(), null)).toThrow(/lacks the list heads/);
    expect(() => open(thoughts(), ["move"])).toThrow(/do not fit/);
  });

  it("are refused when a target is no entity or a value no number", () => {
    const wrong = thoughts();
    wrong.player_choice[9] = 3;
    expect(() => open(wrong)).toThrow(/holds 3, which is no choice/);
    const low = thoughts();
    low.player_choice[0] = -2;
    expect(() => open(low)).toThrow(/holds -2/);
    const nan = thoughts();
    nan.player_value[1] = NaN;
    expect(() => open(nan)).toThrow(/must be a number/);
  });
});
