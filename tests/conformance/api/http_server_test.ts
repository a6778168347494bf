import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { parseListenAddress } from "../../../src/adapters/http/listen_address.ts";
import { nodeServer } from "../../../src/adapters/http/node_server.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { backPressureBody } from "../../../src/engine/api/gate/back_pressure_body.ts";
import type { HttpHandler, HttpListener } from "../../../src/ports/http.ts";
import { until } from "../../waiting/until.ts";

const LISTEN = "127.0.0.1:0";

function serve(handler: HttpHandler): Promise<HttpListener> {
  return nodeServer(handler, { listen: LISTEN });
}

/** What comes back for raw bytes, until the connection is closed, `ending` has come or a minute has passed. */
async function exchange(
  url: string,
  bytes: string,
  { ending = /$^/ }: { readonly ending?: RegExp } = {},
): Promise<{ text: string; isClosed: boolean }> {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  let text = "";
  let isClosed = false;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 60_000);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk;
      if (ending.test(text)) done();
    });
    socket.on("error", () => {}); // A reset is a way to close.
    socket.on("close", () => {
      isClosed = true;
      done();
    });
  });
  socket.destroy();
  return { text, isClosed };
}

test("nodeServer hands on what is asked and gives back what is answered", async () => {
  const listener = await serve(async (request, caller) => {
    const url = new URL(request.url);
    const facts = {
      method: request.method,
      path: url.pathname + url.search,
      header: request.headers.get("x-one"),
      body: request.method === "PUT" ? await request.text() : null,
      address: caller.address,
    };
    return Response.json(facts, { status: 201, headers: { "x-two": "2" } });
  });
  try {
    assert.match(listener.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${listener.url}//a%2Fb/34%3A00?c=d+e`, {
      method: "PUT",
      body: "hello",
      headers: { "x-one": "1" },
    });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-two"), "2");
    assert.deepEqual(await response.json(), {
      method: "PUT",
      path: "//a%2Fb/34%3A00?c=d+e",
      header: "1",
      body: "hello",
      address: "127.0.0.1",
    });
    const head = await fetch(listener.url, { method: "HEAD" });
    assert.equal(head.status, 201);
  } finally {
    await listener.close();
  }
});

test("nodeServer asks for more of a body only as it is taken, and ends it with the caller", async () => {
  let pulled = 0;
  let cancelled = () => {};
  const isCancelled = new Promise<void>((resolve) => cancelled = resolve);
  const listener = await serve(() =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          pull(controller) {
            if (pulled++ > 200) controller.close();
            else controller.enqueue(new Uint8Array(256 * 1024));
          },
          cancel: () => cancelled(),
        }, { highWaterMark: 0 }),
      ),
    )
  );
  try {
    const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => pulled > 0, "a first piece");
    // It rests when many looks in a row find no further piece.
    for (let [looks, before] = [0, pulled]; looks < 70; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(pulled < 100, `${pulled} pieces for a caller that takes none`);
      if (pulled > before) [looks, before] = [0, pulled];
    }
    socket.destroy();
    await isCancelled;
  } finally {
    await listener.close({ graceMs: 100 });
  }
});

test("nodeServer aborts a request whose caller leaves before the answer, and no other", async () => {
  const signals: AbortSignal[] = [];
  let [arrived, answered] = [() => {}, () => {}];
  const isAsked = new Promise<void>((resolve) => arrived = resolve);
  const listener = await serve(async ({ url }, caller) => {
    const signal = caller.signal!;
    signals.push(signal);
    assert.equal(caller.signal, signal);
    if (!url.endsWith("/slow")) return new Response("fast");
    arrived();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    answered();
    return new Response("late");
  });
  try {
    const isAnswered = new Promise<void>((resolve) => answered = resolve);
    const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    await isAsked;
    socket.destroy();
    await isAnswered;
    for (let i = 0; i < 2; i++) assert.equal(await (await fetch(listener.url)).text(), "fast");
  } finally {
    await listener.close();
  }
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, false, false]);
});

test("nodeServer breaks the connection when a body fails, so that half does not pass for whole", async () => {
  let count = 0;
  const listener = await serve(() =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            if (count++ < 3) controller.enqueue(new Uint8Array(10));
            else controller.error(new Error("disk"));
          },
        }),
      ),
    )
  );
  try {
    await assert.rejects(fetch(listener.url).then((response) => response.arrayBuffer()));
  } finally {
    await listener.close();
  }
});

