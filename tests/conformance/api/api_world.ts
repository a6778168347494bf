import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { fromSeconds, minuteOf } from "../../../src/core/time.ts";
import { nodeApi, type NodeApiOptions } from "../../../src/engine/api/node_api.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { HttpHandler } from "../../../src/ports/http.ts";
import { noopMetrics } from "../../../src/ports/metrics.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";

/** 2026-08-01T12:00:00Z, in seconds. */
export const NOON_S = 1785585600;

const hasher = await wasmHasher();

/** An archive in memory and what a node answers about it. */
export interface ApiWorld {
  readonly store: BatchStore;
  readonly clock: VirtualClock;
  readonly handler: HttpHandler;
  /** `name{label=value}` of each count. */
  readonly counts: Map<string, number>;
  /** Every report, as `severity message key=value`. */
  readonly reports: string[];
  /** Stores messages of one minute as one batch, as they are. */
  put(channel: string, messages: readonly Message[]): Promise<ArchiveKey>;
  /** Stores bytes under the name they have for that minute. */
  putBytes(channel: string, bytes: Uint8Array, timeS?: number): Promise<ArchiveKey>;
  /** Asks as the operator does, on the operator's listener of this machine, by default. */
  ask(path: string, options?: AskOptions): Promise<Response>;
  /** The body of a 200. */
  text(path: string, options?: AskOptions): Promise<string>;
  json(path: string, options?: AskOptions): Promise<unknown>;
}

export interface AskOptions extends RequestInit {
  readonly address?: string;
  readonly host?: string;
  /** Whether it is asked on the operator's listener. */
  readonly isOnOperatorListener?: boolean;
}

/** A world with an empty archive. */
export function apiWorld(
  options: Partial<NodeApiOptions> & { readonly store?: BatchStore } = {},
): ApiWorld {
  const store = options.store ?? memoryStore();
  const clock = virtualClock();
  const counts = new Map<string, number>();
  const reports: string[] = [];
  const reporter: Reporter = {
    report(severity, message, fields = {}) {
      const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
      reports.push(`${severity} ${message}${pairs.join("")}`);
    },
    count(name, labels = {}, amount = 1) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
      const key = `${name}{${pairs.join(",")}}`;
      counts.set(key, (counts.get(key) ?? 0) + amount);
    },
  };
  const { routes } = nodeApi({
    store,
    hasher,
    clock,
    random: seededRandom(1),
    reporter,
    metrics: noopMetrics,
    version: "1.2.3",
    ...options,
  });
  const handler = honoRouter(routes);
  const ask = (path: string, options: AskOptions = {}) => {
    const { address = "127.0.0.1", host, isOnOperatorListener = true, ...init } = options;
    const request = new Request(`http://${host ?? "localhost"}${path}`, init);
    return handler(request, { address, isOnOperatorListener });
  };
  const text = async (path: string, init?: AskOptions) => {
    const response = await ask(path, init);
    const body = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body}`);
    return body;
  };
  const putBytes = async (channel: string, bytes: Uint8Array, timeS = NOON_S) => {
    const digest = await hasher.digest(bytes);
    const key = batchKey(channel, { timeUs: minuteOf(fromSeconds(timeS)), digest });
    await store.put(key, bytes);
    return key;
  };
  return {
    store,
    clock,
    handler,
    counts,
    reports,
    ask,
    text,
    async json(path, init) {
      return JSON.parse(await text(path, init));
    },
    putBytes,
    put: (channel, messages) =>
      putBytes(channel, encodeBatch(messages), messages[0]?.time ?? NOON_S),
  };
}

/** How {@link said} differs from a plain message. */
export interface SaidOptions {
  readonly channel?: string;
  readonly login?: string;
  readonly receiver?: string;
  readonly tags?: Record<string, string>;
}

/** A message whose time is known exactly, in seconds after noon. */
export function said(
  afterNoonS: number,
  text: string,
  { channel = "forsen", login = "ada", receiver = "alpha.AbCdE.0", tags = {} }: SaidOptions = {},
): Message {
  const time = NOON_S + afterNoonS;
  return {
    command: "PRIVMSG",
    host: `${login}.tmi.twitch.tv`,
    params: [`#${channel}`, text],
    receivers: { [receiver]: time + 0.5 },
    sender: login,
    tags: { id: `${text}-${time}`, "tmi-sent-ts": `${Math.round(time * 1000)}`, ...tags },
    time,
    time_range: 0,
    user: login,
  };
}

/** A JOIN at some time between, in seconds after noon. */
export function joined(
  afterNoonS: number,
  rangeS: number,
  { channel = "forsen", login = "ada", receiver = "alpha.AbCdE.0" }: SaidOptions = {},
): Message {
  const time = NOON_S + afterNoonS;
  return {
    command: "JOIN",
    host: `${login}.tmi.twitch.tv`,
    params: [`#${channel}`],
    receivers: { [receiver]: time + rangeS },
    sender: login,
    tags: null,
    time,
    time_range: rangeS,
    user: login,
  };
}
