import { abortWith, orAbort } from "../../async/abort.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { explainFailure } from "../proxy/connection_advice.ts";
import { lost, refused } from "./peer_errors.ts";

/** How long a peer may take. */
export interface PeerTimes {
  /** Until the head of a response is there, in ms. */
  readonly answerMs: number;
  /** Until the next chunk of it is there, in ms. */
  readonly pieceMs: number;
  /** After this many ms a body must have come at … */
  readonly graceMs: number;
  /** … this many bytes a second on the whole, counted while we wait for it. */
  readonly bytesPerSecondMin: number;
}

/** Enough for a bad mobile link, not for a peer that sends a byte a second. */
export const DEFAULT_PEER_TIMES: PeerTimes = {
  answerMs: 60_000,
  pieceMs: 15_000,
  graceMs: 20_000,
  bytesPerSecondMin: 4_096,
};

/** Bounds one request: how long its response takes, how fast and how much comes. */
export class BodyTimeout {
  readonly #times: PeerTimes;
  readonly #peer: string;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #unlink: () => void;
  #slowness: ChatloomError | undefined;

  /** For a request to `options.peer` that its caller may abort. */
  constructor(
    times: PeerTimes,
    options: { readonly peer: string; readonly signal: AbortSignal | undefined },
  ) {
    this.#times = times;
    this.#peer = options.peer;
    this.#caller = options.signal;
    this.#unlink = abortWith(this.#controller, this.#caller);
  }

  /** Aborts when the request must be given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The response, if its head comes in time. */
  async answer(request: Promise<Response>): Promise<Response> {
    return await this.#within(this.#times.answerMs, "it does not answer", request);
  }

  /**
   * The chunks of the body, if it comes fast enough and has `maxBytes` at most. A chunk is valid until
   * the next one is requested.
   */
  async *pieces(response: Response, maxBytes: number): AsyncGenerator<Uint8Array> {
    const read = readerOf(response.body);
    if (read === undefined) return this.#end();
    const { pieceMs, graceMs, bytesPerSecondMin } = this.#times;
    let bytes = 0;
    let waitedMs = 0;
    let isWhole = false;
    try {
      for (;;) {
        const startMs = performance.now();
        const next = await this.#within(pieceMs, "it fell silent", read());
        waitedMs += performance.now() - startMs;
        if (next.done) break;
        bytes += next.value.length;
        if (bytes > maxBytes) throw refused(this.#peer, `it is longer than ${maxBytes} bytes`);
        if (waitedMs > graceMs && bytes / waitedMs * 1_000 < bytesPerSecondMin) {
          throw lost(this.#peer, `it sends less than ${bytesPerSecondMin} bytes a second`);
        }
        yield next.value;
      }
      isWhole = true;
    } catch (error) {
      throw this.translate(error, "the body");
    } finally {
      if (!isWhole) this.#stop();
      this.#end();
    }
  }

  /** Releases a body that is not read. */
  async discard(response: Response): Promise<void> {
    try {
      await response.body?.cancel();
    } catch {
      // It broke before it could be released.
    }
    this.#stop();
    this.#end();
  }

  /** What is thrown to the caller for what `fetch` threw. */
  translate(cause: unknown, what: string): unknown {
    this.#end();
    if (cause instanceof ChatloomError) return cause;
    if (this.#caller?.aborted) return this.#caller.reason;
    if (this.#slowness !== undefined) return this.#slowness;
    const why = explainFailure(this.#peer, messageOf(cause), cause);
    return lost(this.#peer, `${what}: ${why}`, { cause });
  }

  async #within<T>(limitMs: number, complaint: string, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.#slowness = lost(this.#peer, `${complaint} for ${Math.round(limitMs / 1_000)} s`);
      this.#controller.abort(this.#slowness);
    }, limitMs);
    try {
      // Where a connection broke off as it was aborted, Deno may leave the work pending for ever.
      return await orAbort(work, this.#controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #stop(): void {
    this.#controller.abort();
  }

  #end(): void {
    this.#unlink();
  }
}

const PIECE_MAX_BYTES = 64 * 1024;

/** Reads a body into one buffer, over and over: fresh ones pile up before they are collected. */
function readerOf(
  body: ReadableStream<Uint8Array> | null,
): (() => Promise<ReadableStreamReadResult<Uint8Array>>) | undefined {
  if (body === null) return undefined;
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    const usual = body.getReader(); // Not every runtime fills buffers that it is given.
    return () => usual.read();
  }
  let buffer = new ArrayBuffer(PIECE_MAX_BYTES);
  return async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done || value === undefined) return { done: true, value: undefined };
    buffer = value.buffer;
    return { done, value };
  };
}

// `fetch` says only that it failed; why is in the cause.
function messageOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: unknown };
  return cause instanceof Error ? cause.message || String(message) : String(message ?? error);
}
