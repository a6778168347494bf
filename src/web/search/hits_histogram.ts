import { h, type JSX } from "preact";
import { DAY_US, HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import { go } from "../state/route.ts";
import { dayOf } from "../ui/day.ts";
import { formatDay, formatMinute } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

const BARS_MAX = 60;
const STEPS_US = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_US)
  .concat([1, 2, 4, 6, 12].map((hours) => hours * HOUR_US))
  .concat([1, 2, 4, 7, 14, 28, 56, 112, 224, 448].map((days) => days * DAY_US));

/** A part of the searched time, and how many messages were found in it. */
export interface HitBar extends Span {
  readonly count: number;
}

/**
 * Adds up hits by equal parts of `span`, from its first day or hour on: at most 61, in order. Parts after the
 * last are left out, so that the number of bars follows the time and not the hits.
 */
export function hitBars(
  counts: ReadonlyMap<Micros, number>,
  { fromUs, untilUs }: Span,
): HitBar[] {
  const stepUs = STEPS_US.find((each) => (untilUs - fromUs) / each <= BARS_MAX) ?? STEPS_US.at(-1)!;
  const startUs = stepUs < DAY_US
    ? fromUs - fromUs % Math.min(stepUs, HOUR_US)
    : dayOf(fromUs, zone.value).fromUs;
  const barCount = Math.min(BARS_MAX + 1, Math.max(1, Math.ceil((untilUs - startUs) / stepUs)));
  const sums = new Array<number>(barCount).fill(0);
  for (const [minuteUs, count] of counts) {
    const bar = Math.floor((minuteUs - startUs) / stepUs);
    if (bar >= 0 && bar < barCount) sums[bar] = sums[bar]! + count;
  }
  return sums.map((count, i) => ({
    fromUs: startUs + i * stepUs,
    untilUs: startUs + (i + 1) * stepUs,
    count,
  }));
}

/** When messages were found. A click narrows the search to that time, or does what `onPick` does. */
export function HitsHistogram({ counts, span, onPick = narrowTo }: {
  readonly counts: ReadonlyMap<Micros, number>;
  readonly span: Span;
  readonly onPick?: (span: Span) => void;
}): JSX.Element | null {
  if (counts.size === 0) return null;
  const bars = hitBars(counts, span);
  const most = Math.max(...bars.map(({ count }) => count));
  return h(
    "div",
    { class: "histogram", role: "group", "aria-label": words.value.search.overTime },
    h(
      "div",
      { class: "histogram-bars" },
      bars.map((bar) => h(Bar, { key: bar.fromUs, bar, most, onPick })),
    ),
    h(
      "p",
      { class: "histogram-ends hint" },
      h("span", null, endOf(bars[0]!, bars[0]!.fromUs)),
      h("span", null, endOf(bars[0]!, bars.at(-1)!.untilUs - 1)),
    ),
  );
}

function endOf({ fromUs, untilUs }: HitBar, atUs: Micros): string {
  return untilUs - fromUs >= DAY_US ? formatDay(atUs, zone.value) : formatMinute(atUs, zone.value);
}

function narrowTo({ fromUs, untilUs }: Span): void {
  go({ atUs: fromUs, untilUs });
}

function Bar({ bar, most, onPick }: {
  readonly bar: HitBar;
  readonly most: number;
  readonly onPick: (span: Span) => void;
}): JSX.Element {
  const { fromUs, untilUs, count } = bar;
  const isDays = untilUs - fromUs >= DAY_US;
  const from = isDays ? formatDay(fromUs, zone.value) : formatMinute(fromUs, zone.value);
  const label = words.value.search.bar(from, count);
  return h(
    "button",
    {
      type: "button",
      class: "histogram-bar",
      disabled: count === 0,
      "aria-label": words.value.search.onlyThisTime(label),
      title: label,
      onClick: () => onPick(bar),
    },
    h("span", { style: { height: `${count === 0 ? 0 : Math.max(4, count / most * 100)}%` } }),
  );
}
