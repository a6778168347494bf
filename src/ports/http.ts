/** Who sends a request, as far as their connection tells. */
export interface Caller {
  /** The IP address at the other end, without its port. */
  readonly address: string;
  /** Whether the request came in where only the operator of the node connects. @default false */
  readonly isOnOperatorListener?: boolean;
}

/** A request that found its route. */
export interface RoutedRequest {
  /** As it came. */
  readonly request: Request;
  /** What stands for the named parts of the route's path, decoded: any text at all, also with `/`. */
  readonly params: { readonly [name: string]: string };
  /** Who asks. */
  readonly caller: Caller;
}

/** One way to ask a node something. */
export interface HttpRoute {
  /** `HEAD` goes to the route for `GET`; `ANY` takes what no route before it took. */
  readonly method: "GET" | "PUT" | "ANY";
  /** A path whose parts may have names, as in `/files/:channel/chat`, or `*` for any path. */
  readonly path: string;
  /** Answers. Never rejects. */
  answer(routed: RoutedRequest): Promise<Response>;
}

/** What a server calls for each request. Never rejects. */
export type HttpHandler = (request: Request, caller: Caller) => Promise<Response>;

/** A server that listens. */
export interface HttpListener {
  /** Where: `http://127.0.0.1:34567`, without a slash at the end. */
  readonly url: string;

  /**
   * Takes no more connections, lets running requests finish for up to `graceMs` milliseconds, then
   * breaks off what is left. Resolves when all is closed. Twice is fine.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
