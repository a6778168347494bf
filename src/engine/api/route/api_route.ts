import type { HttpRoute, RoutedRequest } from "../../../ports/http.ts";
import type { ApiResponse } from "./api_response.ts";

/** Whom a route is for: readers, whoever measures, whoever asks if we live, who runs the machine. */
export type Audience = "readers" | "metrics" | "health" | "operator";

/** A part of a path or query, told to whoever writes a client. */
export interface ParameterNote {
  /** As it stands in the path or query. */
  readonly name: string;
  /** What it means. */
  readonly description: string;
  /** Whether a question without it is refused. By default not. Parts of a path always are. */
  readonly isRequired?: boolean;
  /** A JSON schema of its text. */
  readonly schema: { readonly [key: string]: unknown };
}

/** One kind of answer, told to whoever writes a client. */
export interface ResponseNote {
  /** Of HTTP. */
  readonly status: number;
  /** What it means. */
  readonly description: string;
  /** Its media type, without parameters; none for an answer without a body. */
  readonly type?: string;
  /** A JSON schema of its body, or of each of its lines. */
  readonly schema?: { readonly [key: string]: unknown };
}

/** A route before the gate stands in front of it, with what the API's description says of it. */
export interface ApiRoute {
  /** See {@link HttpRoute}. */
  readonly method: HttpRoute["method"];
  /** See {@link HttpRoute}. */
  readonly path: string;
  /** Whom it is for. */
  readonly audience: Audience;
  /** Whether pages of other origins may not read it, whatever its audience. @default false */
  readonly isHiddenFromPages?: boolean;
  /** Whether it is answered also when callers take all places. @default false */
  readonly hasOwnRoom?: boolean;
  /** One sentence. */
  readonly summary: string;
  /** The named parts of the path, in their order. */
  readonly pathNotes?: readonly ParameterNote[];
  /** What the query may hold. */
  readonly queryNotes?: readonly ParameterNote[];
  /** Only what the route itself answers: what the gate may answer is the same for all. */
  readonly responseNotes: readonly ResponseNote[];
  /**
   * Answers one who was let in.
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
