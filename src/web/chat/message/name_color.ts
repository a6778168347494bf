/** The colour of a name, dark enough for a light page and light enough for a dark one. */
export interface NameColor {
  readonly onLight: string;
  readonly onDark: string;
}

type Rgb = readonly [red: number, green: number, blue: number];

// Twitch gives users who chose none one of these, by their name.
const DEFAULTS = [
  "#ff0000",
  "#0000ff",
  "#00ff00",
  "#b22222",
  "#ff7f50",
  "#9acd32",
  "#ff4500",
  "#2e8b57",
  "#daa520",
  "#d2691e",
  "#5f9ea0",
  "#1e90ff",
  "#ff69b4",
  "#8a2be2",
  "#00ff7f",
];
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
// The ground of a selected row, where names are hardest to read: `--accent-wash` of the page's style.
const ON_LIGHT: Rgb = [236, 238, 250];
const ON_DARK: Rgb = [38, 43, 69];
// WCAG 2.2, success criterion 1.4.3, and a little for rounding.
const CONTRAST_MIN = 4.6;

const known = new Map<string, NameColor>();

/** The colour of a user's name, from the user's `tag`, or none. */
export function nameColor(tag: string | undefined, name: string): NameColor {
  const isColor = tag !== undefined && /^#[0-9a-fA-F]{6}$/.test(tag);
  const hex = isColor ? tag.toLowerCase() : defaultOf(name);
  let color = known.get(hex);
  if (color === undefined) {
    const rgb = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
    color = { onLight: readable(rgb, ON_LIGHT, BLACK), onDark: readable(rgb, ON_DARK, WHITE) };
    if (known.size > 5_000) known.clear(); // There are 16 million.
    known.set(hex, color);
  }
  return color;
}

function defaultOf(name: string): string {
  let sum = 0;
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) >>> 0;
  return DEFAULTS[sum % DEFAULTS.length]!;
}

/** `color`, mixed with as much of `ink` as is needed to be readable on `ground`. */
function readable(color: Rgb, ground: Rgb, ink: Rgb): string {
  for (let share = 0; share <= 1; share += 0.05) {
    const mixed = color.map((value, i) => Math.round(value + (ink[i]! - value) * share));
    if (contrast(mixed as unknown as Rgb, ground) >= CONTRAST_MIN) {
      return `rgb(${mixed.join(" ")})`;
    }
  }
  return `rgb(${ink.join(" ")})`;
}

function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
