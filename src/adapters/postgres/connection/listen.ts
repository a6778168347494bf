import { pause } from "./pause.ts";
import type { PostgresClient } from "./postgres_client.ts";

const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5_000;
/** A connection whose other end is gone is found by a statement that gets no answer. */
const PROBE_MS = 10_000;

/**
 * Hears what is told on `channel` until `signal` aborts, over a connection of its own that is made again when
 * it is lost. Never rejects. What is told while there is none is not heard.
 *
 * @param options.onReady called each time that it hears from now on.
 */
export async function listen(
  client: PostgresClient,
  { channel, onReady, onNotice, signal }: {
    readonly channel: string;
    readonly onReady: () => void;
    readonly onNotice: (payload: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  for (let pauseMs = PAUSE_MIN_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
    try {
      const connection = await client.connect();
      try {
        connection.onNotice(onNotice);
        await connection.run({ text: `listen "${channel}"` });
        onReady();
        pauseMs = PAUSE_MIN_MS;
        while (!signal.aborted && !connection.lost.aborted) {
          await pause(PROBE_MS, signal, connection.lost);
          if (!signal.aborted) await connection.run({ text: "select 1" });
        }
      } finally {
        await connection.close().catch(() => {}); // It is lost.
      }
    } catch {
      // Whatever is wrong with the database, those who read files from it are told.
    }
    if (signal.aborted) return;
    await pause(pauseMs * (0.5 + Math.random()), signal);
  }
}
