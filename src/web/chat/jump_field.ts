import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import type { Micros } from "../../core/time.ts";
import { go } from "../state/route.ts";
import { momentOfDay } from "../ui/day.ts";
import { formatTime, formatZone } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

/**
 * Jumps to a time of the day. A field of text: the browser's own for times writes them as the system does,
 * with AM and PM beside rows that have neither.
 */
export function JumpField({ dayUs, focusUs }: {
  readonly dayUs: Micros;
  readonly focusUs: Micros;
}): JSX.Element {
  const [isWrong, setWrong] = useState(false);
  const label = words.value.chat.jump(formatZone(focusUs, zone.value));
  const jump = (event: Event): void => {
    const { value } = event.currentTarget as HTMLInputElement;
    const to = momentOfDay(dayUs, value, zone.value);
    setWrong(to === undefined);
    if (to !== undefined) go({ atUs: to });
  };
  return h(
    "label",
    { class: "jump" },
    icon("clock"),
    h("input", {
      type: "text",
      inputMode: "numeric",
      size: 8,
      maxLength: 8,
      "aria-label": label,
      "aria-invalid": isWrong ? "true" : undefined,
      title: isWrong ? words.value.chat.noTime : label,
      value: formatTime(focusUs, zone.value),
      onChange: jump,
    }),
  );
}