test("nodeServer lets running requests finish before it closes", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => begun = resolve);
  const listener = await serve(async () => {
    begun();
    await held;
    return new Response("whole");
  });
  const asked = fetch(listener.url).then((response) => response.text());
  await hasBegun;
  const closing = listener.close({ graceMs: 60_000 });
  const { port } = new URL(listener.url);
  await until(async () => {
    const socket = connect(Number(port), "127.0.0.1");
    const isRefused = await once(socket, "connect").then(() => false, () => true);
    socket.destroy();
    return isRefused;
  }, "connections to be refused");
  await assert.rejects(fetch(listener.url));
  release();
  assert.equal(await asked, "whole");
  await closing;
  await listener.close();
});

test("nodeServer breaks off what does not finish in time", async () => {
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => begun = resolve);
  const listener = await serve(() => {
    begun();
    return new Promise(() => {});
  });
  const asked = fetch(listener.url).then(({ status }) => status, () => "broken");
  await hasBegun;
  let isClosed = false;
  void listener.close({ graceMs: 300 }).then(() => isClosed = true);
  await until(() => isClosed, "the server to close");
  assert.ok([503, "broken"].includes(await asked));
});

test("nodeServer says when it cannot listen", async () => {
  const listener = await serve(() => Promise.resolve(new Response()));
  const listen = new URL(listener.url).host;
  try {
    await assert.rejects(
      async () => {
        await nodeServer(() => Promise.resolve(new Response()), { listen });
      },
      (error) => error instanceof ChatloomError && error.code === "CONNECTION_LOST",
    );
  } finally {
    await listener.close();
  }
});

test("nodeServer refuses what is no request of the web, and goes on", async () => {
  const paths: string[] = [];
  const listener = await nodeServer((request) => {
    paths.push(new URL(request.url).pathname);
    return Promise.resolve(new Response("ok"));
  }, { listen: LISTEN });
  const get = "GET / HTTP/1.1\r\n";
  const hostile: Record<string, RegExp> = {
    [`${get}Host: x\r\nX: ${"a".repeat(40_000)}\r\n\r\n`]: /^HTTP\/1.1 431 /,
    [`GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`]: /^HTTP\/1.1 431 /,
    [`${get}Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`]:
      /^HTTP\/1.1 400 /,
    [`${get}Host: x y\r\n\r\n`]: /^HTTP\/1.1 400 /,
    [`${get}Host: a/b?c\r\n\r\n`]: /^HTTP\/1.1 (400|200) /,
    "GET http://elsewhere.example/ HTTP/1.1\r\nHost: x\r\n\r\n": /^HTTP\/1.1 400 /,
    "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n": /^HTTP\/1.1 400 /,
    "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n": /^$|^HTTP\/1.1 4/,
    "\u0000\u0001\u0002\r\n\r\n": /^HTTP\/1.1 400 /,
    "GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n": /^HTTP\/1.1 400 /,
  };
  try {
    for (const [bytes, expected] of Object.entries(hostile)) {
      const { text } = await exchange(listener.url, bytes, { ending: /\r\n\r\n/ });
      assert.match(text, expected, JSON.stringify(bytes.slice(0, 80)));
    }
    assert.equal(await (await fetch(listener.url)).text(), "ok");
    assert.ok(paths.every((path) => path === "/"), `${paths}`);
  } finally {
    await listener.close();
  }
});

test("nodeServer drops who is slow to ask, and who does not move", async () => {
  const serveFor = (headersTimeoutMs: number, idleTimeoutMs: number) =>
    nodeServer(() => Promise.resolve(new Response("ok")), {
      listen: LISTEN,
      headersTimeoutMs,
      idleTimeoutMs,
    });
  const long = 600_000;
  const patient = await serveFor(long, long);
  const listeners = [patient, await serveFor(400, long), await serveFor(long, 600)];
  const [, ofHeaders, ofIdle] = listeners;
  try {
    let isDropped = false;
    const dripping = "GET / HTTP/1.1\r\nHost: x\r\n";
    const kept = [dripping, ""].map((bytes) =>
      exchange(patient.url, bytes).then(() => isDropped = true)
    );
    const dropped = [exchange(ofHeaders!.url, dripping), exchange(ofIdle!.url, "")];
    for (const { isClosed } of await Promise.all(dropped)) assert.ok(isClosed);
    assert.ok(!isDropped, "a server with more patience drops them too");
    await patient.close({ graceMs: 0 });
    await Promise.all(kept);
  } finally {
    for (const listener of listeners) await listener.close({ graceMs: 0 });
  }
});

test("nodeServer does not treat a client as idle that waits for it", async () => {
  const listener = await nodeServer(async () => {
    await new Promise((resolve) => setTimeout(resolve, 900));
    return new Response("late");
  }, { listen: LISTEN, idleTimeoutMs: 200 });
  try {
    assert.equal(await (await fetch(listener.url)).text(), "late");
  } finally {
    await listener.close();
  }
});

