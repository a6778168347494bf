import { h, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Micros } from "../../core/time.ts";
import { type ComparedDay, isDifferent } from "../compare/compared_days.ts";
import { describeDifference } from "../compare/describe_difference.ts";
import { go } from "../state/route.ts";
import { formatDay, formatMonth, isoDay, weekdayNames } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import type { CalendarDay } from "./calendar_model.ts";
import { formatMissing } from "./format_missing.ts";
import type { Measure } from "./measure_choice.ts";
import { weekdayOf } from "./year_span.ts";
import { words } from "../words/words.ts";

/** What a calendar shows. */
export interface CalendarGridProps {
  readonly days: readonly CalendarDay[];
  readonly measure: Measure;
  /** How each of `days` compares with a peer's. @default none is compared */
  readonly compared?: readonly ComparedDay[] | undefined;
  /** A moment of the day that the focus begins at. */
  readonly atUs: Micros | undefined;
}

const LEVELS = 4;
const DAY_S = 86_400;

/** A day, and how it compares if that is what colours tell. */
type GridDay = CalendarDay & { readonly compared: ComparedDay | undefined };

/** A year by weeks, a column each. Arrow keys move by days and weeks, Enter opens the day. */
export function CalendarGrid(
  { days: known, measure, compared, atUs }: CalendarGridProps,
): JSX.Element {
  const days = known.map((day, i): GridDay => ({
    ...day,
    compared: measure === "peer" ? compared?.[i] : undefined,
  }));
  const grid = useRef<HTMLDivElement>(null);
  const asked = days.findIndex(({ fromUs, untilUs }) =>
    atUs !== undefined && atUs >= fromUs && atUs < untilUs
  );
  const [moved, setMoved] = useState<number | undefined>();
  const active = Math.min(days.length - 1, moved ?? Math.max(0, asked));
  useEffect(() => {
    const cell = grid.current?.querySelector<HTMLElement>("[tabindex='0']");
    const isFocused = grid.current?.contains(document.activeElement) === true;
    if (isFocused) return cell?.focus();
    // Narrow screens show a part: the one that is asked for.
    const frame = grid.current?.parentElement;
    if (frame && cell) frame.scrollLeft = cell.offsetLeft - frame.clientWidth / 2;
  }, [active, days.length]);
  // Keys that come faster than frames each go on from the one before.
  const latest = useRef(active);
  latest.current = active;
  const move = (to: number): void => {
    latest.current = Math.min(days.length - 1, Math.max(0, to));
    setMoved(latest.current);
  };
  const first = days[0] === undefined ? 0 : weekdayOf(days[0].fromUs, zone.value);
  const most = Math.max(1, ...days.map(({ messages }) => messages));
  return h(
    "div",
    { class: "calendar-frame" },
    h(
      "div",
      {
        ref: grid,
        class: "calendar",
        role: "grid",
        "aria-label": words.value.calendar.grid,
        onKeyDown: (event: KeyboardEvent) => onKey(event, { days, active: latest.current, move }),
      },
      h(MonthRow, { days, first }),
      weekdayNames().map((name, weekday) =>
        h(
          "div",
          { key: name, role: "row" },
          h("span", { role: "rowheader", style: { gridRow: weekday + 2 } }, name),
          days.map((day, i) =>
            (first + i) % 7 !== weekday ? null : h("span", {
              key: day.fromUs,
              role: "gridcell",
              class: cellClass(day, { measure, most }),
              style: { gridColumn: Math.floor((first + i) / 7) + 2, gridRow: weekday + 2 },
              tabIndex: i === active ? 0 : -1,
              "aria-label": describeDay(day),
              title: describeDay(day),
              onClick: () => openDay(day),
            })
          ),
        )
      ),
    ),
  );
}

function MonthRow(
  { days, first }: { readonly days: readonly CalendarDay[]; readonly first: number },
): JSX.Element {
  return h(
    "div",
    { class: "months", "aria-hidden": "true" },
    days.map(({ fromUs }, i) => {
      const isFirst = isoDay(fromUs, zone.value).endsWith("-01");
      const style = { gridColumn: Math.floor((first + i) / 7) + 2, gridRow: 1 };
      return isFirst && h("span", { key: fromUs, style }, formatMonth(fromUs, zone.value));
    }),
  );
}

/** Opens the timeline of a day: how much chat, and which receivers heard it. */
function openDay(day: GridDay): void {
  const { fromUs } = day;
  if (!isBlank(day)) go({ view: "timeline", atUs: fromUs, untilUs: undefined });
}

function onKey(
  event: KeyboardEvent,
  { days, active, move }: {
    readonly days: readonly GridDay[];
    readonly active: number;
    readonly move: (to: number) => void;
  },
): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const steps: Record<string, number> = {
    ArrowUp: active - 1,
    ArrowDown: active + 1,
    ArrowLeft: active - 7,
    ArrowRight: active + 7,
    PageUp: active - 28,
    PageDown: active + 28,
    Home: 0,
    End: days.length - 1,
  };
  const to = steps[event.key];
  if (to !== undefined) move(to);
  else if (["Enter", " ", "+"].includes(event.key)) openDay(days[active]!);
  else return;
  event.preventDefault();
}

/** Whether there is nothing to see: neither here, nor as far as is known at the peer. */
function isBlank({ isRecorded, missingS, compared }: GridDay): boolean {
  return !isRecorded && missingS === 0 && !isDifferent(compared?.verdict);
}

function cellClass(
  day: GridDay,
  { measure, most }: { readonly measure: Measure; readonly most: number },
): string {
  const { compared } = day;
  if (compared !== undefined) {
    return `cal-day is-peer-${compared.verdict}${isBlank(day) ? " is-blank" : ""}`;
  }
  const share = measure === "messages" ? day.messages / most : day.missingS / DAY_S;
  // By the root: a quiet day differs from a silent one beside the busiest.
  const level = Math.min(LEVELS, Math.ceil(Math.sqrt(share) * LEVELS));
  return [
    "cal-day",
    `is-${measure}`,
    `is-level-${day.isUncounted && measure === "messages" ? Math.max(1, level) : level}`,
    measure === "messages" && day.missingS > 0 ? "has-gap" : "",
    isBlank(day) ? "is-blank" : "",
  ].filter((name) => name !== "").join(" ");
}

function describeDay(day: GridDay): string {
  const { compared } = day;
  if (compared === undefined) return describeFigures(day);
  const { verdict, sums } = compared;
  const told = isDifferent(verdict)
    ? describeDifference(sums)
    : words.value.compare.verdicts[verdict];
  return `${describeFigures(day)} · ${told}`;
}

function describeFigures(
  { fromUs, messages, missingS, isRecorded, isUncounted }: CalendarDay,
): string {
  const day = formatDay(fromUs, zone.value);
  const told = words.value.calendar;
  if (!isRecorded && missingS === 0) return told.nothing(day);
  const missing = missingS > 0 ? formatMissing(missingS) : "";
  return told.day(day, isUncounted ? undefined : messages, missing);
}
