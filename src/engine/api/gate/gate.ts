import { ChatloomError } from "../../../core/errors/errors.ts";
import { SECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { BodyCoder, HttpRoute, RoutedRequest } from "../../../ports/http.ts";
import type { Metrics } from "../../../ports/metrics.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { type ApiResponse, textResponse } from "../route/api_response.ts";
import type { ApiRoute } from "../route/api_route.ts";
import { isOfLeaving } from "../route/caller_signal.ts";
import { type Access, refuseAccess, refuseChange, refuseForeignPage } from "./access.ts";
import { addressGroup, AddressRates, type RateLimit } from "./address_rates.ts";
import { clientAddress, isFromHere, isTrustedProxy } from "./client_address.ts";
import { allowAnyPage, isChange } from "./cross_origin.ts";
import { findOversize } from "./oversize.ts";
import { chooseCoder, isWorthCoding, STREAM_GZIP } from "./content_coding.ts";
import { backPressureBody, type BodyEnding } from "./back_pressure_body.ts";

/** The limits on a node's callers. */
export interface GateLimits {
  /** At most this many requests run at a time, from their first byte to the last of the response … */
  readonly runningMax: number;
  /** … and this many for one address. Callers on this machine may take them all. */
  readonly runningPerAddressMax: number;
  /** How fast one address may send requests. Callers on this machine have no such limit. */
  readonly rate: RateLimit;
  /** A caller that reads nothing of its response for this long is dropped, in milliseconds. */
  readonly stallMs: number;
}

/**
 * The default limits. A backfiller of the reference sends about 450 requests a second from one address
 * (measured 2026-11), and a chatloom node no more than are answered: the rate is above both, and
 * stops floods.
 */
export const DEFAULT_LIMITS: GateLimits = {
  runningMax: 2_048,
  runningPerAddressMax: 64,
  rate: { perSecond: 2_000, burst: 10_000 },
  stallMs: 20_000,
};

/** What a {@link Gate} works with. */
export interface GateOptions {
  readonly clock: Clock;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  /** Asked at each request: who has access may change. */
  readonly access: () => Access;
  /** Asked at each request too. */
  readonly limits: () => GateLimits;
  /** Proxies whose `X-Forwarded-For` counts: addresses, or `loopback`. @default none */
  readonly trustedProxies?: readonly string[];
  /** How bodies may be compressed, the best first. @default gzip, by the runtime's own streams */
  readonly coders?: readonly BodyCoder[] | undefined;
}

/** Bodies up to this size leave at once: the network holds them for a slow caller. */
const AT_ONCE_MAX_BYTES = 128 * 1024;

// Responses are data for programs: no browser may show one as a page or guess its type.
const ALWAYS: ApiResponse["headers"] = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/** Stands in front of routes: checks access, bounds what callers use, and counts. */
export class Gate {
  readonly #options: GateOptions;
  readonly #rates: AddressRates;
  readonly #runningBy = new Map<string, number>();
  #running = 0;

  /** A gate without running requests. */
  constructor(options: GateOptions) {
    this.#options = options;
    this.#rates = new AddressRates(() => options.limits().rate);
    options.metrics.gauge("http_requests_running", () => [{ value: this.#running }]);
  }

  /** How many requests are running. */
  get running(): number {
    return this.#running;
  }

  /** The same route with the gate in front of it. */
  guard(route: ApiRoute): HttpRoute {
    const { method, path } = route;
    return { method, path, answer: (routed) => this.#pass(routed, route) };
  }

  async #pass(routed: RoutedRequest, route: ApiRoute): Promise<Response> {
    const { clock } = this.#options;
    const startUs = clock.elapsedUs();
    const leave = route.hasReservedPlace === true ? () => {} : this.#enter(routed, route);
    const answer = typeof leave === "function" ? await this.#ask(routed, route) : leave;
    const done = (ending: BodyEnding, sentBytes: number, error?: unknown) => {
      if (typeof leave === "function") leave();
      this.#note(route, { answer, ending, sentBytes, error, startUs, routed });
    };
    const headers = {
      ...answer.headers,
      ...this.#privateCaching(answer, route),
      ...allowAnyPage(routed.request, route),
    };
    return await this.#toResponse(routed, { ...answer, headers }, done);
  }

  /** A shared cache must not give to all what only callers with a token may read. */
  #privateCaching({ headers }: ApiResponse, { audience }: ApiRoute): ApiResponse["headers"] {
    const caching = headers["cache-control"] ?? "";
    if (!caching.startsWith("public") || this.#options.access()[audience].kind === "open") {
      return {};
    }
    return { "cache-control": caching.replace("public", "private") };
  }

  /** Takes a place, which is left when all is sent, or refuses. */
  #enter(routed: RoutedRequest, route: ApiRoute): ApiResponse | (() => void) {
    const { clock, trustedProxies = [] } = this.#options;
    const limits = this.#options.limits();
    const oversize = findOversize(routed.request, route);
    if (oversize !== undefined) return oversize;
    // Behind a proxy on this machine the callers on this machine cannot be told from others.
    const isHere = isFromHere(routed) && !isTrustedProxy(routed.caller.address, trustedProxies);
    const group = addressGroup(clientAddress(routed, trustedProxies));
    const soon = { "retry-after": "1" };
    if (this.#running >= limits.runningMax) return textResponse(503, "Too busy, try again", soon);
    if (!isHere) {
      const waitS = this.#rates.take(group, clock.elapsedUs());
      if (waitS > 0) {
        return textResponse(429, "Too many requests", { "retry-after": `${Math.ceil(waitS)}` });
      }
      if ((this.#runningBy.get(group) ?? 0) >= limits.runningPerAddressMax) {
        return textResponse(429, "Too many requests at a time", soon);
      }
    }
    this.#running++;
    this.#runningBy.set(group, (this.#runningBy.get(group) ?? 0) + 1);
    return () => {
      this.#running--;
      const left = this.#runningBy.get(group)! - 1;
      if (left === 0) this.#runningBy.delete(group);
      else this.#runningBy.set(group, left);
    };
  }

  async #ask(routed: RoutedRequest, route: ApiRoute): Promise<ApiResponse> {
    const { hasher } = this.#options;
    const access = this.#options.access();
    try {
      const refuse = !isChange(route.method)
        ? refuseAccess
        : route.checksCaller
        ? refuseForeignPage
        : refuseChange;
      return await refuse(routed, access[route.audience], hasher) ??
        await withFirstChunk(await route.answer(routed));
    } catch (error) {
      // No response is read any more.
      if (isOfLeaving(error, routed)) return textResponse(503, "The caller has left");
      return this.#failed(error, route);
    }
  }

  #failed(error: unknown, route: ApiRoute): ApiResponse {
    // The failure may name files of this machine: it goes to the log, not to the caller.
    const isWorld = error instanceof ChatloomError;
    this.#options.reporter.report("error", "Cannot answer a request", {
      route: route.path,
      error: error instanceof Error ? error.message : String(error),
      ...(isWorld ? { code: error.code } : {}),
    });
    return isWorld
      ? textResponse(503, "The archive cannot be read now", { "retry-after": "5" })
      : textResponse(500, "Something went wrong here");
  }

  async #toResponse(
    { request }: RoutedRequest,
    answer: ApiResponse,
    done: (ending: BodyEnding, sentBytes: number, error?: unknown) => void,
  ): Promise<Response> {
    const { clock, coders = [STREAM_GZIP] } = this.#options;
    const { stallMs } = this.#options.limits();
    const { status, body } = answer;
    const headers: Record<string, string> = { ...ALWAYS, ...answer.headers };
    const lengthBytes = body instanceof Uint8Array ? body.length : undefined;
    const type = headers["content-type"] ?? "";
    const coder = status === 200 && isWorthCoding({ type, lengthBytes })
      ? chooseCoder(request.headers.get("accept-encoding"), coders)
      : undefined;
    if (status === 200 || status === 304) headers["vary"] = "accept-encoding";
    if (coder !== undefined) headers["content-encoding"] = coder.coding;
    else if (lengthBytes !== undefined && !hasNoBody(status)) {
      headers["content-length"] = `${lengthBytes}`;
    }
    if (request.method === "HEAD" || hasNoBody(status)) {
      if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
      done("whole", 0);
      return new Response(null, { status, headers });
    }
    if (body instanceof Uint8Array && coder === undefined && body.length <= AT_ONCE_MAX_BYTES) {
      done("whole", body.length);
      return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
    }
    const pieces = body instanceof Uint8Array ? once(body) : body[Symbol.asyncIterator]();
    const sent = coder?.encode(pieces) ?? pieces;
    const stream = backPressureBody(sent, { clock, stallMs, onEnd: done });
    return new Response(stream, { status, headers });
  }

  #note(route: ApiRoute, { answer, ending, sentBytes, error, startUs, routed }: {
    readonly answer: ApiResponse;
    readonly ending: BodyEnding;
    readonly sentBytes: number;
    readonly error: unknown;
    readonly startUs: number;
    readonly routed: RoutedRequest;
  }): void {
    const { clock, metrics, reporter } = this.#options;
    const { method } = routed.request;
    const labels = { route: route.path, method };
    reporter.count("http_requests", { ...labels, status: `${answer.status}` });
    reporter.count("http_response_bytes", { route: route.path }, sentBytes);
    const seconds = (clock.elapsedUs() - startUs) / SECOND_US;
    metrics.observe("http_request_seconds", seconds, { route: route.path });
    reporter.report("debug", "Answered a request", {
      method,
      path: new URL(routed.request.url).pathname,
      status: answer.status,
      bytes: sentBytes,
      ending,
    });
    if (ending === "whole") return;
    reporter.count("http_answers_cut", { route: route.path, reason: ending });
    if (ending === "failed" && !isOfLeaving(error, routed)) this.#failed(error, route);
  }
}

/** The same response with its first chunk read, so that an early failure comes before the head is sent. */
async function withFirstChunk(answer: ApiResponse): Promise<ApiResponse> {
  if (answer.body instanceof Uint8Array) return answer;
  const pieces = answer.body[Symbol.asyncIterator]();
  const first = await pieces.next();
  let step: IteratorResult<Uint8Array> | undefined = first;
  const body: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => body,
    next() {
      const held = step;
      step = undefined;
      return held === undefined ? pieces.next() : Promise.resolve(held);
    },
    async return() {
      await pieces.return?.();
      return { done: true, value: undefined };
    },
  };
  return { ...answer, body };
}

/** Responses with these statuses never have a body. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}
