import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Message } from "../../core/batch/message.ts";
import { HOUR_US, type Micros, minuteOf } from "../../core/time.ts";
import { ChannelBar } from "../state/channel_bar.ts";
import { formatClock, formatCount, formatCounted } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import type { Library } from "../state/library.ts";
import { formatMoment, go, parseMoment, route } from "../state/route.ts";
import { images, zone } from "../ui/settings.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { isEmptyFilter } from "../reading/filter.ts";
import { DAY_US, DayChat } from "./day_chat.ts";
import { DetailPanel } from "./detail_panel.ts";
import { FilterBar } from "./filter_bar.ts";
import type { RowPlace } from "./row_layout.ts";
import { VirtualList } from "./virtual_list.ts";

/** What a chat view shows. */
export interface ChatViewProps {
  readonly library: Library;
  readonly channels: readonly ChannelSpan[];
  readonly channel: ChannelSpan;
}

/** The chat of one day of a channel. */
export function ChatView({ library, channels, channel }: ChatViewProps): JSX.Element {
  const { filter, atUs } = route.value;
  const focusUs = atUs ?? startOf(channel, library.isNode);
  const dayUs = focusUs - focusUs % DAY_US;
  // A jump to a moment that is not read yet starts reading from there.
  const [beginnings, beginAnew] = useState(0);
  const day = useMemo(
    () =>
      new DayChat(
        { channel: channel.channel, dayUs, focusUs, filter, isFrugal: library.isNode },
        library.call,
      ),
    [channel.channel, dayUs, JSON.stringify(filter), library.version.value, beginnings],
  );
  useEffect(() => () => day.close(), [day]);
  const [selected, select] = useState<{ place: RowPlace; message: Message } | undefined>();
  useEffect(() => select(undefined), [day]);
  const list = useRef<VirtualList | undefined>(undefined);
  const isFollowing = useFollowing({ day, list, library, atUs });
  useFocus({ day, list, library, atUs, beginAnew: () => beginAnew(beginnings + 1) });
  const version = day.version.value;
  const closeDetail = (): void => {
    select(undefined);
    if (selected !== undefined) list.current?.showRow(selected.place, { focus: true });
  };
  return h(
    "div",
    { class: "chat" },
    h("h1", { class: "visually-hidden" }, `Chat of ${channel.channel}`),
    h(
      ChannelBar,
      { channels, channel, dayUs },
      h(JumpField, { dayUs, focusUs }),
      h(ImagesButton, null),
      library.isNode && h(LiveButton, { isFollowing }),
    ),
    h(FilterBar, null),
    h(
      "div",
      { class: "chat-body" },
      h(
        "div",
        { class: "chat-main" },
        h(VirtualList, {
          key: `${day.number}`,
          day,
          version,
          selected: selected?.place,
          onSelect: (place, message) => select({ place, message }),
          onRest: (atUs) => {
            library.scrolledTo(atUs);
            go({ atUs }, { replace: true });
          },
          onReady: (ready) => void (list.current = ready),
        }),
        h(Emptiness, { day }),
      ),
      selected !== undefined && h(DetailPanel, {
        message: selected.message,
        onClose: closeDetail,
        onUser: (user) => go({ filter: { ...filter, user } }),
      }),
    ),
    h(StatusLine, { day }),
  );
}

/** Where to begin when the address does not say: at the start, or with a node at the latest messages. */
function startOf({ fromUs, untilUs }: ChannelSpan, isNode: boolean): Micros {
  return isNode ? untilUs - HOUR_US : fromUs;
}

interface ListRef {
  current: VirtualList | undefined;
}

/** Brings the moment in the address into view once it is read. Scrolling changes it too: not then. */
function useFocus({ day, list, library, atUs, beginAnew }: {
  readonly day: DayChat;
  readonly list: ListRef;
  readonly library: Library;
  readonly atUs: Micros | undefined;
  readonly beginAnew: () => void;
}): void {
  const shown = useRef<{ day: DayChat; atUs: Micros | undefined } | undefined>(undefined);
  const version = day.version.value;
  useEffect(() => {
    const isShown = shown.current?.day === day && !library.isJump(atUs);
    if (isShown) return;
    if (shown.current?.day === day && atUs !== undefined && !day.covers(atUs)) return beginAnew();
    if (day.layout.count === 0) return;
    shown.current = { day, atUs };
    library.jumped();
    if (atUs === undefined || atUs % DAY_US === 0) return;
    void locate({ day, list, library, atUs });
  }, [day, version, atUs]);
}

