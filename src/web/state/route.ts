import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { formatRoute, parseLogLink, parseRoute, type Route, START } from "./address.ts";

export { formatMoment, formatRoute, parseRoute, type Route } from "./address.ts";

const current: Signal<Route> = signal(START);

/** What the page shows. */
export const route: ReadonlySignal<Route> = current;

/**
 * What is shown now but for `change`. Another moment is no longer the linked message; a video and a comparison are
 * one channel's.
 */
export function changedRoute(change: Partial<Route>): Route {
  const { linked, videoUs, peer, ...kept } = current.value;
  return {
    ...kept,
    linked: "atUs" in change ? undefined : linked,
    ..."channel" in change ? { videoUs: undefined, peer: undefined } : { videoUs, peer },
    ...change,
  };
}

/** Shows {@link changedRoute}. `replace` leaves no step for the browser's Back. */
export function go(change: Partial<Route>, options?: { readonly replace: boolean }): void {
  const next = changedRoute(change);
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
