import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { serveWebSocket } from "../../../src/adapters/websocket/websocket_server.ts";
import { webSocketTransport } from "../../../src/adapters/websocket/websocket_transport.ts";
import { runtimeTransport, wsTransport } from "../../../src/adapters/websocket/ws_transport.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import type { Chunk, Connection, Transport } from "../../../src/ports/transport.ts";
import { memoryTransport } from "../../../src/testing/simulated_twitch/memory_transport.ts";
import type {
  LinkListener,
  ServerLink,
} from "../../../src/testing/simulated_twitch/server_link.ts";
import {
  type TransportFixture,
  type TransportServerEnd,
  transportSuite,
} from "../../../src/testing/suites/transport_suite.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { until } from "../../waiting/until.ts";
import { doesFail } from "../suite_outcome.ts";

const HAS_WEBSOCKET = "WebSocket" in globalThis;

/** A server of sockets on a port of its own; `greet` says something to who connects. */
async function serveSockets(
  greet: (socket: Socket) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // Clients leave as they like.
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** How often a message goes to and fro before all that was sent on other connections has surely arrived. */
const ROUND_TRIPS = 100;

/**
 * A connection by `transport` to a server in this process that answers all it is told. What was sent before on
 * another connection between the two is ready to be read before an answer is, however loaded the machine is.
 */
async function openEcho(transport: Transport) {
  const server = await serveWebSocket({
    accept: (peer) => ({ received: (text) => peer.send(text), gone: () => {} }),
  });
  const connection = await transport.connect(server.url);
  const chunks = connection.incoming[Symbol.asyncIterator]();
  return {
    async settle(): Promise<void> {
      for (let i = 0; i < ROUND_TRIPS; i++) {
        connection.send("echo");
        await chunks.next();
      }
    },
    async close(): Promise<void> {
      connection.close();
      await server.close();
    },
  };
}

async function openFixture(transport: Transport): Promise<TransportFixture> {
  const ends: TransportServerEnd[] = [];
  const server = await serveWebSocket({
    accept: (peer) => {
      const received: string[] = [];
      const end = {
        received,
        isGone: false,
        send: (chunk: Chunk) => peer.send(chunk),
        close: () => peer.close(),
        break: () => peer.destroy(),
        silence: () => peer.silence(),
      };
      ends.push(end);
      return {
        received: (text) => void received.push(text),
        gone: () => void (end.isGone = true),
      };
    },
  });
  const closed = await serveSockets(() => {});
  await closed.close();
  const other = await serveSockets((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello\n"));
  const endless = await serveSockets(() => {});
  const echo = await openEcho(transport);
  return {
    transport,
    url: server.url,
    deadUrls: [closed.url, other.url],
    endlessUrl: endless.url,
    ends,
    settle: () => echo.settle(),
    close: async () => {
      await Promise.all([server, other, endless, echo].map((each) => each.close()));
    },
  };
}

/** The simulated Twitch's connections within the process, with ends that do what a test says. */
function openMemoryFixture(): TransportFixture {
  const clock = virtualClock();
  const ends: TransportServerEnd[] = [];
  let admission: "open" | "refused" = "open";
  const server = {
    admit: () => admission,
    accept: (link: ServerLink): LinkListener => {
      const received: string[] = [];
      const end = {
        received,
        isGone: false,
        send: (chunk: Chunk) => link.send(chunk),
        close: () => link.close(),
        break: () => link.destroy(),
        silence: () => link.silence(),
      };
      ends.push(end);
      return {
        received: (text) => void received.push(text),
        gone: () => void (end.isGone = true),
      };
    },
  };
  const inner = memoryTransport(server, { clock, connectMs: () => 10 });
  return {
    transport: {
      connect: (url, options) => {
        admission = url === "ws://dead" ? "refused" : "open";
        return clock.run(inner.connect(url, options));
      },
    },
    url: "ws://simulated",
    deadUrls: ["ws://dead"],
    ends,
    settle: () => clock.advance(100),
    close: () => Promise.resolve(),
  };
}

transportSuite({
  test: (story, run) => test(`memoryTransport: ${story}`, run),
  open: () => Promise.resolve(openMemoryFixture()),
});

/** Each is a mistake that an implementer could make in a connection, and the test that must notice it. */
const MISTAKES: Record<
  string,
  [noticedBy: RegExp, change: (right: Connection) => Partial<Connection>]
> = {
  "hands bytes over as text": [/unchanged and in order/, ({ incoming }) => ({
    incoming: mapped(incoming, (chunk) => typeof chunk === "string" ? chunk : `${chunk}`),
  })],
  "cuts frames at line ends": [/unchanged and in order/, ({ incoming }) => ({
    incoming: mapped(incoming, (chunk) => typeof chunk === "string" ? chunk.trim() : chunk),
  })],
  "yields the same bytes again": [/bytes of its own/, ({ incoming }) => {
    let first: Chunk | undefined;
    return { incoming: mapped(incoming, (chunk) => first ??= chunk) };
  }],
  "ends quietly when it broke": [/throws CONNECTION_LOST/, ({ incoming }) => ({
    incoming: (async function* () {
      try {
        yield* incoming;
      } catch {
        // As if nothing had happened.
      }
    })(),
  })],
  "throws something of its own": [/throws CONNECTION_LOST/, ({ incoming }) => ({
    incoming: (async function* () {
      try {
        yield* incoming;
      } catch (cause) {
        throw new Error("it broke", { cause });
      }
    })(),
  })],
  "forgets what came before it was closed": [/before it was closed/, (right) => {
    let isClosed = false;
    return {
      close: () => {
        isClosed = true;
        right.close();
      },
      incoming: (async function* () {
        for await (const chunk of right.incoming) if (!isClosed) yield chunk;
      })(),
    };
  }],
  "minds being used when it is down": [/sends nothing once/, (right) => {
    let isClosed = false;
    return {
      close: () => {
        isClosed = true;
        right.close();
      },
      send: (text) => {
        if (isClosed) throw new TypeError("it is closed");
        right.send(text);
      },
    };
  }],
  "adds line ends": [/sends each text/, (right) => ({ send: (text) => right.send(`${text}\r\n`) })],
  "never closes": [/the server learns of it/, (right) => {
    let close: (value: IteratorResult<Chunk>) => void = () => {};
    const over = new Promise<IteratorResult<Chunk>>((resolve) => close = resolve);
    const chunks = right.incoming[Symbol.asyncIterator]();
    const next = () => Promise.race([chunks.next(), over]);
    return {
      close: () => close({ done: true, value: undefined }),
      incoming: { [Symbol.asyncIterator]: () => ({ next }) },
    };
  }],
};

async function* mapped(
  incoming: AsyncIterable<Chunk>,
  change: (chunk: Chunk) => Chunk,
): AsyncGenerator<Chunk> {
  for await (const chunk of incoming) yield change(chunk);
}

for (const [mistake, [noticedBy, change]] of Object.entries(MISTAKES)) {
  test(`transportSuite notices a connection that ${mistake}`, async () => {
    const open = (): Promise<TransportFixture> => {
      const fixture = openMemoryFixture();
      const connect: Transport["connect"] = async (url, options) => {
        const { incoming, send, close } = await fixture.transport.connect(url, options);
        const right = { incoming, send, close };
        return { ...right, ...change(right) };
      };
      return Promise.resolve({ ...fixture, transport: { connect } });
    };
    assert.ok(await doesFail(noticedBy, (test) => transportSuite({ test, open })));
  });
}

type MakeTransport = (options?: { readonly unreadMax?: number }) => Transport;

const transports: Record<string, MakeTransport | undefined> = {
  webSocketTransport: HAS_WEBSOCKET ? webSocketTransport : undefined,
  wsTransport,
};

for (const [name, make] of Object.entries(transports)) {
  const skip = make === undefined && "this runtime has no WebSocket";
  transportSuite({
    test: (story, run) => test(`${name}: ${story}`, { skip }, run),
    open: () => openFixture(make!()),
  });

  test(`${name} breaks a connection whose frames the caller does not read`, { skip }, async () => {
    const fixture = await openFixture(make!({ unreadMax: 50_000 }));
    try {
      const connection = await fixture.transport.connect(fixture.url);
      await fixture.settle();
      for (let i = 0; i < 20; i++) fixture.ends[0]!.send("x".repeat(10_000));
      await fixture.settle();
      let taken = 0;
      const error = await (async () => {
        for await (const chunk of connection.incoming) taken += chunk.length;
      })().catch((error) => error);
      assert.ok(error instanceof ChatloomError && error.code === "CONNECTION_LOST");
      assert.match(error.message, /more than 50000 bytes wait to be read/);
      assert.equal(taken, 60_000, "what came in until then is not lost");
      await fixture.settle();
      await until(() => fixture.ends[0]!.isGone, "the server to learn of it");
    } finally {
      await fixture.close();
    }
  });

  test(`${name} takes no end of frames if they are taken`, { skip }, async () => {
    const fixture = await openFixture(make!({ unreadMax: 50_000 }));
    try {
      const connection = await fixture.transport.connect(fixture.url);
      await fixture.settle();
      const chunks = connection.incoming[Symbol.asyncIterator]();
      for (let i = 0; i < 20; i++) {
        fixture.ends[0]!.send("x".repeat(10_000));
        assert.equal((await chunks.next()).value?.length, 10_000);
      }
      connection.close();
    } finally {
      await fixture.close();
    }
  });

  test(`${name} names the place and the trouble`, { skip }, async () => {
    await assert.rejects(make!().connect("ws://127.0.0.1:1/"), (error: Error) => {
      assert.match(error.message, /^Cannot connect to "ws:\/\/127\.0\.0\.1:1\/": ./);
      return true;
    });
    await assert.rejects(make!().connect("nowhere"), ChatloomError);
  });
}

test("webSocketTransport needs a WebSocket", { skip: HAS_WEBSOCKET && "there is one" }, () => {
  assert.throws(() => webSocketTransport(), TypeError);
});

test("runtimeTransport finds something to connect with", async () => {
  const fixture = await openFixture(runtimeTransport());
  try {
    const connection = await fixture.transport.connect(fixture.url);
    await fixture.settle();
    fixture.ends[0]!.send("hello");
    fixture.ends[0]!.close();
    assert.deepEqual((await connection.incoming[Symbol.asyncIterator]().next()).value, "hello");
  } finally {
    await fixture.close();
  }
});