async function locate({ day, list, library, atUs }: {
  readonly day: DayChat;
  readonly list: ListRef;
  readonly library: Library;
  readonly atUs: Micros;
}): Promise<void> {
  const minuteUs = minuteOf(atUs);
  const { channel } = day.request;
  const inMinute = await library.call("locate", { channel, atUs });
  const block = day.layout.block(minuteUs);
  const row = block?.rows === undefined
    ? inMinute
    : [...block.rows].findIndex((each) => each >= inMinute);
  // Nothing that late in the minute: on to what comes next.
  const isInside = block !== undefined && row >= 0 && row < block.count;
  const index = day.layout.indexOf({ minuteUs, row: isInside ? row : block?.count ?? 0 });
  const place = day.layout.at(Math.min(index, day.layout.count - 1));
  if (place !== undefined) list.current?.showRow(place);
}

const FOLLOW_EVERY_MS = 2_000;

/** Whether new messages of a node are shown as they come; toggled by the reader. */
function useFollowing({ day, list, library, atUs }: {
  readonly day: DayChat;
  readonly list: ListRef;
  readonly library: Library;
  readonly atUs: Micros | undefined;
}): { readonly value: boolean; readonly set: (value: boolean) => void } {
  const { isNode } = library;
  const [value, set] = useState(isNode && atUs === undefined);
  useEffect(() => {
    if (library.isJump(atUs)) set(false); // A reader who goes elsewhere stays there.
  }, [atUs]);
  useEffect(() => {
    if (!value || !isNode) return;
    let isBusy = false;
    const look = async (): Promise<void> => {
      if (isBusy || document.hidden) return;
      isBusy = true;
      await day.refresh(Date.now() * 1000);
      isBusy = false;
    };
    const timer = setInterval(look, FOLLOW_EVERY_MS);
    const stop = day.version.subscribe(() => {
      // The state from before the list has the new messages.
      if (list.current?.isAtEnd) requestAnimationFrame(() => list.current?.showEnd());
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [day, value, isNode]);
  return { value, set };
}

function LiveButton(
  { isFollowing }: {
    readonly isFollowing: { readonly value: boolean; readonly set: (value: boolean) => void };
  },
): JSX.Element {
  return h(
    "button",
    {
      type: "button",
      class: "quiet toggle",
      "aria-pressed": isFollowing.value,
      onClick: () => {
        if (!isFollowing.value) go({ atUs: undefined });
        isFollowing.set(!isFollowing.value);
      },
    },
    icon("live"),
    "Live",
  );
}

function ImagesButton(): JSX.Element {
  const isOn = images.value === "on";
  return h("button", {
    type: "button",
    class: "quiet only-icon toggle",
    "aria-pressed": isOn,
    "aria-label": "Load emote pictures from Twitch",
    title: isOn
      ? "Emote pictures come from Twitch"
      : "Load emote pictures from Twitch, which then sees your address",
    onClick: () => void (images.value = isOn ? "off" : "on"),
  }, icon("image"));
}

/** Jumps to a time of the day. */
function JumpField({ dayUs, focusUs }: {
  readonly dayUs: Micros;
  readonly focusUs: Micros;
}): JSX.Element {
  const clock = formatClock(focusUs, "utc").slice(0, 8);
  return h(
    "label",
    { class: "jump" },
    icon("clock"),
    h("input", {
      type: "time",
      step: 1,
      "aria-label": "Jump to a time in UTC",
      title: "Jump to a time in UTC",
      value: clock,
      onChange: (event: Event) => {
        const { value } = event.currentTarget as HTMLInputElement;
        const to = parseMoment(`${formatMoment(dayUs).slice(0, 10)}T${value}`);
        if (to !== undefined) go({ atUs: to });
      },
    }),
  );
}

function Emptiness({ day }: { readonly day: DayChat }): JSX.Element | null {
  const status = day.status.value;
  if (day.layout.count > 0 || status.kind === "reading") return null;
  if (status.kind === "failed") {
    return h("p", { class: "empty bad", role: "alert" }, status.reason);
  }
  const isFiltered = !isEmptyFilter(day.request.filter);
  return h(
    "p",
    { class: "empty" },
    isFiltered ? "No message of this day meets the filter." : "Nothing was recorded on this day.",
  );
}

function StatusLine({ day }: { readonly day: DayChat }): JSX.Element {
  const { filter } = day.request;
  const status = day.status.value;
  const count = day.version.value >= 0 ? day.layout.count : 0;
  const found = isEmptyFilter(filter)
    ? formatCounted(count, "message")
    : `${formatCount(count)} of ${formatCounted(day.seen.value, "message")}`;
  const how = status.kind === "reading"
    ? `reading ${formatClock(status.minuteUs, zone.value).slice(0, 5)}…`
    : status.kind === "resting"
    ? "more is read as you scroll"
    : "";
  return h(
    "p",
    { class: "status-line", role: "status" },
    h("span", null, found),
    how !== "" && h(Fragment, null, " · ", how),
    status.kind === "failed" && h("span", { class: "bad" }, ` · ${status.reason}`),
  );
}
