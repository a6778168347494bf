import type { HttpRoute, RoutedRequest } from "../../../ports/http.ts";
import type { ApiResponse } from "./api_response.ts";

/** Whom a route is for: readers of chat, metrics collectors, health checks, the operator. */
export type Audience = "readers" | "metrics" | "health" | "operator";

/** A part of a path or query, as the API's description has it. */
export interface ParameterNote {
  /** Its name in the path or query. */
  readonly name: string;
  /** Its meaning. */
  readonly description: string;
  /** Whether a request without it is refused. Parts of a path are always required. @default false */
  readonly isRequired?: boolean;
  /** A JSON schema of its text. */
  readonly schema: { readonly [key: string]: unknown };
}

/** One kind of response, as the API's description has it. */
export interface ResponseNote {
  /** The HTTP status. */
  readonly status: number;
  /** Its meaning. */
  readonly description: string;
  /** Its media type, without parameters; none for a response without a body. */
  readonly type?: string;
  /** A JSON schema of its body, or of each of its lines. */
  readonly schema?: { readonly [key: string]: unknown };
}

/** A route without the gate, with its part of the API's description. */
export interface ApiRoute {
  /** See {@link HttpRoute}. */
  readonly method: HttpRoute["method"];
  /** See {@link HttpRoute}. */
  readonly path: string;
  /** Whom it is for. */
  readonly audience: Audience;
  /** Whether pages of other origins may not read it, whatever its audience. @default false */
  readonly isHiddenFromPages?: boolean;
  /** Whether requests to it run also when callers take all places. @default false */
  readonly hasReservedPlace?: boolean;
  /** Whether a slash at the end of the path makes no difference. @default false */
  readonly mayEndInSlash?: boolean;
  /**
   * Whether the route itself checks who may change something, by a key of its own or as any caller may.
   * Without it a change needs the token of its audience. @default false
   */
  readonly checksCaller?: boolean;
  /**
   * Whether the route itself leaves channels out that have opted out. Every other route with a channel in its path
   * or query is answered with 403 for those. @default false
   */
  readonly leavesOutChannels?: boolean;
  /** The response about a channel that has opted out. @default 403 with a reason as text */
  readonly optedOut?: () => ApiResponse;
  /** The size of the largest body that it takes, in bytes. @default 1024 with `PUT`, else 0 */
  readonly bodyMaxBytes?: number;
  /** The media type of the body. @default text/plain */
  readonly bodyType?: string;
  /** One sentence. */
  readonly summary: string;
  /** The named parts of the path, in their order. */
  readonly pathNotes?: readonly ParameterNote[];
  /** What the query may hold. */
  readonly queryNotes?: readonly ParameterNote[];
  /** Only the route's own responses: those of the gate are the same for all. */
  readonly responseNotes: readonly ResponseNote[];
  /**
   * Answers a request that passed the gate.
   *
   * @throws {ChatloomError} when the store fails.
   */
  answer(routed: RoutedRequest): Promise<ApiResponse>;
}

/** The part of a path that names a channel. */
export const CHANNEL_NOTE: ParameterNote = {
  name: "channel",
  description: "A Twitch login, in lower case, without #",
  schema: { type: "string" },
};

/** The part of a path that names an hour. */
export const HOUR_NOTE: ParameterNote = {
  name: "hour",
  description: "An hour in UTC: 2026-08-01T12",
  schema: { type: "string" },
};
