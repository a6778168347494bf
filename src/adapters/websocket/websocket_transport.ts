import { ChatloomError } from "../../core/errors/errors.ts";
import type { Chunk, Connection, Transport } from "../../ports/transport.ts";

/** Most that may be received and not yet read: bytes of binary frames, UTF-16 units of text. */
export const UNREAD_MAX = 64 * 1024 * 1024;

/** Most that may wait to leave, in bytes. A listener sends little: more means a dead server. */
const UNSENT_MAX_BYTES = 1024 * 1024;

const OPEN = 1;

/** What a {@link WebSocketTransportOptions.WebSocket} makes: as much of a WebSocket as is needed. */
export interface WebSocketLike {
  /** How binary frames are handed over; set to `arraybuffer`. */
  binaryType: string;
  /** 1 while it is open. */
  readonly readyState: number;
  /** How many bytes wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends one frame of text. */
  send(text: string): void;
  /** Begins to close, in whatever state it is. */
  close(): void;
  /** Adds a listener for `open`, `message`, `error` or `close`. */
  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
}

/** What an event of a {@link WebSocketLike} may tell. */
export interface WebSocketEvent {
  /** Of `message`: the frame. */
  readonly data?: unknown;
  /** Of `error`, in some runtimes: what went wrong. */
  readonly message?: unknown;
  /** Of `error`, in some runtimes: its cause. */
  readonly error?: unknown;
  /** Of `close`: the status code. */
  readonly code?: number;
  /** Of `close`: the server's reason. */
  readonly reason?: string;
  /** Of `close`: whether both sides sent a close frame. */
  readonly wasClean?: boolean;
}

/** How {@link webSocketTransport} connects. */
export interface WebSocketTransportOptions {
  /** The class of the connections, as the WHATWG standard has it. @default the runtime's */
  readonly WebSocket?: new (url: string) => WebSocketLike;
  /** Most that may be received and not yet read. More breaks the connection. @default {@link UNREAD_MAX} */
  readonly unreadMax?: number;
  /** Says why `url` could not be reached, from what was found, and its cause. */
  readonly explain?: (url: string, found: string, cause: unknown) => string;
}

/**
 * Connections over the runtime's WebSocket: in browsers, Deno, and Node from version 22 on.
 *
 * The standard's WebSocket has no back-pressure. If more comes in than is read, the connection is
 * broken at the limit: a known gap is better than a process without memory.
 * Nor can it be forced to end: after `close`, the socket of a dead server lingers until the
 * runtime or the kernel gives it up (Deno 2.9: more than 30 s), and may keep the process alive.
 *
 * @throws {TypeError} when the runtime has no WebSocket and none is given.
 */
export function webSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  const runtime = (globalThis as { WebSocket?: new (url: string) => WebSocketLike }).WebSocket;
  const { WebSocket = runtime, unreadMax = UNREAD_MAX, explain = (_url, found) => found } = options;
  if (WebSocket === undefined) {
    throw new TypeError("Cannot make connections: this runtime has no WebSocket");
  }
  return {
    connect: (url, { signal } = {}) => connect(url, { WebSocket, unreadMax, explain, signal }),
  };
}

async function connect(
  url: string,
  { WebSocket, unreadMax, explain, signal }: Required<WebSocketTransportOptions> & {
    readonly signal: AbortSignal | undefined;
  },
): Promise<Connection> {
  signal?.throwIfAborted();
  let socket: WebSocketLike;
  try {
    socket = new WebSocket(url);
  } catch (cause) {
    throw new ChatloomError("CONNECTION_LOST", `Cannot connect to "${url}"`, { cause });
  }
  socket.binaryType = "arraybuffer";
  const connection = new SocketConnection(socket, { url, unreadMax, explain });
  const abort = (): void => connection.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    await connection.opened;
    return connection;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

class SocketConnection implements Connection {
  readonly incoming: AsyncIterable<Chunk> = this.#read();
  /** Resolves when the socket is open; rejects if it never is. */
  readonly opened: Promise<void>;
  readonly #socket: WebSocketLike;
  readonly #url: string;
  readonly #unreadMax: number;
  readonly #explain: Required<WebSocketTransportOptions>["explain"];
  #unread: Chunk[] = [];
  #unreadLength = 0;
  #wasOpen = false;
  #end: { readonly error?: ChatloomError } | undefined;
  #wakeReader: () => void = () => {};
  #settleOpening: (failure?: { readonly error: unknown }) => void = () => {};

  constructor(
    socket: WebSocketLike,
    { url, unreadMax, explain }:
      & { readonly url: string }
      & Required<Pick<WebSocketTransportOptions, "unreadMax" | "explain">>,
  ) {
    this.#socket = socket;
    this.#explain = explain;
    this.#url = url;
    this.#unreadMax = unreadMax;
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpening = (failure) => failure === undefined ? resolve() : reject(failure.error);
    });
    socket.addEventListener("open", () => {
      this.#wasOpen = true;
      this.#settleOpening();
    });
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("error", ({ message, error }) => this.#break(message, error));
    socket.addEventListener("close", (event) => this.#closed(event));
  }

  send(text: string): void {
    if (this.#end !== undefined || this.#socket.readyState !== OPEN) return;
    if (this.#socket.bufferedAmount > UNSENT_MAX_BYTES) this.#break("it takes no more data");
    else this.#socket.send(text);
  }

  close(): void {
    this.#finish({});
  }

  /** Gives up opening. */
  abort(reason: unknown): void {
    this.#settleOpening({ error: reason });
    this.#finish({});
  }

  #take(data: unknown): void {
    if (this.#end !== undefined) return;
    const chunk = typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer);
    this.#unread.push(chunk);
    this.#unreadLength += chunk.length;
    if (this.#unreadLength > this.#unreadMax) {
      this.#break(`more than ${this.#unreadMax} bytes wait to be read`);
    }
    this.#wakeReader();
  }

  #closed({ wasClean, code, reason }: WebSocketEvent): void {
    if (wasClean && this.#wasOpen) this.#finish({});
    else this.#break(`closed with code ${code}${reason ? ` "${reason}"` : ""}`);
  }

  #break(found: unknown, cause?: unknown): void {
    const verb = this.#wasOpen ? "read from" : "connect to";
    const said = typeof found === "string" && found !== "" ? found : "the connection failed";
    const detail = this.#wasOpen ? said : this.#explain(this.#url, said, cause);
    const text = `Cannot ${verb} "${this.#url}": ${detail}`;
    const error = new ChatloomError("CONNECTION_LOST", text, cause === undefined ? {} : { cause });
    this.#settleOpening({ error });
    this.#finish({ error });
  }

  /** The first end counts. */
  #finish(end: { readonly error?: ChatloomError }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#socket.close();
    this.#wakeReader();
  }

  async *#read(): AsyncGenerator<Chunk> {
    for (;;) {
      const unread = this.#unread;
      this.#unread = [];
      for (const chunk of unread) {
        this.#unreadLength -= chunk.length;
        yield chunk;
      }
      if (this.#unread.length > 0) continue;
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }
}
