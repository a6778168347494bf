import type { RoutedRequest } from "../../../ports/http.ts";

/** At most this many errors within errors are looked at. */
const CAUSES_MAX = 8;

/** Aborts once the caller has left, as far as the server tells. */
export function callerSignal({ caller, request }: RoutedRequest): AbortSignal {
  return caller.signal ?? request.signal;
}

/** Whether work failed because its caller has left. Other failures meanwhile are failures: the operator has to know. */
export function isOfLeaving(error: unknown, routed: RoutedRequest): boolean {
  const signal = callerSignal(routed);
  if (!signal.aborted) return false;
  let cause = error;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth++) {
    if (cause === signal.reason || cause.name === "AbortError") return true;
    cause = cause.cause;
  }
  return cause === signal.reason;
}
