import { h, type JSX } from "preact";
import { type ComparedDay, isDifferent } from "../compare/compared_days.ts";
import { formatCount, isoDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";
import type { CalendarDay } from "./calendar_model.ts";
import { formatMissing } from "./format_missing.ts";

/** The same in words, for whom colours tell nothing. `compared` tells of each of `days`, if they are compared. */
export function MonthTable({ days, compared }: {
  readonly days: readonly CalendarDay[];
  readonly compared: readonly ComparedDay[] | undefined;
}): JSX.Element {
  const { columns, daysDiffering, table } = words.value.calendar;
  const names = [...Object.values(columns), ...compared === undefined ? [] : [daysDiffering]];
  return h(
    "details",
    { class: "months-table" },
    h("summary", null, table),
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h("tr", null, names.map((name) => h("th", { key: name, scope: "col" }, name))),
      ),
      h(
        "tbody",
        null,
        monthsOf(days, compared).map(({ month, figures }) =>
          h(
            "tr",
            { key: month },
            h("th", { scope: "row" }, month),
            figures.map((figure, i) => h("td", { key: i }, figure)),
          )
        ),
      ),
    ),
  );
}

function monthsOf(
  days: readonly CalendarDay[],
  compared: readonly ComparedDay[] | undefined,
): { readonly month: string; readonly figures: readonly string[] }[] {
  const months = new Map<string, number[]>();
  for (const [i, day] of days.entries()) {
    const month = isoDay(day.fromUs, zone.value).slice(0, 7);
    months.set(month, [...months.get(month) ?? [], i]);
  }
  return [...months].map(([month, places]) => {
    const some = places.map((i) => days[i]!);
    const missingS = some.reduce((all, day) => all + day.missingS, 0);
    const verdicts = places.map((i) => compared?.[i]?.verdict);
    const differing = verdicts.filter(isDifferent).length;
    const isWaiting = verdicts.includes("waiting");
    return {
      month,
      figures: [
        orDash(some.reduce((all, day) => all + day.messages, 0)),
        orDash(some.filter((day) => day.isRecorded).length),
        missingS === 0 ? "–" : formatMissing(missingS),
        ...compared === undefined ? [] : [isWaiting ? "…" : orDash(differing)],
      ],
    };
  });
}

function orDash(count: number): string {
  return count === 0 ? "–" : formatCount(count);
}
