import { Fragment, h, type JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { type Micros, MILLISECOND_US, SECOND_US } from "../../../core/time.ts";
import { go, route } from "../../state/route.ts";
import { dayOf } from "../../ui/day.ts";
import { formatTime, isoDay } from "../../ui/format.ts";
import { icon } from "../../ui/icons.ts";
import { zone } from "../../ui/settings.ts";
import { words } from "../../words/words.ts";
import { formatOffset, parseOffset, parseVideoStart } from "./video_time.ts";

const STEP_US = 10 * SECOND_US;
/** How often the chat follows the clock. */
const TICK_MS = 500;

/** Opens the controls by which chat goes beside a video. */
export function VideoButton({ isOpen, onToggle }: {
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}): JSX.Element {
  const { button, title } = words.value.video;
  return h("button", {
    type: "button",
    class: "quiet toggle",
    "aria-pressed": isOpen,
    title,
    onClick: onToggle,
  }, button);
}

/** Has the chat go beside a video: when it began, how far it is, and a clock that runs or rests. */
export function VideoBar({ shownUs }: {
  /** The moment that is shown. */
  readonly shownUs: Micros;
}): JSX.Element {
  const { videoUs } = route.value;
  const [isPlaying, setPlaying] = usePlaying(videoUs !== undefined);
  const told = words.value.video;
  const seek = (offsetUs: Micros): void => {
    if (videoUs !== undefined) go({ atUs: Math.max(0, videoUs + offsetUs) }, { replace: true });
  };
  const offsetUs = videoUs === undefined ? 0 : shownUs - videoUs;
  return h(
    "div",
    { class: "video-bar", role: "group", "aria-label": told.label },
    h(TypedField, {
      label: told.began,
      hint: told.beganHow,
      wrong: told.beganWrong,
      value: videoUs === undefined ? "" : formatStart(videoUs),
      onTyped: (text) => {
        const dayUs = dayOf(shownUs, zone.value).fromUs;
        const startUs = parseVideoStart(text, { shownUs, dayUs, zone: zone.value });
        if (startUs !== undefined) go({ videoUs: startUs, atUs: Math.max(startUs, shownUs) });
        return startUs !== undefined;
      },
    }),
    videoUs !== undefined && [
      h("button", {
        key: "play",
        type: "button",
        class: "only-icon",
        "aria-label": isPlaying ? told.pause : told.play,
        title: isPlaying ? told.pause : told.play,
        onClick: () => setPlaying(!isPlaying),
      }, icon(isPlaying ? "pause" : "play")),
      h("button", {
        key: "back",
        type: "button",
        class: "quiet",
        onClick: () => seek(offsetUs - STEP_US),
      }, told.back),
      h(TypedField, {
        key: "at",
        label: told.position,
        hint: told.positionHow,
        wrong: told.positionWrong,
        value: formatOffset(offsetUs),
        onTyped: (text) => {
          const toUs = parseOffset(text);
          if (toUs !== undefined) seek(toUs);
          return toUs !== undefined;
        },
      }),
      h("button", {
        key: "on",
        type: "button",
        class: "quiet",
        onClick: () => seek(offsetUs + STEP_US),
      }, told.forward),
    ],
  );
}

/** Whether the clock runs. While it does, the moment in the address goes on with it. */
function usePlaying(canPlay: boolean): readonly [boolean, (isPlaying: boolean) => void] {
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying || !canPlay) return;
    let from = { atUs: route.value.atUs ?? 0, ms: performance.now() };
    let setUs: Micros | undefined = from.atUs;
    const timer = setInterval(() => {
      const { atUs } = route.value;
      const ms = performance.now();
      // The reader went elsewhere: the clock goes on from there.
      if (atUs !== setUs) from = { atUs: atUs ?? 0, ms };
      setUs = Math.round(from.atUs + (ms - from.ms) * MILLISECOND_US);
      go({ atUs: setUs }, { replace: true });
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying, canPlay]);
  return [isPlaying && canPlay, setPlaying];
}

function formatStart(startUs: Micros): string {
  return `${isoDay(startUs, zone.value)} ${formatTime(startUs, zone.value)}`;
}

/** A field whose text counts when it is entered. What cannot be read stays, marked. */
function TypedField({ label, hint, wrong, value, onTyped }: {
  readonly label: string;
  readonly hint: string;
  readonly wrong: string;
  readonly value: string;
  /** Returns whether it could be read. */
  readonly onTyped: (text: string) => boolean;
}): JSX.Element {
  const [isWrong, setWrong] = useState(false);
  // While it is typed into, the clock does not write into it.
  const [draft, setDraft] = useState<string | undefined>();
  const wrongId = useId();
  const field = h(
    "label",
    { class: "jump" },
    h("span", null, label),
    h("input", {
      type: "text",
      size: Math.max(9, value.length),
      maxLength: 120,
      "aria-invalid": isWrong ? "true" : undefined,
      "aria-describedby": isWrong ? wrongId : undefined,
      placeholder: hint,
      title: hint,
      value: draft ?? value,
      onInput: (event: Event) => setDraft((event.currentTarget as HTMLInputElement).value),
      onChange: (event: Event) => {
        const isRead = onTyped((event.currentTarget as HTMLInputElement).value);
        setWrong(!isRead);
        if (isRead) setDraft(undefined);
      },
      onBlur: () => !isWrong && setDraft(undefined),
    }),
  );
  const reason = isWrong && h("p", { id: wrongId, class: "bad", role: "alert" }, wrong);
  return h(Fragment, null, field, reason);
}
