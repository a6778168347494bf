import { h, type JSX, type Ref } from "preact";
import { fromSeconds, type Micros } from "../../../core/time.ts";
import { formatDay, formatTime, formatZone } from "../../ui/format.ts";
import { type Zone, zone } from "../../ui/settings.ts";
import { words } from "../../words/words.ts";
import { MessageRow } from "../message/message_row.ts";
import type { RowSpan } from "./fit_lines.ts";
import { messagesOf, type MomentLine } from "./moment_lines.ts";

/** What a picture of a moment shows. */
export interface MomentSheetProps {
  readonly channel: string;
  /** The address that leads to the message that it is about, once that is here. */
  readonly link: string | undefined;
  readonly lines: readonly MomentLine[];
  /** The lines that have room; the others are shown as left out. */
  readonly fitting: RowSpan;
  readonly element: Ref<HTMLDivElement>;
}

/** The picture of a moment as it will be: its parts are drawn as the browser lays them out here. */
export function MomentSheet(props: MomentSheetProps): JSX.Element {
  const { channel, link, lines, fitting, element } = props;
  const shown = lines.slice(fitting.from, fitting.until);
  const times = (messagesOf(shown) ?? []).map(({ time }) => fromSeconds(time));
  return h(
    "div",
    { class: "moment-sheet", ref: element, inert: true },
    h(
      "header",
      null,
      h("b", null, channel),
      " ",
      h("span", null, times.length > 0 && spanText(times[0]!, times.at(-1)!, zone.value)),
    ),
    lines.map(({ row }, i) => {
      const isLeftOut = i < fitting.from || i >= fitting.until;
      return h(
        "div",
        { key: row.index, class: isLeftOut ? "moment-line is-left-out" : "moment-line" },
        h(MessageRow, row),
      );
    }),
    h("footer", null, link && linkText(link)),
  );
}

/** `2026-08-01 18:02:09 to 18:02:31, UTC`, with the second day where it is another. */
function spanText(fromUs: Micros, toUs: Micros, zone: Zone): string {
  const [day, lastDay] = [formatDay(fromUs, zone), formatDay(toUs, zone)];
  const [clock, lastClock] = [formatTime(fromUs, zone), formatTime(toUs, zone)];
  const [name, lastName] = [formatZone(fromUs, zone), formatZone(toUs, zone)];
  if (day === lastDay && clock === lastClock) return `${day} ${clock}, ${name}`;
  const from = name === lastName ? `${day} ${clock}` : `${day} ${clock} ${name}`;
  const to = day === lastDay ? lastClock : `${lastDay} ${lastClock}`;
  return `${words.value.moment.span(from, to)}, ${lastName}`;
}

/** The address of the message. Where on a reader's disk the page lies is left out. */
function linkText(link: string): string {
  const { protocol, hash, href } = new URL(link);
  return protocol === "file:" ? hash : href;
}
