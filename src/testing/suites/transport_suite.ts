import assert from "node:assert/strict";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Chunk, Connection, Transport } from "../../ports/transport.ts";

/** The server's end of a connection, in a test's hand. */
export interface TransportServerEnd {
  /** What the client sent, frame by frame. */
  readonly received: readonly string[];
  /** Whether the connection is down, as far as the server knows. */
  readonly isGone: boolean;
  /** Sends one frame: of text for a string, else binary. */
  send(chunk: Chunk): void;
  /** Closes with a close frame, after all sent frames. */
  close(): void;
  /** Breaks the connection without a close frame. */
  break(): void;
  /** Stops reading and answering, also close frames. */
  silence(): void;
}

/** A transport under test, and a server for it. */
export interface TransportFixture {
  /** The transport. */
  readonly transport: Transport;
  /** The address of the server. */
  readonly url: string;
  /** Places where connecting fails: no server listens, or one of another kind. At least one. */
  readonly deadUrls: readonly string[];
  /** A place where connecting takes for ever, if there is one. */
  readonly endlessUrl?: string;
  /** The server's ends of all connections so far, oldest first. */
  readonly ends: readonly TransportServerEnd[];
  /** Waits until all that either side sent has arrived. */
  settle(): Promise<void>;
  /** Stops the server. */
  close(): Promise<void>;
}

/** How a suite is run. */
export interface TransportSuiteOptions {
  /** Declares a test, as `node:test` does. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Makes a fixture, fresh for each test. */
  readonly open: () => Promise<TransportFixture>;
}

/** After this many tries, what has not arrived is taken for lost. */
const SETTLE_MAX = 500;

type Story = (fixture: TransportFixture) => Promise<void>;

/** Declares tests that every {@link Transport} passes: each sentence of the port's promise is one. */
export function transportSuite({ test, open }: TransportSuiteOptions): void {
  for (
    const [name, story] of Object.entries({ ...arriving, ...ending, ...sending, ...connecting })
  ) {
    test(`Transport ${name}`, async () => {
      const fixture = await open();
      try {
        await story(fixture);
      } finally {
        await fixture.close();
      }
    });
  }
}

const arriving: Record<string, Story> = {
  "yields text frames as strings and binary frames as bytes, unchanged and in order": async (
    fixture,
  ) => {
    const { connection, end } = await connected(fixture);
    const sent: Chunk[] = [
      "PING :one\r\nPING :two\r\n",
      "no line end",
      Uint8Array.of(0, 255, 128, 13, 10),
      "日本 🤡 \u0000 \ufeff",
      Uint8Array.of(1),
      "\n",
    ];
    for (const chunk of sent) end.send(chunk);
    end.close();
    assert.deepEqual(await all(connection), sent);
  },

  "yields frames that came before the iteration began": async (fixture) => {
    const { connection, end } = await connected(fixture);
    end.send("early");
    await fixture.settle();
    end.send("late");
    end.close();
    await fixture.settle();
    assert.deepEqual(await all(connection), ["early", "late"]);
  },

  "hands over each frame as soon as it is there": async (fixture) => {
    const { connection, end } = await connected(fixture);
    const chunks = connection.incoming[Symbol.asyncIterator]();
    for (const text of ["first", "second"]) {
      const next = chunks.next();
      end.send(text);
      assert.deepEqual(await next, { done: false, value: text });
    }
    connection.close();
  },

  "gives the caller bytes of its own": async (fixture) => {
    const { connection, end } = await connected(fixture);
    const bytes = Uint8Array.of(1, 2, 3);
    end.send(bytes.slice());
    end.send(bytes.slice());
    end.close();
    const [first, second] = await all(connection) as Uint8Array[];
    first!.fill(9);
    assert.deepEqual(second, bytes);
  },

  "keeps thousands of frames in order": async (fixture) => {
    const { connection, end } = await connected(fixture);
    const sent = Array.from({ length: 5_000 }, (_, i) => `frame ${i}`);
    for (const text of sent) end.send(text);
    end.close();
    assert.deepEqual(await all(connection), sent);
  },

  "keeps connections apart": async (fixture) => {
    const one = await connected(fixture);
    const two = await connected(fixture);
    one.end.send("for one");
    two.end.send("for two");
    one.connection.send("from one");
    one.end.close();
    assert.deepEqual(await all(one.connection), ["for one"]);
    two.end.close();
    assert.deepEqual(await all(two.connection), ["for two"]);
    assert.deepEqual(two.end.received, []);
  },
};

