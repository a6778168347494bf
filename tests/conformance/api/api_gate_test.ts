import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../../src/engine/api/gate/gate.ts";
import { addressGroup } from "../../../src/engine/api/gate/address_rates.ts";
import type { Severity } from "../../../src/ports/reporter.ts";
import { apiWorld, said } from "./api_world.ts";

const ELSEWHERE = "192.0.2.7";
const METRICS = { metricsPage: () => Promise.resolve({ type: "text/plain", text: "m 1\n" }) };

test("a token lets readers in, and nothing else does", async () => {
  const token = "correct-horse-battery";
  const world = apiWorld({ access: { readers: { kind: "token", token } } });
  await world.put("forsen", [said(1, "a")]);
  const paths = ["/files", "/digests", "/forsen/chat.ndjson", "/forsen/chat.json", "/files/.x"];
  for (const path of paths) {
    for (
      const authorization of [
        undefined,
        "",
        token,
        `Basic ${token}`,
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        `Bearer ${token}x`,
        `Bearer ${token.slice(0, -1)}`,
        `Bearer ${token.toUpperCase()}`,
      ]
    ) {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await world.ask(path, { headers });
      assert.equal(response.status, 401, `${path} ${authorization}`);
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
    }
  }
  const headers = { authorization: `Bearer ${token}` };
  assert.deepEqual(await world.json("/files", { headers }), ["forsen"]);
  assert.deepEqual(await world.json("/files", { headers: { authorization: `bearer  ${token}` } }), [
    "forsen",
  ]);
  // A health check needs no token, and shows nothing.
  assert.equal(await world.text("/healthz"), "ok");
});

test("metrics and debug routes are for this machine, also when a proxy or a page says it is", async () => {
  let level: Severity = "info";
  const logLevel = { get: () => level, set: (to: Severity) => void (level = to) };
  const token = "operator-token";
  const access = { operator: { kind: "operator", token } } as const;
  const world = apiWorld({ ...METRICS, logLevel, access });
  const paths = ["/metrics", "/debug/state", "/debug/log-level"];
  for (const path of paths) {
    assert.equal((await world.ask(path)).status, 200, path);
    assert.equal((await world.ask(path, { address: "::1", host: "[::1]:8080" })).status, 200);
    const elsewhere: Parameters<typeof world.ask>[1][] = [
      { address: ELSEWHERE },
      { address: "::ffff:192.0.2.7" },
      { address: "unknown" },
      { host: "evil.example" },
      { host: "127.0.0.1.evil.example" },
      { headers: { "x-forwarded-for": "127.0.0.1" } },
      { headers: { forwarded: "for=127.0.0.1" } },
      { headers: { via: "1.1 proxy" } },
      { headers: { "x-forwarded-host": "archive.example" } },
      { headers: { "x-real-ip": "127.0.0.1" } },
      { headers: { "cf-connecting-ip": "127.0.0.1" } },
      // As a proxy on this machine that adds no header sends it.
      { isOnOperatorListener: false },
      { isOnOperatorListener: false, headers: { authorization: "Bearer wrong-token" } },
    ];
    for (const options of elsewhere) {
      const expected = path === "/metrics" ? 403 : 401; // Metrics have no token in this world.
      const { status } = await world.ask(path, options);
      assert.equal(status, expected, `${path} ${JSON.stringify(options)}`);
    }
  }
  const bearer = { authorization: `Bearer ${token}` };
  const asked = { address: ELSEWHERE, isOnOperatorListener: false, headers: bearer };
  assert.equal((await world.ask("/debug/state", asked)).status, 200);
  const put = { method: "PUT", body: "debug", headers: bearer };
  const refused: Parameters<typeof world.ask>[1][] = [
    { ...put, headers: {} },
    { ...put, headers: { authorization: "Bearer wrong-token" } },
  ];
  for (const options of refused) {
    assert.equal((await world.ask("/debug/log-level", options)).status, 401);
  }
  for (const origin of ["https://evil.example", "http://localhost:81", "null"]) {
    const headers = { ...bearer, origin };
    assert.equal((await world.ask("/debug/log-level", { ...put, headers })).status, 403, origin);
  }
  const off = apiWorld({ logLevel });
  assert.equal((await off.ask("/debug/log-level", put)).status, 403);
  assert.equal(level, "info");
  assert.equal(await world.text("/debug/log-level", put), "debug");
  assert.equal(level, "debug");
  const wrong = await world.ask("/debug/log-level", { ...put, body: "loud" });
  assert.equal(wrong.status, 400);
  assert.equal(level, "debug");
});

