/** One picture of the page. */
export interface Shot {
  /** The name of its file in `docs/screenshots`, without `.png`. */
  readonly name: string;
  /** What is shown: the part of the address after the `#`. */
  readonly route: string;
  /** What must be there before the picture is taken. */
  readonly selector: string;
  /** @default a desk's 1200 × 800 */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Whether the list is shown from its start. */
  readonly isFromTop?: boolean;
  /** The message whose details are shown, counted from 0. */
  readonly opensRow?: number;
  /** Whether the year is compared with the node's peer, and the differences are shown. */
  readonly compares?: boolean;
  /** The language of the browser. @default en-GB */
  readonly locale?: string;
  /** @default light */
  readonly colorScheme?: "dark";
}

/** The picture of a page from a disk, which merges two recordings. */
export const MERGE_SHOT = "merge";

/** The address of a linked message stays, however the list comes to rest. */
const LINKED = "/chat/forsen/2026-08-01T18:02:15.017Z?id=";

/** The pictures that `deno task screenshots` takes of a node. */
export const SHOTS: readonly Shot[] = [
  { name: "home", route: "/", selector: ".home li" },
  { name: "calendar", route: "/calendar/forsen/2026-08-01", selector: ".gaps li" },
  {
    name: "timeline",
    route: "/timeline/forsen/2026-08-01T18:00:00Z~2026-08-01T20:00:00Z",
    selector: ".gaps li",
  },
  {
    name: "chat",
    route: LINKED,
    selector: ".row .speech",
    isFromTop: true,
    opensRow: 6,
  },
  {
    name: "compare",
    route: "/calendar/forsen/2026-08-01",
    selector: ".peer-compare select",
    viewport: { width: 1200, height: 1_000 },
    compares: true,
  },
  {
    name: "video",
    route: "/chat/forsen/2026-08-01T19:14:08.000Z?video=2026-08-01T18:01:30.000Z",
    selector: ".row.is-linked",
  },
  { name: "german", route: "/", selector: ".home li", locale: "de-DE" },
  { name: "search", route: "/search/forsen?text=stream", selector: ".hit" },
  { name: "person", route: "/person/forsen/turbowizard159", selector: ".person .hit" },
  {
    name: "phone",
    route: LINKED,
    selector: ".row .speech",
    isFromTop: true,
    viewport: { width: 390, height: 780 },
  },
  {
    name: "dark",
    route: LINKED,
    selector: ".row .speech",
    isFromTop: true,
    colorScheme: "dark",
  },
];