const ending: Record<string, Story> = {
  "throws CONNECTION_LOST when the connection broke": async (fixture) => {
    const { connection, end } = await connected(fixture);
    const chunks = connection.incoming[Symbol.asyncIterator]();
    end.send("last words");
    assert.deepEqual(await chunks.next(), { done: false, value: "last words" });
    end.break();
    await assert.rejects(chunks.next(), isConnectionLost);
    assert.deepEqual(await chunks.next(), { done: true, value: undefined });
  },

  "yields frames that came before the connection broke": async (fixture) => {
    const { connection, end } = await connected(fixture);
    end.send("last");
    end.send("words");
    await fixture.settle();
    end.break();
    await fixture.settle();
    const chunks = connection.incoming[Symbol.asyncIterator]();
    assert.deepEqual(await chunks.next(), { done: false, value: "last" });
    assert.deepEqual(await chunks.next(), { done: false, value: "words" });
    await assert.rejects(chunks.next(), isConnectionLost);
  },

  "ends at once when it is closed, and the server learns of it": async (fixture) => {
    const { connection, end } = await connected(fixture);
    const next = connection.incoming[Symbol.asyncIterator]().next();
    connection.close();
    assert.deepEqual(await next, { done: true, value: undefined });
    await settleUntil(fixture, () => end.isGone);
    assert.ok(end.isGone);
  },

  "still yields frames that came before it was closed, and no more": async (fixture) => {
    const { connection, end } = await connected(fixture);
    end.send("first");
    end.send("second");
    await fixture.settle();
    connection.close();
    end.send("too late");
    await fixture.settle();
    assert.deepEqual(await all(connection), ["first", "second"]);
  },

  "ends when it is closed even if the server is dead": async (fixture) => {
    const { connection, end } = await connected(fixture);
    end.silence();
    const next = connection.incoming[Symbol.asyncIterator]().next();
    connection.close();
    assert.deepEqual(await next, { done: true, value: undefined });
  },

  "may be closed twice, also after the other side closed": async (fixture) => {
    const { connection, end } = await connected(fixture);
    end.close();
    await all(connection);
    connection.close();
    connection.close();
  },
};

const sending: Record<string, Story> = {
  "sends each text as it is": async (fixture) => {
    const { connection, end } = await connected(fixture);
    const texts = ["PASS a\r\n", "NICK b\r\nJOIN #c\r\n", "日本 🤡"];
    for (const text of texts) connection.send(text);
    await settleUntil(fixture, () => end.received.length >= texts.length);
    assert.deepEqual(end.received, texts);
    connection.close();
  },

  "sends nothing once the connection is down, without an error": async (fixture) => {
    for (const finish of ["close", "break"] as const) {
      const { connection, end } = await connected(fixture);
      end[finish]();
      await all(connection).catch(() => {}); // Broken, as it should be.
      connection.send("into the void");
      connection.close();
      connection.send("into the void");
      await fixture.settle();
      assert.deepEqual(end.received, []);
    }
  },
};

const connecting: Record<string, Story> = {
  "rejects with CONNECTION_LOST where it cannot connect": async (fixture) => {
    assert.ok(fixture.deadUrls.length > 0);
    for (const url of fixture.deadUrls) {
      await assert.rejects(fixture.transport.connect(url), isConnectionLost);
    }
  },

  "rejects with the signal's reason when it aborted before": async (fixture) => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(fixture.transport.connect(fixture.url, { signal }), reason);
    await assertAllGone(fixture);
  },

  "rejects with the signal's reason when it aborts, and leaves nothing open": async (fixture) => {
    for (const url of [fixture.url, ...(fixture.endlessUrl ? [fixture.endlessUrl] : [])]) {
      const reason = new Error("enough");
      const stop = new AbortController();
      const connecting = fixture.transport.connect(url, { signal: stop.signal });
      stop.abort(reason);
      await assert.rejects(connecting, reason);
      await assertAllGone(fixture);
    }
  },

  "ignores a signal that aborts once it is connected": async (fixture) => {
    const stop = new AbortController();
    const { connection, end } = await connected(fixture, stop.signal);
    stop.abort();
    end.send("still here");
    end.close();
    assert.deepEqual(await all(connection), ["still here"]);
  },
};

async function connected(
  fixture: TransportFixture,
  signal?: AbortSignal,
): Promise<{ connection: Connection; end: TransportServerEnd }> {
  const count = fixture.ends.length;
  const connection = await fixture.transport.connect(fixture.url, { signal });
  await settleUntil(fixture, () => fixture.ends.length > count);
  const end = fixture.ends[count];
  assert.ok(end !== undefined, "the server saw no connection");
  return { connection, end };
}

/** Settles until `isSo`. A runtime may hand on what it sends from another thread: once need not be enough. */
async function settleUntil(fixture: TransportFixture, isSo: () => boolean): Promise<void> {
  for (let i = 0; i < SETTLE_MAX && !isSo(); i++) await fixture.settle();
}

async function assertAllGone(fixture: TransportFixture): Promise<void> {
  const areGone = (): boolean => fixture.ends.every(({ isGone }) => isGone);
  await fixture.settle();
  await settleUntil(fixture, areGone);
  assert.ok(areGone());
}

async function all({ incoming }: Connection): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return chunks;
}

function isConnectionLost(error: unknown): boolean {
  assert.ok(error instanceof ChatloomError, `not a ChatloomError: ${error}`);
  assert.equal(error.code, "CONNECTION_LOST");
  return true;
}
