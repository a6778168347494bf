/** A connection's worth of channels, as far as seating is concerned. */
export interface Bench {
  /** The channels that sit there. */
  readonly channels: ReadonlyMap<string, unknown>;
}

/** How many benches `channelCount` channels need, each on `copies` of them, `seats` to a bench. */
export function benchCount(
  channelCount: number,
  { copies, seats }: { readonly copies: number; readonly seats: number },
): number {
  return channelCount === 0 ? 0 : Math.max(copies, Math.ceil(channelCount * copies / seats));
}

/**
 * Where one more copy of the channel `name` goes: the emptiest of `benches` with a free seat that the
 * channel does not sit on, the first of equals. `undefined` if there is none: a new one is needed.
 */
export function freeBench<B extends Bench>(
  benches: Iterable<B>,
  { name, seats }: { readonly name: string; readonly seats: number },
): B | undefined {
  let best: B | undefined;
  for (const bench of benches) {
    const { size } = bench.channels;
    if (size >= seats || bench.channels.has(name)) continue;
    if (best === undefined || size < best.channels.size) best = bench;
  }
  return best;
}
