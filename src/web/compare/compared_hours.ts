import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import type { PeerHour } from "../../adapters/browser/node/json/compare_json.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import { linkTo } from "../state/route_link.ts";
import { dayOf } from "../ui/day.ts";
import { formatClock, formatDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";
import { sumOf } from "./compared_days.ts";
import { describeDifference } from "./describe_difference.ts";

const DAYS_AT_ONCE = 50;

/** Hours that differ, by day. Each leads to its timeline. */
export function ComparedHours({ hours }: { readonly hours: readonly PeerHour[] }): JSX.Element {
  const [shown, setShown] = useState(DAYS_AT_ONCE);
  const most = Math.max(1, ...hours.map((hour) => hour.messagesOnlyHere + hour.messagesOnlyThere));
  const days = byDay(hours);
  return h(
    "div",
    { class: "compared-days" },
    days.slice(0, shown).map(({ dayUs, some }) =>
      h(
        "section",
        { key: dayUs, "aria-label": formatDay(dayUs, zone.value) },
        h(
          "h3",
          null,
          formatDay(dayUs, zone.value),
          h("span", { class: "hint" }, ` ${describeMessages(some)}`),
        ),
        h(
          "ul",
          null,
          some.map((hour) => h("li", { key: hour.hourUs }, h(ComparedHour, { hour, most }))),
        ),
      )
    ),
    days.length > shown && h("button", {
      type: "button",
      class: "more",
      onClick: () => setShown(shown + DAYS_AT_ONCE),
    }, words.value.compare.moreDays),
  );
}

function ComparedHour({ hour, most }: {
  readonly hour: PeerHour;
  readonly most: number;
}): JSX.Element {
  const { hourUs, messagesOnlyHere, messagesOnlyThere } = hour;
  const [here, there] = [messagesOnlyHere / most * 100, messagesOnlyThere / most * 100];
  const link = linkTo({ view: "timeline", atUs: hourUs, untilUs: hourUs + HOUR_US });
  return h("a", { class: "compared-hour", ...link }, [
    h("time", { dateTime: new Date(hourUs / 1000).toISOString() }, clockOf(hourUs)),
    h(
      "svg",
      { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
      h("rect", { class: "bar-shared", width: here, height: 1 }),
      h("rect", { class: "bar-only", x: here, width: there, height: 1 }),
    ),
    h("span", null, describeDifference(hour)),
  ]);
}

function clockOf(timeUs: Micros): string {
  return formatClock(timeUs, zone.value).slice(0, 5);
}

function describeMessages(hours: readonly PeerHour[]): string {
  const { messagesOnlyHere, messagesOnlyThere } = sumOf(hours);
  return words.value.compare.messages(messagesOnlyHere, messagesOnlyThere);
}

function byDay(hours: readonly PeerHour[]): { dayUs: Micros; some: PeerHour[] }[] {
  const days: { dayUs: Micros; some: PeerHour[] }[] = [];
  for (const hour of hours) {
    const dayUs = dayOf(hour.hourUs, zone.value).fromUs;
    const last = days.at(-1);
    if (last?.dayUs === dayUs) last.some.push(hour);
    else days.push({ dayUs, some: [hour] });
  }
  return days;
}
