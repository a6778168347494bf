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
import type { Words } from "../words/english.ts";
import { chosenLanguage, language, LANGUAGES, words } from "../words/words.ts";

/** What the page works with. */
export interface AppProps {
  readonly archives: ArchivesState;
  readonly library: Library;
  /** Why the worker broke down, if it did. */
  readonly breakdown: { readonly value: string | undefined };
}

type Views = readonly (readonly [view: Route["view"], label: "home" | "merge" | Reading])[];
type Reading = "archives" | "calendar" | "timeline" | "chat" | "search";
const READING: Views = [["calendar", "calendar"], ["timeline", "timeline"], ["chat", "chat"], [
  "search",
  "search",
]];
// What a node serves is about its channels; a page from a disk, about the archives that it is given.
const NODE_VIEWS: Views = [["home", "home"], ...READING, ["archives", "merge"]];
const FILE_VIEWS: Views = [["archives", "archives"], ...READING];

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
        words.value.app.brokeDown(breakdown.value),
      ),
    // In another language all is drawn anew: also what was worked out with texts in it.
    h(
      "main",
      { key: language.value, id: "main", tabIndex: -1 },
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
  const day = atUs === undefined || view === "search" ? "" : formatDay(atUs, zone.value);
  const { title: compose, titleOf } = words.value.app;
  const title = view === "home" || view === "archives" || channel === undefined
    ? "chatloom"
    : compose(channel, titleOf[view], day);
  useEffect(() => void (document.title = title), [title]);
}

function Header({ library }: Pick<AppProps, "library">): JSX.Element {
  const view = shownView(library);
  return h(
    "header",
    { class: "top" },
    h("a", { class: "skip", href: "#main", onClick: skipToMain }, words.value.app.skip),
    h(
      "span",
      { class: "wordmark" },
      h("span", { class: "mark", "aria-hidden": "true" }),
      "chatloom",
    ),
    h(
      "nav",
      { "aria-label": words.value.app.views },
      (library.isNode ? NODE_VIEWS : FILE_VIEWS).map(([to, label]) =>
        h("a", {
          key: to,
          "aria-current": view === to ? "page" : undefined,
          ...linkTo(toView(to)),
        }, words.value.app[label])
      ),
    ),
    h(
      "div",
      { class: "tools" },
      h(LanguageButton, null),
      h(ZoneButton, null),
      h(ThemeButton, null),
    ),
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
      "aria-label": isUtc ? words.value.app.utcToLocal : words.value.app.localToUtc,
      title: isUtc ? words.value.app.timesUtc : words.value.app.timesLocal,
      onClick: () => void (zone.value = isUtc ? "local" : "utc"),
    },
    h(
      "span",
      null,
      !isUtc && h("span", { class: "wide-only" }, words.value.app.local),
      formatZone(shownUs, zone.value),
    ),
  );
}

/** Changes to the next language, which it names in that language. */
function LanguageButton(): JSX.Element {
  const all = Object.entries(LANGUAGES) as [keyof typeof LANGUAGES, Words][];
  const at = all.findIndex(([each]) => each === language.value);
  const [next, { name, tag }] = all[(at + 1) % all.length]!;
  const label = words.value.app.language(next.toUpperCase(), words.value.name, name);
  return h("button", {
    type: "button",
    class: "quiet",
    "aria-label": label,
    title: label,
    onClick: () => void (chosenLanguage.value = next),
  }, h("span", { lang: tag }, next.toUpperCase()));
}

const THEMES = {
  auto: ["light", "half", "themeAuto"],
  light: ["dark", "sun", "themeLight"],
  dark: ["auto", "moon", "themeDark"],
} as const satisfies Readonly<Record<Theme, readonly [next: Theme, icon: string, label: string]>>;

function ThemeButton(): JSX.Element {
  const [next, drawing, labelled] = THEMES[theme.value];
  const label = words.value.app[labelled];
  return h("button", {
    type: "button",
    class: "quiet only-icon",
    "aria-label": label,
    title: label,
    onClick: () => void (theme.value = next),
  }, icon(drawing));
}
