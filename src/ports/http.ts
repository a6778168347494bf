/** The sender of a request, as far as the connection tells. */
export interface Caller {
  /** The IP address at the other end, without its port. */
  readonly address: string;
  /** Whether the request came through the operator's listener. @default false */
  readonly isOnOperatorListener?: boolean;
  /** Aborts when the connection ends before the response is sent. @default the request's own signal */
  readonly signal?: AbortSignal;
}

/** A request that found its route. */
export interface RoutedRequest {
  /** As it came. */
  readonly request: Request;
  /** The values of the named parts of the route's path, decoded: any text, also with `/`. */
  readonly params: { readonly [name: string]: string };
  /** The caller. */
  readonly caller: Caller;
}

/** One route of a node. */
export interface HttpRoute {
  /** `HEAD` goes to the route for `GET`; `ANY` matches every method. */
  readonly method: "GET" | "PUT" | "POST" | "DELETE" | "ANY";
  /** A path whose parts may have names, as in `/files/:channel/chat`, or `*` for any path. */
  readonly path: string;
  /** Answers the request. Never rejects. */
  answer(routed: RoutedRequest): Promise<Response>;
}

/** What a server calls for each request. Never rejects. */
export type HttpHandler = (request: Request, caller: Caller) => Promise<Response>;

/** A server that listens. */
export interface HttpListener {
  /** Its address: `http://127.0.0.1:34567`, without a slash at the end. */
  readonly url: string;

  /**
   * Takes no more connections, lets running requests finish for up to `graceMs` milliseconds, then
   * breaks off the rest. Resolves when all is closed. A second call does nothing.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** A way to compress the bodies of responses. */
export interface BodyCoder {
  /** Its name in `Accept-Encoding` and `Content-Encoding`. */
  readonly coding: string;

  /**
   * The same bytes compressed. They are read when there is room for them, one piece ahead at most, and what is
   * compressed leaves at once when the next piece is not there yet: a caller sees the first lines of a long answer
   * while the rest is looked for. `return` of the iterator ends `pieces` at once, also while a piece is waited for.
   */
  encode(pieces: AsyncIterator<Uint8Array>): AsyncIterableIterator<Uint8Array>;
}
