import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { type ArchiveKey, batchKey, formatHour } from "../../../src/core/archive/archive_key.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import { filesOf, hasher, WORLD_US } from "../../simulation/settle/settle_world.ts";

// Peers that each try another trick, and one that is good. Run as a program, it serves all of them and
// prints where, as JSON, so that a test can measure a process that has nothing else in it.

/** What a peer does when it is asked. */
export type Trick = (request: IncomingMessage, response: ServerResponse) => void;

/** What the good peer has. */
export const GOOD: ReadonlyMap<ArchiveKey, Uint8Array> = filesOf([
  { content: 1, isExact: true, receiver: 1, receivedS: 2, startS: 1, lengthS: 0 },
  { content: 2, isExact: true, receiver: 1, receivedS: 70, startS: 65, lengthS: 0 },
]);
const HOUR = "2026-08-01T23";
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

/** The tricks, by name. */
export const TRICKS: { readonly [name: string]: Trick } = {
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
  "lists ten million names": (request, response) => MILLIONS(request, response),
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

/** What costs memory, where a peer is believed that sends much: many files at once. */
export const GREED: { readonly [name: string]: Trick } = {
  "sends gzip bombs as every file": listing(
    Array.from({ length: 40 }, (_, i) => inventedName(i)),
    (_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(BOMB);
    },
  ),
  "sends endless bodies as every file": listing(
    Array.from({ length: 40 }, (_, i) => inventedName(100 + i)),
    (_, response) => endless(response),
  ),
  "lists 100,000 files in each of 100,000 hours": (request, response) => {
    const path = new URL(request.url!, "http://x").pathname;
    if (path.startsWith("/segments/")) return end(response, "no", 503);
    if (path === "/files") return end(response, `["c"]`);
    if (path === "/files/c/chat") return end(response, HOURS);
    if (path.startsWith("/digests") || path.endsWith("redactions")) return end(response, "", 404);
    end(response, NAMES_100_000);
  },
};

function inventedName(i: number): string {
  const digest = hasher.digest(new TextEncoder().encode(`invented ${i}`));
  return nameOf(batchKey("c", { timeUs: WORLD_US - (i % 50) * MINUTE_US, digest }));
}

const HOURS = JSON.stringify(
  Array.from({ length: 100_000 }, (_, i) => formatHour(WORLD_US - i * HOUR_US)),
);
const NAMES_100_000 = JSON.stringify(
  Array.from({ length: 100_000 }, (_, i) => `00:00-${String(i).padStart(42, "A")}A.json`),
);

/** Gives what it has. */
export function goodPeer(request: IncomingMessage, response: ServerResponse): void {
  listing(NAMES, (asked, answer) => {
    const key = decodeURIComponent(new URL(asked.url!, "http://x").pathname).slice(
      "/segments/".length,
    );
    const bytes = GOOD.get(key);
    if (bytes === undefined) end(answer, "", 404);
    else end(answer, bytes);
  })(request, response);
}

/** Serves a trick on loopback. */
export async function serve(trick: Trick): Promise<{ url: string; server: Server }> {
  const server = createServer(trick).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

if (import.meta.main) {
  const names = [...Object.keys(TRICKS), ...Object.keys(GREED)];
  // Those who hold a connection for ever let go at last, so that the test can end.
  const patient = (trick: Trick): Trick => (request, response) => {
    setTimeout(() => response.destroy(), 15_000).unref();
    trick(request, response);
  };
  const tricks = [...Object.values(TRICKS), ...Object.values(GREED)].map(patient);
  const urls = [];
  for (const trick of [...tricks, goodPeer]) urls.push((await serve(trick)).url);
  console.log(JSON.stringify({ names, urls }));
  process.stdin.resume().on("end", () => process.exit());
}
