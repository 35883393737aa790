// What do the signs mean? A list with the very pictures, shown while nobody is chosen.

import { type Color, FOG, STYLE_COLORS, toCss } from "../colors";
import { find } from "../page";
import type { Atlas } from "../world/atlas";

const SIZE = 68;
const SIGNS: [string, string][] = [
  ["player", "agent, in its team's colour"], ["passive", "NPC, passive"], ["neutral", "NPC, neutral"],
  ["aggressive", "NPC, aggressive"], ["soldier", "soldier"], ["ice", "frozen"], ["skull", "a death"],
  ["bubble", "says a number"], ["hold", "tile to hold"], ["carry", "thing to carry"], ["base", "base"],
  ["crown", "winner, at the end"],
];
const LINES: [string, Color][] = [
  ["melee", STYLE_COLORS[0]!], ["range", STYLE_COLORS[1]!], ["magic", STYLE_COLORS[2]!],
  ["health", [88, 194, 106]], ["food", [227, 168, 74]], ["water", [90, 169, 230]], ["fog of death", FOG],
];

/** Write the legend; once, as it does not change. */
export function showLegend(atlas: Atlas): void {
  const signs = SIGNS.map(([name, text]) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    atlas.copy(name, canvas.getContext("2d", { willReadFrequently: true })!);
    return row(canvas, text);
  });
  const lines = LINES.map(([text, color]) => {
    const strip = document.createElement("i");
    strip.style.background = toCss(color);
    return row(strip, text);
  });
  const list = (rows: Node[]) => {
    const element = document.createElement("ul");
    element.append(...rows);
    return element;
  };
  find("legend").replaceChildren(list(signs), list(lines));
}

function row(picture: Node, text: string): Node {
  const element = document.createElement("li");
  element.append(picture, text);
  return element;
}
