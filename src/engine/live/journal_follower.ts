import { ChatloomError } from "../../core/errors/errors.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { JournalReader, ReadableRun } from "../../ports/journal_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { UnstoredMinute, UnstoredSource } from "../record/unstored/unstored_source.ts";
import { FollowedRun, type FollowedRunOptions } from "./followed_run.ts";
import type { LiveFeed } from "./live_feed.ts";

/** What a {@link JournalFollower} works with. */
export interface JournalFollowerOptions
  extends Pick<FollowedRunOptions, "compressor" | "waitingMaxBytes"> {
  /** Where the journals are. */
  readonly journals: JournalReader;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Gets the messages of all journals. */
  readonly feed: Pick<LiveFeed, "publish" | "interrupt">;
  /** Which runs are left out, as a recorder's own. @default none */
  readonly skips?: (run: ReadableRun) => boolean;
}

/** How often journals are looked at. */
const POLL_MS = 200;
/** A run that was renewed begins anew under another name within this time. */
const KEPT_US: Micros = MINUTE_US;

interface Followed {
  readonly run: FollowedRun;
  /** Since when the run is gone. */
  goneUs: Micros | undefined;
}

/**
 * Follows the journals of other processes on the same archive: what they have received and not stored is
 * part of it here, and their messages are events of the feed.
 *
 * A journal that goes before it was read to its end was recovered or renewed: what it held is in the
 * archive, or in the journal that follows it, so clients of the feed continue from there.
 */
export class JournalFollower implements UnstoredSource {
  readonly #options: JournalFollowerOptions;
  readonly #runs = new Map<string, Followed>();
  #failure: ChatloomError | undefined;
  #isFailing = false;

  /** A follower that has read nothing. */
  constructor(options: JournalFollowerOptions) {
    this.#options = options;
  }

  /** See {@link UnstoredSource}. */
  *channels(): Iterable<string> {
    for (const { run } of this.#runs.values()) yield* run.unstored.channels();
  }

  /** See {@link UnstoredSource}. */
  *minutesOf(channel: string): Iterable<UnstoredMinute> {
    for (const { run } of this.#runs.values()) yield* run.unstored.minutesOf(channel);
  }

  /** Reads on, to the end of all journals. A journal that cannot be read is reported and tried again. */
  async poll(): Promise<void> {
    const { journals, skips, clock } = this.#options;
    this.#failure = undefined;
    await this.#trying(async () => {
      for (const run of await journals.runs()) {
        if (skips?.(run) === true || this.#runs.has(run.name)) continue;
        this.#runs.set(run.name, this.#begin(run));
      }
    });
    for (const each of this.#runs.values()) await this.#trying(() => this.#readOn(each));
    this.#tellFailure();
    const nowUs = clock.elapsedUs();
    for (const [name, { run, goneUs }] of this.#runs) {
      if (goneUs === undefined || nowUs - goneUs < KEPT_US) continue;
      run.free();
      this.#runs.delete(name);
    }
  }

  /** Polls until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.poll();
      await clock.sleep(POLL_MS, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  #begin(run: ReadableRun): Followed {
    const { feed, compressor, waitingMaxBytes } = this.#options;
    const onMessage = feed.publish.bind(feed);
    const options = { onMessage, compressor, waitingMaxBytes };
    return { run: new FollowedRun(run, options), goneUs: undefined };
  }

  async #readOn(followed: Followed): Promise<void> {
    if (followed.goneUs !== undefined) return;
    const { feed, clock } = this.#options;
    const { isThere, hasGap } = await followed.run.readOn();
    if (!isThere) followed.goneUs = clock.elapsedUs();
    if (hasGap) feed.interrupt();
  }

  async #trying(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      this.#failure = error;
      this.#options.reporter.count("journal_follow_errors", { code: error.code });
    }
  }

  #tellFailure(): void {
    const wasFailing = this.#isFailing;
    this.#isFailing = this.#failure !== undefined;
    if (this.#failure === undefined || wasFailing) return;
    const { code, message } = this.#failure;
    this.#options.reporter.report(
      "warning",
      "Cannot follow the journal of another recorder, trying again",
      { code, error: message },
    );
  }
}
