// Asks a node in this process for a long log, takes all of it, and prints what that held in memory. Files are made as
// they are read, so that the archive takes no memory itself.
import process from "node:process";
import { honoRouter } from "../../../../src/adapters/http/hono_router.ts";
import { nodeHasher } from "../../../../src/adapters/hashers/node_hasher.ts";
import { systemClock } from "../../../../src/adapters/system/system_clock.ts";
import { batchKey, formatHour, parseArchiveKey } from "../../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../../src/core/batch/batch.ts";
import { HOUR_US, MINUTE_US } from "../../../../src/core/time.ts";
import { nodeApi } from "../../../../src/engine/api/node_api.ts";
import type { BatchStore } from "../../../../src/ports/batch_store.ts";
import { noopMetrics } from "../../../../src/ports/metrics.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import { seededRandom } from "../../../../src/testing/chance/seeded_random.ts";
import { nodeBodyCoders } from "../../../../src/adapters/compressors/node_body_coders.ts";
import { messagesOf, say } from "./log_world.ts";

const [MINUTES = 0, LINES = 0] = process.argv.slice(2, 4).map(Number);
const QUERY = process.argv[4] ?? "";
const BEGIN_US = Date.parse("2026-07-31T00:00:00Z") * 1_000;
const hasher = nodeHasher();

/** The minutes of a short log, made once: their bytes are beside the heap. */
const made = new Map<number, Uint8Array>();
const MADE_MAX = 100;

function minuteBytes(minuteUs: number): Uint8Array {
  let bytes = made.get(minuteUs);
  if (bytes === undefined) {
    bytes = makeMinute(minuteUs);
    if (made.size < MADE_MAX) made.set(minuteUs, bytes);
  }
  return bytes;
}

function makeMinute(minuteUs: number): Uint8Array {
  const lines = Array.from({ length: LINES }, (_, i) => {
    const at = new Date(minuteUs / 1_000 + i * 50).toISOString();
    return say(at, `${"x".repeat(200)} ${i}`, { id: `${minuteUs}-${i}` });
  });
  return encodeBatch(messagesOf(lines));
}

const keys: string[] = [];
for (let minute = 0; minute < MINUTES; minute++) {
  const timeUs = BEGIN_US + minute * MINUTE_US;
  keys.push(batchKey("forsen", { timeUs, digest: await hasher.digest(minuteBytes(timeUs)) }));
}

const store: BatchStore = {
  async *list(prefix) {
    for (const key of keys) if (key.startsWith(prefix)) yield key;
  },
  async *folders(folder) {
    if (folder === "") yield "forsen";
    if (folder === "forsen") yield "chat";
    if (folder !== "forsen/chat") return;
    for (let us = BEGIN_US; us < BEGIN_US + MINUTES * MINUTE_US; us += HOUR_US) {
      yield formatHour(us);
    }
  },
  get(key) {
    const parts = parseArchiveKey(key);
    return Promise.resolve(parts?.kind === "batch" ? minuteBytes(parts.minuteUs) : undefined);
  },
  put: () => Promise.reject(new Error("nothing is stored here")),
  delete: () => Promise.reject(new Error("nothing is deleted here")),
  async *strays() {},
};

const handler = honoRouter(
  nodeApi({
    store,
    hasher,
    clock: systemClock(),
    random: seededRandom(1),
    reporter: noopReporter,
    metrics: noopMetrics,
    version: "1",
    coders: nodeBodyCoders(),
  }).routes,
);
// A canary: what keeps all lines must run out of memory, or the bound proves nothing.
const kept = QUERY === "keeps"
  ? keys.map((_, i) =>
    messagesOf(
      new TextDecoder().decode(minuteBytes(BEGIN_US + i * MINUTE_US)).split("\n").flatMap((line) =>
        line === "" ? [] : [say("2026-07-31T00:00:00Z", line.slice(0, 300))]
      ),
    )
  )
  : [];
const request = new Request(`http://localhost/channel/forsen/2026/7/31?${QUERY}`, {
  headers: QUERY.includes("packed") ? { "accept-encoding": "br" } : {},
});
const response = await handler(request, { address: "127.0.0.1" });
let [bytes, lines, rssMax] = [0, 0, 0];
const rssBefore = process.memoryUsage().rss;
for await (const chunk of response.body!) {
  bytes += chunk.length;
  for (const byte of chunk) if (byte === 10) lines++;
  rssMax = Math.max(rssMax, process.memoryUsage().rss);
}
console.log(
  JSON.stringify({
    status: response.status,
    bytes,
    lines,
    rssGrowth: rssMax - rssBefore,
    kept: kept.length,
  }),
);
