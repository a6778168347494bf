import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseAccess, refuseChange } from "../../../../src/engine/api/gate/access.ts";
import { addressGroup, AddressRates } from "../../../../src/engine/api/gate/address_rates.ts";
import {
  clientAddress,
  isFromHere,
  isTrustedProxy,
} from "../../../../src/engine/api/gate/client_address.ts";
import { findOversize } from "../../../../src/engine/api/gate/oversize.ts";
import {
  backPressureBody,
  type BodyEnding,
} from "../../../../src/engine/api/gate/back_pressure_body.ts";
import type { RoutedRequest } from "../../../../src/ports/http.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../../simulation/settle/settle_world.ts";

interface Asked {
  readonly url?: string;
  readonly address?: string;
  readonly isOnOperatorListener?: boolean;
  readonly headers?: Record<string, string>;
}

function question(
  { url = "http://localhost/", address = "127.0.0.1", isOnOperatorListener = true, headers = {} }:
    Asked,
): RoutedRequest {
  const caller = { address, isOnOperatorListener };
  return { request: new Request(url, { headers }), caller } as RoutedRequest;
}

test("AddressRates lets a burst through, then so many a second, for each address", () => {
  const rates = new AddressRates(() => ({ perSecond: 4, burst: 3 }));
  const take = (address: string, atS: number): number => rates.take(address, atS * 1e6);
  assert.deepEqual([0, 0, 0, 0].map((atS) => take("1.2.3.4", atS)), [0, 0, 0, 0.25]);
  assert.equal(take("1.2.3.5", 0), 0);
  assert.equal(take("1.2.3.4", 0.125), 0.125);
  assert.equal(take("1.2.3.4", 0.25), 0);
  // However long it rests, it gets no more than the burst.
  assert.deepEqual([99, 99, 99, 99].map((atS) => take("1.2.3.4", atS)), [0, 0, 0, 0.25]);
});

test("AddressRates tells ten thousand addresses apart, those that asked last", () => {
  const rates = new AddressRates(() => ({ perSecond: 1, burst: 1 }));
  const take = (i: number): number => rates.take(`10.0.${i >> 8}.${i & 255}`, 0);
  for (let i = 0; i < 10_000; i++) assert.equal(take(i), 0);
  assert.equal(take(0), 1);
  assert.equal(take(10_000), 0);
  assert.equal(take(0), 1, "it asked of late");
  assert.equal(take(1), 0, "it is forgotten");
});

