import { ChatloomError } from "../../core/errors/errors.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { firstFolderOf, firstPathOf, OLD_REDACTIONS } from "../../core/archive/first_layout.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { LivePeerOptions, Peer, PeerChannelDigest, PeerEvent } from "../../ports/peer.ts";
import { BodyTimeout, DEFAULT_PEER_TIMES, type PeerTimes } from "./body_timeout.ts";
import { ListTurn } from "./list_turn.ts";
import { hideUser } from "./hide_user.ts";
import { isHidden, isNotFound, refused, textOf } from "./peer_errors.ts";
import { readDigest, readDigests, readNames } from "./peer_lists.ts";
import { serverSentEvents } from "./server_sent_events.ts";
import { isNode } from "../proxy/connection_advice.ts";
import { proxyFor } from "../proxy/proxy_choice.ts";
import { systemClock } from "../system/system_clock.ts";

/** How an {@link httpPeer} asks. */
export interface HttpPeerOptions {
  /** Sent with every request, and to no other address. */
  readonly token?: string | undefined;
  /** What waits how long. By default {@link DEFAULT_PEER_TIMES}. */
  readonly times?: Partial<PeerTimes>;
  /** The most that a list may have, decoded. @default 8 MiB */
  readonly listMaxBytes?: number;
}

export { DEFAULT_PEER_TIMES, type PeerTimes } from "./body_timeout.ts";

/** A busy peer is asked this often, and waited for this long, before that counts as a failure. */
const TRIES_MAX = 5;
const RETRY_AFTER_MAX_S = 60;
const FILE_RETRY_MAX_S = 5;
const LIST_MAX_BYTES = 8 * 1024 * 1024;
const CLOCK = systemClock();
/** A node says every 15 s that its feed lives; how much comes is up to the chat. */
const FEED_TIMES = { pieceMs: 50_000, graceMs: Infinity, bytesPerSecondMin: 0 };

/**
 * The node at `url`, which answers as chatloom or as wubloader's restreamer does. Sends nothing yet.
 *
 * Redirects are not followed. Requests ask for uncompressed responses, and compressed ones are refused,
 * so that a small one cannot become a large one.
 *
 * A user and password in `url` are sent as HTTP Basic, so that `http://:TOKEN@host` carries a token;
 * neither the name of the peer nor an error repeats them. They count before `token`.
 *
 * @throws {RangeError} when `url` is no address of a node: `http:` or `https:`, without query and
 * fragment.
 */
export function httpPeer(url: string, options: HttpPeerOptions = {}): Peer {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  const isFit = base !== undefined && /^https?:$/.test(base.protocol) &&
    base.search === "" && base.hash === "" && basicOf(base) !== "unreadable";
  if (!isFit) {
    throw new RangeError(`Cannot ask "${hideUser(url)}": it is no http:// or https:// address`);
  }
  return new HttpPeer(base, options);
}

/** The header that carries the user part of `base`; `undefined` if there is none. */
function basicOf(base: URL): string | undefined {
  if (base.username === "" && base.password === "") return undefined;
  try {
    const pair = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    return `Basic ${btoa(pair)}`;
  } catch {
    return "unreadable"; // A lone % or a character that no token has.
  }
}

class HttpPeer implements Peer {
  readonly name: string;
  readonly #root: string;
  readonly #headers: Headers;
  readonly #times: PeerTimes;
  readonly #listMaxBytes: number;
  #busyUntilMs = 0;

