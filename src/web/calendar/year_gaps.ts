import { h, type JSX } from "preact";
import { HOUR_US } from "../../core/time.ts";
import { linkTo } from "../state/route_link.ts";
import { formatMinute } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";
import type { HourGap } from "./calendar_model.ts";
import { formatMissing } from "./format_missing.ts";

const GAPS_SHOWN = 50;
/** How much a gap's timeline shows before and after it. */
const AROUND_US = HOUR_US;

/** When no recorder listened, the longest first; each leads to its timeline. */
export function YearGaps({ gaps }: { readonly gaps: readonly HourGap[] }): JSX.Element | null {
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
