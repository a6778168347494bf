import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { formatRoute, parseLogLink, parseRoute, type Route, START } from "./address.ts";

export { formatMoment, formatRoute, parseRoute, type Route } from "./address.ts";

const current: Signal<Route> = signal(START);

/** What the page shows. */
export const route: ReadonlySignal<Route> = current;

/**
 * Shows something else. Another moment is no longer the linked message. `replace` leaves no step for the
 * browser's Back.
 */
export function go(change: Partial<Route>, options?: { readonly replace: boolean }): void {
  const linked = "atUs" in change ? undefined : current.value.linked;
  // A video is one channel's.
  const videoUs = "channel" in change ? undefined : current.value.videoUs;
  const next = { ...current.value, linked, videoUs, ...change };
  const hash = formatRoute(next);
  current.value = next;
  if (hash === location.hash) return;
  if (options?.replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
}

/** Follows the address from now on. */
export function followAddress(): void {
  const follow = (): void => void (current.value = parseRoute(location.hash));
  follow();
  const linked = parseLogLink(location.search);
  // The address is this page's own from then on, so that a reload and a copied link are.
  if (linked !== undefined && location.hash === "") {
    history.replaceState(null, "", `${location.pathname}${formatRoute(linked)}`);
    follow();
  }
  globalThis.addEventListener("popstate", follow);
  globalThis.addEventListener("hashchange", follow);
}
