import { orAbort, untilEither } from "../../async/abort.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { BrokerLink, Publication, PublishOutcome } from "../../ports/remote/broker.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { Backoff } from "../session/timing/backoff.ts";
import type { CurrentLink } from "./current_link.ts";
import type { StoreCall } from "./store_call.ts";

/** What a {@link Sender} works with. */
export interface SenderOptions {
  readonly links: CurrentLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
  /** For how long the broker may take to confirm, in ms. */
  readonly confirmMaxMs: number;
  /** Whether the broker takes no messages now: then it confirms none. */
  readonly isBlocked: () => boolean;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
const HANGS_TOLD = 3;

/** Sends a call's message, and again after each loss, until the call has ended. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #hangs = new Map<number, number>();

  /** Sends nothing yet. */
  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Sends `message` for `call`, unless the broker took it before on `takenOn`, and again when that link is lost,
   * when it is returned or refused. Resolves with the link that took it last, when the call has ended.
   */
  async send(
    call: StoreCall,
    { message, takenOn }: {
      readonly message: Publication;
      readonly takenOn?: BrokerLink | undefined;
    },
  ): Promise<BrokerLink | undefined> {
    const { links, clock, random, reporter } = this.#options;
    const backoff = new Backoff(random, { firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS });
    let taken = takenOn?.lost.aborted === false ? takenOn : undefined;
    while (!call.ended.aborted) {
      if (taken === undefined) {
        const link = await links.get(call.ended).catch(() => undefined);
        if (link === undefined) break;
        const outcome = await this.#publish(link, { call, message });
        if (call.ended.aborted) break;
        reporter.count("remote_messages", { outcome });
        if (outcome === "confirmed") {
          taken = link;
          call.progress();
          continue;
        }
        // Where the link is lost, the next one comes with its own pause.
        if (outcome === "lost") continue;
        await clock.sleep(backoff.nextMs(), call.ended).catch(() => {});
        continue;
      }
      await untilEither(taken.lost, call.ended);
      if (!call.ended.aborted) taken = undefined;
    }
    return taken;
  }

  async #publish(
    link: BrokerLink,
    { call, message }: { readonly call: StoreCall; readonly message: Publication },
  ): Promise<PublishOutcome | "lost"> {
    const settled = new AbortController();
    const watching = this.#watch(link, { call, settled: settled.signal });
    try {
      // A worker's answer may come before the broker's; and the caller may leave.
      const outcome = await orAbort(link.publish(message), call.ended);
      this.#hangs.delete(call.range);
      return outcome;
    } catch (error) {
      if (!call.ended.aborted && !(error instanceof ChatloomError)) throw error;
      return "lost";
    } finally {
      settled.abort("settled"); // Without a reason an error is made, which takes longer than all else here.
      await watching;
    }
  }

  /** Gives up a link on which a confirmation is missing for too long: a dead queue hangs its channel for good. */
  async #watch(
    link: BrokerLink,
    { call, settled }: { readonly call: StoreCall; readonly settled: AbortSignal },
  ): Promise<void> {
    const { clock, confirmMaxMs, isBlocked, reporter } = this.#options;
    do {
      await clock.sleep(confirmMaxMs, settled).catch(() => {}); // Settled: the loop ends.
    } while (!settled.aborted && isBlocked());
    if (settled.aborted) return;
    const hangs = (this.#hangs.get(call.range) ?? 0) + 1;
    this.#hangs.set(call.range, hangs);
    if (hangs === HANGS_TOLD) {
      reporter.report(
        "error",
        "A range's queue does not answer: if it stays so, delete the queue and restart the workers",
        { range: call.range },
      );
    }
    await link.close();
  }
}
