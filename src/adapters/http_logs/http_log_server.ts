import { ChatloomError } from "../../core/errors/errors.ts";
import { parseJson } from "../../core/json/parse_json.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogDay, LoggedChannel, LogServer } from "../../ports/log_server.ts";
import { BodyTimeout, DEFAULT_PEER_TIMES, type PeerTimes } from "../http_peer/body_timeout.ts";
import { fetchAsWanted } from "../http_peer/http_peer.ts";
import { hideUser } from "../http_peer/hide_user.ts";
import { isNotFound, lost, refused, textOf } from "../http_peer/peer_errors.ts";
import { systemClock } from "../system/system_clock.ts";

/** How an {@link httpLogServer} asks. */
export interface HttpLogServerOptions {
  /** What waits how long. By default {@link DEFAULT_PEER_TIMES}. */
  readonly times?: Partial<PeerTimes>;
  /** Spaces out requests. @default that of this machine */
  readonly clock?: Clock;
  /** Between the end of one request and the next one, in ms. @default 1 s */
  readonly paceMs?: number;
  /** The most that the lines of a day may have, decoded. @default 4 GiB */
  readonly dayMaxBytes?: number;
}

const LIST_MAX_BYTES = 8 * 1024 * 1024;
const DAY_MAX_BYTES = 4 * 1024 ** 3;
const LIST_COUNT_MAX = 100_000;
const TRIES_MAX = 5;
const RETRY_MAX_MS = 60_000;

/**
 * The rustlog or justlog at `url`. Sends nothing yet. It asks for one thing at a time, at a polite pace, and a
 * busy server again later. Redirects are not followed.
 *
 * @throws {RangeError} when `url` is no `http:` or `https:` address.
 */
export function httpLogServer(url: string, options: HttpLogServerOptions = {}): LogServer {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== "") {
    throw new RangeError(`Cannot ask "${hideUser(url)}": it is no http:// or https:// address`);
  }
  base.search = base.hash = "";
  return new HttpLogServer(base.href.replace(/\/+$/, ""), options);
}

class HttpLogServer implements LogServer {
  readonly name: string;
  readonly #times: PeerTimes;
  readonly #clock: Clock;
  readonly #paceMs: number;
  readonly #dayMaxBytes: number;
  #isFirst = true;

  constructor(root: string, options: HttpLogServerOptions) {
    const { times, clock = systemClock(), paceMs = 1_000, dayMaxBytes = DAY_MAX_BYTES } = options;
    this.name = root;
    this.#times = { ...DEFAULT_PEER_TIMES, ...times };
    this.#clock = clock;
    this.#paceMs = paceMs;
    this.#dayMaxBytes = dayMaxBytes;
  }

  async channels(options?: AbortOptions): Promise<readonly LoggedChannel[]> {
    const list = await this.#list("/channels", "channels", options);
    return list.flatMap((each) => {
      const { name, userID } = each as { readonly name?: unknown; readonly userID?: unknown };
      const isFit = typeof name === "string" && typeof userID === "string" &&
        /^\d{1,20}$/.test(userID) && name.length <= 100;
      return isFit ? [{ login: name.toLowerCase(), id: userID }] : [];
    });
  }

  async days({ id }: LoggedChannel, options?: AbortOptions): Promise<readonly LogDay[]> {
    const list = await this.#list(`/list?channelid=${id}`, "availableLogs", options);
    const days = list.flatMap((each) => {
      const { year, month, day } = each as { readonly [part: string]: unknown };
      const date = { year: Number(year), month: Number(month), day: Number(day) };
      const isDate = date.year >= 2010 && date.year < 2107 && date.month >= 1 && date.month <= 12 &&
        date.day >= 1 && date.day <= 31 && Object.values(date).every(Number.isInteger);
      return isDate ? [date] : [];
    });
    return days.sort((a, b) => a.year - b.year || a.month - b.month || a.day - b.day);
  }

  async *lines(
    { id }: LoggedChannel,
    { year, month, day }: LogDay,
    { signal }: AbortOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const path = `/channelid/${id}/${year}/${month}/${day}?raw`;
    const asked = await this.#ask(path, signal);
    if (asked !== undefined) yield* asked.timeout.pieces(asked.response, this.#dayMaxBytes);
  }

  async #list(path: string, field: string, { signal }: AbortOptions = {}): Promise<object[]> {
    const asked = await this.#ask(path, signal);
    if (asked === undefined) return [];
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of asked.timeout.pieces(asked.response, LIST_MAX_BYTES)) {
      text += decoder.decode(bytes, { stream: true });
    }
    let list: unknown;
    try {
      list = (parseJson(text) as { readonly [field: string]: unknown } | null)?.[field];
    } catch (cause) {
      throw refused(this.name, `${path} gives no JSON`, { cause });
    }
    if (!Array.isArray(list)) throw refused(this.name, `${path} gives no list "${field}"`);
    return list.slice(0, LIST_COUNT_MAX)
      .filter((each) => typeof each === "object" && each !== null);
  }

  /** The answer to a request, if there is something; asks again while the server is busy or away. */
  async #ask(
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly response: Response; readonly timeout: BodyTimeout } | undefined> {
    for (let tries = 1;; tries++) {
      if (!this.#isFirst) await this.#clock.sleep(this.#paceMs, signal);
      this.#isFirst = false;
      const timeout = new BodyTimeout(this.#times, { peer: this.name, signal });
      let waitMs = Math.min(1_000 * 2 ** tries, RETRY_MAX_MS);
      let failure: unknown;
      try {
        const response = await timeout.answer(fetchAsWanted(`${this.name}${path}`, {
          headers: { accept: "text/plain, application/json" },
          redirect: "manual",
          signal: timeout.signal,
        }));
        if (response.status === 200 && !isPage(response)) return { response, timeout };
        await timeout.discard(response);
        if (isNotFound(response)) return undefined;
        const isBusy = response.status === 429 || response.status >= 500;
        failure = isBusy
          ? lost(this.name, `${path}: ${textOf(response)}`)
          : refused(this.name, `${path}: ${isPage(response) ? "a web page" : textOf(response)}`);
        if (!isBusy) throw failure;
        const askedS = Number(response.headers.get("retry-after") ?? NaN);
        if (askedS >= 0) waitMs = Math.min(askedS * 1_000, RETRY_MAX_MS);
      } catch (cause) {
        failure = timeout.translate(cause, path);
        const isLost = failure instanceof ChatloomError && failure.code === "CONNECTION_LOST";
        if (!isLost) throw failure;
      }
      if (tries >= TRIES_MAX) throw failure;
      await this.#clock.sleep(waitMs, signal);
    }
  }
}

/** Such servers answer an unknown path with their page and status 200. */
function isPage({ headers }: Response): boolean {
  return (headers.get("content-type") ?? "").toLowerCase().includes("text/html");
}
