import { abortWith, untilAborted } from "../../../async/abort.ts";
import { TaskGroup } from "../../../async/task_group.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { type Micros, MINUTE_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Peer, PeerEvent } from "../../../ports/peer.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import type { PeerMessages } from "./peer_messages.ts";

/** What a {@link PeerFeeds} works with. */
export interface PeerFeedsOptions {
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Takes what peers tell. */
  readonly messages: Pick<PeerMessages, "take">;
}

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 300_000;
/** A peer without a feed, or one that sends nonsense, is asked again after this time. */
const UNFIT_MS = 600_000;
/** After a longer break a feed goes on from now: what it missed comes with the files. */
const RESUME_MAX_US: Micros = 10 * MINUTE_US;
/** A connection that brings more bad lines is closed. */
const REFUSED_MAX = 100;
/** At most this much is taken of a peer at a time, and then nothing for {@link REST_MS}: 4 MiB a second. */
const PORTION_LENGTH = 1024 * 1024;
const REST_MS = 250;

/** Where a peer's feed was left. */
interface Place {
  after: string | undefined;
  atUs: Micros;
}

/** Follows the feeds of peers, so that this node knows what they hear before their files are there. */
export class PeerFeeds {
  readonly #options: PeerFeedsOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #stopAll = new AbortController();
  /** A bug in one of them ends everything, and is thrown by {@link PeerFeeds.run}. */
  readonly #tasks = new TaskGroup((error) => this.#stopAll.abort(error));
  #peers: readonly Peer[] = [];
  #isRunning = false;

  /** Follows no peer before {@link PeerFeeds.run}. */
  constructor(options: PeerFeedsOptions) {
    this.#options = options;
  }

  /** Follows these peers and no others, from now on. */
  setPeers(peers: readonly Peer[]): void {
    this.#peers = peers;
    if (!this.#isRunning) return;
    const names = new Set(peers.map(({ name }) => name));
    for (const [name, stop] of this.#running) {
      if (names.has(name)) continue;
      stop.abort();
      this.#running.delete(name);
    }
    for (const peer of peers) {
      if (peer.live === undefined || this.#running.has(peer.name)) continue;
      const stop = new AbortController();
      abortWith(stop, this.#stopAll.signal);
      this.#running.set(peer.name, stop);
      this.#tasks.add(this.#follow(peer, stop.signal));
    }
  }

  /** Follows peers until `signal` aborts. May be called once. */
  async run(signal: AbortSignal): Promise<void> {
    const unlink = abortWith(this.#stopAll, signal);
    this.#isRunning = true;
    this.#tasks.add(untilAborted(this.#stopAll.signal));
    this.setPeers(this.#peers);
    await this.#tasks.ended().finally(unlink);
  }

  async #follow(peer: Peer, signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.#options;
    const place: Place = { after: undefined, atUs: 0 };
    for (let failures = 0; !signal.aborted; failures++) {
      let delayMs = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS);
      try {
        const isFresh = clock.elapsedUs() - place.atUs <= RESUME_MAX_US;
        const after = isFresh ? place.after : undefined;
        const query = new URLSearchParams();
        const events = await peer.live!({ query, after, signal });
        if (events === undefined) delayMs = UNFIT_MS;
        else if (await this.#take(peer, { events, place, signal })) failures = 0;
        else delayMs = UNFIT_MS;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ChatloomError)) throw error;
        if (error.code === "PEER_REFUSED") delayMs = UNFIT_MS;
        reporter.count("feed_peer_failures", { peer: peer.name });
        reporter.report("debug", "Cannot follow the feed of a peer", {
          peer: peer.name,
          error: error.message,
        });
      }
      await clock.sleep(delayMs, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  /** Takes events until the connection ends; returns whether they were worth it. */
  async #take(peer: Peer, { events, place, signal }: {
    readonly events: AsyncIterable<PeerEvent>;
    readonly place: Place;
    readonly signal: AbortSignal;
  }): Promise<boolean> {
    const { clock, reporter, messages } = this.#options;
    const { name } = peer;
    let refused = 0;
    let length = 0;
    for await (const event of events) {
      place.after = event.id ?? place.after;
      place.atUs = clock.elapsedUs();
      if (event.data === undefined || event.name !== "message") continue;
      const reason = messages.take(name, event.data);
      if (reason === undefined) reporter.count("feed_peer_messages", { peer: name });
      else {
        reporter.count("feed_peer_refused", { peer: name });
        if (++refused === REFUSED_MAX) {
          reporter.report("warning", "A peer's feed is not followed: it sends what is no message", {
            peer: name,
            reason,
          });
          return false;
        }
      }
      length += event.data.length;
      if (length < PORTION_LENGTH) continue;
      length = 0;
      await clock.sleep(REST_MS, signal);
    }
    return true;
  }
}