test("metrics have a rule of their own", async () => {
  const open = apiWorld({ ...METRICS, access: { metrics: { kind: "open" } } });
  assert.equal(await open.text("/metrics", { address: ELSEWHERE }), "m 1\n");
  const access = {
    readers: { kind: "token", token: "reader-token" },
    metrics: { kind: "token", token: "metrics-token" },
  } as const;
  const closed = apiWorld({ ...METRICS, access });
  const asking = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  assert.equal((await closed.ask("/metrics", asking("reader-token"))).status, 401);
  assert.equal((await closed.ask("/metrics", asking("metrics-token"))).status, 200);
  assert.equal((await closed.ask("/files", asking("metrics-token"))).status, 401);
});

test("an address that asks too fast waits, and others do not", async () => {
  const rate = { perSecond: 2, burst: 5 };
  const world = apiWorld({ limits: { rate } });
  const status = async (address: string) => (await world.ask("/files", { address })).status;
  for (let i = 0; i < 5; i++) assert.equal(await status(ELSEWHERE), 200);
  const refused = await world.ask("/nowhere", { address: ELSEWHERE });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal(await status("192.0.2.8"), 200);
  await world.clock.advance(500);
  assert.equal(await status(ELSEWHERE), 200);
  assert.equal(await status(ELSEWHERE), 429);
  for (let i = 0; i < 20; i++) assert.equal(await status("127.0.0.1"), 200);
  // Behind a proxy on this machine all are one.
  const behind = () => world.ask("/files", { headers: { "x-forwarded-for": "1.2.3.4" } });
  for (let i = 0; i < 5; i++) assert.equal((await behind()).status, 200);
  assert.equal((await behind()).status, 429);
});

test("addressGroup takes the 64 bits of one customer for one address", () => {
  assert.equal(addressGroup("192.0.2.7"), "192.0.2.7");
  assert.equal(addressGroup("::ffff:192.0.2.7"), "192.0.2.7");
  const group = "2001:db8:0:5::/64";
  assert.equal(addressGroup("2001:db8:0:5::1"), group);
  assert.equal(addressGroup("2001:DB8::5:a:b:c:d"), group);
  assert.equal(addressGroup("2001:0db8:0000:0005:ffff::"), group);
  assert.notEqual(addressGroup("2001:db8:0:6::1"), group);
  assert.equal(addressGroup("::1"), "0:0:0:0::/64");
});

test("a bounded number of requests runs at a time, from their start to the last byte", async () => {
  const limits = { runningMax: 3, runningPerAddressMax: 2 };
  const world = apiWorld({ limits });
  await world.put("forsen", [said(1, "a")]);
  const open = (address: string) => world.ask("/forsen/chat.ndjson", { address });
  const [one, two] = [await open(ELSEWHERE), await open(ELSEWHERE)];
  assert.deepEqual([one.status, two.status], [200, 200]);
  assert.equal((await open(ELSEWHERE)).status, 429);
  const three = await open("192.0.2.8");
  assert.equal(three.status, 200);
  const full = await open("127.0.0.1");
  assert.equal(full.status, 503);
  assert.equal(full.headers.get("retry-after"), "1");
  await one.text();
  await two.body!.cancel();
  await three.text();
  assert.equal((await open(ELSEWHERE)).status, 200);
  assert.equal(
    world.counts.get("http_answers_cut{route=/:channel/chat.ndjson,reason=caller gone}"),
    1,
  );
  // No caller reads the body of these, and no place stays taken.
  for (let i = 0; i < 10; i++) {
    const head = await world.ask("/forsen/chat.ndjson", { method: "HEAD" });
    assert.equal(head.status, 200);
  }
});

