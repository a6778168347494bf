/** A connection's worth of channels, as far as seating is concerned. */
export interface AssignedConnection {
  /** The channels that sit there. */
  readonly channels: ReadonlyMap<string, unknown>;
}

/** How many connections `channelCount` channels need, each on `copies` of them, `seats` to a connection. */
export function connectionCount(
  channelCount: number,
  { copies, seats }: { readonly copies: number; readonly seats: number },
): number {
  return channelCount === 0 ? 0 : Math.max(copies, Math.ceil(channelCount * copies / seats));
}

/**
 * Where one more copy of the channel `name` goes: the emptiest of `connections` with a free seat that the
 * channel does not sit on, the first of equals. `undefined` if there is none: a new one is needed.
 */
export function leastLoaded<B extends AssignedConnection>(
  connections: Iterable<B>,
  { name, seats }: { readonly name: string; readonly seats: number },
): B | undefined {
  let best: B | undefined;
  for (const connection of connections) {
    const { size } = connection.channels;
    if (size >= seats || connection.channels.has(name)) continue;
    if (best === undefined || size < best.channels.size) best = connection;
  }
  return best;
}
