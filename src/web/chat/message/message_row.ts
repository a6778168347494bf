import { Fragment, h, type JSX } from "preact";
import type { Message } from "../../../core/batch/message.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import { fromSeconds } from "../../../core/time.ts";
import { formatClock, formatDay, formatTime } from "../../ui/format.ts";
import { icon } from "../../ui/icons.ts";
import { zone } from "../../ui/settings.ts";
import { RECEIVERS_TOLD_APART } from "../../reading/minute_summary.ts";
import { NO_FILTER, threadOf } from "../../reading/filter.ts";
import type { Route } from "../../state/route.ts";
import { linkTo } from "../../state/route_link.ts";
import { badgesOf } from "./badges.ts";
import type { Mark } from "./marks.ts";
import { Emote } from "./emote.ts";
import { plainText, spokenText } from "./message_text.ts";
import { type NameColor, nameColor } from "./name_color.ts";
import { noticeText } from "./notice_text.ts";
import { useWordEmotes } from "./pictures.ts";
import { type DrawnPiece, withWordEmotes } from "./word_emotes.ts";
import { words } from "../../words/words.ts";

/** One row of the list. */
export interface MessageRowProps {
  /** Its place among all, counted from 0. */
  readonly index: number;
  readonly total: number;
  /** `undefined` while it is being fetched. */
  readonly message: Message | undefined;
  readonly mark: Mark | undefined;
  /** Reached by the Tab key. */
  readonly isTabStop: boolean;
  readonly isSelected: boolean;
  /** The address points at it. */
  readonly isLinked: boolean;
  /** How many receivers saw the best seen message of its minute, up to 4. */
  readonly receiverCount: number;
  /** The row before it is of another day: it tells its own. */
  readonly startsDay: boolean;
}

/** A message as it stood in chat, or an event as a quiet line. Text of chat stays text, never HTML. */
export function MessageRow(props: MessageRowProps): JSX.Element {
  const { index, total, message, mark, isTabStop, isSelected, isLinked } = props;
  const kind = message === undefined ? "waiting" : message.command.toLowerCase();
  return h(
    "article",
    {
      class: `row is-${/^[a-z]+$/.test(kind) ? kind : "other"}${mark ? " is-marked" : ""}${
        isSelected ? " is-selected" : ""
      }${isLinked ? " is-linked" : ""}`,
      "aria-current": isLinked ? "true" : undefined,
      "data-index": index,
      "aria-posinset": index + 1,
      "aria-setsize": total,
      "aria-busy": message === undefined ? "true" : undefined,
      "aria-label": message === undefined ? words.value.chat.loading : undefined,
      tabIndex: isTabStop ? 0 : -1,
    },
    message === undefined ? "\u00a0" : [
      props.startsDay && h("p", { key: "day", class: "row-day" }, dayText(message)),
      h(MessageBody, { key: "body", message, mark, receiverCount: props.receiverCount }),
    ],
  );
}

/** What a message is shown with. */
export interface BodyProps {
  readonly message: Message;
  readonly mark: Mark | undefined;
  /** See {@link MessageRowProps}; 0 where it is not known. */
  readonly receiverCount: number;
}

/** Time and text of a message. */
export function MessageBody({ message, mark, receiverCount }: BodyProps): JSX.Element {
  const { command } = message;
  const timeUs = fromSeconds(message.time);
  const isSpoken = command === "PRIVMSG";
  const notice = isSpoken ? undefined : noticeText(message);
  const speaks = isSpoken || (command === "USERNOTICE" && message.params.length > 1);
  return h(
    Fragment,
    null,
    h("time", { dateTime: isoTime(timeUs) }, formatTime(timeUs, zone.value)),
    h(
      "div",
      { class: "said" },
      isSpoken && h(Reply, { message }),
      notice !== undefined && h("p", { class: "notice-text" }, notice),
      speaks && h(Speech, { message }),
      h(Notes, { message, mark, receiverCount }),
    ),
  );
}

