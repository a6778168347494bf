import { ChatloomError } from "../../core/errors/errors.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Chunk, Connection, Transport } from "../../ports/transport.ts";
import type { Admission, LinkListener, ServerLink } from "./server_link.ts";

/** The server side of {@link memoryTransport}. */
export interface MemoryServer {
  /** Whether the next connection is admitted. Called once for each. */
  admit(): Admission;
  /** Accepts a connection. */
  accept(link: ServerLink): LinkListener;
}

/** Connections within one process, on any clock. */
export function memoryTransport(
  server: MemoryServer,
  { clock, connectMs }: { readonly clock: Clock; readonly connectMs: () => number },
): Transport {
  async function connect(
    url: string,
    options: AbortOptions = {},
  ): Promise<Connection> {
    await clock.sleep(connectMs(), options.signal);
    const admission = server.admit();
    if (admission === "refused" || admission === "unavailable") {
      const found = admission === "refused" ? "connection refused" : "HTTP status 503";
      throw new ChatloomError("CONNECTION_LOST", `Cannot connect to "${url}": ${found}`);
    }
    const link = new MemoryLink(url, server);
    if (admission === "hang-up") link.close();
    return link.client;
  }
  return { connect };
}

/** Both ends of one connection. */
class MemoryLink implements ServerLink {
  readonly client: Connection;
  readonly #url: string;
  readonly #listener: LinkListener;
  readonly #unread: Chunk[] = [];
  #bufferedBytes = 0;
  #end: "open" | "closed" | "broken" = "open";
  #isSilent = false;
  #wakeReader: (() => void) | undefined;

  constructor(url: string, server: MemoryServer) {
    this.#url = url;
    this.client = {
      incoming: this.#read(),
      send: (text) => this.#fromClient(() => this.#listener.received(text)),
      close: () => this.#closeByClient(),
    };
    this.#listener = server.accept(this);
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  send(chunk: Chunk): void {
    if (this.#end !== "open") return;
    this.#unread.push(chunk);
    this.#bufferedBytes += chunk.length;
    this.#wakeReader?.();
  }

  close(): void {
    this.#finish("closed");
  }

  destroy(): void {
    this.#finish("broken");
  }

  silence(): void {
    this.#isSilent = true;
  }

  #finish(end: "closed" | "broken"): void {
    if (this.#end !== "open") return;
    this.#end = end;
    this.#wakeReader?.();
    queueMicrotask(() => this.#listener.gone());
  }

  #closeByClient(): void {
    if (this.#end !== "open") return;
    this.#end = "closed";
    this.#wakeReader?.();
    queueMicrotask(() => this.#listener.gone());
  }

  /** Delivers later, as a network would, so that neither side calls into the other. */
  #fromClient(arrive: () => void): void {
    if (this.#end !== "open" || this.#isSilent) return;
    queueMicrotask(() => {
      if (this.#end === "open" && !this.#isSilent) arrive();
    });
  }

  async *#read(): AsyncGenerator<Chunk> {
    for (;;) {
      const chunk = this.#unread.shift();
      if (chunk !== undefined) {
        this.#bufferedBytes -= chunk.length;
        yield chunk;
      } else if (this.#end === "closed") {
        return;
      } else if (this.#end === "broken") {
        throw new ChatloomError("CONNECTION_LOST", `Cannot read from "${this.#url}": it broke`);
      } else {
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
        this.#wakeReader = undefined;
      }
    }
  }
}
