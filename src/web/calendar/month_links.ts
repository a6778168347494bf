import { h, type JSX } from "preact";
import type { Micros } from "../../core/time.ts";
import { linkTo } from "../state/route_link.ts";
import { isoDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

/** The months that have chat; each leads to its first hour of it. `hours` ascend. */
export function MonthLinks({ hours }: { readonly hours: readonly Micros[] }): JSX.Element {
  const months = new Map<string, { readonly firstUs: Micros; hours: number }>();
  for (const hourUs of hours) {
    const month = isoDay(hourUs, zone.value).slice(0, 7);
    const known = months.get(month);
    if (known === undefined) months.set(month, { firstUs: hourUs, hours: 1 });
    else known.hours++;
  }
  return h(
    "nav",
    { class: "months-list", "aria-label": words.value.calendar.months },
    [...months].map(([month, { firstUs, hours }]) =>
      h("a", {
        key: month,
        title: words.value.calendar.hoursWithChat(hours),
        ...linkTo({ view: "chat", atUs: firstUs, untilUs: undefined }),
      }, month)
    ),
  );
}
