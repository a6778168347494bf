import { effect, type Signal, signal } from "@preact/signals";

/** The theme of the page. `auto` follows the system. */
export type Theme = "auto" | "dark" | "light";
/** The time zone in which it shows times. */
export type Zone = "utc" | "local";

/** The theme, kept across visits where the browser allows it. */
export const theme: Signal<Theme> = kept("theme", ["auto", "dark", "light"]);
/** The time zone. */
export const zone: Signal<Zone> = kept("zone", ["utc", "local"]);
/** Where pictures of emotes may come from. */
export type EmoteSource = "off" | "node" | "twitch";
/**
 * Where they come from: nowhere, the node of this page, or what it lacks from Twitch, which then knows that this
 * browser shows this chat.
 */
export const images: Signal<EmoteSource> = kept("emotes", ["off", "node", "twitch"]);

function kept<T extends string>(name: string, choices: readonly [T, ...T[]]): Signal<T> {
  const stored = readStored(`chatloom.${name}`);
  const choice = signal<T>(choices.find((each) => each === stored) ?? choices[0]);
  effect(() => writeStored(`chatloom.${name}`, choice.value));
  return choice;
}

// Pages from `file://`, and those whose reader forbids it, have no storage: then nothing is kept.
function readStored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function writeStored(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}

/** Makes the document follow the theme. */
export function applyTheme(): void {
  effect(() => {
    if (theme.value === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme.value);
  });
}
