import assert from "node:assert/strict";
import { test } from "node:test";
import { joinRetryMs } from "../../../src/engine/session/membership.ts";
import { joinLines } from "./scripted_server.ts";
import { manyChannels, SessionWorld, wanted } from "./session_world.ts";

const SUSPENDED = (name: string) => () => [
  `@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #${name} :This channel has been suspended.`,
];

test("chatPool sends at most 20 JOINs in any 10 s, over all connections, and no slower", async () => {
  const world = new SessionWorld();
  await world.start(manyChannels(130), 80_000);
  const times = world.server.joins.map(({ atMs }) => atMs);
  assert.equal(times.length, 130);
  for (let i = 20; i < times.length; i++) assert.ok(times[i]! - times[i - 20]! > 10_000);
  assert.ok(times.at(-1)! - times[0]! <= 6 * 10_250 + 1);
  assert.equal(world.count("session_join_attempts"), 130);
  await world.stop();
});

test("chatPool joins important channels first", async () => {
  const world = new SessionWorld();
  await world.start([...manyChannels(45), "vip!", "star!"], 30_000);
  assert.deepEqual(world.server.joins.slice(0, 2).map(({ channel }) => channel), ["vip", "star"]);
  assert.equal(world.server.joins.length, 47);
  await world.stop();
});

test("chatPool joins first what is important, also if it comes later or while it waits", async () => {
  const world = new SessionWorld();
  await world.start(manyChannels(40), 2_000);
  assert.equal(world.server.joins.length, 20);
  world.pool.setChannels(wanted([...manyChannels(39), "c39!", "late!"]));
  await world.clock.advance(15_000);
  const next = world.server.joins.slice(20).map(({ channel }) => channel);
  assert.deepEqual(next.slice(0, 2), ["c39", "late"]);
  await world.stop();
});

test("chatPool joins channels that no connection hears before those that another one hears", async () => {
  const world = new SessionWorld({ connectionsPerChannel: 2 });
  await world.start(manyChannels(20), 90_000);
  const known = world.server.joins.length;
  world.server.connections[0]!.break();
  await world.clock.advance(1_500);
  const rejoined = world.server.joins.length - known;
  assert.equal(rejoined, 20);
  world.server.connections[2]!.break();
  await world.clock.advance(2_500); // The window is full: they queue.
  world.pool.setChannels(wanted([...manyChannels(20), "new0", "new1", "new2"]));
  await world.clock.advance(12_000);
  const next = world.server.joins.slice(known + rejoined).map(({ channel }) => channel);
  assert.deepEqual(next.slice(0, 3), ["new0", "new1", "new2"]);
  await world.stop();
});

test("chatPool remembers over a reconnect that a channel cannot be joined", async () => {
  const world = new SessionWorld();
  world.server.joinAnswers.set("gone", SUSPENDED("gone"));
  await world.start(["gone", "fine"], 200_000); // It failed at 0, 1 and 3 minutes.
  world.server.connections[0]!.break();
  await world.clock.advance(2_000);
  assert.deepEqual(world.server.connections[1]!.joins, ["fine", "gone"]);
  await world.clock.advance(590_000);
  assert.deepEqual(world.server.connections[1]!.joins, ["fine", "gone"]);
  await world.clock.advance(20_000);
  assert.deepEqual(world.server.connections[1]!.joins, ["fine", "gone", "gone"]);
  const [first, ...later] = world.told("Cannot join a channel, trying again later", "channel");
  assert.deepEqual([first, new Set(later)], ["info gone", new Set(["debug gone"])]);
  await world.stop();
});

test("chatPool spreads channels evenly over as few connections as hold them", async () => {
  for (const [count, expected] of [[1, [1]], [50, [50]], [51, [26, 25]], [130, [44, 43, 43]]]) {
    const world = new SessionWorld();
    await world.start(manyChannels(count as number), 90_000);
    assert.deepEqual(world.server.connections.map(({ joins }) => joins.length), expected);
    await world.stop();
  }
});

