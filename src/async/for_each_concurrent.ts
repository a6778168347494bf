/**
 * Runs `work` on what `items` yields, up to `width` at once, in order. The first failure ends it: no
 * further work starts, and it rejects once all running work has ended.
 */
export async function forEachConcurrent<T>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = drain(items);
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    try {
      while (failure === undefined) {
        const next = await source.next();
        if (next.done) return;
        await work(next.value);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  await source.return(undefined);
  if (failure !== undefined) throw failure.error;
}

/** One source for all workers, which each ask it for their next item. */
async function* drain<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
