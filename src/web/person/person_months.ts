import { h, type JSX } from "preact";
import type { Message } from "../../core/batch/message.ts";
import { fromSeconds } from "../../core/time.ts";
import type { Route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { monthSpan } from "../ui/day.ts";
import { isoDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

/** The months in which a person wrote, the last first; each leads to what they said then. */
export function PersonMonths({ months, lines, toward, current }: {
  /** As `2026-07`, if they are known; else those of `lines`. */
  readonly months: readonly string[] | undefined;
  readonly lines: readonly Message[];
  /** What a month leads to, but for its time. */
  readonly toward: Partial<Route>;
  /** The month that is shown. */
  readonly current?: string | undefined;
}): JSX.Element | null {
  const read = lines.map(({ time }) => isoDay(fromSeconds(time), zone.value).slice(0, 7));
  const all = [...new Set([...months ?? [], ...read])].sort().reverse();
  if (all.length === 0) return null;
  return h(
    "nav",
    { class: "months-list", "aria-label": words.value.person.months },
    all.map((month) => {
      const span = monthSpan(month, zone.value);
      return span === undefined ? null : h("a", {
        key: month,
        "aria-current": month === current ? "true" : undefined,
        ...linkTo({ ...toward, atUs: span.fromUs, untilUs: span.untilUs }),
      }, month);
    }),
  );
}