test("chatPool listens to each channel on as many connections as it should", async () => {
  const world = new SessionWorld({ connectionsPerChannel: 3 });
  await world.start(manyChannels(40), 90_000);
  const { connections, joins } = world.server;
  assert.equal(connections.length, 3);
  for (const connection of connections) assert.equal(new Set(connection.joins).size, 40);
  // All are heard once before any is heard twice.
  assert.equal(new Set(joins.slice(0, 40).map(({ channel }) => channel)).size, 40);
  const { channels } = world.pool.state();
  assert.ok(channels.every(({ joinedBy }) => new Set(joinedBy).size === 3));
  await world.stop();
});

test("chatPool joins and parts while it runs, and leaves alone what stays", async () => {
  const world = new SessionWorld();
  await world.start(["a", "b"]);
  const [connection] = world.server.connections;
  world.pool.setChannels(wanted(["b", "c"]));
  world.pool.setChannels(wanted(["b", "c"]));
  await world.clock.advance(1_000);
  assert.deepEqual(connection!.sent.slice(3), ["JOIN #a", "JOIN #b", "PART #a", "JOIN #c"]);
  world.pool.setChannels(wanted(["a", "b", "c"]));
  await world.clock.advance(1_000);
  assert.deepEqual(connection!.sent.slice(7), ["JOIN #a"]);
  assert.deepEqual(world.pool.state().channels.map(({ memberships }) => memberships), [
    ["joined"],
    ["joined"],
    ["joined"],
  ]);
  assert.equal(world.server.connections.length, 1);
  await world.stop();
});

test("chatPool closes a connection that has no channel left", async () => {
  const world = new SessionWorld();
  await world.start(manyChannels(60), 40_000);
  assert.equal(world.server.openConnections.length, 2);
  world.pool.setChannels(wanted(world.server.connections[1]!.joins));
  await world.clock.advance(1_000);
  assert.deepEqual(world.server.openConnections, [world.server.connections[1]]);
  world.pool.setChannels([]);
  await world.clock.advance(1_000);
  assert.equal(world.server.openConnections.length, 0);
  world.pool.setChannels(wanted(["again"]));
  await world.clock.advance(1_000);
  assert.deepEqual(world.server.openConnections[0]!.joins, ["again"]);
  await world.stop();
});

test("chatPool tells once of a channel that cannot be joined, and asks again slowly", async () => {
  const world = new SessionWorld();
  world.server.joinAnswers.set("gone", SUSPENDED("gone"));
  world.server.joinAnswers.set("typo", () => []);
  await world.start(["gone", "typo", "fine"], 4_000_000);
  const told = world.reports.filter(({ fields }) => fields["reason"] !== undefined);
  const seen = told.map(({ severity, fields }) => `${fields["channel"]} ${severity}`);
  assert.deepEqual(seen.slice(0, 3), ["gone info", "typo info", "gone debug"]);
  assert.ok(!seen.includes("gone warning"));
  assert.deepEqual(told.slice(0, 2).map(({ fields }) => fields["reason"]), [
    "msg_channel_suspended",
    "no answer",
  ]);
  const times = world.server.joins.filter(({ channel }) => channel === "gone")
    .map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((atMs, i) => Math.round((atMs - times[i]!) / 60_000));
  assert.deepEqual(gaps, [1, 2, 5, 10, 20]);
  assert.equal(world.count("session_join_failures", "msg_channel_suspended"), 6);
  assert.deepEqual(world.pool.state().channels.map(({ memberships }) => memberships[0]), [
    "refused",
    "refused",
    "joined",
  ]);
  await world.stop();
});

test("chatPool warns of an important channel that cannot be joined, and asks again fast", async () => {
  const world = new SessionWorld();
  world.server.joinAnswers.set("vip", SUSPENDED("vip"));
  await world.start(["vip!"], 120_000);
  const times = world.server.joins.map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((atMs, i) => Math.round((atMs - times[i]!) / 1_000));
  assert.deepEqual(gaps, [10, 10, 10, 10, 10, 10, 30]);
  const told = world.told("Cannot join a channel, trying again later", "channel");
  assert.deepEqual(told, Array(8).fill("warning vip"));
  world.server.joinAnswers.delete("vip");
  await world.clock.advance(31_000);
  assert.deepEqual(world.told("Joined a channel", "channel"), ["info vip"]);
  assert.equal(world.pool.state().channels[0]!.reason, undefined);
  await world.stop();
});

