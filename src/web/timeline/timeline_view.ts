import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { HOUR_US, MILLISECOND_US, MINUTE_US, minuteOf, SECOND_US } from "../../core/time.ts";
import { escapeControls } from "../../core/json/escape_controls.ts";
import { ChannelBar } from "../state/channel_bar.ts";
import { formatClock, formatCount, formatCounted, formatDay, formatMinute } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import type { Library } from "../state/library.ts";
import { go, route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { theme, zone } from "../ui/settings.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { Chart } from "./chart.ts";
import { type GapNeighbours, gapNeighbours } from "./gap_neighbours.ts";
import { ReceiverRows } from "./receiver_rows.ts";
import { heldSpan, LIVE_LAG_US, shownSpan, SPAN_MAX_US, SPAN_MIN_US } from "./shown_span.ts";
import { TimelineData } from "./timeline_data.ts";
import type { Silence } from "./silences.ts";
import { SECONDS_SPAN_US, type TimelineModel, timelineModel, within } from "./timeline_model.ts";

/** What a timeline shows. */
export interface TimelineViewProps {
  readonly library: Library;
  readonly channels: readonly string[];
  readonly channel: ChannelSpan;
}

/** How many messages came when, and which receivers heard them. */
export function TimelineView({ library, channels, channel }: TimelineViewProps): JSX.Element {
  const data = useMemo(
    () => new TimelineData(channel, library),
    [channel.channel, library.version.value],
  );
  useEffect(() => () => data.close(), [data]);
  const nowUs = useMemo(() => minuteOf(Date.now() * MILLISECOND_US) + MINUTE_US, [data]);
  const asked = shownSpan(channel, {
    ...route.value,
    isNode: library.isNode,
    nowUs,
    zone: zone.value,
  });
  // Files tell hours; once they are read, show no more than what holds anything.
  const span = route.value.atUs === undefined && data.version.value > 0 && data.isWhole(asked)
    ? within(asked, heldSpan(channel, data))
    : asked;
  useEffect(() => {
    void data.show(span, { withSeconds: span.untilUs - span.fromUs <= SECONDS_SPAN_US });
  }, [data, span.fromUs, span.untilUs]);
  const version = data.version.value;
  const model = useMemo(
    () => {
      // Messages of the last minutes may still be on their way.
      const past = { fromUs: channel.fromUs, untilUs: nowUs - LIVE_LAG_US };
      return timelineModel(data, span, heldSpan(within(channel, past), data));
    },
    [data, version, span.fromUs, span.untilUs],
  );
  const [widthPx, setWidth] = useState(0);
  return h(
    "div",
    { class: "timeline" },
    h("h1", { class: "visually-hidden" }, `Timeline of ${channel.channel}`),
    h(
      ChannelBar,
      { channels, channel, atUs: span.fromUs },
      h(ZoomButtons, { span }),
    ),
    h(
      "div",
      { class: "timeline-body" },
      h(Summary, { model, data }),
      h(ChartPlace, { model, channel, onWidth: setWidth }),
      h(Legend, null),
      h(ReceiverRows, { model, widthPx }),
      h(Silences, { data, model, kind: "unrecorded", title: "When no recorder listened" }),
      h(Silences, {
        data,
        model,
        kind: "unknown",
        title: "No messages, not known whether recorded",
      }),
    ),
  );
}

function move(span: Span, { by, factor }: { readonly by: number; readonly factor: number }): void {
  const lengthUs = span.untilUs - span.fromUs;
  if (factor > 1 && lengthUs >= SPAN_MAX_US) {
    return go({ view: "calendar", atUs: span.fromUs, untilUs: undefined });
  }
  const freshUs = Math.min(SPAN_MAX_US, Math.max(SPAN_MIN_US, lengthUs * factor));
  const middleUs = (span.fromUs + span.untilUs) / 2 + by * lengthUs;
  const fromUs = Math.max(0, Math.round((middleUs - freshUs / 2) / SECOND_US) * SECOND_US);
  go({ atUs: fromUs, untilUs: fromUs + Math.round(freshUs / SECOND_US) * SECOND_US });
}

function ZoomButtons({ span }: { readonly span: Span }): JSX.Element {
  const button = (name: "left" | "right" | "plus" | "minus", label: string, step: {
    readonly by: number;
    readonly factor: number;
  }): JSX.Element =>
    h("button", {
      type: "button",
      class: "quiet only-icon",
      "aria-label": label,
      title: label,
      onClick: () => move(span, step),
    }, icon(name));
  return h(
    "div",
    { class: "zoom", role: "group", "aria-label": "What is shown" },
    button("left", "Earlier", { by: -0.5, factor: 1 }),
    button("minus", "Show more", { by: 0, factor: 2 }),
    button("plus", "Show less", { by: 0, factor: 0.5 }),
    button("right", "Later", { by: 0.5, factor: 1 }),
    h("button", {
      type: "button",
      class: "quiet",
      onClick: () => go({ atUs: undefined, untilUs: undefined }),
    }, "All"),
  );
}

function Summary({ model, data }: {
  readonly model: TimelineModel;
  readonly data: TimelineData;
}): JSX.Element {
  const { span, messages, single, silences, rows } = model;
  const lengthOf = (kind: Silence["kind"]): string =>
    formatCount(
      silences.filter((each) => each.kind === kind)
        .reduce((sum, { fromUs, untilUs }) => sum + (untilUs - fromUs) / MINUTE_US, 0),
    );
  const failure = data.failure.value;
  return h(
    Fragment,
    null,
    h(
      "p",
      { class: "span" },
      `${formatMinute(span.fromUs, zone.value)} to ${formatEnd(span)}`,
      data.isReading.value && h("span", { class: "hint" }, " · reading…"),
    ),
    h(
      "dl",
      { class: "figures" },
      h(Figure, { name: "messages", value: formatCount(messages) }),
      h(Figure, {
        name: "seen by one receiver only",
        value: messages === 0 ? "–" : `${Math.ceil(single / messages * 1000) / 10} %`,
      }),
      h(Figure, { name: "receivers", value: formatCount(rows.length) }),
      h(Figure, { name: "minutes without a recorder", value: lengthOf("unrecorded") }),
      h(Figure, { name: "silent minutes, perhaps not recorded", value: lengthOf("unknown") }),
    ),
    failure !== undefined && h("p", { class: "bad", role: "alert" }, failure),
  );
}

function formatEnd({ fromUs, untilUs }: Span): string {
  const isSameDay = formatDay(fromUs, zone.value) === formatDay(untilUs, zone.value);
  const minute = isSameDay
    ? formatClock(untilUs, zone.value).slice(0, 5)
    : formatMinute(untilUs, zone.value);
  return untilUs - fromUs < HOUR_US
    ? `${minute}${formatClock(untilUs, zone.value).slice(5, 8)}`
    : minute;
}

function Figure({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

interface ChartPlaceProps {
  readonly channel: Span;
  readonly model: TimelineModel;
  readonly onWidth: (widthPx: number) => void;
}

function ChartPlace({ model, channel, onWidth }: ChartPlaceProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | undefined>(undefined);
  const [bar, setBar] = useState<number | undefined>();
  useEffect(() => {
    const frame = place.current!;
    const made = new Chart(frame, {
      model,
      isUtc: zone.value === "utc",
      events: {
        onSelect: ({ fromUs, untilUs }) => move({ fromUs, untilUs }, { by: 0, factor: 1 }),
        onClick: (atUs) => go({ view: "chat", atUs: Math.round(atUs), untilUs: undefined }),
        onHover: setBar,
      },
    });
    chart.current = made;
    const resizes = new ResizeObserver(() => {
      made.redraw(frame.clientWidth);
      onWidth(frame.clientWidth);
    });
    resizes.observe(frame);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const redraw = (): void => made.redraw(frame.clientWidth);
    dark.addEventListener("change", redraw);
    return () => {
      dark.removeEventListener("change", redraw);
      resizes.disconnect();
      made.remove();
    };
  }, [zone.value, theme.value]);
  useEffect(() => chart.current?.show(model), [model]);
  return h(
    "div",
    { class: "chart-frame" },
    h("div", {
      ref: place,
      class: "chart",
      role: "img",
      tabIndex: 0,
      "aria-label":
        "Messages a minute over time. Arrow keys move, plus and minus zoom, Home and End go to the first and last chat, Enter opens the chat.",
      onKeyDown: (event: KeyboardEvent) => onKey(event, model.span, channel),
    }),
    h("p", { class: "hover hint" }, bar === undefined ? HOW_TO : describeBar(model, bar)),
  );
}

const HOW_TO = "Drag to zoom in, click to read the chat of that moment.";

function onKey(event: KeyboardEvent, span: Span, channel: Span): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const steps: Record<string, { by: number; factor: number }> = {
    ArrowLeft: { by: -0.25, factor: 1 },
    ArrowRight: { by: 0.25, factor: 1 },
    "+": { by: 0, factor: 0.5 },
    "-": { by: 0, factor: 2 },
  };
  const step = steps[event.key];
  if (step !== undefined) {
    event.preventDefault();
    move(span, step);
  } else if (event.key === "Home" || event.key === "End") {
    event.preventDefault();
    const lengthUs = span.untilUs - span.fromUs;
    const lastUs = Math.max(channel.fromUs, channel.untilUs - lengthUs);
    const fromUs = event.key === "Home" ? channel.fromUs : lastUs;
    go({ atUs: fromUs, untilUs: fromUs + lengthUs });
  } else if (event.key === "Enter") {
    go({ view: "chat", atUs: (span.fromUs + span.untilUs) / 2, untilUs: undefined });
  }
}

function describeBar({ times, counts, stepUs, silences }: TimelineModel, bar: number): string {
  const atUs = times[bar];
  if (atUs === undefined) return HOW_TO;
  const clock = formatClock(atUs, zone.value).slice(0, stepUs < MINUTE_US ? 8 : 5);
  const when = `${formatDay(atUs, zone.value)} ${clock}`;
  const silence = silences.find(({ fromUs, untilUs }) => atUs >= fromUs && atUs < untilUs);
  if (silence !== undefined) return `${when}: ${SILENCE_WORDS[silence.kind]}`;
  const [one = 0, ...more] = counts[bar]!;
  const total = more.reduce((sum, count) => sum + count, one);
  return `${when}: ${formatCount(Math.round(total))} messages a minute, ${
    formatCount(Math.round(one))
  } of them seen by one receiver only`;
}

const SILENCE_WORDS: Readonly<Record<Silence["kind"], string>> = {
  unrecorded: "no recorder listened",
  unknown: "no messages, not known whether a recorder listened",
};

const LEGEND: readonly (readonly [name: string, label: string])[] = [
  ["four", "seen by 4 or more"],
  ["three", "by 3"],
  ["two", "by 2"],
  ["one", "by 1 only"],
  ["gap", SILENCE_WORDS.unrecorded],
  ["unknown", SILENCE_WORDS.unknown],
];

function Legend(): JSX.Element {
  return h(
    "ul",
    { class: "legend" },
    LEGEND.map(([name, label]) =>
      h(
        "li",
        { key: name },
        h("span", { class: `swatch is-${name}`, "aria-hidden": "true" }),
        label,
      )
    ),
  );
}

const GAPS_SHOWN = 50;

function Silences({ data, model, kind, title }: {
  readonly data: TimelineData;
  readonly model: TimelineModel;
  readonly kind: Silence["kind"];
  readonly title: string;
}): JSX.Element | null {
  const gaps = model.silences.filter((each) => each.kind === kind);
  if (gaps.length === 0) return null;
  return h(
    "section",
    { class: `gaps is-${kind}`, "aria-labelledby": `${kind}-title` },
    h("h2", { id: `${kind}-title` }, title),
    h(
      "ul",
      null,
      gaps.slice(0, GAPS_SHOWN).map((gap) =>
        h(
          "li",
          { key: gap.fromUs },
          h("a", linkTo({ view: "chat", atUs: gap.fromUs, untilUs: undefined }), describeGap(gap)),
          h("p", { class: "hint" }, describeNeighbours(gapNeighbours(data, gap), kind)),
        )
      ),
    ),
    gaps.length > GAPS_SHOWN &&
      h("p", { class: "hint" }, `and ${formatCount(gaps.length - GAPS_SHOWN)} more`),
  );
}

function describeGap({ fromUs, untilUs }: Span): string {
  const minutes = Math.round((untilUs - fromUs) / MINUTE_US);
  return `${formatMinute(fromUs, zone.value)}, ${formatCounted(minutes, "minute")}`;
}

function describeNeighbours(
  { before, after, likelyMissed }: GapNeighbours,
  kind: Silence["kind"],
): string {
  const names = (some: readonly string[]): string =>
    some.length === 0
      ? "no chat within 10 minutes"
      : `${some.map(escapeControls).join(", ")} heard chat`;
  const missed = likelyMissed === undefined || kind === "unknown"
    ? ""
    : ` Likely missed: about ${formatCounted(likelyMissed, "message")}.`;
  return `Before: ${names(before)}. After: ${names(after)}.${missed}`;
}