  constructor(base: URL, { token, times, listMaxBytes = LIST_MAX_BYTES }: HttpPeerOptions) {
    const address = new URL(base);
    address.username = address.password = "";
    this.#root = address.href.replace(/\/+$/, "");
    this.name = this.#root;
    this.#headers = new Headers({
      accept: "*/*",
      "accept-encoding": "identity", // The runtime decompresses without a bound, ahead of the reader.
      "user-agent": "chatloom",
    });
    const authorization = basicOf(base) ?? (token === undefined ? undefined : `Bearer ${token}`);
    if (authorization !== undefined) this.#headers.set("authorization", authorization);
    this.#times = { ...DEFAULT_PEER_TIMES, ...times };
    this.#listMaxBytes = listMaxBytes;
  }

  async channels(options: AbortOptions = {}): Promise<readonly string[]> {
    return readNames(await this.#json("/files", options), this.name);
  }

  async hours(channel: string, options: AbortOptions = {}): Promise<readonly string[]> {
    const path = `/files/${encodeURIComponent(channel)}/chat`;
    return readNames(await this.#json(path, options), this.name);
  }

  async files(
    channel: string,
    folder: string,
    options: AbortOptions = {},
  ): Promise<readonly string[]> {
    const path = `${channel}/${folder}`;
    const first = firstFolderOf(path);
    if (first === undefined) {
      const names = await this.#json(`/files/${encodePath(path)}?tombstones=true`, options);
      return readNames(names, this.name);
    }
    const names = await this.#json(`/files/${encodePath(path)}`, options, isHidden);
    if (names !== undefined) return readNames(names, this.name);
    // The coverage of a node of the first version comes once that node has a newer version.
    if (!first.endsWith(`/${OLD_REDACTIONS}`)) return [];
    return readNames(await this.#json(`/files/${encodePath(first)}`, options), this.name);
  }

  async digests(
    { since, signal }: AbortOptions & { readonly since: string },
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const path = `/digests${sinceQuery(since)}`;
    const found = await this.#json(path, { signal }, isNotFound);
    return found === undefined ? undefined : readDigests(found, this.name);
  }

  async channelDigest(
    channel: string,
    { since, signal }: AbortOptions & { readonly since: string },
  ): Promise<PeerChannelDigest | undefined> {
    const path = `/digests/${encodeURIComponent(channel)}${sinceQuery(since)}`;
    const found = await this.#json(path, { signal }, isNotFound);
    return found === undefined ? undefined : readDigest(found, this.name);
  }

  async read(
    key: ArchiveKey,
    { maxBytes, signal }: AbortOptions & { readonly maxBytes: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const first = firstPathOf(key);
    const pieces = await this.#file(
      key,
      { maxBytes, signal },
      first === undefined ? isNotFound : isHidden,
    );
    if (pieces !== undefined || first === undefined) return pieces;
    return await this.#file(first, { maxBytes, signal }, isNotFound);
  }

  async #file(
    path: string,
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal | undefined },
    isNothing: (response: Response) => boolean,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { response, clock } = await this.#ask(`/segments/${encodePath(path)}`, {
      signal,
      isFile: true,
    });
    if (isNothing(response)) {
      await clock.discard(response);
      return undefined;
    }
    await this.#check(response, clock);
    return clock.pieces(response, maxBytes);
  }

  async #json(
    path: string,
    { signal }: AbortOptions,
    isNothing: (response: Response) => boolean = () => false,
  ): Promise<unknown> {
    const { response, clock } = await this.#ask(path, { signal, isFile: false });
    if (isNothing(response)) {
      await clock.discard(response);
      return undefined;
    }
    await this.#check(response, clock);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const turn = new ListTurn(this.name);
    let text = "";
    try {
      for await (const piece of clock.pieces(response, this.#listMaxBytes)) {
        text += decoder.decode(piece, { stream: true });
        await turn.reach(text.length, signal);
      }
      return JSON.parse(text + decoder.decode());
    } catch (cause) {
      if (cause instanceof ChatloomError || signal?.aborted) throw cause;
      throw refused(this.name, `its answer to ${path} is not JSON`, { cause });
    } finally {
      turn.release();
    }
  }

  /**
   * Sends a request; while the peer is busy, repeats it after the time that the peer names, a few times.
   * A 503 for a file may be about that file alone: it holds up no other, and is a failure after one more
   * try.
   */
  async #ask(path: string, { signal, isFile }: AskOptions): Promise<Answered> {
    for (let tries = 1;; tries++) {
      await this.#rest(signal);
      const clock = new BodyTimeout(this.#times, { peer: this.name, signal });
      const response = await this.#fetch(path, clock);
      const isOwn = isFile && response.status === 503;
      const waitS = tries < (isOwn ? 2 : TRIES_MAX) ? retryAfterS(response) : undefined;
      if (waitS === undefined || (isOwn && waitS > FILE_RETRY_MAX_S)) return { response, clock };
      await clock.discard(response);
      const untilMs = performance.now() + waitS * 1_000;
      if (isOwn) await this.#sleepUntil(untilMs, signal);
      else this.#busyUntilMs = Math.max(this.#busyUntilMs, untilMs);
    }
  }

  async live(
    { query, after, signal }: LivePeerOptions,
  ): Promise<AsyncIterable<PeerEvent> | undefined> {
    await this.#rest(signal);
    const clock = new BodyTimeout({ ...this.#times, ...FEED_TIMES }, { peer: this.name, signal });
    const headers = new Headers(this.#headers);
    if (after !== undefined) headers.set("last-event-id", after);
    const response = await this.#fetch(`/live?${query}`, clock, headers);
    if (response.status === 404) return void await clock.discard(response);
    await this.#check(response, clock);
    return this.#events(clock.pieces(response, Infinity));
  }

  async *#events(pieces: AsyncIterable<Uint8Array>): AsyncIterable<PeerEvent> {
    try {
      yield* serverSentEvents(pieces);
    } catch (error) {
      if (error instanceof RangeError) throw refused(this.name, error.message);
      throw error;
    }
  }

  /** Waits as long as the peer asked its callers to wait. */
  async #rest(signal: AbortSignal | undefined): Promise<void> {
    while (performance.now() < this.#busyUntilMs) {
      await this.#sleepUntil(this.#busyUntilMs, signal);
    }
  }

  async #sleepUntil(untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    const leftMs = Math.max(0, untilMs - performance.now());
    await CLOCK.sleep(leftMs, signal);
  }

  async #fetch(
    path: string,
    clock: BodyTimeout,
    headers = this.#headers,
  ): Promise<Response> {
    try {
      return await clock.answer(fetchAsWanted(`${this.#root}${path}`, {
        headers,
        redirect: "manual",
        signal: clock.signal,
      }));
    } catch (cause) {
      throw clock.translate(cause, path);
    }
  }

  async #check(response: Response, clock: BodyTimeout): Promise<void> {
    const isPacked = isEncoded(response);
    if (response.status === 200 && !isPacked) return;
    await clock.discard(response);
    if (isPacked) {
      throw refused(
        this.name,
        "its response is compressed, though an uncompressed one was requested",
      );
    }
    const isElsewhere = response.type === "opaqueredirect" ||
      (response.status >= 300 && response.status < 400);
    throw refused(
      this.name,
      isElsewhere ? "it sends us elsewhere" : `it answers ${textOf(response)}`,
    );
  }
}

interface AskOptions {
  readonly signal: AbortSignal | undefined;
  readonly isFile: boolean;
}

interface Answered {
  readonly response: Response;
  readonly clock: BodyTimeout;
}

/** `fetch`, through the proxy that the environment wants: other runtimes than Node find it by themselves. */
export async function fetchAsWanted(url: string, init: RequestInit): Promise<Response> {
  const proxy = isNode() ? proxyFor(url) : undefined;
  if (proxy === undefined) return await fetch(url, init);
  const { fetchThrough } = await import("../proxy/node_proxy.ts");
  return await fetchThrough(proxy, url, init);
}

function isEncoded({ headers }: Response): boolean {
  const encoding = headers.get("content-encoding") ?? "identity";
  return encoding.trim().toLowerCase() !== "identity";
}

/** After how many seconds a busy peer accepts the next request; `undefined` if it is not busy. */
function retryAfterS(response: Response): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return seconds >= 0 && seconds <= RETRY_AFTER_MAX_S ? Math.max(seconds, 0.1) : undefined;
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function sinceQuery(since: string): string {
  return since === "" ? "" : `?since=${encodeURIComponent(since)}`;
}
