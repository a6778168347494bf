import { httpPeer } from "../adapters/http_peer/http_peer.ts";
import type { PeerState } from "../engine/sync/syncer.ts";
import type { AbortOptions } from "../ports/batch_store.ts";
import type { Archive } from "./wiring/archive.ts";
import { toChannel } from "./channels.ts";
import { type Instant, toMicros } from "./instant.ts";
import { openSyncing } from "./wiring/syncing.ts";

/** A node to pull from. */
export interface SyncPeer {
  /** Its address, such as `http://alpha:8080`. */
  readonly url: string;
  /** Sent with each request to it, and to no other address. */
  readonly token?: string;
  /** Whether its redactions and tombstones are obeyed. @default true */
  readonly obeysOrders?: boolean;
}

/** How {@link sync} pulls. */
export interface SyncArchiveOptions extends AbortOptions {
  /** Only these channels. @default all that a peer has */
  readonly channels?: readonly string[];
  /** Only hours that hold this or come later. @default all */
  readonly from?: Instant;
  /**
   * Whether to go on until `signal` aborts, instead of one pass over all that the peers have.
   * @default false
   */
  readonly follow?: boolean;
}

/**
 * Pulls from other nodes what an archive lacks, and settles it. Resolves with the state of each
 * peer: one that cannot be reached does not hold up the others, so look at their `errors`.
 *
 * @throws {TypeError} when `from` is a number.
 * @throws {RangeError} when an address or a channel's name cannot be used, or there is no peer.
 * @throws {ChatloomError} when the archive cannot be written.
 */
export async function sync(
  archive: Archive,
  peers: readonly (string | SyncPeer)[],
  options: SyncArchiveOptions = {},
): Promise<readonly PeerState[]> {
  if (peers.length === 0) throw new RangeError("Cannot sync: no peer is named");
  const { from, follow = false, signal = new AbortController().signal } = options;
  const entries = peers.map((peer) => typeof peer === "string" ? { url: peer } : peer);
  const opened = entries.map(({ url, token, obeysOrders = true }: SyncPeer) => ({
    peer: httpPeer(url, { token }),
    obeysOrders,
  }));
  const { syncer, settler } = await openSyncing(archive, {
    channels: (options.channels ?? []).map((channel) => toChannel(channel).name),
    signal,
    sinceUs: from === undefined ? undefined : toMicros(from, "from"),
  });
  const untrusted = opened.filter(({ obeysOrders }) => !obeysOrders);
  const withoutOrders = new Set(untrusted.map(({ peer }) => peer.name));
  syncer.setPeers(opened.map(({ peer }) => peer), { withoutOrders });
  try {
    if (!follow) return await syncer.once({ signal, check: true });
    const settling = settler.run(signal);
    settling.catch(() => {}); // Awaited once the syncer has ended.
    await syncer.run(signal);
    await settling;
    return syncer.state();
  } finally {
    await settler.settleNoted(); // Also when it was stopped: the fetched files are settled.
  }
}
