import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { PeerComparison } from "../compare/peer_comparison.ts";
import { ChannelPicker } from "../state/channel_picker.ts";
import type { Library } from "../state/library.ts";
import { route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { formatCount, formatMinute, isoDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { CalendarData } from "./calendar_data.ts";
import { CalendarGrid, type Measure } from "./calendar_grid.ts";
import {
  type CalendarDay,
  type CalendarYear,
  calendarYear,
  type HourGap,
} from "./calendar_model.ts";
import { MonthLinks } from "./month_links.ts";
import { formatMissing } from "./format_missing.ts";
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
  const [measure, setMeasure] = useState<Measure>("messages");
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
      h(MeasureChoice, { measure, onChoose: setMeasure }),
      h(CalendarGrid, { key: year, days: model.days, measure, atUs: route.value.atUs }),
      h(Gaps, { gaps: model.gaps }),
      h(PeerComparison, { library, channel: channel.channel, span }),
      h(MonthTable, { days: model.days }),
    ),
  );
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

function MeasureChoice({ measure, onChoose }: {
  readonly measure: Measure;
  readonly onChoose: (measure: Measure) => void;
}): JSX.Element {
  const { byMessages, byGaps, colours } = words.value.calendar;
  const choices = [["messages", byMessages], ["gaps", byGaps]] as const;
  return h(
    "div",
    { class: "measure", role: "group", "aria-label": colours },
    choices.map(([each, label]) =>
      h("button", {
        key: each,
        type: "button",
        "aria-pressed": each === measure ? "true" : "false",
        onClick: () => onChoose(each),
      }, label)
    ),
  );
}

const GAPS_SHOWN = 50;
/** How much a gap's timeline shows before and after it. */
const AROUND_US = HOUR_US;

function Gaps({ gaps }: { readonly gaps: readonly HourGap[] }): JSX.Element | null {
  if (gaps.length === 0) return null;
  const longest = [...gaps].sort((a, b) => b.missingS - a.missingS);
  return h(
    "section",
    { class: "gaps is-unrecorded", "aria-labelledby": "year-gaps-title" },
    h("h2", { id: "year-gaps-title" }, words.value.calendar.gaps),
    h(
      "ul",
      null,
      longest.slice(0, GAPS_SHOWN).map((gap) =>
        h(
          "li",
          { key: gap.fromUs },
          h(
            "a",
            linkTo({
              view: "timeline",
              atUs: gap.fromUs - AROUND_US,
              untilUs: gap.untilUs + AROUND_US,
            }),
            describeGap(gap),
          ),
        )
      ),
    ),
    gaps.length > GAPS_SHOWN &&
      h("p", { class: "hint" }, words.value.calendar.shorter(gaps.length - GAPS_SHOWN)),
  );
}

function describeGap({ fromUs, untilUs, missingS, likelyMissed }: HourGap): string {
  const told = words.value.calendar;
  const length = formatMissing(missingS);
  const from = formatMinute(fromUs, zone.value);
  return untilUs - fromUs > HOUR_US && missingS < (untilUs - fromUs) / 1e6
    ? told.gap(told.fromTo(from, formatMinute(untilUs, zone.value)), length, likelyMissed ?? 0)
    : told.gap(from, length, likelyMissed ?? 0);
}

/** The same in words, for whom colours tell nothing. */
function MonthTable({ days }: { readonly days: readonly CalendarDay[] }): JSX.Element {
  const months = new Map<string, CalendarDay[]>();
  for (const day of days) {
    const month = isoDay(day.fromUs, zone.value).slice(0, 7);
    months.set(month, [...months.get(month) ?? [], day]);
  }
  const sum = (some: readonly CalendarDay[], field: "messages" | "missingS"): number =>
    some.reduce((all, day) => all + day[field], 0);
  return h(
    "details",
    { class: "months-table" },
    h("summary", null, words.value.calendar.table),
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          Object.values(words.value.calendar.columns).map((name) =>
            h("th", { key: name, scope: "col" }, name)
          ),
        ),
      ),
      h(
        "tbody",
        null,
        [...months].map(([month, some]) => {
          const missingS = sum(some, "missingS");
          const messages = sum(some, "messages");
          const recorded = some.filter((day) => day.isRecorded).length;
          return h(
            "tr",
            { key: month },
            h("th", { scope: "row" }, month),
            h("td", null, messages === 0 ? "–" : formatCount(messages)),
            h("td", null, recorded === 0 ? "–" : formatCount(recorded)),
            h("td", null, missingS === 0 ? "–" : formatMissing(missingS)),
          );
        }),
      ),
    ),
  );
}
