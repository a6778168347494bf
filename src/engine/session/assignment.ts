/** A connection, as the assignment of channels sees it. */
export interface AssignedConnection {
  /** The channels assigned to it. */
  readonly channels: ReadonlyMap<string, unknown>;
}

/**
 * How many connections `channelCount` channels need, each channel on `copies` of them, `seats` channels to
 * a connection.
 */
export function connectionCount(
  channelCount: number,
  { copies, seats }: { readonly copies: number; readonly seats: number },
): number {
  return channelCount === 0 ? 0 : Math.max(copies, Math.ceil(channelCount * copies / seats));
}

/**
 * The connection for one more copy of the channel `name`: the least loaded of `connections` with a free
 * seat that does not have the channel, the first of equals. `undefined` if there is none: a new one is
 * needed.
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
