import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { httpPeer } from "../../../src/adapters/http_peer/http_peer.ts";
import {
  type FileSystemStore,
  fileSystemStore,
} from "../../../src/adapters/file_system/file_system_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { contentOf } from "../../../src/core/batch/content.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { nodeApi } from "../../../src/engine/api/node_api.ts";
import type { HttpListener } from "../../../src/ports/http.ts";
import { noopMetrics } from "../../../src/ports/metrics.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import {
  chance,
  intBelow,
  type SeededRandom,
  seededRandom,
} from "../../../src/testing/chance/seeded_random.ts";
import { type PlainPeer, plainPeer } from "../../cli/nodes/plain_peer.ts";
import { hasher } from "../settle/settle_world.ts";
import { type SyncNode, syncNode } from "../sync/sync_world.ts";
import { formatPython, readReferenceFile, writeReferenceFile } from "./reference_merge.ts";
import { ReferenceNode } from "./reference_node.ts";

/** The channel that both nodes record. */
export const CHANNEL = "loomtest";
const START_S = Date.UTC(2026, 7, 1, 12, 57) / 1000; // An hour ends in the middle.
const LENGTH_S = 300;

/** Who heard what: an exact message by any, a ranged one by one of them. */
interface Heard {
  readonly fields: Parameters<typeof contentOf>[0];
  /** What Twitch told, or `undefined` for a ranged message. */
  readonly sentMs: number | undefined;
  /** Start and length of the range, in seconds, as doubles. */
  readonly range: readonly [number, number];
  readonly receivers: readonly string[];
}

const OURS = ["ours.AbCdE.0", "ours.AbCdE.1"];
const THEIRS = "theirs.FgHiJ.0";

function happenings(random: SeededRandom): Heard[] {
  return Array.from({ length: 40 + intBelow(random, 40) }, (_, i) => {
    const sender = `user${i}`;
    const person = { sender, user: sender, host: `${sender}.tmi.twitch.tv` };
    const atS = START_S + random.next() * LENGTH_S;
    if (chance(random, 0.5)) {
      const sentMs = Math.floor(atS * 1000);
      const tags = { id: `id-${i}`, "tmi-sent-ts": `${sentMs}`, "display-name": `Üser ${i}` };
      const fields = {
        command: "PRIVMSG",
        params: [`#${CHANNEL}`, `text ${i} 🧵`],
        ...person,
        tags,
      };
      const receivers = [...OURS, THEIRS].filter(() => chance(random, 0.6));
      return { fields, sentMs, range: [sentMs / 1000, 0], receivers };
    }
    const command = chance(random, 0.5) ? "JOIN" : "PART";
    const fields = { command, params: [`#${CHANNEL}`], ...person, tags: null };
    const receivers = [intBelow(random, 2) === 0 ? OURS[intBelow(random, 2)]! : THEIRS];
    const lengthS = chance(random, 0.3) ? 10 : random.next() * 55;
    return { fields, sentMs: undefined, range: [atS, lengthS], receivers };
  });
}

/** A node of ours beside one of the reference, each with what it recorded by itself. */
export interface MixedWorld {
  readonly ours: SyncNode;
  readonly store: FileSystemStore;
  readonly theirs: ReferenceNode;
  readonly url: string;
  /** One round of each: they merge and pull, we pull and settle. */
  round(): Promise<{ readonly pulled: number; readonly merged: number; readonly fetched: number }>;
  close(): Promise<void>;
}

/** Makes such a world from a seed, over real folders and sockets. */
export async function mixedWorld(seed: string): Promise<MixedWorld> {
  const random = seededRandom(seed);
  const root = await mkdtemp(join(tmpdir(), "chatloom-mixed-"));
  const store = fileSystemStore(join(root, "ours"));
  const ours = syncNode({ name: "ours", clock: systemClock(), files: store });
  const theirs = new ReferenceNode(join(root, "theirs"), random);
  const heard = happenings(random);
  await recordOurs(heard, ours);
  await recordTheirs(heard, theirs);
  await ours.settler.settleNoted();
  const listener = await serveOurs(ours);
  const shown = new Map<string, Uint8Array>();
  const peer: PlainPeer = await plainPeer(shown);
  ours.syncer.setPeers([httpPeer(peer.url)]);
  return {
    ours,
    store,
    theirs,
    url: listener.url,
    async round() {
      let merged = await theirs.mergeAll(CHANNEL);
      const pulled = await theirs.backfill(listener.url);
      merged += await theirs.mergeAll(CHANNEL);
      shown.clear();
      for (const [path, bytes] of await theirs.files()) shown.set(path, bytes);
      const before = ours.syncer.state()[0]!.files;
      const signal = new AbortController().signal;
      const [state] = await ours.syncer.once({ signal, check: false });
      await ours.settler.settleNoted();
      return { pulled, merged, fetched: state!.files - before };
    },
    async close() {
      await listener.close({ graceMs: 0 });
      peer.close();
      await rm(root, { recursive: true });
    },
  };
}

async function recordOurs(heard: readonly Heard[], { store, settler }: SyncNode): Promise<void> {
  for (const receiver of OURS) {
    const set = new SightingSet();
    for (const { fields, sentMs, range: [startS, lengthS], receivers } of heard) {
      if (!receivers.includes(receiver)) continue;
      const startUs = sentMs === undefined ? Math.round(startS * 1e6) : sentMs * 1000;
      const endUs = startUs + Math.round(lengthS * 1e6);
      const sentUs = sentMs === undefined ? undefined : startUs;
      const receivedS = startS + 0.123;
      set.addSighting(contentOf(fields), { receiver, receivedS, startUs, endUs, sentUs });
    }
    for (const [timeUs, bytes] of set.encodeMinutes()) {
      const key = batchKey(CHANNEL, { timeUs, digest: hasher.digest(bytes) });
      await store.put(key, bytes);
      settler.onFileStored(key);
    }
  }
}

/** As the reference's recorder writes: ranges of its own constants as integers. */
async function recordTheirs(heard: readonly Heard[], theirs: ReferenceNode): Promise<void> {
  const minutes = new Map<number, string[]>();
  for (const { fields, range: [startS, lengthS], receivers } of heard) {
    if (!receivers.includes(THEIRS)) continue;
    const at = Math.floor(startS / 60) * 60;
    const message = {
      ...fields,
      receivers: { [THEIRS]: startS + 0.321 },
      time: startS,
      time_range: lengthS,
    };
    const line = formatPython(message).replace(/("time_range":\d+)\.0(?=,)/, "$1");
    minutes.set(at, [...minutes.get(at) ?? [], line]);
  }
  for (const [at, lines] of minutes) {
    const messages = readReferenceFile(new TextEncoder().encode(lines.join("\n")));
    await theirs.record(CHANNEL, at, writeReferenceFile(messages));
  }
}

/** The archive of `node`, as `chatloom serve` serves it. */
export async function serveOurs({ files }: Pick<SyncNode, "files">): Promise<HttpListener> {
  const { routes } = nodeApi({
    store: files,
    hasher,
    clock: systemClock(),
    random: seededRandom("mixed"),
    reporter: noopReporter,
    metrics: noopMetrics,
    metricsPage: () => Promise.resolve({ type: "text/plain", text: "" }),
    logLevel: { get: () => "info", set() {} },
    version: "0",
  });
  return await nodeServer(honoRouter(routes), { listen: "127.0.0.1:0" });
}
