import { effect, type Signal } from "@preact/signals";
import { kept } from "../kept/kept.ts";

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

/** Makes the document follow the theme. */
export function applyTheme(): void {
  effect(() => {
    if (theme.value === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme.value);
  });
}
