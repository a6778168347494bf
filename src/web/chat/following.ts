import { h, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Micros } from "../../core/time.ts";
import type { Library } from "../state/library.ts";
import { go } from "../state/route.ts";
import { icon } from "../ui/icons.ts";
import type { DayChat } from "./day_chat.ts";
import type { ListRef } from "./focus.ts";

const FOLLOW_EVERY_MS = 2_000;

/** Whether new messages of a node are shown as they come; toggled by the reader. */
export function useFollowing({ day, list, library, atUs }: {
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

/** Turns following on and off. */
export function LiveButton(
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