test("nodeServer breaks off connections beyond its bound, and takes new ones when there is room", async () => {
  const listener = await nodeServer(() => Promise.resolve(new Response("ok")), {
    listen: LISTEN,
    connectionsMax: 5,
  });
  const sockets: Socket[] = [];
  try {
    const { port } = new URL(listener.url);
    for (let i = 0; i < 5; i++) {
      const socket = connect(Number(port), "127.0.0.1");
      sockets.push(socket);
      await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    }
    const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const beyond = await exchange(listener.url, request);
    assert.deepEqual([beyond.text, beyond.isClosed], ["", true]);
    for (const socket of sockets) socket.destroy();
    const isServed = async () =>
      /^HTTP\/1.1 200/.test((await exchange(listener.url, request)).text);
    await until(isServed, "room");
  } finally {
    for (const socket of sockets) socket.destroy();
    await listener.close();
  }
});

/** A body that goes on for ever, and fails when its reader has taken nothing for `stallMs`. */
function endlessBody(stallMs: number): ReadableStream<Uint8Array> {
  return backPressureBody({
    next: () => Promise.resolve({ done: false as const, value: new Uint8Array(128 * 1024) }),
  }, { clock: systemClock(), stallMs, onEnd() {} });
}

test("nodeServer destroys the connection of a caller that takes nothing", async () => {
  const listener = await nodeServer(() => Promise.resolve(new Response(endlessBody(400))), {
    listen: LISTEN,
    connectionsMax: 1,
    idleTimeoutMs: 600_000,
  });
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  try {
    socket.on("error", () => {});
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    // The one connection there may be is given back although its caller never looks.
    const asking = "GET /files HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const isServed = async () =>
      (await exchange(listener.url, asking, { ending: /^HTTP/ })).text !== "";
    await until(isServed, "the one connection to be given back");
    const closed = once(socket, "close");
    socket.resume();
    await closed; // What is left in the network is short: the body has no end.
  } finally {
    socket.destroy();
    await listener.close({ graceMs: 100 });
  }
});

test("nodeServer lets one address take a part of its connections, and always answers /healthz", async () => {
  const listener = await nodeServer(() => Promise.resolve(new Response("ok")), {
    listen: LISTEN,
    connectionsMax: 40,
  });
  const sockets: Socket[] = [];
  try {
    const { port } = new URL(listener.url);
    for (let i = 0; i < 60; i++) {
      const socket = connect({ port: Number(port), host: "127.0.0.1", localAddress: "127.0.0.1" });
      socket.on("error", () => {});
      sockets.push(socket);
      await once(socket, "connect");
    }
    const asking = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    for (let i = 0; i < 5; i++) {
      const health = await exchange(listener.url, asking("/healthz"));
      assert.match(health.text, /^HTTP\/1.1 200[\s\S]*ok/);
      assert.ok(health.isClosed);
    }
    assert.equal((await exchange(listener.url, asking("/files"))).text, "");
    const other = connect({ port: Number(port), host: "127.0.0.1", localAddress: "127.0.0.2" });
    sockets.push(other);
    other.write(asking("/files"));
    assert.match(`${(await once(other, "data"))[0]}`, /^HTTP\/1.1 200/);
  } finally {
    for (const socket of sockets) socket.destroy();
    await listener.close({ graceMs: 100 });
  }
});

test("nodeServer lets a shared address take all connections", async () => {
  const listener = await nodeServer(() => Promise.resolve(new Response("ok")), {
    listen: LISTEN,
    connectionsMax: 4,
    isShared: () => true,
  });
  const sockets: Socket[] = [];
  try {
    for (let i = 0; i < 4; i++) {
      const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
      sockets.push(socket);
      socket.write("GET /files HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.match(`${(await once(socket, "data"))[0]}`, /^HTTP\/1.1 200/);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    await listener.close({ graceMs: 100 });
  }
});

test("parseListenAddress takes loopback where no host is given", () => {
  assert.deepEqual(parseListenAddress(":8080"), { hostname: "127.0.0.1", port: 8080 });
  assert.deepEqual(parseListenAddress("8080"), { hostname: "127.0.0.1", port: 8080 });
  assert.deepEqual(parseListenAddress("[::1]:0"), { hostname: "::1", port: 0 });
  assert.deepEqual(parseListenAddress("0.0.0.0:1"), { hostname: "0.0.0.0", port: 1 });
  assert.deepEqual(parseListenAddress("node.example:80"), { hostname: "node.example", port: 80 });
  for (const text of ["", ":", "x", "host:", "host:70000", "::1:80", "a b:1", "host:1x"]) {
    assert.throws(() => parseListenAddress(text), RangeError, text);
  }
});
