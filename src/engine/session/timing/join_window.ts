import { type Micros, MILLISECOND_US } from "../../../core/time.ts";

/** Twitch counts JOINs in any stretch of this length. */
const STRETCH_US = 10_000 * MILLISECOND_US;

/** JOINs may draw closer on the way by this much without an answer that tells. */
const JITTER_US = 250 * MILLISECOND_US;

/** A JOIN without an answer counts as having arrived after this long. */
const UNANSWERED_US = 10_000 * MILLISECOND_US;

/** JOINs that leave at the same time on the same connection, and so arrive together. */
export interface JoinBurst {
  /** When they left, in elapsed time. */
  readonly sentUs: Micros;
  /** How many they are. */
  size: number;
  /** When the last answer to one of them came, if one has. They had arrived by then. */
  answeredUs: Micros | undefined;
}

/**
 * Says when the next JOIN may leave, so that no more than `count` arrive in any 10 s.
 *
 * What counts is when a JOIN arrives, which is not when it leaves: on a busy machine JOINs wait in the
 * process, and a busy server reads them late. If those of one burst are late and those of the next are
 * not, the server sees both at once, and ignores what is too much without a word. An answer bounds the
 * time of arrival, so the next JOINs wait for 10 s from the answers, if those are late.
 */
export class JoinWindow {
  readonly #count: number;
  readonly #bursts = new Set<JoinBurst>();

  /** A window in which no JOIN has left yet. */
  constructor(count: number) {
    this.#count = count;
  }

  /** How many JOINs may leave at `nowUs`. */
  room(nowUs: Micros): number {
    let held = 0;
    for (const burst of this.#bursts) {
      if (freeUs(burst) <= nowUs) this.#bursts.delete(burst);
      else held += burst.size;
    }
    return Math.max(0, this.#count - held);
  }

  /**
   * How long until the next JOIN may leave at the earliest, in milliseconds; 0 if it may now. Late answers
   * put it off: ask again then.
   */
  waitMs(nowUs: Micros): number {
    if (this.room(nowUs) > 0) return 0;
    let nextUs = Infinity;
    for (const burst of this.#bursts) {
      const earliestUs = burst.sentUs + JITTER_US + STRETCH_US;
      nextUs = Math.min(nextUs, earliestUs > nowUs ? earliestUs : freeUs(burst));
    }
    return (nextUs - nowUs) / MILLISECOND_US;
  }

  /** Begins a burst at `nowUs`; its JOINs are added with {@link JoinWindow.add}. */
  begin(nowUs: Micros): JoinBurst {
    return { sentUs: nowUs, size: 0, answeredUs: undefined };
  }

  /** Notes that a JOIN leaves with `burst`. Ask {@link JoinWindow.room} first. */
  add(burst: JoinBurst): void {
    burst.size++;
    this.#bursts.add(burst);
  }

  /** Notes that a JOIN of `burst` was answered at `nowUs`. */
  answer(burst: JoinBurst, nowUs: Micros): void {
    burst.answeredUs = nowUs;
    if (freeUs(burst) > nowUs) this.#bursts.add(burst); // It may have been given up.
  }
}

/** When `burst` is no longer within a stretch of the server's. */
function freeUs({ sentUs, answeredUs }: JoinBurst): Micros {
  const arrivedUs = answeredUs ?? sentUs + UNANSWERED_US;
  return Math.max(sentUs + JITTER_US, arrivedUs) + STRETCH_US;
}
