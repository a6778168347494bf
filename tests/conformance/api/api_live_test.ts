import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { contentOf } from "../../../src/core/batch/content.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { LiveFeed } from "../../../src/engine/live/live_feed.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { apiWorld } from "./api_world.ts";

const hasher = await wasmHasher();

/** A node with a feed, and what reads its streams. */
function liveWorld() {
  const clock = virtualClock();
  const feed = new LiveFeed({ clock, random: seededRandom(7), reporter: noopReporter });
  const world = apiWorld({ clock, feed });
  /** Says something in a channel, as `ada` by default. */
  const say = (text: string, { channel = "forsen", login = "ada" } = {}) => {
    const sentUs = clock.wallUs() - 100_000;
    const tags = `@id=${text.replaceAll(" ", "-")};user-id=${login === "ada" ? 7 : 8};tmi-sent-ts=${
      Math.floor(sentUs / 1000)
    }`;
    const line = `${tags} :${login}!${login}@t PRIVMSG #${channel} :${text}`;
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const { message } = parsed;
    const startUs = Math.floor(sentUs / 1000) * 1000;
    feed.publish({
      ...{ channel, receiver: "node.AbCdE.0", receivedUs: clock.wallUs(), isExact: true },
      ...{ startUs, endUs: startUs, content: () => contentOf(message) },
    });
  };
  return { ...world, clock, feed, say };
}

interface SentEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** Reads a stream as a browser does: blocks that end with an empty line; comments do not count. */
class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #clock: ReturnType<typeof virtualClock>;
  #text = "";

  constructor(response: Response, clock: ReturnType<typeof virtualClock>) {
    assert.equal(response.status, 200);
    this.#reader = response.body!.getReader();
    this.#clock = clock;
  }

  /** The next event that has data, which is there or comes within a tenth of a second. */
  async next(): Promise<SentEvent> {
    const event = this.#read();
    await this.#clock.advance(100);
    return await event;
  }

  /** Connects: what is said from then on comes. */
  async begin(): Promise<this> {
    const { value } = await this.#reader.read();
    this.#text += new TextDecoder().decode(value);
    return this;
  }

  async #read(): Promise<SentEvent> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const { value, done } = await this.#reader.read();
        if (done) return {};
        this.#text += new TextDecoder().decode(value);
        continue;
      }
      const block = this.#text.slice(0, end).split("\n");
      this.#text = this.#text.slice(end + 2);
      const event = Object.fromEntries(
        block.filter((line) => !line.startsWith(":")).map((line) => line.split(/: ?(.*)/s, 2)),
      ) as SentEvent;
      if (event.data !== undefined) return event;
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

function saidIn({ data }: SentEvent): string {
  return (JSON.parse(data!) as Message).params[1]!;
}

test("GET /live gives messages of the channels as server-sent events, in order", async () => {
  const world = liveWorld();
  const response = await world.ask("/live?channel=forsen,ada_l", {
    headers: { "accept-encoding": "gzip" },
    address: "203.0.113.7",
    isOnOperatorListener: false,
  });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("content-encoding"), null, "events would wait for others");
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  const events = await new EventReader(response, world.clock).begin();
  world.say("one");
  world.say("elsewhere", { channel: "nymn" });
  world.say("two", { channel: "ada_l" });
  assert.equal(saidIn(await events.next()), "one");
  assert.equal(saidIn(await events.next()), "two");
  await events.cancel();
});

test("GET /live goes on from an id, by Last-Event-ID or by after", async () => {
  const world = liveWorld();
  const events = await new EventReader(await world.ask("/live?channel=forsen"), world.clock)
    .begin();
  for (const text of ["one", "two", "three"]) world.say(text);
  const { id } = await events.next();
  await events.cancel();
  world.say("four");
  const again = new EventReader(
    await world.ask("/live?channel=forsen&after=ignored", { headers: { "last-event-id": id! } }),
    world.clock,
  );
  for (const text of ["two", "three", "four"]) assert.equal(saidIn(await again.next()), text);
  const byQuery = new EventReader(
    await world.ask(`/live?channel=forsen&after=${encodeURIComponent(id!)}`),
    world.clock,
  );
  assert.equal(saidIn(await byQuery.next()), "two");
  await again.cancel();
  await byQuery.cancel();
});

test("GET /live filters as chat.json does, and gives text", async () => {
  const world = liveWorld();
  const url = "/live?channel=forsen&user=@Ada&command=privmsg&format=text";
  const events = await new EventReader(await world.ask(url), world.clock).begin();
  world.say("of another", { login: "bob" });
  world.say("mine");
  assert.match((await events.next()).data!, /<ada> mine$/);
  await events.cancel();
});

test("GET /live gives no message that is redacted, though it came before the order", async () => {
  const world = liveWorld();
  const events = await new EventReader(await world.ask("/live?channel=forsen"), world.clock)
    .begin();
  const bytes = encodeRedaction({
    target: { kind: "user", userId: "8", logins: ["bob"], beforeUs: undefined },
    reason: "asked",
    madeUs: world.clock.wallUs(),
  });
  const digest = await hasher.digest(bytes);
  await world.store.put(formatArchiveKey({ kind: "redaction", channel: "forsen", digest }), bytes);
  world.say("forgotten", { login: "bob" });
  world.say("kept");
  assert.equal(saidIn(await events.next()), "kept");
  await events.cancel();
});

test("GET /live refuses what it cannot follow", async () => {
  const world = liveWorld();
  for (
    const query of [
      "channel=..%2f..",
      "channel=for%20sen",
      "channel=forsen&after=yesterday",
      "channel=forsen&format=xml",
      `channel=${Array(101).fill("forsen").join(",")}`,
    ]
  ) {
    const response = await world.ask(`/live?${query}`);
    assert.equal(response.status, 400, query);
    await response.body?.cancel();
  }
});

test("GET /live says now and then that it lives, and with which id to go on", async () => {
  const world = liveWorld();
  const response = await world.ask("/live?channel=forsen");
  const reader = response.body!.getReader();
  await world.clock.run(reader.read());
  const { value } = await world.clock.run(reader.read());
  assert.match(new TextDecoder().decode(value), /^: alive\nid: \S+\n\n$/);
  await reader.cancel();
});

test("GET /live says that it lives also while others say much that is not wanted", async () => {
  const world = liveWorld();
  const response = await world.ask("/live?channel=forsen&user=nobody_here");
  const reader = response.body!.getReader();
  await reader.read();
  const alive = reader.read();
  for (let i = 0; i < 40; i++) {
    world.say(`text ${i}`);
    await world.clock.advance(500);
  }
  assert.match(new TextDecoder().decode((await alive).value), /^: alive\nid: \S+\n\n$/);
  await reader.cancel();
});

test("GET /live frees its place when the client goes, and ends when the feed is closed", async () => {
  const world = liveWorld();
  const running = async () =>
    (await world.json("/debug/state") as { http: { runningRequests: number } }).http
      .runningRequests;
  const events = await new EventReader(await world.ask("/live?channel=forsen"), world.clock)
    .begin();
  const before = await running();
  await events.cancel();
  assert.equal(await running(), before - 1);
  const other = await new EventReader(await world.ask("/live"), world.clock).begin();
  world.feed.close();
  assert.deepEqual(await other.next(), {});
});
