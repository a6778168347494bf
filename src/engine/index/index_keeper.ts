import { type ArchiveKey, parseArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, hourOf, type Micros, MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import {
  addFilled,
  fillChannel,
  type FillOptions,
  type FillTotals,
  indexableFromUs,
  NOTHING_FILLED,
} from "./fill_channel.ts";

/** What an {@link IndexKeeper} works with. */
export interface IndexKeeperOptions extends Omit<FillOptions, "rest"> {
  /** Tells when an hour is over, and when work lets others run. */
  readonly clock: Clock;
  /** Told of each hour whose files changed, at once. */
  readonly onChanged?: ((channel: string, hourUs: Micros) => void) | undefined;
}

/** Files of an hour come one after another: it is indexed when none came for this long. */
const QUIET_US = 20 * SECOND_US;
/** How long the index is not looked at without need: it may have been deleted. */
const LOOK_US = 30 * SECOND_US;
/** All is looked at again, for what other programs changed. */
const SWEEP_US = 3_600 * SECOND_US;
const RETRY_US = 30 * SECOND_US;
/** Several redactions that come together cost one purge. */
const PURGE_US = 30 * SECOND_US;
/** After this long at work, others have as much time: recording comes first. */
const STRETCH_MS = 5;

/** Keeps an index up to date with an archive that changes. */
export class IndexKeeper {
  readonly #options: IndexKeeperOptions;
  /** Channel → hour → when to index it, on the wall clock. */
  readonly #due = new Map<string, Map<Micros, Micros>>();
  /** Channel → the redactions that were there when it was last looked at. */
  readonly #orders = new Map<string, string>();
  /** Channel → when to look at all of it, on the wall clock. */
  readonly #dueChannels = new Map<string, Micros>();
  #sweepAtUs: Micros = -Infinity;
  #epoch = "";
  /** When to remove from the disk what was replaced or forgotten. */
  #purgeAtUs: Micros = Infinity;
  #isFailing = false;
  #totals = NOTHING_FILLED;
  #wake: (() => void) | undefined;

  /** A keeper that only notes work until {@link IndexKeeper.run}. */
  constructor(options: IndexKeeperOptions) {
    this.#options = options;
  }

  /** The totals so far. */
  get totals(): FillTotals {
    return this.#totals;
  }

  /** How many hours wait to be indexed, as far as they are known. */
  get waiting(): number {
    let count = 0;
    for (const hours of this.#due.values()) count += hours.size;
    return count;
  }

  /** Notes that a file of this name came, went or was hidden. Can be passed as a callback. */
  readonly onFileChanged = (key: ArchiveKey): void => {
    const parts = parseArchiveKey(key);
    if (parts === undefined || parts.kind === "coverage") return;
    const nowUs = this.#options.clock.wallUs();
    if (parts.kind === "redaction") this.#dueChannels.set(parts.channel, nowUs + QUIET_US);
    else {
      const hourUs = hourOf(parts.minuteUs);
      this.#options.onChanged?.(parts.channel, hourUs);
      // A file at the edge of an hour has a part in the next one.
      for (const each of [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]) {
        if (each >= 0) this.#note(parts.channel, each, nowUs + QUIET_US);
      }
    }
    this.#wake?.();
  };

  /** Notes that any file may have come or gone: all is looked at again. Can be passed as a callback. */
  readonly onMissed = (): void => {
    this.#sweepAtUs = -Infinity;
    this.#wake?.();
  };

  /** Notes an hour that a question found not indexed. Can be passed as a callback. */
  readonly onGap = (channel: string, hourUs: Micros): void => {
    const nowUs = this.#options.clock.wallUs();
    if (this.#due.get(channel)?.has(hourUs) || indexableFromUs(hourUs) > nowUs) return;
    this.#note(channel, hourUs, nowUs + SECOND_US);
    this.#wake?.();
  };

  /** Indexes all that is there, then hours as they change, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      let pauseUs: Micros;
      try {
        await this.#work(signal);
        this.#succeed();
        pauseUs = Math.max(0, Math.min(LOOK_US, this.#nextUs() - clock.wallUs()));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ChatloomError)) throw error;
        this.#fail(error);
        pauseUs = RETRY_US; // All that is due stays due.
      }
      await this.#pause(pauseUs / MILLISECOND_US, signal);
    }
  }

  /** Does all work that is due. */
  async #work(signal: AbortSignal): Promise<void> {
    const { index, store, clock } = this.#options;
    const nowUs = clock.wallUs();
    const epoch = (await index.revision()).split(" ")[0]!;
    if (epoch !== this.#epoch || nowUs >= this.#sweepAtUs) {
      this.#epoch = epoch;
      this.#sweepAtUs = nowUs + SWEEP_US;
      const channels = new Set(await index.channels({ signal }));
      for await (const channel of store.folders("", { signal })) channels.add(channel);
      for (const channel of channels) this.#dueChannels.set(channel, nowUs);
    }
    // Another process may have stored redactions: what they name must not stay in the index.
    for await (const channel of store.folders("", { signal })) {
      const orders = await this.#options.stamps.orders(channel, { signal });
      if (orders === this.#orders.get(channel)) continue;
      this.#orders.set(channel, orders);
      this.#dueChannels.set(channel, Math.min(nowUs, this.#dueChannels.get(channel) ?? Infinity));
    }
    for (const [channel, dueUs] of this.#dueChannels) {
      if (dueUs > nowUs) continue;
      await this.#fill(channel, undefined, signal);
      this.#dueChannels.delete(channel);
    }
    for (const [channel, hours] of this.#due) {
      const only = new Set([...hours].flatMap(([hourUs, dueUs]) => dueUs <= nowUs ? [hourUs] : []));
      if (only.size === 0) continue;
      for (const hourUs of only) hours.delete(hourUs);
      if (hours.size === 0) this.#due.delete(channel);
      try {
        await this.#fill(channel, only, signal);
      } catch (error) {
        for (const hourUs of only) this.#note(channel, hourUs, nowUs + RETRY_US);
        throw error;
      }
    }
    if (this.#purgeAtUs <= nowUs) {
      this.#purgeAtUs = await index.purge({ signal }) ? Infinity : nowUs + PURGE_US;
    }
  }

  async #fill(
    channel: string,
    only: ReadonlySet<Micros> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    let sinceUs = clock.elapsedUs();
    const rest = async () => {
      if (clock.elapsedUs() - sinceUs < STRETCH_MS * MILLISECOND_US) return;
      await clock.sleep(STRETCH_MS, signal);
      sinceUs = clock.elapsedUs();
    };
    const filled = await fillChannel(channel, {
      ...this.#options,
      rest,
      only,
      signal,
      nowUs: clock.wallUs(),
    });
    // An hour may have been replaced for a redaction: what it held has to leave the disk too.
    if (filled.replaced + filled.forgotten > 0) {
      this.#purgeAtUs = Math.min(this.#purgeAtUs, clock.wallUs() + PURGE_US);
    }
    this.#totals = addFilled(this.#totals, filled);
    const { reporter } = this.#options;
    reporter.count("index_hours", {}, filled.hours);
    reporter.count("index_messages", {}, filled.messages);
  }

  #note(channel: string, hourUs: Micros, dueUs: Micros): void {
    let hours = this.#due.get(channel);
    if (hours === undefined) this.#due.set(channel, hours = new Map());
    hours.set(hourUs, Math.max(dueUs, indexableFromUs(hourUs)));
  }

  #nextUs(): Micros {
    let nextUs = Math.min(this.#sweepAtUs, this.#purgeAtUs);
    for (const dueUs of this.#dueChannels.values()) nextUs = Math.min(nextUs, dueUs);
    for (const hours of this.#due.values()) {
      for (const dueUs of hours.values()) nextUs = Math.min(nextUs, dueUs);
    }
    return nextUs;
  }

  /** Waits; noted work that is due earlier ends it. */
  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const woken = new AbortController();
    const stop = () => woken.abort();
    signal.addEventListener("abort", stop, { once: true });
    const wakeAtUs = clock.wallUs() + delayMs * MILLISECOND_US;
    this.#wake = () => {
      if (!this.#isFailing && this.#nextUs() < wakeAtUs) woken.abort();
    };
    if (signal.aborted) stop();
    await clock.sleep(delayMs, woken.signal).catch(() => {}); // Woken: there is work.
    this.#wake = undefined;
    signal.removeEventListener("abort", stop);
  }

  #succeed(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#options.reporter.report("info", "The index can be used again");
  }

  #fail({ code, message }: ChatloomError): void {
    const { reporter } = this.#options;
    reporter.count("index_errors", { code });
    if (this.#isFailing) return;
    this.#isFailing = true;
    reporter.report("warning", "Cannot index the archive for now: answers are slower until then", {
      code,
      error: message,
    });
  }
}
