import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Micros } from "../../core/time.ts";
import { FilterBar } from "../chat/filter_bar.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { isEmptyFilter } from "../reading/filter.ts";
import { ExportMenu } from "../saving/export_menu.ts";
import { ChannelPicker } from "../state/channel_picker.ts";
import type { Library } from "../state/library.ts";
import { go, route } from "../state/route.ts";
import { dayOf, parseDay } from "../ui/day.ts";
import { formatDay, formatZone, isoDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { useAllNames } from "./all_names.ts";
import { HitList } from "./hit_list.ts";
import { HitsHistogram } from "./hits_histogram.ts";
import { SearchRun } from "./search_run.ts";
import { words } from "../words/words.ts";
import { PicturesContext, usePictures } from "../chat/message/pictures.ts";

/** What a search view shows. */
export interface SearchViewProps {
  readonly library: Library;
  readonly channels: readonly string[];
  readonly channel: ChannelSpan;
}

/** Finds messages of a channel over any time. */
export function SearchView({ library, channels, channel }: SearchViewProps): JSX.Element {
  const { filter: asked, atUs, untilUs } = route.value;
  const { user, note } = useAllNames(library, channel.channel, asked.user);
  const filter = { ...asked, user };
  const span = {
    fromUs: Math.max(channel.fromUs, atUs ?? 0),
    untilUs: Math.min(channel.untilUs, untilUs ?? Infinity),
  };
  const isAsked = !isEmptyFilter(filter) && span.fromUs < span.untilUs;
  const run = useMemo(
    () =>
      isAsked ? new SearchRun({ channel: channel.channel, span, filter }, library.call) : undefined,
    [channel.channel, span.fromUs, span.untilUs, JSON.stringify(filter), library.version.value],
  );
  useEffect(() => () => run?.stop(), [run]);
  const pictures = usePictures(library, channel.channel);
  const view = h(
    "div",
    { class: "search" },
    h("h1", { class: "visually-hidden" }, words.value.search.heading(channel.channel)),
    h(
      "div",
      { class: "channel-bar" },
      h(ChannelPicker, { channels, channel: channel.channel }),
      h(DayField, {
        label: words.value.search.from,
        atUs,
        onDay: ({ fromUs }) => go({ atUs: fromUs, untilUs }),
      }),
      h(DayField, {
        label: words.value.search.to,
        atUs: untilUs === undefined ? undefined : untilUs - 1,
        onDay: (day) => go({ atUs: atUs ?? 0, untilUs: day.untilUs }),
      }),
      (atUs !== undefined || untilUs !== undefined) && h("button", {
        type: "button",
        class: "quiet",
        onClick: () => go({ atUs: undefined, untilUs: undefined }),
      }, words.value.app.allDays),
    ),
    h(FilterBar, null),
    h(
      "div",
      { class: "search-body" },
      note,
      run === undefined
        ? h("p", { class: "empty" }, words.value.search.howTo)
        : h(Found, { run, channel: channel.channel }),
      run !== undefined && h(ExportMenu, {
        library,
        shown: {
          channel: channel.channel,
          ...run.span,
          filter: run.filter,
          hasWholeWords: true,
        },
      }),
    ),
  );
  return h(PicturesContext.Provider, { value: pictures }, view);
}

/** A day that bounds the search; empty where nothing does. */
function DayField({ label, atUs, onDay }: {
  readonly label: string;
  readonly atUs: Micros | undefined;
  readonly onDay: (day: Span) => void;
}): JSX.Element {
  return h(
    "label",
    { class: "day-field" },
    h("span", { class: "hint" }, label),
    h("input", {
      type: "date",
      "aria-label": words.value.search.boundIn(label, formatZone(atUs ?? 0, zone.value)),
      value: atUs === undefined || atUs === 0 ? "" : isoDay(atUs, zone.value),
      onChange: (event: Event) => {
        const dayUs = parseDay((event.currentTarget as HTMLInputElement).value, zone.value);
        if (dayUs !== undefined) onDay(dayOf(dayUs, zone.value));
      },
    }),
  );
}

function Found({ run, channel }: {
  readonly run: SearchRun;
  readonly channel: string;
}): JSX.Element {
  const hits = run.hits.value;
  const { kind } = run.status.value;
  return h(
    Fragment,
    null,
    h(StatusBar, { run }),
    h(HitsHistogram, {
      counts: run.counts.value,
      span: { fromUs: Math.min(run.searchedUs.value, run.span.untilUs), untilUs: run.span.untilUs },
    }),
    h(HitList, { hits, text: run.filter.isRegex ? "" : run.filter.text }),
    kind === "resting" && h("button", {
      type: "button",
      class: "primary more",
      onClick: () => void run.goOn(),
    }, words.value.search.earlier),
    kind === "done" && hits.length === 0 && h(
      "p",
      { class: "empty" },
      words.value.search.none(channel),
    ),
  );
}

function StatusBar({ run }: { readonly run: SearchRun }): JSX.Element {
  const status = run.status.value;
  const count = run.hits.value.length;
  const day = formatDay(Math.max(run.span.fromUs, run.searchedUs.value), zone.value);
  const done = share(run);
  const text = status.kind === "failed"
    ? status.reason
    : status.kind === "done"
    ? words.value.search.found(count)
    : words.value.search.foundBackTo(count, day);
  return h(
    "div",
    { class: "search-status" },
    h("p", { role: "status", class: status.kind === "failed" ? "bad" : undefined }, text),
    status.kind === "searching" && h(
      Fragment,
      null,
      h("progress", { "aria-label": words.value.search.searched, max: 1, value: done }),
      h("button", { type: "button", onClick: () => run.stop() }, words.value.search.stop),
    ),
  );
}

function share({ span, searchedUs }: SearchRun): number {
  return (span.untilUs - searchedUs.value) / (span.untilUs - span.fromUs);
}
