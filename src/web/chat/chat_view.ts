import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Message } from "../../core/batch/message.ts";
import { DAY_US, HOUR_US, type Micros, MILLISECOND_US, minuteOf } from "../../core/time.ts";
import { ChannelBar } from "../state/channel_bar.ts";
import { formatClock, formatCounted } from "../ui/format.ts";
import { ExportMenu } from "../saving/export_menu.ts";
import type { Library } from "../state/library.ts";
import { go, route } from "../state/route.ts";
import { openCard } from "../state/shown_card.ts";
import { zone } from "../ui/settings.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { isEmptyFilter } from "../reading/filter.ts";
import { dayOf } from "../ui/day.ts";
import { DayChat } from "./day_chat.ts";
import { DetailPanel } from "./detail_panel.ts";
import { EmoteSetting } from "./message/emote_setting.ts";
import { PicturesContext, usePictures } from "./message/pictures.ts";
import { FilterBar } from "./filter_bar.ts";
import { useFocus } from "./focus.ts";
import { LiveButton, UnseenButton, useFollowing } from "./following.ts";
import { JumpField } from "./jump_field.ts";
import type { RowPlace } from "./row_layout.ts";
import { VideoBar, VideoButton } from "./video/video_bar.ts";
import { VirtualList } from "./virtual_list.ts";
import { words } from "../words/words.ts";

/** What a chat view shows. */
export interface ChatViewProps {
  readonly library: Library;
  readonly channels: readonly string[];
  readonly channel: ChannelSpan;
}

/** The chat of one day of a channel. */
export function ChatView({ library, channels, channel }: ChatViewProps): JSX.Element {
  const { filter, atUs, linked, videoUs } = route.value;
  const [isVideoOpen, openVideo] = useState(false);
  const hasVideo = isVideoOpen || videoUs !== undefined;
  const focusUs = atUs ?? startOf(channel, library.isNode);
  const shownDay = dayOf(focusUs, zone.value);
  // Scrolling changes the moment in the address, and must not change what a thread covers.
  const threadSpan = useMemo(() => threadAround(focusUs, shownDay), [
    channel.channel,
    filter.thread,
    zone.value,
  ]);
  const { fromUs, untilUs } = filter.thread ? threadSpan : shownDay;
  // A jump to a moment that is not read yet starts reading from there.
  const [beginnings, beginAnew] = useState(0);
  const day = useMemo(
    () =>
      new DayChat(
        {
          channel: channel.channel,
          day: { fromUs, untilUs },
          focusUs,
          filter,
          isFrugal: library.isNode,
        },
        library.call,
      ),
    [channel.channel, fromUs, untilUs, JSON.stringify(filter), library.version.value, beginnings],
  );
  useEffect(() => () => day.close(), [day]);
  const [selected, select] = useState<{ place: RowPlace; message: Message } | undefined>();
  useEffect(() => select(undefined), [day]);
  const list = useRef<VirtualList | undefined>(undefined);
  const isOver = Date.now() * MILLISECOND_US - channel.untilUs > DAY_US;
  const following = useFollowing({ day, list, library, atUs, isOver });
  const marked = useFocus({
    day,
    list,
    library,
    atUs,
    linked,
    isVideo: videoUs !== undefined,
    beginAnew: () => beginAnew(beginnings + 1),
  });
  const version = day.version.value;
  const closeDetail = (): void => {
    select(undefined);
    if (selected !== undefined) list.current?.showRow(selected.place, { focus: true });
  };
  const showPerson = (place: RowPlace, message: Message): void => {
    select(undefined);
    const giveFocusBack = (): void => list.current?.showRow(place, { focus: true });
    openCard(message, { channel: channel.channel, giveFocusBack });
  };
  const pictures = usePictures(library, channel.channel);
  const view = h(
    "div",
    { class: "chat" },
    h("h1", { class: "visually-hidden" }, words.value.chat.heading(channel.channel)),
    h(
      ChannelBar,
      { channels, channel, atUs: focusUs },
      h(JumpField, { dayUs: shownDay.fromUs, focusUs }),
      h(EmoteSetting, { isNode: library.isNode }),
      h(ExportMenu, {
        library,
        shown: { channel: channel.channel, fromUs, untilUs, filter },
      }),
      h(VideoButton, {
        isOpen: hasVideo,
        onToggle: () => {
          openVideo(!hasVideo);
          if (videoUs !== undefined) go({ videoUs: undefined, atUs });
        },
      }),
      library.isNode && !isOver && h(LiveButton, { following }),
    ),
    hasVideo && h(VideoBar, { shownUs: focusUs }),
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
          linked: marked,
          onSelect: (place, message) => select({ place, message }),
          onName: showPerson,
          onRest: (atUs) => {
            // The address stays that of the linked message, or where the video is.
            if (linked !== undefined || videoUs !== undefined) return;
            library.scrolledTo(atUs);
            go({ atUs }, { replace: true });
          },
          onReady: (ready) => void (list.current = ready),
        }),
        h(UnseenButton, { following, list }),
        h(Emptiness, { day }),
      ),
      selected !== undefined && h(DetailPanel, {
        day,
        place: selected.place,
        message: selected.message,
        onClose: closeDetail,
        onUser: (user) => go({ filter: { ...filter, user } }),
        onPerson: () => showPerson(selected.place, selected.message),
      }),
    ),
    h(StatusLine, { day }),
  );
  return h(PicturesContext.Provider, { value: pictures }, view);
}

