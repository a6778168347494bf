import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import {
  guardedFetcher,
  type GuardedFetcherOptions,
} from "../../../src/adapters/media/guarded_fetcher.ts";
import { isPublicAddress } from "../../../src/adapters/media/public_address.ts";

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function listening(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

const LOCAL: GuardedFetcherOptions = {
  userAgent: "test",
  allowsAnyPort: true,
  isAllowed: (address) => address === "127.0.0.1",
  lookup: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
};

async function fetching(
  url: string,
  options: Partial<GuardedFetcherOptions> = {},
  maxBytes = 1_000,
) {
  const fetched = await guardedFetcher({ ...LOCAL, ...options })(url, { maxBytes });
  return fetched.ok ? `${fetched.bytes.length} bytes` : fetched.reason;
}

test("addresses of special networks are not public, however they are written", () => {
  const priv = [
    ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254"],
    ...["172.16.0.1", "172.31.255.255", "192.0.2.1", "192.168.1.1", "198.18.0.1", "224.0.0.1"],
    ...["255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "fe80::1", "fc00::1"],
    ...[
      "64:ff9b::7f00:1",
      "2001:db8::1",
      "2001::1",
      "2002:7f00:1::",
      "ff02::1",
      "[::1]",
      "",
      "a.example",
    ],
  ];
  for (const each of priv) assert.ok(!isPublicAddress(each), each);
  for (const each of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "[2a00:1450:4001::1]"]) {
    assert.ok(isPublicAddress(each), each);
  }
});

test("what an address leads to is checked before it is asked", async () => {
  let asked = 0;
  const port = await listening((_, response) => {
    asked++;
    response.end("secret");
  });
  const publicOnly = { isAllowed: isPublicAddress };
  for (
    const [url, reason] of [
      [`http://127.0.0.1:${port}/`, /127\.0\.0\.1, which is no public address/],
      [`http://[::1]:${port}/`, /::1, which is no public address/],
      [`http://2130706433:${port}/`, /127\.0\.0\.1/],
      [`http://cdn.example:${port}/`, /127\.0\.0\.1, which is no public address/],
      [`http://user:word@cdn.example:${port}/`, /password/],
      ["file:///etc/passwd", /file: is not fetched/],
      ["gopher://cdn.example/", /gopher: is not fetched/],
      ["nothing", /no address/],
    ] as const
  ) assert.match(await fetching(url, publicOnly), reason, url);
  assert.match(await fetching(`http://cdn.example:${port}/`, { allowsAnyPort: false }), /port/);
  // One private address among several is enough to refuse: which one is taken is up to nobody here.
  const mixed = ["93.184.216.34", "10.0.0.1"].map((address) => ({ address, family: 4 }));
  const lookup = () => Promise.resolve(mixed);
  assert.match(await fetching("http://cdn.example/", { ...publicOnly, lookup }), /10\.0\.0\.1/);
  assert.equal(asked, 0);
});

test("the address that was checked is the one that is connected to, whatever the name becomes", async () => {
  const port = await listening((_, response) => response.end("picture"));
  let lookups = 0;
  const lookup = () => {
    lookups++;
    return Promise.resolve([{ address: lookups === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
  };
  assert.equal(await fetching(`http://no-such-host.invalid:${port}/`, { lookup }), "7 bytes");
  assert.equal(lookups, 1);
});

test("redirects are followed a few times, each checked as the first", async () => {
  const port = await listening(({ url = "/" }, response) => {
    const count = Number(url.slice(1));
    if (Number.isNaN(count)) {
      return void response.writeHead(302, { location: "http://10.0.0.1/" }).end();
    }
    if (count === 0) return void response.end("end");
    response.writeHead(302, { location: `/${count - 1}` }).end("x".repeat(10_000));
  });
  const at = (path: string) => fetching(`http://cdn.example:${port}/${path}`);
  assert.equal(await at("4"), "3 bytes");
  assert.match(await at("5"), /redirects more than 4 times/);
  const isAllowed = (address: string) => address === "127.0.0.1";
  const inward = await fetching(`http://cdn.example:${port}/inward`, { isAllowed });
  assert.match(inward, /10\.0\.0\.1, which is no public address/);
});

test("size and time are bounded, told or not", async () => {
  const port = await listening(({ url }, response) => {
    if (url === "/told") response.writeHead(200, { "content-length": "5000" });
    if (url === "/silent") return;
    response.write("x".repeat(600));
    if (url === "/slow") return;
    response.end("x".repeat(4_400));
  });
  const at = (path: string, options = {}) =>
    fetching(`http://cdn.example:${port}/${path}`, options);
  assert.match(await at("told"), /longer than 1000 bytes/);
  assert.match(await at("untold"), /longer than 1000 bytes/);
  for (const path of ["silent", "slow"]) {
    assert.match(await at(path, { timeoutMs: 300 }), /no answer within 0\.3 s/, path);
  }
  const stop = new AbortController();
  const fetched = guardedFetcher(LOCAL)(`http://cdn.example:${port}/silent`, {
    maxBytes: 10,
    signal: stop.signal,
  });
  stop.abort(new Error("stopped"));
  await assert.rejects(fetched, /stopped/);
});
