import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Micros } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { comparedDays } from "../compare/compared_days.ts";
import { PeerComparison } from "../compare/peer_comparison.ts";
import { useComparison } from "../compare/use_comparison.ts";
import { usePeers } from "../compare/use_peers.ts";
import { ChannelPicker } from "../state/channel_picker.ts";
import type { Library } from "../state/library.ts";
import { route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { formatCount } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { CalendarData } from "./calendar_data.ts";
import { CalendarGrid } from "./calendar_grid.ts";
import { type CalendarYear, calendarYear } from "./calendar_model.ts";
import { type Measure, MeasureChoice } from "./measure_choice.ts";
import { MonthLinks } from "./month_links.ts";
import { MonthTable } from "./month_table.ts";
import { formatMissing } from "./format_missing.ts";
import { YearGaps } from "./year_gaps.ts";
import { hoursByYear, yearAt, yearSpan } from "./year_span.ts";
import { words } from "../words/words.ts";

/** What a calendar shows. */
export interface CalendarViewProps {
  readonly library: Library;
  readonly channels: readonly string[];
  readonly channel: ChannelSpan;
}

/** A year of a channel by days: how much chat, and when no recorder listened. */
export function CalendarView({ library, channels, channel }: CalendarViewProps): JSX.Element {
  const data = useMemo(
    () => new CalendarData(channel.channel, library),
    [channel.channel, library.version.value],
  );
  useEffect(() => () => data.close(), [data]);
  const years = useMemo(() => hoursByYear(channel.hours, zone.value), [channel, zone.value]);
  const year = shownYear(years, route.value.atUs);
  const span = yearSpan(year, zone.value);
  useEffect(() => {
    void data.show(span, channel.hours.filter((hourUs) => hourUs < span.fromUs).at(-1));
  }, [data, span.fromUs, span.untilUs]);
  const version = data.version.value;
  const model = useMemo(
    () => calendarYear(data.hours, { year: span, recorded: channel, zone: zone.value }),
    [data, version, channel, span.fromUs, span.untilUs],
  );
  const { peers, comparison } = useCompared(library, { channel: channel.channel, span, model });
  const { measure, choose } = useMeasure(comparison !== undefined);
  return h(
    "div",
    { class: "timeline" },
    h("h1", { class: "visually-hidden" }, words.value.calendar.heading(channel.channel)),
    h(
      "div",
      { class: "channel-bar" },
      h(ChannelPicker, { channels, channel: channel.channel }),
      h(YearLinks, { years, year }),
    ),
    h(
      "div",
      { class: "timeline-body" },
      h(Figures, { model, year, isReading: data.isReading.value }),
      data.failure.value !== undefined &&
        h("p", { class: "bad", role: "alert" }, data.failure.value),
      h(MonthLinks, {
        hours: channel.hours.filter((hourUs) => hourUs >= span.fromUs && hourUs < span.untilUs),
      }),
      h(MeasureChoice, { measure, isCompared: comparison !== undefined, onChoose: choose }),
      h(CalendarGrid, {
        key: year,
        days: model.days,
        measure,
        compared: comparison?.days,
        atUs: route.value.atUs,
      }),
      h(PeerComparison, { peers, asked: route.value.peer, comparison }),
      h(YearGaps, { gaps: model.gaps }),
      h(MonthTable, { days: model.days, compared: comparison?.days }),
    ),
  );
}

/** Compares the year with that of the address's peer, if the node told of such a peer. */
function useCompared(
  library: Library,
  { channel, span, model }: {
    readonly channel: string;
    readonly span: Span;
    readonly model: CalendarYear;
  },
) {
  const peers = usePeers(library);
  const { peer: asked } = route.value;
  // The node is asked nothing about any other name that a link holds.
  const peer = asked !== undefined && peers.names?.includes(asked) ? asked : undefined;
  const found = useComparison(library, { channel, peer, ...span });
  const days = useMemo(
    () => comparedDays(model.days, { ...found, zone: zone.value }),
    [model, found],
  );
  return { peers, comparison: peer === undefined ? undefined : { found, days } };
}

/** What colours tell. A comparison shows its own, until another is chosen; so does the next comparison. */
function useMeasure(isCompared: boolean) {
  const [chosen, choose] = useState<Measure | undefined>();
  const { peer } = route.value;
  useEffect(() => choose(undefined), [peer]);
  const measure: Measure = chosen ?? (isCompared ? "peer" : "messages");
  return { measure: measure === "peer" && !isCompared ? "messages" : measure, choose } as const;
}

/** The year of the address, as far as the channel has it; else its last. */
function shownYear(years: ReturnType<typeof hoursByYear>, atUs: Micros | undefined): number {
  const last = years.at(-1)?.[0] ?? 1970;
  const asked = atUs === undefined ? last : yearAt(atUs, zone.value);
  return Math.min(last, Math.max(years[0]?.[0] ?? last, asked));
}

function YearLinks({ years, year }: {
  readonly years: ReturnType<typeof hoursByYear>;
  readonly year: number;
}): JSX.Element {
  return h(
    "nav",
    { class: "years", "aria-label": words.value.calendar.years },
    years.map(([each, hours]) =>
      h("a", {
        key: each,
        ...linkTo({ atUs: yearSpan(each, zone.value).fromUs, untilUs: undefined }),
        "aria-current": each === year ? "true" : undefined,
        title: words.value.calendar.hoursWithChat(hours),
      }, `${each}`)
    ),
  );
}

function Figures({ model, year, isReading }: {
  readonly model: CalendarYear;
  readonly year: number;
  readonly isReading: boolean;
}): JSX.Element {
  const { days, gaps } = model;
  const messages = days.reduce((sum, day) => sum + day.messages, 0);
  const isUncounted = days.some((day) => day.isUncounted);
  const missingS = gaps.reduce((sum, gap) => sum + gap.missingS, 0);
  const missed = gaps.reduce((sum, gap) => sum + (gap.likelyMissed ?? 0), 0);
  const told = words.value.calendar;
  const figures: [name: string, value: string][] = [
    [
      isUncounted ? told.messagesCounted : told.messages,
      isUncounted && messages === 0 ? "–" : formatCount(messages),
    ],
    [told.daysWithChat, formatCount(days.filter((day) => day.isRecorded).length)],
    [told.unrecorded, missingS === 0 ? "–" : formatMissing(missingS)],
    [told.missedThen, missed === 0 ? "–" : told.about(missed)],
  ];
  return h(
    Fragment,
    null,
    h(
      "p",
      { class: "span" },
      `${year}`,
      isReading && h("span", { class: "hint" }, " · ", words.value.app.reading),
    ),
    h(
      "dl",
      { class: "figures" },
      figures.map(([name, value]) =>
        h("div", { key: name }, h("dt", null, name), h("dd", null, value))
      ),
    ),
  );
}