/** What a message replies to, which leads to the thread. */
function Reply({ message }: { readonly message: Message }): JSX.Element | null {
  const { tags } = message;
  const body = tags?.["reply-parent-msg-body"];
  if (body === undefined) return null;
  const name = tags?.["reply-parent-display-name"] || tags?.["reply-parent-user-login"] ||
    words.value.message.someone;
  return h(
    "p",
    { class: "reply" },
    icon("reply"),
    h("a", {
      class: "reply-text",
      title: words.value.message.showThread,
      ...linkTo(threadRoute(message)),
    }, [
      words.value.message.to,
      h("bdi", null, escapeControls(name)),
      ": ",
      h("bdi", null, plainText(body)),
    ]),
  );
}

function threadRoute(message: Message): Partial<Route> {
  return {
    view: "chat",
    atUs: fromSeconds(message.time),
    untilUs: undefined,
    filter: { ...NO_FILTER, thread: threadOf(message) ?? "" },
  };
}

function Speech({ message }: { readonly message: Message }): JSX.Element {
  const { sender, tags } = message;
  const login = (message.command === "USERNOTICE" ? tags?.["login"] : sender) ?? sender ?? "";
  const name = tags?.["display-name"] || login;
  const color = nameColor(tags?.["color"], login);
  const { isAction, pieces } = spokenText(message);
  const words = useWordEmotes(fromSeconds(message.time));
  const isOtherName = name.toLowerCase() !== login.toLowerCase() && login !== "";
  return h(
    "p",
    { class: isAction ? "speech is-action" : "speech" },
    badgesOf(tags?.["badges"] ?? "").map(({ label, title }) =>
      h("span", { key: title, class: "badge", title }, label)
    ),
    h("bdi", { class: "name", style: colorStyle(color) }, escapeControls(name)),
    isOtherName && h("bdi", { class: "login" }, ` (${escapeControls(login)})`),
    isAction ? " " : ": ",
    h(
      "bdi",
      { class: "text", style: isAction ? colorStyle(color) : undefined },
      withWordEmotes(pieces, words).map((piece, i) => h(Piece, { key: i, piece })),
    ),
  );
}

function colorStyle({ onLight, onDark }: NameColor): Record<string, string> {
  return { "--on-light": onLight, "--on-dark": onDark };
}

function Piece({ piece }: { readonly piece: DrawnPiece }): JSX.Element {
  switch (piece.kind) {
    case "text":
      return h(Fragment, null, piece.text);
    case "link": {
      // The site learns nothing of this page.
      const rel = "noopener noreferrer nofollow ugc";
      return h("a", { class: "link", href: piece.text, target: "_blank", rel }, piece.text);
    }
    case "stack":
      return h(
        "span",
        { class: "emote-stack" },
        piece.layers.map((layer, i) => h(Emote, { key: i, piece: layer })),
      );
    default:
      return h(Emote, { piece });
  }
}

/** Further notes on it, in small print. */
function Notes({ message, mark, receiverCount }: BodyProps): JSX.Element | null {
  const { tags, time_range: rangeS, time, receivers } = message;
  const notes: JSX.Element[] = [];
  const note = (kind: string, text: string, title?: string): void => {
    notes.push(h("span", { key: kind, class: `note is-${kind}`, title }, text));
  };
  if (mark !== undefined) {
    note(
      "mark",
      mark.label,
      words.value.message.markAt(formatTime(mark.atUs, zone.value)),
    );
  }
  if (tags?.["bits"]) note("bits", words.value.message.bits(escapeControls(tags["bits"])));
  if (tags?.["first-msg"] === "1") note("first", words.value.message.first);
  if (tags?.["msg-id"] === "highlighted-message") {
    note("highlight", words.value.message.highlighted);
  }
  if (rangeS > 0) {
    const [from, to] = [time, time + rangeS].map((s) => formatClock(fromSeconds(s), zone.value));
    note(
      "range",
      words.value.message.within(rangeS / 2),
      words.value.message.sentBetween(from!, to!),
    );
  }
  const heard = Object.keys(receivers).length;
  if (heard < receiverCount) {
    const isMore = receiverCount === RECEIVERS_TOLD_APART;
    const title = words.value.message.seenBy(heard, receiverCount, isMore);
    note("heard", words.value.message.heardOf(heard, receiverCount), title);
  }
  return notes.length === 0 ? null : h("span", { class: "notes" }, notes);
}

function dayText({ time }: Message): string {
  return formatDay(fromSeconds(time), zone.value);
}

function isoTime(timeUs: number): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString();
}
