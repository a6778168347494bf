import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ChannelOverview } from "../../adapters/browser/node/json/overview_json.ts";
import { escapeControls } from "../../core/json/escape_controls.ts";
import { MINUTE_US } from "../../core/time.ts";
import type { Library } from "../state/library.ts";
import { NO_FILTER } from "../reading/filter.ts";
import { go, type Route } from "../state/route.ts";
import { typedChannel } from "../state/channel_picker.ts";
import { linkTo } from "../state/route_link.ts";
import { formatMinute } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import { HomeState, SHOWN_AT_ONCE } from "./home_state.ts";
import { words } from "../words/words.ts";

/** The channels of a node: what was said last, how much a day, and where recording has gaps. */
export function HomeView({ library }: { readonly library: Library }): JSX.Element {
  const list = library.channelList.value;
  const channels = list.kind === "ready" ? list.channels : [];
  const home = useMemo(() => new HomeState(library.call), [list]);
  const [typed, setTyped] = useState("");
  const [shownMax, setShownMax] = useState(SHOWN_AT_ONCE);
  const wanted = typedChannel(typed);
  const found = channels.filter((channel) => channel.includes(wanted));
  const shown = found.slice(0, shownMax);
  useEffect(() => void home.show(shown), [home, shown.join()]);
  return h(
    "div",
    { class: "page home" },
    h("h1", null, words.value.home.channels),
    h(
      "search",
      { class: "field home-search" },
      icon("search"),
      h("input", {
        type: "search",
        placeholder: words.value.home.find,
        "aria-label": words.value.home.find,
        autoCapitalize: "none",
        spellcheck: false,
        value: typed,
        onInput: (event: Event) => {
          setTyped((event.currentTarget as HTMLInputElement).value);
          setShownMax(SHOWN_AT_ONCE);
        },
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key === "Enter" && found[0] !== undefined) go(viewOf(found[0]));
        },
      }),
    ),
    h(
      "p",
      { class: "hint", role: "status" },
      list.kind === "looking"
        ? words.value.home.looking
        : list.kind === "failed"
        ? list.reason
        : countText(found.length, channels.length),
    ),
    home.failure.value !== undefined &&
      h("p", { class: "bad", role: "alert" }, home.failure.value),
    h(
      "ul",
      { class: "home-channels" },
      shown.map((channel) =>
        h(
          "li",
          { key: channel, class: "card" },
          h(ChannelCard, {
            channel,
            overview: home.overviews.value.get(channel),
            isKnown: home.overviews.value.has(channel),
          }),
        )
      ),
    ),
    found.length > shown.length && h("button", {
      type: "button",
      class: "more",
      onClick: () => setShownMax(shownMax + SHOWN_AT_ONCE),
    }, words.value.home.more),
  );
}

function countText(found: number, all: number): string {
  return all === 0 ? words.value.home.none : words.value.home.found(found, all);
}

/** A view of a channel, from the start: nothing of what was looked at before. */
function viewOf(channel: string, change: Partial<Route> = {}): Partial<Route> {
  const nothing = { atUs: undefined, untilUs: undefined, linked: undefined, filter: NO_FILTER };
  return { view: "chat", channel, ...nothing, ...change };
}

interface CardProps {
  readonly channel: string;
  readonly overview: ChannelOverview | undefined;
  /** Whether the node has told. */
  readonly isKnown: boolean;
}

function ChannelCard({ channel, overview, isKnown }: CardProps): JSX.Element {
  return h(
    Fragment,
    null,
    h(
      "header",
      null,
      h("h2", null, h("a", linkTo(viewOf(channel)), channel)),
      overview?.isRecording === true &&
        h("span", { class: "tag is-live" }, words.value.home.isRecorded),
    ),
    overview === undefined
      ? h("p", { class: "hint" }, isKnown ? words.value.home.noMessage : "…")
      : h(Facts, { overview }),
  );
}

function Facts({ overview }: { readonly overview: ChannelOverview }): JSX.Element {
  const { channel, last, days, listenedS, gaps } = overview;
  return h(
    Fragment,
    null,
    last === undefined ? h("p", { class: "hint" }, words.value.home.noMessage) : h(
      "p",
      { class: "home-last" },
      h("span", { class: "hint" }, `${formatMinute(last.timeUs, zone.value)} `),
      h("bdi", null, escapeControls(last.name)),
      ": ",
      h("bdi", null, escapeControls(last.text)),
    ),
    h(DayLine, { days }),
    h(
      "p",
      { class: "hint" },
      listenedS === 0
        ? words.value.home.notRecorded
        : gaps.length === 0
        ? words.value.home.recorded(listenedS)
        : h(
          "a",
          linkTo(viewOf(channel, {
            view: "timeline",
            atUs: gaps[0]!.fromUs - 30 * MINUTE_US,
            untilUs: gaps.at(-1)!.untilUs + 30 * MINUTE_US,
          })),
          gapText(gaps),
        ),
    ),
  );
}

function gapText(gaps: ChannelOverview["gaps"]): string {
  const minutes = gaps.reduce((sum, { fromUs, untilUs }) => sum + untilUs - fromUs, 0) / MINUTE_US;
  return words.value.home.withGaps(gaps.length, Math.max(1, Math.round(minutes)));
}

const LINE_HEIGHT = 24;

/** Messages a day, as bars from the earliest to today. */
function DayLine({ days }: { readonly days: ChannelOverview["days"] }): JSX.Element | null {
  const known = days.filter((count) => count !== undefined);
  const most = Math.max(0, ...known);
  if (most === 0) return null;
  const sum = known.reduce((all, count) => all + count, 0);
  return h(
    "svg",
    {
      class: "day-line",
      viewBox: `0 0 ${days.length} ${LINE_HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": words.value.home.inLastDays(sum, days.length),
    },
    days.map((count = 0, i) => {
      const height = count === 0 ? 0 : Math.max(1, count / most * LINE_HEIGHT);
      return h("rect", { key: i, x: i + 0.1, y: LINE_HEIGHT - height, width: 0.8, height });
    }),
  );
}