test("addressGroup is the address of IPv4, and the first 64 bits of IPv6", () => {
  for (
    const [address, group] of [
      ["1.2.3.4", "1.2.3.4"],
      ["::ffff:1.2.3.4", "1.2.3.4"],
      ["::FFFF:1.2.3.4", "1.2.3.4"],
      ["1:2:3:4:5:6:7:8", "1:2:3:4::/64"],
      ["1:2:3:4:5:6:7:9", "1:2:3:4::/64"],
      ["0001:0002:0003:0000:5:6:7:8", "1:2:3:0::/64"],
      ["FE80::1%eth0", "fe80:0:0:0::/64"],
      ["::", "0:0:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["1::", "1:0:0:0::/64"],
      ["1:2:3::8", "1:2:3:0::/64"],
      ["1::5:6:7:8", "1:0:0:0::/64"],
      ["1:2:3:4::", "1:2:3:4::/64"],
    ] as const
  ) assert.equal(addressGroup(address), group, address);
});

test("isFromHere is what comes from this machine, to this machine, through no proxy", () => {
  for (
    const asked of [
      {},
      { address: "127.9.9.9" },
      { address: "::1" },
      { address: "::ffff:127.0.0.1" },
      { url: "http://127.0.0.1:80/" },
      { url: "http://[::1]/" },
    ]
  ) assert.ok(isFromHere(question(asked)), JSON.stringify(asked));
  for (
    const asked of [
      { address: "10.0.0.1" },
      { address: "::2" },
      { address: "128.0.0.1" },
      { url: "http://example.org/" },
      { url: "http://localhost.example.org/" },
      ...["forwarded", "via", "x-forwarded-for", "x-real-ip", "cf-ray", "client-ip"]
        .map((name) => ({ headers: { [name]: "x" } })),
    ]
  ) assert.ok(!isFromHere(question(asked)), JSON.stringify(asked));
});

test("clientAddress is the rightmost that no trusted proxy has", () => {
  const proxies = ["loopback", "10.0.0.1"];
  const client = (forwarded: string | undefined, address = "127.0.0.1"): string => {
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    return clientAddress(question({ address, headers }), proxies);
  };
  assert.equal(client(undefined), "127.0.0.1");
  assert.equal(client("1.2.3.4"), "1.2.3.4");
  assert.equal(client("6.6.6.6, 1.2.3.4, 10.0.0.1"), "1.2.3.4");
  assert.equal(client("1.2.3.4", "10.0.0.1"), "1.2.3.4");
  assert.equal(client("1.2.3.4", "10.0.0.2"), "10.0.0.2", "no proxy of ours");
  assert.equal(client("10.0.0.1"), "127.0.0.1");
  assert.equal(client("6.6.6.6, nonsense"), "127.0.0.1");
  assert.equal(client("nonsense, 1.2.3.4"), "1.2.3.4");
  for (
    const [text, plain] of [
      ["1.2.3.4:5678", "1.2.3.4"],
      ['"[2001:DB8::1]:443"', "2001:db8::1"],
      ["[2001:db8::1]", "2001:db8::1"],
      ["fe80::1%eth0", "fe80::1"],
      ["::ffff:1.2.3.4", "1.2.3.4"],
    ] as const
  ) assert.equal(client(text), plain, text);
  assert.ok(isTrustedProxy("::ffff:10.0.0.1", proxies));
  assert.ok(isTrustedProxy("[::1]:80", proxies));
  assert.ok(!isTrustedProxy("127.0.0.1", ["10.0.0.1"]));
});

test("findOversize refuses what is larger than any honest request", () => {
  const status = (
    { method = "GET", url = "http://h/", headers = {} }: {
      readonly method?: string;
      readonly url?: string;
      readonly headers?: Record<string, string>;
    },
  ): number | undefined => findOversize(new Request(url, { method, headers }))?.status;
  const urlOf = (letters: number): string => `http://h/${"x".repeat(letters - 9)}`;
  assert.equal(status({ url: urlOf(8_192) }), undefined);
  assert.equal(status({ url: urlOf(8_193) }), 414);
  assert.equal(status({ headers: { ab: "x".repeat(32_768 - 2) } }), undefined);
  assert.equal(status({ headers: { ab: "x".repeat(32_768 - 1) } }), 431);
  assert.equal(status({ headers: { ab: "x".repeat(16_382), cd: "x".repeat(16_383) } }), 431);
});

/** A request with headers that `Request` itself would not take. */
function bodied(method: string, headers: Record<string, string>): Request {
  return { method, url: "http://h/", headers: new Headers(headers) } as Request;
}

test("findOversize takes a body of a kilobyte to be put, and no other", () => {
  const status = (method: string, headers: Record<string, string>): number | undefined =>
    findOversize(bodied(method, headers))?.status;
  assert.equal(status("GET", { "content-length": "0" }), undefined);
  assert.equal(status("GET", { "content-length": "1" }), 413);
  assert.equal(status("PUT", { "content-length": "1024" }), undefined);
  assert.equal(status("PUT", { "content-length": "1025" }), 413);
  assert.equal(status("PUT", { "content-length": "x" }), 413);
  assert.equal(status("PUT", { "transfer-encoding": "chunked" }), 413);
  assert.equal(
    findOversize(bodied("GET", { "content-length": "1" }))!.headers["connection"],
    "close",
  );
});

test("refuseAccess lets in who may read: all, those with the token, the operator", async () => {
  const status = async (
    rule: Parameters<typeof refuseAccess>[1],
    asked: Asked = {},
  ): Promise<number | undefined> => (await refuseAccess(question(asked), rule, hasher))?.status;
  const authorization = (value: string): Asked => ({ headers: { authorization: value } });
  assert.equal(await status({ kind: "open" }, { address: "9.9.9.9" }), undefined);
  const rule = { kind: "token", token: "a:b" } as const;
  assert.equal(await status(rule), 401);
  for (const value of ["Bearer a:b", "bearer  a:b"]) {
    assert.equal(await status(rule, authorization(value)), undefined, value);
  }
  const plain = { kind: "token", token: "t" } as const;
  for (const pair of [":t", "t:", "u:t", "t:p"]) {
    assert.equal(await status(plain, authorization(`Basic ${btoa(pair)}`)), undefined, pair);
  }
  for (
    const value of [
      "",
      "Bearer",
      "Bearer t x",
      "Bearer u",
      "Digest t",
      `Basic ${btoa("t")}`,
      "Basic a",
    ]
  ) assert.equal(await status(plain, authorization(value)), 401, value);
  const operator = { kind: "operator" } as const;
  assert.equal(await status(operator), undefined);
  assert.equal(await status(operator, { isOnOperatorListener: false }), 403);
  assert.equal(await status(operator, { address: "9.9.9.9" }), 403);
  const known = { kind: "operator", token: "t" } as const;
  assert.equal(
    await status(known, { ...authorization("Bearer t"), address: "9.9.9.9" }),
    undefined,
  );
});

test("refuseChange always wants a token, and no page of another origin", async () => {
  const status = async (
    rule: Parameters<typeof refuseChange>[1],
    headers: Record<string, string> = {},
  ): Promise<number | undefined> =>
    (await refuseChange(question({ headers }), rule, hasher))?.status;
  const token = { authorization: "Bearer t" };
  assert.equal(await status({ kind: "open" }, token), 403);
  assert.equal(await status({ kind: "operator" }, token), 403);
  assert.equal(await status({ kind: "operator", token: "t" }), 401);
  assert.equal(await status({ kind: "operator", token: "t" }, token), undefined);
  const rule = { kind: "token", token: "t" } as const;
  assert.equal(await status(rule, { ...token, origin: "http://localhost" }), undefined);
  for (const origin of ["http://other", "https://localhost", "null"]) {
    assert.equal(await status(rule, { ...token, origin }), 403, origin);
  }
});

/** A body that is read slice by slice, and how it ended. */
function paced(pieces: readonly (Uint8Array | Error)[]) {
  const clock = virtualClock();
  const endings: [ending: BodyEnding, sentBytes: number][] = [];
  let isReturned = false;
  const source = async function* () {
    try {
      for (const piece of pieces) {
        await Promise.resolve();
        if (piece instanceof Error) throw piece;
        yield piece;
      }
    } finally {
      isReturned = true;
    }
  };
  const onEnd = (ending: BodyEnding, sentBytes: number) => void endings.push([ending, sentBytes]);
  const stream = backPressureBody(source(), { clock, stallMs: 1_000, onEnd });
  return { clock, endings, reader: stream.getReader(), isReturned: () => isReturned };
}

const KIB = 1_024;

test("backPressureBody sends pieces in slices of 128 KiB, and says that all was sent", async () => {
  const { reader, endings, clock } = paced([
    new Uint8Array(300 * KIB),
    new Uint8Array(),
    new Uint8Array(128 * KIB),
  ]);
  const sizes: number[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    sizes.push(next.value.length / KIB);
  }
  assert.deepEqual(sizes, [128, 128, 44, 128]);
  assert.deepEqual(endings, [["whole", 428 * KIB]]);
  await clock.advance(0);
  assert.equal(clock.sleeperCount, 0);
});

test("backPressureBody breaks off when the caller takes nothing for too long", async () => {
  const { reader, endings, clock, isReturned } = paced([new Uint8Array(300 * KIB)]);
  await clock.advance(999);
  await reader.read();
  await clock.advance(999);
  assert.deepEqual(endings, []);
  await clock.advance(251);
  assert.deepEqual(endings, [["caller too slow", 128 * KIB]]);
  await assert.rejects(reader.read(), /takes nothing/);
  assert.ok(isReturned());
  await clock.advance(0);
  assert.equal(clock.sleeperCount, 0);
});

test("backPressureBody tells a source that fails from a caller that goes", async () => {
  const failing = paced([new Uint8Array(5), new RangeError("broken")]);
  await failing.reader.read();
  await assert.rejects(failing.reader.read(), /broken/);
  assert.deepEqual(failing.endings, [["failed", 5]]);
  const gone = paced([new Uint8Array(5), new Uint8Array(5)]);
  await gone.reader.read();
  await gone.reader.cancel();
  assert.deepEqual(gone.endings, [["caller gone", 5]]);
  await gone.clock.advance(0);
  assert.ok(gone.isReturned());
  assert.equal(gone.clock.sleeperCount, 0);
});
