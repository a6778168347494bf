import { type Micros, MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import { pauseForAnswer } from "./pause.ts";
import type { WakeSignal } from "./wake_signal.ts";

/** A connection must be welcomed within this time. */
const HANDSHAKE_TIMEOUT_MS = 15_000;

/** A server that is silent for this long gets a PING. */
const PING_AFTER_MS = 12_000;

/** … and is given up if it stays silent for this long after that: 24 s in all. */
const PONG_TIMEOUT_MS = 12_000;

/** A connection as {@link keepAlive} sees it. */
export interface WatchedConnection {
  /** Whether it has ended. Sets the signal when that changes. */
  readonly hasEnded: () => boolean;
  /** Whether the server welcomed the client. Sets the signal when that changes. */
  readonly isWelcomed: () => boolean;
  /** When the last line came from the server, in elapsed time. */
  readonly heardUs: () => Micros;
  /** Sends a PING. */
  readonly ping: () => void;
  /** Ends the connection. */
  readonly end: (reason: "handshake timeout" | "silent") => void;
}

/** Ends `connection` when the server falls silent. Resolves when it has ended, for any reason. */
export async function keepAlive(
  connection: WatchedConnection,
  { clock, wakeSignal }: { readonly clock: Clock; readonly wakeSignal: WakeSignal },
): Promise<void> {
  const { hasEnded, isWelcomed } = connection;
  const hasCome = (): boolean => hasEnded() || isWelcomed();
  await pauseForAnswer(HANDSHAKE_TIMEOUT_MS, { clock, wakeSignal, hasCome });
  if (!connection.isWelcomed()) connection.end("handshake timeout");
  while (!hasEnded()) {
    const heardUs = connection.heardUs();
    const silentMs = (clock.elapsedUs() - heardUs) / MILLISECOND_US;
    if (silentMs < PING_AFTER_MS) {
      await wakeSignal.wait(clock, PING_AFTER_MS - silentMs);
      continue;
    }
    connection.ping();
    const isHeard = (): boolean => hasEnded() || connection.heardUs() !== heardUs;
    await pauseForAnswer(PONG_TIMEOUT_MS, { clock, wakeSignal, hasCome: isHeard });
    if (!isHeard()) connection.end("silent");
  }
}
