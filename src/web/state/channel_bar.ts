import { h, type JSX } from "preact";
import type { Micros } from "../../core/time.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { dayOf, daysOf } from "../ui/day.ts";
import { formatDay, formatZone } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import { ChannelPicker } from "./channel_picker.ts";
import { go } from "./route.ts";
import { words } from "../words/words.ts";

/** The channel that is shown. */
export interface ChannelBarProps {
  readonly channels: readonly string[];
  readonly channel: ChannelSpan;
  /** A moment of the day that is shown. */
  readonly atUs: Micros;
  readonly children?: unknown;
}

/** Picks channel and day. Days are those of the zone in which times are shown. */
export function ChannelBar({ channels, channel, atUs, children }: ChannelBarProps): JSX.Element {
  const dayUs = dayOf(atUs, zone.value).fromUs;
  const days = daysOf(channel.hours, zone.value);
  const before = days.filter((each) => each < dayUs).at(-1);
  const after = days.find((each) => each > dayUs);
  return h(
    "div",
    { class: "channel-bar" },
    h(ChannelPicker, { channels, channel: channel.channel }),
    h(
      "div",
      { class: "days" },
      h(DayButton, { label: words.value.app.earlierDay, name: "left", dayUs: before }),
      h(
        "span",
        { class: "day", title: words.value.app.dayIn(formatZone(atUs, zone.value)) },
        formatDay(atUs, zone.value),
      ),
      h(DayButton, { label: words.value.app.laterDay, name: "right", dayUs: after }),
    ),
    children as JSX.Element,
  );
}

interface DayButtonProps {
  readonly label: string;
  readonly name: "left" | "right";
  readonly dayUs: Micros | undefined;
}

function DayButton({ label, name, dayUs }: DayButtonProps): JSX.Element {
  return h("button", {
    type: "button",
    class: "quiet only-icon",
    "aria-label": label,
    title: label,
    disabled: dayUs === undefined,
    onClick: () => go({ atUs: dayUs, untilUs: undefined }),
  }, icon(name));
}
