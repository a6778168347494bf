import { Fragment, h, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Message } from "../../core/batch/message.ts";
import { formatLogText } from "../../core/logs/format_log.ts";
import { LOGGED_COMMANDS } from "../../core/logs/log_fields.ts";
import { userOf } from "../../core/text/message_filter.ts";
import { escapeControls } from "../../core/json/escape_controls.ts";
import { fromSeconds } from "../../core/time.ts";
import { formatClock, formatDay } from "../ui/format.ts";
import { CopyButton } from "../ui/copy_button.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import { messageLink } from "./message_link.ts";
import { MomentButton } from "./moment/moment_button.ts";
import type { DayChat } from "./day_chat.ts";
import { PersonLinks } from "./person_links.ts";
import type { RowPlace } from "./row_layout.ts";
import { words } from "../words/words.ts";

/** All details of one message. */
export interface DetailPanelProps {
  readonly day: DayChat;
  /** Its row. */
  readonly place: RowPlace;
  readonly message: Message;
  readonly onClose: () => void;
  readonly onUser: (user: string) => void;
  /** Called to show the card of the user. */
  readonly onPerson: () => void;
}

/** Raw fields and sightings of a message, beside the list. */
export function DetailPanel(props: DetailPanelProps): JSX.Element {
  const { day, place, message, onClose, onUser, onPerson } = props;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), [message]);
  const user = userOf(message);
  return h(
    "aside",
    {
      class: "detail",
      "aria-label": words.value.detail.label,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === "Escape") onClose();
      },
    },
    h(
      "header",
      null,
      h("h2", null, message.command),
      h("button", {
        ref: close,
        type: "button",
        class: "quiet only-icon",
        "aria-label": words.value.detail.close,
        onClick: onClose,
      }, icon("close")),
    ),
    h("p", { class: "facts" }, whenSent(message)),
    h(
      "div",
      { class: "buttons" },
      h(CopyButton, {
        label: words.value.detail.copyLink,
        icon: "link",
        text: () => messageLink(message),
      }),
      LOGGED_COMMANDS.has(message.command) &&
        h(CopyButton, {
          label: words.value.detail.copyText,
          icon: "file",
          text: () => escapeControls(formatLogText(message, "rustlog")),
        }),
      h(CopyButton, {
        label: words.value.detail.copyLine,
        icon: "file",
        text: () => JSON.stringify(message),
      }),
      h(MomentButton, { day, place, linkOf: messageLink }),
      user !== "" &&
        h(
          "button",
          { type: "button", onClick: () => onUser(user) },
          icon("search"),
          words.value.detail.byUser,
        ),
      user !== "" && h("button", { type: "button", onClick: onPerson }, words.value.detail.person),
      user !== "" && h(PersonLinks, { user }),
    ),
    h(Sightings, { message }),
    h(Fields, { message }),
  );
}

function whenSent({ time, time_range: rangeS }: Message): string {
  const timeUs = fromSeconds(time);
  const day = formatDay(timeUs, zone.value);
  const from = formatClock(timeUs, zone.value);
  if (rangeS === 0) return words.value.detail.exact(day, from);
  const to = formatClock(fromSeconds(time + rangeS), zone.value);
  return words.value.detail.between(day, from, to);
}

function Sightings({ message }: { readonly message: Message }): JSX.Element {
  const { receivers, time, time_range: rangeS } = message;
  return h(
    Fragment,
    null,
    h("h3", null, words.value.detail.seenBy),
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, words.value.detail.receiver),
          h("th", { scope: "col" }, words.value.detail.received),
          h("th", { scope: "col" }, words.value.detail.laterBy),
        ),
      ),
      h(
        "tbody",
        null,
        Object.entries(receivers).map(([receiver, value]) => {
          const own = typeof value === "number"
            ? { received: value, time, time_range: rangeS }
            : value;
          return h(
            "tr",
            { key: receiver },
            h("th", { scope: "row" }, h("code", null, escapeControls(receiver))),
            h("td", null, formatClock(fromSeconds(own.received), zone.value)),
            h("td", null, lateness(own)),
          );
        }),
      ),
    ),
  );
}

function lateness(
  own: { readonly received: number; readonly time: number; readonly time_range: number },
): string {
  const most = own.received - own.time;
  if (own.time_range === 0) return words.value.detail.seconds(most);
  return words.value.detail.secondsFromTo(most - own.time_range, most);
}

function Fields({ message }: { readonly message: Message }): JSX.Element {
  const { params, sender, user, host, tags } = message;
  const fields: [string, string | null][] = [
    ...params.map((param, i): [string, string] => [`params[${i}]`, param]),
    ["sender", sender],
    ["user", user],
    ["host", host],
    ...Object.entries(tags ?? {}),
  ];
  return h(
    Fragment,
    null,
    h("h3", null, words.value.detail.fields),
    h(
      "dl",
      { class: "fields" },
      fields.map(([name, value], i) => [
        h("dt", { key: `${i}name` }, escapeControls(name)),
        h(
          "dd",
          { key: `${i}value` },
          value === null || value === ""
            ? h("span", { class: "none" }, value === null ? "null" : words.value.detail.empty)
            : h("bdi", null, escapeControls(value)),
        ),
      ]),
    ),
  );
}
