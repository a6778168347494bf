import { systemClock } from "../../adapters/system/system_clock.ts";
import { serveWebSocket } from "../../adapters/websocket/websocket_server.ts";
import type { Clock } from "../../ports/clock.ts";
import { seededRandom } from "../../testing/chance/seeded_random.ts";
import { playback, type PlaybackOptions } from "../../testing/generated_chat/playback.ts";
import {
  SimulatedTwitch,
  type SimulatedTwitchOptions,
} from "../../testing/simulated_twitch/simulated_twitch.ts";

/** What {@link serveSimulatedTwitch} serves, and where. */
export interface ServeSimulatedTwitchOptions
  extends Omit<SimulatedTwitchOptions, "clock" | "random"> {
  /** Seeds all that is random. @default 1 */
  readonly seed?: string | number;
  /** The address to listen on. @default 127.0.0.1 */
  readonly hostname?: string;
  /** The port; 0 for a free one. @default 0 */
  readonly port?: number;
  /** Raw lines to play, from the moment one of their channels is joined for the first time. */
  readonly play?:
    | Omit<PlaybackOptions, "startUs"> & { readonly lines: readonly string[] }
    | undefined;
  /** The clock. @default the system's */
  readonly clock?: Clock;
}

/** A simulated Twitch that listens. */
export interface ServedTwitch {
  /** Where: `ws://127.0.0.1:34567`. */
  readonly url: string;
  /** The model behind it: its truth, its connections and their faults. */
  readonly twitch: SimulatedTwitch;
  /** How many lines were not played, as they belong to no channel. */
  readonly skippedCount: number;
  /** Ends all connections and stops listening. A second call does nothing. */
  close(): Promise<void>;
}

// Timers of a real clock are this coarse anyway, and one serves all lines of the moment.
const QUANTUM_MS = 4;

/**
 * Puts a simulated Twitch behind a WebSocket server. It runs until it is closed.
 *
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 * @throws {RangeError} when no line can be played.
 */
export async function serveSimulatedTwitch(
  options: ServeSimulatedTwitchOptions = {},
): Promise<ServedTwitch> {
  const { seed = 1, hostname, port, play, clock = systemClock(), ...rest } = options;
  const trial = play === undefined ? undefined : playback(play.lines, { ...play, startUs: 0 });
  const waiting = new Set(trial?.channels);
  const toPlay = [...waiting].map((name) => ({ name, chat: false as const }));
  const twitch = new SimulatedTwitch({
    quantumMs: QUANTUM_MS,
    ...rest,
    channels: rest.channels && [...rest.channels, ...toPlay],
    clock,
    random: seededRandom(seed),
    onJoin(channel, connection) {
      rest.onJoin?.(channel, connection);
      if (play === undefined || !waiting.has(channel)) return;
      waiting.clear();
      twitch.play(playback(play.lines, { ...play, startUs: twitch.nowUs }));
    },
  });
  try {
    const server = await serveWebSocket({
      hostname,
      port,
      admit: () => twitch.admit(),
      accept: (peer) => twitch.accept(peer),
    });
    return {
      url: server.url,
      twitch,
      skippedCount: trial?.skippedCount ?? 0,
      async close(): Promise<void> {
        twitch.close();
        await server.close();
      },
    };
  } catch (error) {
    twitch.close();
    throw error;
  }
}
