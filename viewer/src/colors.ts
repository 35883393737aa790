// Which colours are drawn? Those of the pictures that the Python side makes, a little richer.

export type Color = readonly [number, number, number];

/** By index of the material. */
export const TERRAIN: readonly Color[] = [
  [16, 19, 26], [64, 142, 190], [132, 172, 92], [150, 164, 92], [74, 126, 66], [128, 130, 140],
  [96, 90, 86], [186, 122, 70], [132, 106, 70], [50, 100, 54], [112, 108, 140], [166, 118, 226],
  [140, 150, 88], [220, 120, 164], [42, 96, 152], [92, 160, 198],
];
export const FOG: Color = [98, 36, 146];
export const GOAL: Color = [255, 214, 96];
/** By kind of entity: none, player, passive, neutral, aggressive, soldier. */
export const KIND_COLORS: readonly Color[] = [
  [0, 0, 0], [255, 255, 255], [236, 232, 214], [240, 196, 84], [206, 54, 48], [64, 68, 84],
];
/** Attack by style: melee, range, mage. */
export const STYLE_COLORS: readonly Color[] = [[255, 120, 90], [255, 232, 140], [190, 140, 255]];

export function toNumber(color: Color): number {
  return (color[0] << 16) | (color[1] << 8) | color[2];
}

export function toCss(color: Color, alpha = 1): string {
  return `rgba(${color[0]},${color[1]},${color[2]},${alpha})`;
}

export function shade(color: Color, factor: number): Color {
  const part = (value: number) => Math.max(0, Math.min(255, Math.round(value * factor)));
  return [part(color[0]), part(color[1]), part(color[2])];
}

function fromHsv(hue: number, saturation: number, value: number): Color {
  const part = (shift: number) => {
    const place = (shift + hue * 6) % 6;
    const share = Math.max(0, Math.min(place, 4 - place, 1));
    return Math.round(255 * value * (1 - saturation * share));
  };
  return [part(5), part(3), part(1)];
}

/** Return a colour for each team: hues far apart, in three tones. */
export function teamColors(count: number): Color[] {
  const tones = [[0.7, 1.0], [0.88, 0.8], [0.42, 1.0]] as const;
  return Array.from({ length: count }, (_, team) => {
    // Up to 16 teams share the circle evenly; more take the golden angle around it.
    const hue = count <= 16 ? team / count : (team * 0.618034) % 1;
    const [saturation, value] = tones[team % (count <= 16 ? 2 : 3)]!;
    return fromHsv(hue, saturation, value);
  });
}
