/**
 * Makes `controller` abort when `signal` does, with its reason: at once if that has aborted. Returns
 * what ends this, for a signal that outlives the controller.
 */
export function abortWith(
  controller: AbortController,
  signal: AbortSignal | undefined,
): () => void {
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true, signal: controller.signal });
  return () => signal?.removeEventListener("abort", abort);
}

/**
 * Settles as `promise` does, or rejects with `signal.reason` as soon as `signal` aborts: then what
 * `promise` does is no matter any more.
 */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {}); // Where the signal wins, its failure has no other listener.
  signal.throwIfAborted();
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => abort = () => reject(signal.reason));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves when `signal` aborts; never, if it does not. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Resolves when one of them aborts. Leaves no listener on the other, which may live long. */
export async function untilEither(first: AbortSignal, second: AbortSignal): Promise<void> {
  const either = new AbortController();
  const ends = [abortWith(either, first), abortWith(either, second)];
  await untilAborted(either.signal);
  for (const end of ends) end();
}
