import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { httpPeer } from "../../../src/adapters/http_peer/http_peer.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { toDigestText } from "../../../src/core/archive/digest_text.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";
import { syncNode } from "../../simulation/sync/sync_world.ts";
import { GOOD, goodPeer, serve, TRICKS } from "./hostile_peers.ts";

// One good peer and many bad ones, each with its own trick, over real sockets. The good one's files
// come, nothing outside the archive is touched, and memory stays bounded: `tests/cli` measures that
// in a process that does nothing else.

const TIMES = { answerMs: 2_000, pieceMs: 1_000, graceMs: 1_500, bytesPerSecondMin: 4_096 };

test("Syncer takes what a good peer has while hostile ones try all they can", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-hostile-"));
  const servers = await Promise.all(Object.values(TRICKS).map(serve));
  const good = await serve(goodPeer);
  t.after(async () => {
    for (const { server } of [...servers, good]) {
      server.closeAllConnections();
      server.close();
    }
    await rm(root, { recursive: true });
  });
  const files = fileSystemStore(join(root, "archive"));
  const node = syncNode({ name: "node", clock: systemClock(), files, reporter: noopReporter });
  // The good one answers in time also where the hostile ones keep the machine busy.
  const peers = [
    ...servers.map(({ url }) => httpPeer(url, { times: TIMES })),
    httpPeer(good.url, { times: { ...TIMES, answerMs: 60_000, pieceMs: 60_000, graceMs: 60_000 } }),
  ];
  node.syncer.setPeers(peers);
  let peakBytes = process.memoryUsage().rss;
  const before = peakBytes;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
  }, 20);
  const states = await node.syncer.once({ signal: new AbortController().signal, check: false });
  clearInterval(timer);

  for (const [key, bytes] of GOOD) {
    assert.equal(
      toDigestText(hasher.digest((await files.get(key))!)),
      toDigestText(hasher.digest(bytes)),
    );
  }
  const keys = [];
  for await (const key of files.list("")) keys.push(key);
  assert.deepEqual(keys, [...GOOD.keys()].sort());
  assert.deepEqual(await readdir(root), ["archive"], "something was written outside");
  const troubled = states.slice(0, -1);
  for (const [i, name] of Object.keys(TRICKS).entries()) {
    const { errors, mismatches, refused } = troubled[i]!;
    const isQuiet = name === "names hours outside"; // Those names are no channels and no hours.
    assert.ok(isQuiet || errors + mismatches + refused > 0, `nobody noticed one that ${name}`);
  }
  assert.equal(states.at(-1)!.status, "up to date");
  const grownMiB = Math.round((peakBytes - before) / 1024 ** 2);
  console.log(`${troubled.length} hostile peers: memory grew by ${grownMiB} MiB at most`);
  assert.ok(grownMiB < 400, `memory grew by ${grownMiB} MiB`);
});
