import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readdir, rm } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fileSystemStore } from "../../src/adapters/file_system_store.ts";
import { httpPeer } from "../../src/adapters/http_peer.ts";
import { systemClock } from "../../src/adapters/system_clock.ts";
import { type ArchiveKey, batchKey } from "../../src/core/archive_key.ts";
import { toDigestText } from "../../src/core/text/digest_text.ts";
import { SILENT } from "../../src/ports/reporter.ts";
import { filesOf, hasher, WORLD_US } from "../simulation/settle_world.ts";
import { syncNode } from "../simulation/sync_world.ts";

// One good peer and many bad ones, each with its own trick, over real sockets. The good one's files
// come, nothing outside the archive is touched, and memory stays bounded.

type Trick = (request: IncomingMessage, response: ServerResponse) => void;

const GOOD = filesOf([
  { content: 1, isExact: true, receiver: 1, receivedS: 2, startS: 1, lengthS: 0 },
  { content: 2, isExact: true, receiver: 1, receivedS: 70, startS: 65, lengthS: 0 },
]);
const HOUR = "2026-08-01T23";
const TIMES = { answerMs: 2_000, pieceMs: 1_000, graceMs: 1_500, bytesPerSecondMin: 4_096 };
const MEGABYTE = new Uint8Array(1024 * 1024);
const nameOf = (key: ArchiveKey) => key.slice(key.lastIndexOf("/") + 1);
const NAMES = [...GOOD.keys()].map(nameOf);
const INVENTED = nameOf(
  batchKey("c", { timeUs: WORLD_US, digest: hasher.digest(new Uint8Array([1, 2, 3])) }),
);

function listing(names: readonly unknown[], file: Trick): Trick {
  return (request, response) => {
    const path = new URL(request.url!, "http://x").pathname;
    if (path.startsWith("/segments/")) return file(request, response);
    if (path.startsWith("/digests")) return end(response, "", 404);
    if (path === "/files") return end(response, `["c"]`);
    if (path === "/files/c/chat") return end(response, `["${HOUR}"]`);
    if (path === `/files/c/chat/${HOUR}`) return end(response, JSON.stringify(names));
    end(response, "[]");
  };
}

function end(response: ServerResponse, body: string | Uint8Array, status = 200): void {
  response.writeHead(status);
  response.end(body);
}

function endless(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write(MEGABYTE));
  };
  response.on("drain", more);
  more();
}

/** A small answer that unpacks to 512 MiB. */
const BOMB = gzipSync(new Uint8Array(512 * 1024 * 1024), { level: 1 });

const TRICKS: { readonly [name: string]: Trick } = {
  // Of what others have it may not be asked, if they are faster.
  "lies about hashes": listing(
    [...NAMES, INVENTED],
    (_, response) => end(response, "not what you asked for\n"),
  ),
  "names paths": listing(
    ["../../x", "..%2f..%2fx", "/etc/passwd", "a\u0000b", "00:00-x.json", "", ".", ...NAMES],
    (_, response) => end(response, "", 404),
  ),
  "names hours outside": (request, response) =>
    new URL(request.url!, "http://x").pathname === "/files"
      ? end(response, `["../..", "c", "C", "", "con", "c/../../x"]`)
      : end(response, `["../../x", "2026-13-01T00", "2026-08-01T23/../.."]`),
  "sends endless bodies": listing([INVENTED], (_, response) => endless(response)),
  "sends endless lists": (_, response) => {
    response.write("[");
    endless(response);
  },
  "sends gzip bombs": listing([INVENTED], (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(BOMB);
  }),
  "sends bombs as lists": (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(BOMB);
  },
  "promises more than it sends": listing([INVENTED], (_, response) => {
    response.writeHead(200, { "content-length": "100000" });
    response.write("abc");
    setTimeout(() => response.destroy(), 50);
  }),
  "drips": listing([INVENTED], (_, response) => {
    const timer = setInterval(() => response.write("x"), 100);
    response.on("close", () => clearInterval(timer));
  }),
  "never answers": () => {},
  "redirects elsewhere": (_, response) => {
    response.writeHead(302, { location: "http://127.0.0.1:1/stolen" });
    response.end();
  },
  "is always busy": (_, response) => {
    response.writeHead(429, { "retry-after": "0.1" });
    response.end();
  },
  "lists ten million names": listing([], () => {}),
  "answers nonsense": (_, response) => end(response, `{"a":[1,{"b":null}]}`),
  "answers broken text": (_, response) =>
    end(response, new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d])),
};

const MILLIONS: Trick = (request, response) => {
  const path = new URL(request.url!, "http://x").pathname;
  if (path !== `/files/c/chat/${HOUR}`) {
    return listing([], (_, inner) => end(inner, "", 404))(request, response);
  }
  let left = 10_000_000;
  const more = () => {
    while (!response.destroyed && left > 0) {
      left -= 1_000;
      if (!response.write(`"${INVENTED}",`.repeat(1_000))) return;
    }
    response.end(`"x"]`);
  };
  response.write("[");
  response.on("drain", more);
  more();
};

function goodPeer(request: IncomingMessage, response: ServerResponse): void {
  listing(NAMES, (asked, answer) => {
    const key = decodeURIComponent(new URL(asked.url!, "http://x").pathname).slice(
      "/segments/".length,
    );
    const bytes = GOOD.get(key);
    if (bytes === undefined) end(answer, "", 404);
    else end(answer, bytes);
  })(request, response);
}

async function serve(trick: Trick): Promise<{ url: string; server: Server }> {
  const server = createServer(trick).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

test("Syncer takes what a good peer has while hostile ones try all they can", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-hostile-"));
  const tricks = { ...TRICKS, "lists ten million names": MILLIONS };
  const servers = await Promise.all(Object.values(tricks).map(serve));
  const good = await serve(goodPeer);
  t.after(async () => {
    for (const { server } of [...servers, good]) {
      server.closeAllConnections();
      server.close();
    }
    await rm(root, { recursive: true });
  });
  const files = fileSystemStore(join(root, "archive"));
  const node = syncNode({ name: "node", clock: systemClock(), files, reporter: SILENT });
  const peers = [...servers, good].map(({ url }) => httpPeer(url, { times: TIMES }));
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
  for (const [i, name] of Object.keys(tricks).entries()) {
    const { errors, mismatches, refused } = troubled[i]!;
    const isQuiet = name === "names hours outside"; // Those names are no channels and no hours.
    assert.ok(isQuiet || errors + mismatches + refused > 0, `nobody noticed one that ${name}`);
  }
  assert.equal(states.at(-1)!.status, "up to date");
  const grownMiB = Math.round((peakBytes - before) / 1024 ** 2);
  console.log(`${troubled.length} hostile peers: memory grew by ${grownMiB} MiB at most`);
  assert.ok(grownMiB < 800, `memory grew by ${grownMiB} MiB`);
});