test("joinRetryMs grows to half an hour, and to half a minute for important channels", () => {
  const minutes = [1, 2, 3, 4, 5, 6, 7, 1_000].map((n) => joinRetryMs(n, false) / 60_000);
  assert.deepEqual(minutes, [1, 2, 5, 10, 20, 30, 30, 30]);
  const seconds = [1, 6, 7, 1_000].map((n) => joinRetryMs(n, true) / 1_000);
  assert.deepEqual(seconds, [10, 10, 30, 30]);
});

test("chatPool leaves and joins again a channel whose room state never comes", async () => {
  const world = new SessionWorld();
  world.server.joinAnswers.set("a", (nick) => joinLines(nick, "a").slice(0, 3));
  await world.start(["a!"], 15_000);
  world.server.joinAnswers.delete("a");
  await world.clock.advance(10_000);
  assert.deepEqual(world.server.connections[0]!.sent.slice(3), [
    "JOIN #a",
    "PING :chatloom",
    "PART #a",
    "JOIN #a",
  ]);
  assert.deepEqual(world.told("Cannot join a channel, trying again later", "reason"), [
    "warning no room state",
  ]);
  assert.deepEqual(world.told("Removed from a channel, joining it again", "channel"), []);
  await world.stop();
});

test("chatPool joins again when it is put out of a channel", async () => {
  const world = new SessionWorld();
  await world.start(["a", "b"], 90_000);
  const [connection] = world.server.connections;
  const { nick } = connection!;
  connection!.say(`:${nick}!${nick}@${nick}.tmi.twitch.tv PART #a`);
  connection!.say(":other!other@other.tmi.twitch.tv PART #b");
  await world.clock.advance(1_000);
  assert.deepEqual(connection!.joins, ["a", "b", "a"]);
  assert.deepEqual(world.told("Removed from a channel, joining it again", "channel"), ["info a"]);
  // Thrown out again at once: no faster than any other refusal.
  connection!.say(`:${nick}!${nick}@${nick}.tmi.twitch.tv PART #a`);
  await world.clock.advance(50_000);
  assert.deepEqual(connection!.joins, ["a", "b", "a"]);
  await world.clock.advance(20_000);
  assert.deepEqual(connection!.joins, ["a", "b", "a", "a"]);
  await world.stop();
});

test("chatPool joins again after tos_ban ends a stay", async () => {
  const world = new SessionWorld();
  await world.start(["a!"], 90_000);
  world.server.connections[0]!.say("@msg-id=tos_ban :tmi.twitch.tv NOTICE #a :Closed.");
  await world.clock.advance(15_000);
  assert.deepEqual(world.server.connections[0]!.joins, ["a", "a"]);
  assert.equal(world.pool.state().channels[0]!.memberships[0], "joined");
  await world.stop();
});

test("chatPool counts a late confirmation", async () => {
  const world = new SessionWorld();
  world.server.joinAnswers.set("a", () => []);
  await world.start(["a"], 15_000);
  assert.equal(world.pool.state().channels[0]!.memberships[0], "refused");
  const [connection] = world.server.connections;
  connection!.say(...joinLines(connection!.nick, "a"));
  await world.clock.advance(100_000);
  assert.equal(world.pool.state().channels[0]!.memberships[0], "joined");
  assert.deepEqual(connection!.joins, ["a"]);
  await world.stop();
});

test("chatPool does not blame channels when the connection is silent", async () => {
  const world = new SessionWorld();
  await world.start(["a!"]);
  world.server.connections[0]!.isMute = true;
  world.pool.setChannels(wanted(["a!", "b!"]));
  await world.clock.advance(60_000);
  assert.deepEqual(world.told("Cannot join a channel, trying again later", "channel"), []);
  assert.deepEqual(world.server.connections[1]!.joins.sort(), ["a", "b"]);
  await world.stop();
});
