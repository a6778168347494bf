import { type Micros, MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { WakeSignal } from "./wake_signal.ts";

/** From the first attempt to the server's welcome at most. */
const HANDSHAKE_TIMEOUT_MS = 15_000;

/** A server that says nothing for so long is asked whether it is there. */
const PING_AFTER_MS = 12_000;

/** … and is given up if it stays silent for so long after that: 24 s in all. */
const PONG_TIMEOUT_MS = 12_000;

/** A sleep that took so much longer than it should means that the process slept, or was busy. */
const OVERSLEPT_US = 1_000 * MILLISECOND_US;

/** A connection, as far as its being alive is concerned. */
export interface WatchedConnection {
  /** Whether it has ended. Rings the signal when that changes. */
  readonly hasEnded: () => boolean;
  /** Whether the server let us in. Rings the signal when that changes. */
  readonly isWelcomed: () => boolean;
  /** When the server was last heard, in elapsed time. */
  readonly heardUs: () => Micros;
  /** Asks the server to say something. */
  readonly ping: () => void;
  /** Gives it up. */
  readonly end: (reason: "handshake timeout" | "silent") => void;
}

/** Ends `connection` when the server is not heard from. Resolves when it has ended, by whoever. */
export async function keepAlive(
  connection: WatchedConnection,
  { clock, wakeSignal }: { readonly clock: Clock; readonly wakeSignal: WakeSignal },
): Promise<void> {
  await pause(HANDSHAKE_TIMEOUT_MS, { clock, wakeSignal });
  if (!connection.isWelcomed()) connection.end("handshake timeout");
  while (!connection.hasEnded()) {
    const heardUs = connection.heardUs();
    const silentMs = (clock.elapsedUs() - heardUs) / MILLISECOND_US;
    if (silentMs < PING_AFTER_MS) {
      await wakeSignal.wait(clock, PING_AFTER_MS - silentMs);
      continue;
    }
    connection.ping();
    await pause(PONG_TIMEOUT_MS, { clock, wakeSignal });
    if (connection.heardUs() === heardUs) connection.end("silent");
  }
}

/** Waits for the signal or `delayMs`, and longer if the process slept: what came then is unread yet. */
async function pause(
  delayMs: number,
  { clock, wakeSignal }: { readonly clock: Clock; readonly wakeSignal: WakeSignal },
): Promise<void> {
  let waitMs = delayMs;
  for (let naps = 0; naps < 10; naps++) {
    const dueUs = clock.elapsedUs() + waitMs * MILLISECOND_US;
    await wakeSignal.wait(clock, waitMs);
    if (clock.elapsedUs() - dueUs < OVERSLEPT_US) return;
    waitMs = 1_000;
  }
}
