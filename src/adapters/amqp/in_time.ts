/** A call that took too long. */
export class LateError extends Error {
  /** An error after `limitMs`. */
  constructor(limitMs: number) {
    super(`it did not answer within ${limitMs / 1000} s`);
    this.name = "LateError";
  }
}

/** Settles as `promise` does; rejects with a {@link LateError} after `limitMs`, or with `signal.reason`. */
export function inTime<T>(
  promise: Promise<T>,
  { limitMs, signal }: { readonly limitMs: number; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new LateError(limitMs)), limitMs);
    const leave = () => reject(signal?.reason);
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted) leave();
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
    });
  });
}
