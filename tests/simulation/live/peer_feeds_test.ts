import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../../src/core/batch/message.ts";
import { PeerFeeds } from "../../../src/engine/live/peers/peer_feeds.ts";
import { PeerMessages } from "../../../src/engine/live/peers/peer_messages.ts";
import { formatCursor, parseCursor } from "../../../src/engine/live/cursor.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { Peer, PeerEvent } from "../../../src/ports/peer.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { CHANNELS, FeedClient, FeedWorld, LiveProcess, sightingsOf } from "./feed_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "peer feeds";
const [CHANNEL] = CHANNELS;
const MINUTE = { command: "PRIVMSG", host: "h", params: ["#forsen", "hi"], sender: "a", user: "a" };

/** A peer of which only the feed is there. */
function peerOf(name: string, live: NonNullable<Peer["live"]>): Peer {
  return { name, live } as Peer;
}

/** The feed of a process, as a peer gets it over the wire. */
function feedOf(process: () => LiveProcess): NonNullable<Peer["live"]> {
  return async ({ after, signal = new AbortController().signal }) => {
    async function* events(): AsyncGenerator<PeerEvent> {
      const cursor = after === undefined ? undefined : parseCursor(after);
      for await (const items of process().follow(undefined, { after: cursor, signal })) {
        for (const item of items) {
          if (item.kind !== "message") continue;
          const { cursor, line } = item.event;
          yield { id: formatCursor(cursor), name: "message", data: line };
        }
      }
    }
    return await Promise.resolve(events());
  };
}

function lineAt(us: number, text: string, extra: object = {}): string {
  const time = us / 1e6;
  const ms = `${Math.floor(us / 1_000)}`;
  return JSON.stringify({
    ...MINUTE,
    params: ["#forsen", text],
    receivers: { "other.AbCdE.1": time },
    tags: { "tmi-sent-ts": ms },
    time: Number(ms) / 1_000,
    time_range: 0,
    ...extra,
  });
}

test("PeerFeeds gives what a peer hears to readers and to the own feed, once, also in a circle", async () => {
  const world = new FeedWorld(`${SEED} circle`);
  await world.start();
  const { clock } = world.recording;
  // Another node without a recorder: all that it knows comes from the first one, which follows it too.
  const other = new LiveProcess(world, { isRecorder: true });
  const stop = new AbortController();
  const link = (to: LiveProcess, name: string, from: LiveProcess) => {
    const onMessage = to.feed.publish.bind(to.feed);
    const messages = new PeerMessages({ clock, onMessage });
    to.overlay.add(messages);
    const feeds = new PeerFeeds({ clock, reporter: noopReporter, messages });
    feeds.setPeers([peerOf(name, feedOf(() => from))]);
    feeds.run(stop.signal).catch((error) => world.failures.push(error));
  };
  link(other, "recorder", world.process!);
  link(world.process!, "other", other);
  await world.recording.pass(2);
  const client = new FeedClient(world, [CHANNEL]);
  client.connect(other);
  const own = new FeedClient(world, [CHANNEL]);
  own.connect(world.process!);
  await world.recording.pass(100);
  const ids = (messages: readonly Message[]) =>
    messages.flatMap(({ tags }) => tags?.["id"] === undefined ? [] : [tags["id"]]);
  assert.ok(ids(client.messages).length > 50);
  for (const each of [client, own]) {
    const sightings = each.messages.flatMap(sightingsOf);
    assert.equal(new Set(sightings).size, sightings.length, "nothing goes round");
  }
  await clock.advance(1_000);
  const read = await clock.run(other.read(CHANNEL));
  const given = new Set(read.flatMap(sightingsOf));
  const early = client.messages.slice(0, -20);
  assert.ok(early.every((message) => sightingsOf(message).some((each) => given.has(each))));
  assert.equal(new Set(ids(read)).size, ids(read).length, "once each");
  stop.abort();
  await client.disconnect();
  await own.disconnect();
  other.die();
  await world.stop();
  assert.deepEqual(world.failures, []);
  await world.recording.end();
});

test("PeerMessages refuses what is no message of now, and holds a bounded part of the rest", () => {
  const clock = virtualClock();
  let told = 0;
  const messages = new PeerMessages({
    clock,
    onMessage: () => told++,
    peerMaxBytes: 20_000,
  });
  const nowUs = clock.wallUs();
  for (
    const line of [
      "",
      "{}",
      "not json",
      lineAt(nowUs, "a", { params: ["#../../etc"] }),
      lineAt(nowUs, "a", { params: ["forsen", "x"] }),
      lineAt(nowUs, "a", { time_range: -1 }),
      lineAt(nowUs + 3_600_000_000, "from the future"),
      lineAt(nowUs, "two\nlines").replace("\\n", "\n"),
    ]
  ) assert.notEqual(messages.take("hostile", line), undefined, line);
  assert.equal(messages.take("slow", lineAt(nowUs - 3_600_000_000, "an hour ago")), undefined);
  assert.equal(told, 0);
  assert.equal(messages.heldBytes, 0);
  for (let i = 0; i < 500; i++) {
    const line = lineAt(nowUs - (i % 10) * 60_000_000, `message ${i}`);
    assert.equal(messages.take("flood", line), undefined);
    assert.ok(messages.heldBytes <= 20_000);
  }
  assert.equal(messages.take("good", lineAt(nowUs, "still taken")), undefined);
  assert.ok([...messages.minutesOf("forsen")].length >= 1);
});

test("PeerMessages forgets a minute after sync has brought its files", async () => {
  const clock = virtualClock();
  const messages = new PeerMessages({ clock, onMessage() {} });
  const nowUs = clock.wallUs();
  messages.take("peer", lineAt(nowUs, "hello"));
  const hash = "A".repeat(43);
  const at = new Date(nowUs / 1_000).toISOString();
  messages.noteStored(`forsen/chat/${at.slice(0, 13)}/${at.slice(14, 16)}:00-${hash}.json`);
  assert.equal([...messages.minutesOf("forsen")].length, 1);
  await clock.advance(181_000);
  assert.equal([...messages.minutesOf("forsen")].length, 0);
  assert.equal(messages.heldBytes, 0);
});

test("PeerFeeds leaves a peer that sends nonsense, and goes on behind the last event otherwise", async () => {
  const clock = virtualClock();
  const asked: { readonly name: string; readonly after: string | undefined }[] = [];
  const counts = new Map<string, number>();
  const reporter = {
    report() {},
    count: (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1),
  };
  const messages = new PeerMessages({ clock, onMessage() {} });
  const feeds = new PeerFeeds({ clock, reporter, messages });
  const nonsense = peerOf("nonsense", async ({ after }) => {
    asked.push({ name: "nonsense", after });
    return await Promise.resolve((async function* () {
      for (;;) yield { id: "1", name: "message", data: "{}" };
    })());
  });
  const flaky = peerOf("flaky", async ({ after }) => {
    asked.push({ name: "flaky", after });
    const data = lineAt(clock.wallUs(), `after ${after}`);
    return await Promise.resolve((async function* () {
      yield { id: `${asked.length}`, name: "message", data };
    })());
  });
  feeds.setPeers([nonsense, flaky]);
  const stop = new AbortController();
  const running = feeds.run(stop.signal);
  await clock.advance(60_000);
  assert.equal(asked.filter(({ name }) => name === "nonsense").length, 1);
  assert.equal(counts.get("feed_peer_refused"), 100);
  const visits = asked.filter(({ name }) => name === "flaky");
  assert.ok(visits.length > 3);
  assert.ok(visits.slice(1).every(({ after }) => after !== undefined));
  stop.abort();
  await clock.run(running);
});
