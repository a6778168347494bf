import { untilEither } from "../../async/abort.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Broker, BrokerLink, ConnectOptions } from "../../ports/remote/broker.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { Backoff } from "../session/timing/backoff.ts";

/** What {@link keepLink} works with. */
export interface KeepLinkOptions extends Pick<ConnectOptions, "onReply" | "onBlocked"> {
  /** Where links go. */
  readonly broker: Broker;
  /** Measures pauses, and how long a link lasted. */
  readonly clock: Clock;
  /** Varies the pauses. */
  readonly random: Random;
  /** Told when the broker is away, and when it is back. */
  readonly reporter: Reporter;
  /** Ends it, after the link is closed. */
  readonly signal: AbortSignal;
  /** Makes what the link needs, as exchanges and queues. Its failure ends the link. */
  prepare(link: BrokerLink): Promise<void>;
  /** Called with each link that is ready. It is in use until its `lost` aborts. */
  onLink(link: BrokerLink): void;
  /** Called when there is no link: with each that is lost, and each time that none can be made. */
  onFailure?(error: ChatloomError): void;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
/** A link that breaks sooner is no proof that the broker is well. */
const STEADY_US = 10 * SECOND_US;

/**
 * Keeps a link to a broker until `signal` aborts: when it is lost or refused another is made, for ever, with
 * backoff. Reports once that the broker is away and once that it is back.
 */
export async function keepLink(options: KeepLinkOptions): Promise<void> {
  const { clock, random, reporter, signal } = options;
  const backoff = new Backoff(random, { firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS });
  let told: string | undefined;
  const fail = (error: ChatloomError) => {
    options.onFailure?.(error);
    reporter.count("broker_failures", { code: error.code });
    if (told === error.code) return;
    told = error.code;
    reporter.report("error", "The broker cannot be used: it is tried again until it can", {
      code: error.code,
      error: error.message,
    });
  };
  while (!signal.aborted) {
    let link: BrokerLink | undefined;
    const beganUs = clock.elapsedUs();
    try {
      link = await connect(options);
      if (told !== undefined) reporter.report("info", "The broker can be used again");
      told = undefined;
      options.onLink(link);
      await untilEither(link.lost, signal);
      if (!signal.aborted) fail(asError(link.lost.reason));
      if (clock.elapsedUs() - beganUs >= STEADY_US) backoff.reset();
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof ChatloomError)) throw error;
      fail(error);
    } finally {
      await link?.close();
    }
    await clock.sleep(backoff.nextMs(), signal).catch(() => {}); // Aborted: the loop ends.
  }
}

/** A link that is prepared; one that cannot be is closed. */
async function connect(options: KeepLinkOptions): Promise<BrokerLink> {
  const { broker, signal, onReply, onBlocked } = options;
  const link = await broker.connect({
    signal,
    ...(onReply === undefined ? {} : { onReply }),
    ...(onBlocked === undefined ? {} : { onBlocked }),
  });
  try {
    await options.prepare(link);
    return link;
  } catch (error) {
    await link.close();
    throw error;
  }
}

function asError(reason: unknown): ChatloomError {
  if (reason instanceof ChatloomError) return reason;
  return new ChatloomError("STORE_UNREACHABLE", "Cannot use the broker: the link is lost", {
    cause: reason,
  });
}
