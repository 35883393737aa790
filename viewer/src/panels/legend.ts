// What do the signs mean? A list with the very pictures, shown while nobody is chosen.

import { type Color, FOG, STYLE_COLORS, toCss } from "../colors";
import { find } from "../page";
import type { Replay } from "../replay";
import type { Atlas } from "../world/atlas";

const SIZE = 68;
type Has = (replay: Replay) => boolean;
const always: Has = () => true;
const seen = (sign: string): Has => (replay) => replay.signs.has(sign);
const objective = (kind: number): Has => ({ header }) => header.objective_kind.includes(kind);
const SIGNS: [string, string, Has][] = [
  ["player", "agent, in its team's colour", always], ["passive", "NPC, passive", seen("passive")],
  ["neutral", "NPC, neutral", seen("neutral")], ["aggressive", "NPC, aggressive", seen("aggressive")],
  ["soldier", "soldier", seen("soldier")], ["ice", "frozen", seen("frozen")], ["skull", "a death", always],
  ["bubble", "says a number", seen("words")], ["hold", "tile to hold", objective(0)],
  ["carry", "thing to carry", objective(1)], ["base", "base", objective(2)],
  ["crown", "winner, at the end", ({ winners, isOver }) => winners.size > 0 || !isOver],
];
const needs: Has = (replay) => replay.hasNeeds;
const LINES: [string, Color, Has][] = [
  ["melee", STYLE_COLORS[0]!, always], ["range", STYLE_COLORS[1]!, always], ["magic", STYLE_COLORS[2]!, always],
  ["health", [88, 194, 106], always], ["food", [227, 168, 74], needs], ["water", [90, 169, 230], needs],
  ["fog of death", FOG, ({ header }) => (header.fog?.onset ?? 0) > 0],
];
let shown = "";

/** Write the legend of what a replay has; of everything while there is none. */
export function showLegend(atlas: Atlas, replay: Replay | null): void {
  const signs = SIGNS.filter(([, , has]) => replay === null || has(replay));
  const lines = LINES.filter(([, , has]) => replay === null || has(replay));
  const key = [...signs, ...lines].map(([name]) => name).join();
  if (key === shown) return;
  shown = key;
  const list = (rows: Node[]) => {
    const element = document.createElement("ul");
    element.append(...rows);
    return element;
  };
  const strips = lines.map(([text, color]) => {
    const strip = document.createElement("i");
    strip.style.background = toCss(color);
    return row(strip, text);
  });
  find("legend").replaceChildren(list(signs.map(([name, text]) => row(picture(atlas, name), text))), list(strips));
}

/** Return a sign in the middle of its picture; in the atlas it stands on the ground. */
function picture(atlas: Atlas, name: string): HTMLCanvasElement {
  const [source, target] = [document.createElement("canvas"), document.createElement("canvas")];
  source.width = source.height = target.width = target.height = SIZE;
  const from = source.getContext("2d", { willReadFrequently: true })!;
  atlas.copy(name, from);
  const { data } = from.getImageData(0, 0, SIZE, SIZE);
  let [left, right, top, bottom] = [SIZE, 0, SIZE, 0];
  for (let at = 0; at < SIZE * SIZE; at++) {
    if (data[at * 4 + 3]! < 60) continue;
    const [x, y] = [at % SIZE, Math.floor(at / SIZE)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }
  target.getContext("2d")!.drawImage(source, (SIZE - 1 - left - right) / 2, (SIZE - 1 - top - bottom) / 2);
  return target;
}

function row(picture: Node, text: string): Node {
  const element = document.createElement("li");
  element.append(picture, text);
  return element;
}
