import { useEffect, useRef, useState } from "preact/hooks";
import { type Micros, MILLISECOND_US, minuteOf } from "../../core/time.ts";
import type { Library } from "../state/library.ts";
import type { DayChat } from "./day_chat.ts";
import type { RowPlace } from "./row_layout.ts";
import type { VirtualList } from "./virtual_list.ts";

/** The list of a chat view, once it is there. */
export interface ListRef {
  current: VirtualList | undefined;
}

/** What {@link useFocus} follows. */
export interface FocusOptions {
  readonly day: DayChat;
  readonly list: ListRef;
  readonly library: Library;
  readonly atUs: Micros | undefined;
  /** See `Route.linked`. */
  readonly linked: string | undefined;
  /** Whether the moment is where a video is: the last message before it is marked and in the middle. */
  readonly isVideo: boolean;
  /** Called when the moment is not read: reading must start from there. */
  readonly beginAnew: () => void;
}

/**
 * Brings the moment in the address into view once it is read. Scrolling changes it too: not then.
 * Returns the row of the linked message, or of the one that a video is at, once it is found.
 */
export function useFocus(options: FocusOptions): RowPlace | undefined {
  const { day, list, library, atUs, linked, isVideo, beginAnew } = options;
  const shown = useRef<{ day: DayChat; isVideo: boolean } | undefined>(undefined);
  const [found, setFound] = useState<
    { day: DayChat; linked: string | undefined; place: RowPlace }
  >();
  const version = day.version.value;
  useEffect(() => {
    const isShown = shown.current?.day === day && shown.current.isVideo === isVideo &&
      !library.isJump(atUs);
    if (isShown) return;
    if (shown.current?.day === day && atUs !== undefined && !day.covers(atUs)) return beginAnew();
    if (day.layout.count === 0) return;
    shown.current = { day, isVideo };
    library.jumped();
    if (atUs === undefined || atUs === day.request.day.fromUs) return;
    // Where a video is, what was said last counts; addresses know milliseconds.
    void locate({
      day,
      library,
      atUs: isVideo ? atUs + MILLISECOND_US : atUs,
      linked,
      isBefore: isVideo,
    })
      .then((place) => {
        if (place === undefined) return;
        const isMarked = linked !== undefined || isVideo;
        list.current?.showRow(place, { isCentred: isMarked });
        if (isMarked) setFound({ day, linked, place });
      });
  }, [day, version, atUs, linked, isVideo]);
  const isMarked = linked !== undefined || isVideo;
  return isMarked && found?.day === day && found.linked === linked ? found.place : undefined;
}

/** The row of a moment, or the next one, or the one before; `undefined` in an empty list. */
async function locate({ day, library, atUs, linked, isBefore }: {
  readonly day: DayChat;
  readonly library: Library;
  readonly atUs: Micros;
  readonly linked: string | undefined;
  readonly isBefore: boolean;
}): Promise<RowPlace | undefined> {
  const minuteUs = minuteOf(atUs);
  const { channel } = day.request;
  const inMinute = await library.call("locate", { channel, atUs, id: linked });
  const block = day.layout.block(minuteUs);
  const row = block?.rows === undefined
    ? inMinute
    : [...block.rows].findIndex((each) => each >= inMinute);
  // Nothing that late in the minute: on to what comes next.
  const isInside = block !== undefined && row >= 0 && row < block.count;
  const index = day.layout.indexOf({ minuteUs, row: isInside ? row : block?.count ?? 0 });
  const wanted = isBefore ? Math.max(0, index - 1) : index;
  return day.layout.at(Math.min(wanted, day.layout.count - 1));
}