test("a caller that takes nothing is dropped, one that is slow but moves is not", async () => {
  const stallMs = 4_000;
  const world = apiWorld({ limits: { stallMs } });
  const long = "x".repeat(300);
  for (let minute = 0; minute < 4; minute++) {
    const messages = Array.from({ length: 400 }, (_, i) => said(60 * minute + i / 10, long));
    await world.put("forsen", messages);
  }
  const path = "/forsen/chat.ndjson";
  const whole = await world.text(path);
  assert.ok(whole.length > 4 * 128 * 1024);
  const slow = (await world.ask(path)).body!.getReader();
  let text = "";
  for (let step = await slow.read(); !step.done; step = await slow.read()) {
    text += new TextDecoder().decode(step.value);
    await world.clock.advance(stallMs - 1_500);
  }
  assert.equal(text, whole);
  for (const read of [0, 1]) {
    const stalled = (await world.ask(path)).body!.getReader();
    for (let i = 0; i < read; i++) await stalled.read();
    await world.clock.advance(2 * stallMs);
    await assert.rejects(stalled.read(), /takes nothing/);
  }
  assert.equal(
    world.counts.get("http_answers_cut{route=/:channel/chat.ndjson,reason=caller too slow}"),
    2,
  );
  const { http } = await world.json("/debug/state") as { http: { runningRequests: number } };
  assert.equal(http.runningRequests, 1);
  assert.equal(world.clock.sleeperCount, 0, "a timer is left behind");
});

test("what is larger than any honest request is refused", async () => {
  const world = apiWorld();
  const statusOf = async (path: string, init: RequestInit = {}) =>
    (await world.ask(path, init)).status;
  assert.equal(await statusOf(`/files?${"a".repeat(9_000)}`), 414);
  assert.equal(await statusOf("/files", { headers: { "x-long": "a".repeat(40_000) } }), 431);
  assert.equal(await statusOf("/files", { headers: { "content-length": "5" } }), 413);
  assert.equal(await statusOf("/files", { headers: { "transfer-encoding": "chunked" } }), 413);
  const put = (body: string) => ({
    method: "PUT",
    body,
    headers: { "content-length": `${body.length}` },
  });
  assert.equal(await statusOf("/debug/state", put("x")), 405);
  assert.equal(await statusOf("/debug/log-level", put("x".repeat(2_000))), 413);
});

test("a method that a path does not know is refused with those it does", async () => {
  const world = apiWorld();
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    const response = await world.ask("/files", { method });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "GET, HEAD, OPTIONS");
  }
  const response = await world.ask("/debug/state", { method: "OPTIONS" });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, HEAD");
  assert.equal((await world.ask("/nowhere")).status, 404);
  assert.equal((await world.ask("/nowhere", { method: "POST" })).status, 404);
});

test("a page of any origin may read what readers may, and no more", async () => {
  const token = "reader-token";
  const logLevel = { get: () => "info" as const, set() {} };
  const access = {
    readers: { kind: "token", token },
    operator: { kind: "operator", token: "operator-token" },
  } as const;
  const world = apiWorld({ ...METRICS, access, logLevel });
  const origin = "https://page.example";
  const originsOf = async (path: string, init: RequestInit = {}) => {
    const response = await world.ask(path, { ...init, headers: { origin, ...init.headers } });
    await response.body?.cancel();
    const { status, headers } = response;
    return [status, headers.get("access-control-allow-origin")];
  };
  const bearer = { authorization: `Bearer ${token}` };
  const range = "start=2026-08-01T12:00&end=2026-08-01T12:10";
  const reads = [
    "/files",
    "/files/forsen",
    "/extras/emotes",
    "/digests",
    `/forsen/chat.json?${range}`,
    "/forsen/chat.ndjson",
    `/forsen/coverage.json?${range}`,
    "/healthz",
    "/openapi.json",
  ];
  for (const path of reads) {
    for (const method of ["GET", "HEAD"]) {
      assert.deepEqual(await originsOf(path, { method, headers: bearer }), [200, "*"], path);
    }
    const preflight = await world.ask(path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
      },
    });
    assert.equal(preflight.status, 204, path);
    assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/);
    assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /\bGET\b/);
    assert.equal((await originsOf(path, { method: "POST" }))[1], null);
  }
  // A page must be able to read why it was refused, too.
  assert.deepEqual(await originsOf("/files"), [401, "*"]);
  for (const path of ["/metrics", "/debug/state", "/debug/log-level"]) {
    assert.deepEqual(await originsOf(path), [200, null], path);
    assert.deepEqual(await originsOf(path, { method: "OPTIONS" }), [405, null], path);
  }
  const put = { method: "PUT", body: "debug" };
  assert.equal((await originsOf("/debug/log-level", put))[1], null);
});

