import {
  memoryMarks,
  memoryNotes,
  memoryOrders,
} from "../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import {
  type ArchiveKey,
  isChannelName,
  parseHour,
} from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { channelDigest } from "../../../src/engine/api/files/archive_digest.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { SupersededFiles } from "../../../src/engine/sync/state/superseded_files.ts";
import { rememberingStore } from "../../../src/engine/sync/remembering_store.ts";
import { Syncer } from "../../../src/engine/sync/syncer.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { HourNotes } from "../../../src/ports/notes/hour_notes.ts";
import type { OrderNotes } from "../../../src/ports/notes/order_notes.ts";
import type { Peer } from "../../../src/ports/peer.ts";
import type { PruneMarks } from "../../../src/ports/notes/prune_marks.ts";
import { noopReporter, type Reporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { hasher } from "../settle/settle_world.ts";

/** What goes wrong between a node and its peer, asked before each call. */
export type Trouble = (what: string) => "fine" | "lost" | "damaged";

/** A node that shows its archive to others and pulls from them, all in memory. */
export interface SyncNode {
  readonly files: BatchStore;
  readonly store: BatchStore;
  readonly notes: HourNotes;
  readonly marks: PruneMarks;
  readonly orders: OrderNotes;
  readonly settler: Settler;
  readonly syncer: Syncer;
}

/** What a node is made with. */
export interface SyncNodeOptions {
  readonly clock: Clock;
  readonly name: string;
  readonly reporter?: Reporter;
  readonly files?: BatchStore;
}

export function syncNode(
  { clock, name, reporter = noopReporter, files = memoryStore() }: SyncNodeOptions,
): SyncNode {
  const notes = memoryNotes();
  const marks = memoryMarks();
  const orders = memoryOrders();
  const superseded = new SupersededFiles(notes, reporter);
  const store = rememberingStore(files, superseded);
  const settler = new Settler({ store, hasher, clock, reporter });
  const syncer = new Syncer({
    store,
    hasher,
    clock,
    random: seededRandom(name),
    reporter,
    superseded,
    marks,
    orders,
    onStored: settler.onFileStored,
  }, { fullLookMs: 60_000 });
  return { files, store, notes, marks, orders, settler, syncer };
}

/** The archive `store` as a peer, which counts what was asked for. */
export interface CountingPeer extends Peer {
  readonly reads: Map<ArchiveKey, number>;
  requests: number;
}

export function storePeer(
  name: string,
  store: BatchStore,
  { trouble = () => "fine", hasDigests = true }: {
    readonly trouble?: Trouble;
    readonly hasDigests?: boolean;
  } = {},
): CountingPeer {
  const reads = new Map<ArchiveKey, number>();
  const ask = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    peer.requests++;
    const found = await work();
    if (trouble(what) === "lost") throw new ChatloomError("CONNECTION_LOST", `Cannot ask ${what}`);
    return found;
  };
  const peer: CountingPeer = {
    name,
    reads,
    requests: 0,
    channels: () =>
      ask("channels", async () => (await all(store.folders(""))).filter(isChannelName)),
    hours: (channel) =>
      ask("hours", async () =>
        (await all(store.folders(`${channel}/chat`)))
          .filter((hour) => parseHour(hour) !== undefined)),
    files: (channel, folder) =>
      ask("files", async () =>
        (await all(store.list(`${channel}/${folder}/`)))
          .map((key) => key.slice(key.lastIndexOf("/") + 1))),
    async digests({ since }) {
      if (!hasDigests) return undefined;
      return await ask("digests", async () => {
        const channels = await all(store.folders(""));
        return new Map(
          await Promise.all(
            channels.map(async (channel) =>
              [channel, (await channelDigest(channel, { store, hasher, since })).digest] as const
            ),
          ),
        );
      });
    },
    async channelDigest(channel, { since }) {
      if (!hasDigests) return undefined;
      return await ask("digest", async () => {
        const found = await channelDigest(channel, { store, hasher, since });
        const [hours, coverage] = [found.hours, found.coverage].map((each) =>
          new Map(Object.entries(each))
        );
        return { ...found, hours: hours!, coverage: coverage! };
      });
    },
    read: (key) =>
      ask(key, async () => {
        const bytes = await store.get(key);
        if (bytes === undefined) return undefined;
        reads.set(key, (reads.get(key) ?? 0) + 1);
        if (trouble(`bytes ${key}`) === "damaged") bytes[0]! ^= 1;
        return pieces(bytes);
      }),
  };
  return peer;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100) {
    yield await Promise.resolve(bytes.slice(at, at + 100));
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
