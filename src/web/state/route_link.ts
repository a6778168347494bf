import { changedRoute, formatRoute, go, type Route } from "./route.ts";

/** What makes an element `a` a link within the page. */
export interface RouteLink {
  readonly href: string;
  readonly onClick: (event: MouseEvent) => void;
}

/** A link to what is shown now but for `change`. With a key held it opens in another tab, as links do. */
export function linkTo(change: Partial<Route>): RouteLink {
  return {
    href: formatRoute(changedRoute(change)),
    onClick: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(change);
    },
  };
}