/** How long before and after a message the rest of its thread is looked for, where its day is shorter. */
const THREAD_REACH_US = 12 * HOUR_US;

/** A thread goes on over midnight. */
function threadAround(atUs: Micros, day: Span): Span {
  return {
    fromUs: Math.max(0, Math.min(day.fromUs, minuteOf(atUs) - THREAD_REACH_US)),
    untilUs: Math.max(day.untilUs, minuteOf(atUs) + THREAD_REACH_US),
  };
}

/** Where to begin when the address does not say: at the start, or with a node at the latest messages. */
function startOf({ fromUs, untilUs }: ChannelSpan, isNode: boolean): Micros {
  return isNode ? untilUs - HOUR_US : fromUs;
}

function Emptiness({ day }: { readonly day: DayChat }): JSX.Element | null {
  const status = day.status.value;
  if (day.layout.count > 0 || status.kind === "reading") return null;
  if (status.kind === "failed") {
    return h("p", { class: "empty bad", role: "alert" }, status.reason);
  }
  const isFiltered = !isEmptyFilter(day.request.filter);
  if (!isFiltered) return h("p", { class: "empty" }, words.value.chat.nothing);
  return h(
    "div",
    { class: "empty" },
    h("p", null, words.value.chat.noneMeets),
    h("button", {
      type: "button",
      class: "primary",
      onClick: () => go({ view: "search", atUs: undefined, untilUs: undefined }),
    }, words.value.chat.searchAll),
  );
}

function StatusLine({ day }: { readonly day: DayChat }): JSX.Element {
  const { filter } = day.request;
  const status = day.status.value;
  const count = day.version.value >= 0 ? day.layout.count : 0;
  const found = isEmptyFilter(filter)
    ? formatCounted(count, "message")
    : words.value.chat.shownOf(count, day.seen.value);
  const how = status.kind === "reading"
    ? words.value.chat.readingAt(formatClock(status.minuteUs, zone.value).slice(0, 5))
    : status.kind === "resting"
    ? words.value.chat.more
    : "";
  return h(
    "p",
    { class: "status-line", role: "status" },
    h("span", null, found),
    how !== "" && h(Fragment, null, " · ", how),
    status.kind === "failed" && h("span", { class: "bad" }, ` · ${status.reason}`),
  );
}
