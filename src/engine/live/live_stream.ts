import { meetsFilter, type MessageFilter, passesAll } from "../../core/text/message_filter.ts";
import type { RedactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import { type Micros, MILLISECOND_US, toSeconds } from "../../core/time.ts";
import type { Cursor } from "./cursor.ts";
import type { LiveEvent } from "./event_ring.ts";
import type { LiveFeed } from "./live_feed.ts";
import { replayFrom, type ReplaySource } from "./replay.ts";

/** What a client of a feed is told. */
export type StreamItem =
  /** A message. */
  | { readonly kind: "message"; readonly event: LiveEvent }
  /**
   * The client was too slow, or the node lost track: what came since follows from the archive, where it
   * has messages of about this range.
   */
  | { readonly kind: "missed"; readonly fromUs: Micros; readonly untilUs: Micros }
  /** Nothing new. The cursor is behind all that came. */
  | { readonly kind: "alive"; readonly cursor: Cursor | undefined };

/** What {@link followChat} follows. */
export interface FollowOptions {
  readonly feed: LiveFeed;
  /** Where earlier messages are. */
  readonly source: ReplaySource;
  /** What is redacted in a channel; `undefined` if nothing is. */
  readonly redactionsOf: (channel: string) => Promise<RedactionMatcher | undefined>;
  /** Without `#`. @default all */
  readonly channels?: readonly string[] | undefined;
  /** Which messages are wanted. */
  readonly filter: MessageFilter;
  /** Where the client left. @default now */
  readonly after?: Cursor | undefined;
  /** How long nothing is said at most. @default 15 s */
  readonly aliveMs?: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const ALIVE_MS = 15_000;

/**
 * Yields messages as they come, behind `after` if that is given, until `signal` aborts or the feed is
 * closed; then it rejects with the reason.
 *
 * A client that hands back the cursor of any event gets every message of its channels that this node
 * receives behind it, whatever happens in between: it may get some of them again, and misses none. That
 * holds for messages that come at most {@link LATE_MAX_US} after they were sent.
 *
 * @throws {ChatloomError} when the archive cannot be read.
 */
export async function* followChat(
  options: FollowOptions,
): AsyncGenerator<readonly StreamItem[], void, undefined> {
  const { feed, source, filter, aliveMs = ALIVE_MS, signal } = options;
  const channels = options.channels && [...new Set(options.channels)];
  const names = channels && new Set(channels);
  const unfollow = feed.follow(channels);
  const pace = new AlivePace(options);
  try {
    let behind = feed.cursorAt(feed.seq);
    let { after } = options;
    if (after !== undefined && feed.canContinue(after, channels)) {
      behind = after;
      after = undefined;
    }
    while (!signal.aborted) {
      if (after !== undefined) {
        behind = feed.cursorAt(feed.seq);
        for await (const events of replayFrom(after, channels, source)) {
          signal.throwIfAborted();
          const items = toItems(events.filter((event) => isWanted(event, filter)));
          if (items.length > 0) yield pace.note(items);
          else if (pace.isDue) yield pace.note([{ kind: "alive", cursor: undefined }]);
        }
        after = undefined;
      }
      const reading = feed.read(behind.seq, names);
      if (reading === undefined) {
        feed.noteMissed();
        const untilUs = source.clock.wallUs();
        yield pace.note([{ kind: "missed", fromUs: behind.floorUs, untilUs }]);
        after = behind;
        continue;
      }
      const { events, seq } = reading;
      if (events.length === 0) {
        if (!await feed.wait(channels, { timeoutMs: aliveMs, signal })) {
          behind = feed.cursorAt(behind.seq);
          yield pace.note([{ kind: "alive", cursor: behind }]);
        }
        continue;
      }
      behind = { ...events.at(-1)!.cursor, seq };
      const wanted = await withoutRedacted(
        events.filter((each) => isWanted(each, filter)),
        options,
      );
      feed.noteSent(wanted);
      if (wanted.length > 0) yield pace.note(toItems(wanted));
      // Others may say much, and nothing of it be wanted.
      else if (pace.isDue) yield pace.note([{ kind: "alive", cursor: behind }]);
    }
    signal.throwIfAborted();
  } finally {
    unfollow();
  }
}

/** Tells when a stream has said nothing for so long that its reader may take it for dead. */
class AlivePace {
  readonly #options: Pick<FollowOptions, "source" | "aliveMs">;
  #sinceUs: Micros;

  constructor(options: Pick<FollowOptions, "source" | "aliveMs">) {
    this.#options = options;
    this.#sinceUs = options.source.clock.elapsedUs();
  }

  get isDue(): boolean {
    const { source, aliveMs = ALIVE_MS } = this.#options;
    return source.clock.elapsedUs() - this.#sinceUs >= aliveMs * MILLISECOND_US;
  }

  /** Notes that these are about to be said. */
  note(items: readonly StreamItem[]): readonly StreamItem[] {
    this.#sinceUs = this.#options.source.clock.elapsedUs();
    return items;
  }
}

function toItems(events: readonly LiveEvent[]): StreamItem[] {
  return events.map((event) => ({ kind: "message", event }));
}

function isWanted(event: LiveEvent, filter: MessageFilter): boolean {
  return passesAll(filter) || meetsFilter(event.message, filter);
}

async function withoutRedacted(
  events: readonly LiveEvent[],
  { redactionsOf }: Pick<FollowOptions, "redactionsOf">,
): Promise<LiveEvent[]> {
  const left: LiveEvent[] = [];
  for (const event of events) {
    const isRedacted = await redactionsOf(event.channel);
    const { receivedUs } = event.cursor;
    const sighting = { receivedS: toSeconds(receivedUs) };
    if (isRedacted?.(event.message, sighting) !== true) left.push(event);
  }
  return left;
}
