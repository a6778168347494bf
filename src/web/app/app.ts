import { Fragment, h, type JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ArchivesState } from "../state/archives_state.ts";
import { ArchivesView } from "../archives/archives_view.ts";
import { CalendarView } from "../calendar/calendar_view.ts";
import { ChatView } from "../chat/chat_view.ts";
import { HomeView } from "../home/home_view.ts";
import { SearchView } from "../search/search_view.ts";
import { TimelineView } from "../timeline/timeline_view.ts";
import { PersonCard } from "../person/person_card.ts";
import { PersonView } from "../person/person_view.ts";
import { icon } from "../ui/icons.ts";
import type { Library } from "../state/library.ts";
import { EmptyState, Locked } from "../archives/empty_state.ts";
import { go, type Route, route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { shownCard } from "../state/shown_card.ts";
import { formatDay, formatZone } from "../ui/format.ts";
import { type Theme, theme, zone } from "../ui/settings.ts";
import { MILLISECOND_US } from "../../core/time.ts";

/** What the page works with. */
export interface AppProps {
  readonly archives: ArchivesState;
  readonly library: Library;
  /** Why the worker broke down, if it did. */
  readonly breakdown: { readonly value: string | undefined };
}

type Views = readonly (readonly [view: Route["view"], label: string])[];
const READING: Views = [["calendar", "Calendar"], ["timeline", "Timeline"], ["chat", "Chat"], [
  "search",
  "Search",
]];
// What a node serves is about its channels; a page from a disk, about the archives that it is given.
const NODE_VIEWS: Views = [["home", "Channels"], ...READING, ["archives", "Merge"]];
const FILE_VIEWS: Views = [["archives", "Archives"], ...READING];

/** The whole page. */
export function App({ archives, library, breakdown }: AppProps): JSX.Element {
  return h(
    "div",
    { class: "app" },
    h(Header, { library }),
    breakdown.value !== undefined &&
      h(
        "p",
        { class: "alert", role: "alert" },
        `The page's worker broke down: ${breakdown.value}. Reload to start again; your files are unchanged.`,
      ),
    h(
      "main",
      { id: "main", tabIndex: -1 },
      h(CurrentView, { archives, library }),
      h(CurrentCard, { library }),
    ),
  );
}

function CurrentView({ archives, library }: Omit<AppProps, "breakdown">): JSX.Element {
  const { channel } = route.value;
  const view = shownView(library);
  const list = library.channelList.value;
  const channels = list.kind === "ready" ? list.channels : [];
  const name = channel === undefined ? channels[0] : channels.find((each) => each === channel);
  const version = library.version.value;
  const isReading = view !== "home" && view !== "archives";
  useTitle(view, name);
  useEffect(() => {
    if (isReading && name !== undefined) void library.look(name);
  }, [view, name, version, list]);
  useEffect(() => {
    // What is shown belongs in the address, also where the page chose it by itself.
    if (isReading && channel === undefined && name !== undefined) {
      go({ channel: name }, { replace: true });
    }
  }, [view, channel, name]);
  if (view === "home") return h(HomeView, { library });
  if (view === "archives") {
    const isLocked = library.node.value === "locked" && archives.sources.value.length === 0;
    return h(Fragment, null, isLocked && h(Locked, { library }), h(ArchivesView, { archives }));
  }
  const shown = library.shown.value;
  const { atUs } = route.value;
  // A moment can be read before it is known which hours the channel has.
  if (view === "chat" && atUs !== undefined && name !== undefined && shown.kind === "looking") {
    const channel = { channel: name, hours: [], fromUs: atUs, untilUs: atUs };
    return h(ChatView, { library, channels, channel });
  }
  if (name === undefined || shown.kind !== "ready" || shown.span.channel !== name) {
    return h(EmptyState, { library, archives, channel: name });
  }
  const View = {
    calendar: CalendarView,
    chat: ChatView,
    timeline: TimelineView,
    search: SearchView,
    person: PersonView,
  }[view];
  return h(View, { library, channels, channel: shown.span });
}

/** The card that is open, as long as its channel is shown and not the person's own page. */
function CurrentCard({ library }: Pick<AppProps, "library">): JSX.Element | null {
  const { value: card } = shownCard;
  const { channel, view } = route.value;
  const isElsewhere = card !== undefined && (card.channel !== channel || view === "person");
  useEffect(() => {
    if (isElsewhere) shownCard.value = undefined;
  }, [isElsewhere]);
  return card === undefined || isElsewhere ? null : h(PersonCard, { library, card });
}

/** The view in the address. What a node's front page is, is the merging of archives without one. */
function shownView(library: Library): Route["view"] {
  const { view } = route.value;
  return view === "home" && !library.isNode && !library.isLooking.value ? "archives" : view;
}

/** Names what is shown: tabs, history and bookmarks can be told apart. */
function useTitle(view: Route["view"], channel: string | undefined): void {
  const { atUs } = route.value;
  const day = atUs === undefined ? "" : ` ${formatDay(atUs, zone.value)}`;
  const what = {
    calendar: ", calendar",
    chat: "",
    timeline: ", timeline",
    search: ", search",
    person: ", person",
  };
  const title = view === "home" || view === "archives" || channel === undefined
    ? "chatloom"
    : `${channel}${view === "search" ? "" : day}${what[view]} – chatloom`;
  useEffect(() => void (document.title = title), [title]);
}

function Header({ library }: Pick<AppProps, "library">): JSX.Element {
  const view = shownView(library);
  return h(
    "header",
    { class: "top" },
    h("a", { class: "skip", href: "#main", onClick: skipToMain }, "Skip to content"),
    h(
      "span",
      { class: "wordmark" },
      h("span", { class: "mark", "aria-hidden": "true" }),
      "chatloom",
    ),
    h(
      "nav",
      { "aria-label": "Views" },
      (library.isNode ? NODE_VIEWS : FILE_VIEWS).map(([to, label]) =>
        h("a", {
          key: to,
          "aria-current": view === to ? "page" : undefined,
          ...linkTo(toView(to)),
        }, label)
      ),
    ),
    h("div", { class: "tools" }, h(ZoneButton, null), h(ThemeButton, null)),
  );
}

/** A search covers all time at first, and a moment is none of its bounds. */
function toView(view: Route["view"]): Partial<Route> {
  const spans = ["search", "person"];
  const isOther = spans.includes(view) !== spans.includes(route.value.view);
  return isOther ? { view, atUs: undefined, untilUs: undefined } : { view };
}

function skipToMain(event: MouseEvent): void {
  event.preventDefault(); // The address says what is shown, not where the focus is.
  document.getElementById("main")?.focus();
}

function ZoneButton(): JSX.Element {
  const isUtc = zone.value === "utc";
  const shownUs = route.value.atUs ?? Date.now() * MILLISECOND_US;
  return h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": isUtc ? "Times are UTC; show local time" : "Times are local; show UTC",
      title: isUtc ? "Times are UTC" : "Times are local",
      onClick: () => void (zone.value = isUtc ? "local" : "utc"),
    },
    h(
      "span",
      null,
      !isUtc && h("span", { class: "wide-only" }, "Local, "),
      formatZone(shownUs, zone.value),
    ),
  );
}

const THEMES: Readonly<Record<Theme, readonly [next: Theme, icon: JSX.Element, label: string]>> = {
  auto: ["light", icon("half"), "Theme follows the system; use light"],
  light: ["dark", icon("sun"), "Theme is light; use dark"],
  dark: ["auto", icon("moon"), "Theme is dark; follow the system"],
};

function ThemeButton(): JSX.Element {
  const [next, , label] = THEMES[theme.value];
  const drawing = icon(theme.value === "auto" ? "half" : theme.value === "light" ? "sun" : "moon");
  return h("button", {
    type: "button",
    class: "quiet only-icon",
    "aria-label": label,
    title: label,
    onClick: () => void (theme.value = next),
  }, drawing);
}