test("a token may come as the name or the password of a URL", async () => {
  const token = "correct-horse-battery";
  const world = apiWorld({ access: { readers: { kind: "token", token } } });
  const statusOf = async (pair: string) => {
    const headers = { authorization: `Basic ${btoa(pair)}` };
    return (await world.ask("/files", { headers })).status;
  };
  for (const pair of [`:${token}`, `${token}:`, `anyone:${token}`]) {
    assert.equal(await statusOf(pair), 200, pair);
  }
  for (const pair of [":", token, `:${token}x`, `a:b:${token}`, ":wrong"]) {
    assert.equal(await statusOf(pair), 401, pair);
  }
});

test("behind a trusted proxy each client has a rate of its own", async () => {
  const rate = { perSecond: 1, burst: 2 };
  const world = apiWorld({ limits: { rate }, trustedProxies: ["loopback", "192.0.2.9"] });
  const status = async (chain: string | undefined, address = "127.0.0.1") => {
    const headers = chain === undefined ? {} : { "x-forwarded-for": chain };
    return (await world.ask("/files", { address, headers })).status;
  };
  for (const expected of [200, 200, 429]) assert.equal(await status("198.51.100.1"), expected);
  assert.equal(await status("198.51.100.2"), 200);
  // What the client itself wrote stands on the left, and is not believed.
  assert.equal(await status("203.0.113.5, 198.51.100.1"), 429);
  assert.equal(await status("198.51.100.1, 192.0.2.9, 127.0.0.1"), 429);
  assert.equal(await status("198.51.100.1:4711", "192.0.2.9"), 429);
  // A stranger is not believed at all, and a proxy that names no client has one rate.
  for (const expected of [200, 200, 429]) {
    assert.equal(await status(`10.0.0.${expected}`, "192.0.2.10"), expected);
  }
  for (const expected of [200, 200, 429]) assert.equal(await status(undefined), expected);
});

test("/healthz is answered while all places are taken", async () => {
  const rate = { perSecond: 1, burst: 1 };
  const world = apiWorld({ limits: { runningMax: 1, rate } });
  await world.put("forsen", [said(1, "a")]);
  const held = await world.ask("/forsen/chat.ndjson", { address: ELSEWHERE });
  assert.equal((await world.ask("/files")).status, 503);
  for (let i = 0; i < 5; i++) {
    assert.equal(await world.text("/healthz", { address: ELSEWHERE }), "ok");
  }
  await held.body!.cancel();
});

test("the default rate lets a backfiller of the reference pull 2,400 files, 450 a second", async () => {
  const world = apiWorld();
  for (let i = 0; i < 2_400; i++) {
    if (i % 45 === 0) await world.clock.advance(100);
    assert.equal((await world.ask("/files", { address: ELSEWHERE })).status, 200, `request ${i}`);
  }
});

test("usual limits let a page of requests through", () => {
  const { runningMax, runningPerAddressMax, rate } = DEFAULT_LIMITS;
  assert.ok(runningMax > 1_000 && runningPerAddressMax >= 6 && rate.burst > rate.perSecond);
  assert.equal(DEFAULT_LIMITS.stallMs, 20_000);
});
