import { h, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Micros } from "../../core/time.ts";
import type { Library } from "../state/library.ts";
import { go } from "../state/route.ts";
import { icon } from "../ui/icons.ts";
import type { FoundMinute } from "../reading/chat_reader.ts";
import type { DayChat } from "./day_chat.ts";
import type { ListRef } from "./focus.ts";
import { words } from "../words/words.ts";

/** How often the last minutes are read where the feed tells nothing: files may come from peers. */
const READ_EVERY_MS = 2_000;
/** How often they are read beside a feed that works, which has all but what comes late from peers. */
const READ_BESIDE_FEED_MS = 15_000;

/** Whether new messages of a node are shown as they come, and how many are out of sight. */
export interface Following {
  readonly isOn: boolean;
  readonly set: (isOn: boolean) => void;
  /** Messages that came since the reader left the end of the list. */
  readonly unseen: number;
}

/** Shows new messages of a node as they come, while the reader wants it. */
export function useFollowing({ day, list, library, atUs, isOver }: {
  readonly day: DayChat;
  readonly list: ListRef;
  readonly library: Library;
  readonly atUs: Micros | undefined;
  /** Nothing is recorded any more. */
  readonly isOver: boolean;
}): Following {
  const canFollow = library.isNode && !isOver;
  const [isOn, set] = useState(atUs === undefined);
  const [unseen, setUnseen] = useState(0);
  const seenCount = useRef(0);
  useEffect(() => {
    if (library.isJump(atUs)) set(false); // A reader who goes elsewhere stays there.
  }, [atUs]);
  useEffect(() => {
    if (!isOn || !canFollow) return;
    const controller = new AbortController();
    void followFeed(day, library, controller.signal);
    seenCount.current = day.layout.count;
    const stop = day.version.subscribe(() => {
      // The state from before the list has the new messages.
      if (list.current?.isAtEnd === false) {
        setUnseen(Math.max(0, day.layout.count - seenCount.current));
        return;
      }
      seenCount.current = day.layout.count;
      setUnseen(0);
      requestAnimationFrame(() => list.current?.showEnd());
    });
    return () => {
      controller.abort();
      stop();
      setUnseen(0);
    };
  }, [day, isOn, canFollow]);
  return { isOn: isOn && canFollow, set, unseen };
}

/** Follows the node's feed and, less often, reads the last minutes, until `signal` aborts. */
async function followFeed(day: DayChat, library: Library, signal: AbortSignal): Promise<void> {
  const { channel, filter } = day.request;
  const feed = { isOpen: false, tells: false };
  const open = async (): Promise<void> => {
    Object.assign(feed, { isOpen: true, tells: false });
    const onProgress = (found: readonly FoundMinute[]): void => {
      feed.tells = true;
      day.grow(found);
    };
    await library.call("follow", { channel, filter }, { signal, onProgress })
      .catch(() => {}); // A node without a feed, or a broken connection: it is opened again.
    Object.assign(feed, { isOpen: false, tells: false });
  };
  while (!signal.aborted) {
    if (!document.hidden) {
      if (!feed.isOpen) void open();
      // The feed is open before the minutes are read: none falls between.
      await day.refresh(Date.now() * 1000);
    }
    await sleep(feed.tells ? READ_BESIDE_FEED_MS : READ_EVERY_MS, signal);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
  });
}

/** Turns following on and off. */
export function LiveButton({ following }: { readonly following: Following }): JSX.Element {
  const { isOn, set } = following;
  return h(
    "button",
    {
      type: "button",
      class: "quiet toggle",
      "aria-pressed": isOn,
      onClick: () => {
        if (!isOn) go({ atUs: undefined });
        set(!isOn);
      },
    },
    icon("live"),
    words.value.chat.live,
  );
}

/** Tells how many messages came below, and leads to them. */
export function UnseenButton({ following, list }: {
  readonly following: Following;
  readonly list: ListRef;
}): JSX.Element | null {
  const { isOn, unseen } = following;
  if (!isOn || unseen === 0) return null;
  return h("button", {
    type: "button",
    class: "primary unseen",
    onClick: () => list.current?.showEnd(),
  }, words.value.chat.unseen(unseen));
}
