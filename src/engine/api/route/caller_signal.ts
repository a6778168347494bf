import type { RoutedRequest } from "../../../ports/http.ts";

/** Aborts once the caller has left, as far as the server tells. */
export function callerSignal({ caller, request }: RoutedRequest): AbortSignal {
  return caller.signal ?? request.signal;
}
