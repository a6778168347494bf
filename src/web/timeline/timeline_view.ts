import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { HOUR_US, MILLISECOND_US, MINUTE_US, minuteOf, SECOND_US } from "../../core/time.ts";
import { escapeControls } from "../../core/json/escape_controls.ts";
import { ChannelBar } from "../state/channel_bar.ts";
import { formatClock, formatCount, formatDay, formatMinute, formatPercent } from "../ui/format.ts";
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
import { words } from "../words/words.ts";

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
    h("h1", { class: "visually-hidden" }, words.value.timeline.heading(channel.channel)),
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
      h(Silences, { data, model, kind: "unrecorded", title: words.value.timeline.unrecordedTitle }),
      h(Silences, {
        data,
        model,
        kind: "unknown",
        title: words.value.timeline.unknownTitle,
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
    { class: "zoom", role: "group", "aria-label": words.value.timeline.shown },
    button("left", words.value.timeline.earlier, { by: -0.5, factor: 1 }),
    button("minus", words.value.timeline.more, { by: 0, factor: 2 }),
    button("plus", words.value.timeline.less, { by: 0, factor: 0.5 }),
    button("right", words.value.timeline.later, { by: 0.5, factor: 1 }),
    h("button", {
      type: "button",
      class: "quiet",
      onClick: () => go({ atUs: undefined, untilUs: undefined }),
    }, words.value.timeline.all),
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
      words.value.timeline.fromTo(formatMinute(span.fromUs, zone.value), formatEnd(span)),
      data.isReading.value && h("span", { class: "hint" }, " · ", words.value.app.reading),
    ),
    h(
      "dl",
      { class: "figures" },
      h(Figure, { name: words.value.timeline.messages, value: formatCount(messages) }),
      h(Figure, {
        name: words.value.timeline.byOneOnly,
        value: messages === 0 ? "–" : formatPercent(Math.ceil(single / messages * 1000) / 10),
      }),
      h(Figure, { name: words.value.timeline.receivers, value: formatCount(rows.length) }),
      h(Figure, { name: words.value.timeline.minutesUnrecorded, value: lengthOf("unrecorded") }),
      h(Figure, { name: words.value.timeline.minutesUnknown, value: lengthOf("unknown") }),
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
      "aria-label": words.value.timeline.chart,
      onKeyDown: (event: KeyboardEvent) => onKey(event, model.span, channel),
    }),
    h(
      "p",
      { class: "hover hint" },
      bar === undefined ? words.value.timeline.howTo : describeBar(model, bar),
    ),
  );
}

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
  if (atUs === undefined) return words.value.timeline.howTo;
  const clock = formatClock(atUs, zone.value).slice(0, stepUs < MINUTE_US ? 8 : 5);
  const when = `${formatDay(atUs, zone.value)} ${clock}`;
  const silence = silences.find(({ fromUs, untilUs }) => atUs >= fromUs && atUs < untilUs);
  const { barSilent, bar: describe, silences: kinds } = words.value.timeline;
  if (silence !== undefined) return barSilent(when, kinds[silence.kind]);
  const [one = 0, ...more] = counts[bar]!;
  const total = more.reduce((sum, count) => sum + count, one);
  return describe(when, Math.round(total), Math.round(one));
}

function Legend(): JSX.Element {
  const { legend, silences } = words.value.timeline;
  const entries = [
    ...Object.entries(legend),
    ["gap", silences.unrecorded],
    ["unknown", silences.unknown],
  ];
  return h(
    "ul",
    { class: "legend" },
    entries.map(([name, label]) =>
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
      h("p", { class: "hint" }, words.value.app.andMore(gaps.length - GAPS_SHOWN)),
  );
}

function describeGap({ fromUs, untilUs }: Span): string {
  const minutes = Math.round((untilUs - fromUs) / MINUTE_US);
  return words.value.timeline.gap(formatMinute(fromUs, zone.value), minutes);
}

function describeNeighbours(
  { before, after, likelyMissed }: GapNeighbours,
  kind: Silence["kind"],
): string {
  const told = words.value.timeline;
  const names = (some: readonly string[]): string =>
    some.length === 0 ? told.noChatNear : told.heard(some.map(escapeControls).join(", "));
  const missed = likelyMissed === undefined || kind === "unknown" ? "" : told.missed(likelyMissed);
  return `${told.before(names(before))}${told.after(names(after))}${missed}`;
}
