import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import type { ScriptedConnection } from "./scripted_server.ts";
import { manyChannels, SEED, SessionWorld, wanted } from "./session_world.ts";

const RECONNECT = ":tmi.twitch.tv RECONNECT";

/** A world whose pool may sleep longer than it should. */
class SleepyWorld extends SessionWorld {
  oversleepMs = 0;

  constructor() {
    const clock = virtualClock();
    super({
      clock: {
        wallUs: () => clock.wallUs(),
        elapsedUs: () => clock.elapsedUs(),
        sleep: async (delayMs, signal) => {
          await clock.sleep(delayMs, signal);
          if (this.oversleepMs > 0) await clock.sleep(this.oversleepMs, signal);
        },
      },
    }, clock);
  }
}

function connectionsOf(world: SessionWorld): ScriptedConnection[] {
  return world.server.connections;
}

test("chatPool opens the successor first when told to reconnect, and keeps the old one", async () => {
  const world = new SessionWorld();
  await world.start(["a", "b"], 70_000);
  const [old] = connectionsOf(world);
  old!.say(RECONNECT);
  await world.clock.advance(5_000);
  const [, successor] = connectionsOf(world);
  assert.deepEqual(successor!.joins, ["a", "b"]);
  assert.ok(old!.isOpen, "the old one goes on until it dies");
  old!.say(":x!x@x PRIVMSG #a :last words");
  old!.break();
  await world.clock.advance(60_000);
  assert.equal(world.lines("test.abcde.1").at(-1), ":x!x@x PRIVMSG #a :last words");
  assert.equal(connectionsOf(world).length, 2, "its death is no reason to connect");
  assert.equal(world.count("session_reconnects", "told to"), 1);
  assert.deepEqual(old!.sentAfter("PART"), []);
  await world.stop();
});

test("chatPool opens one successor, however often it is told to reconnect", async () => {
  const world = new SessionWorld();
  await world.start(["a"], 70_000);
  const [old] = connectionsOf(world);
  for (let i = 0; i < 5; i++) old!.say(RECONNECT, RECONNECT);
  await world.clock.advance(10_000);
  old!.say(RECONNECT);
  await world.clock.advance(10_000);
  assert.equal(connectionsOf(world).length, 2);
  await world.stop();
});

test("chatPool gives what is added to the successor, and parts what is removed from both", async () => {
  const world = new SessionWorld();
  await world.start(["a", "b"], 70_000);
  const [old] = connectionsOf(world);
  old!.say(RECONNECT);
  await world.clock.advance(5_000);
  world.pool.setChannels(wanted(["b", "c"]));
  await world.clock.advance(5_000);
  const [, successor] = connectionsOf(world);
  assert.deepEqual([old!.joins, old!.sentAfter("PART #")], [["a", "b"], ["a"]]);
  assert.deepEqual([successor!.joins, successor!.sentAfter("PART #")], [["a", "b", "c"], ["a"]]);
  const { channels } = world.pool.state();
  assert.deepEqual(channels.map(({ joinedBy }) => joinedBy.length), [2, 1]);
  await world.stop();
});

test("chatPool is not troubled by what happens to a channel on a replaced connection", async () => {
  const world = new SessionWorld();
  await world.start(["a!"], 70_000);
  const [old] = connectionsOf(world);
  old!.say(RECONNECT);
  await world.clock.advance(5_000);
  old!.say(`:${old!.nick}!${old!.nick}@x PART #a`);
  old!.say("@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #a :This channel is suspended.");
  await world.clock.advance(30_000);
  assert.deepEqual(old!.joins, ["a"]);
  assert.deepEqual(world.reports.filter(({ severity }) => severity === "warning"), []);
  assert.equal(world.pool.state().channels[0]!.joinedBy.length, 1);
  await world.stop();
});

test("chatPool keeps trying for a successor while the old one goes on", async () => {
  const world = new SessionWorld();
  await world.start(["a"], 70_000);
  world.server.welcome = "refuse";
  connectionsOf(world)[0]!.say(RECONNECT);
  await world.clock.advance(60_000);
  assert.ok(world.server.attemptsMs.length > 3);
  assert.deepEqual(world.pool.state().connections.map(({ isReplaced }) => isReplaced), [true]);
  world.server.welcome = "welcome";
  await world.clock.advance(31_000);
  assert.deepEqual(connectionsOf(world)[1]!.joins, ["a"]);
  await world.stop();
});

test("chatPool gives up a replaced connection that went half-open", async () => {
  const world = new SessionWorld();
  await world.start(["a"], 70_000);
  const [old] = connectionsOf(world);
  old!.say(RECONNECT);
  old!.isMute = true;
  await world.clock.advance(30_000);
  assert.ok(!old!.isOpen);
  assert.equal(connectionsOf(world).length, 2);
  await world.stop();
});

test("chatPool is not driven to collect connections by a server that never stops asking", async () => {
  const world = new SessionWorld();
  await world.start(["a"], 70_000);
  for (let second = 0; second < 600; second++) {
    for (const connection of world.server.openConnections) connection.say(RECONNECT);
    assert.ok(world.server.openConnections.length <= 4);
    await world.clock.advance(1_000);
  }
  assert.ok(connectionsOf(world).length < 70, `${connectionsOf(world).length} connections`);
  await world.stop();
});

test("chatPool comes back within a second when a good connection breaks", async () => {
  for (let round = 0; round < 20; round++) {
    const world = new SessionWorld({ seed: `${SEED} ${round}` });
    await world.start(["a!"], 70_000);
    connectionsOf(world)[0]!.break();
    const brokeMs = world.server.nowMs;
    await world.clock.advance(1_100);
    assert.deepEqual(connectionsOf(world)[1]?.joins, ["a"], `SIM_SEED=${SEED} ${round}`);
    assert.ok(world.server.joins.at(-1)!.atMs - brokeMs <= 1_100);
    const [told] = world.told("Lost a connection, opening another", "reason");
    assert.equal(told, "warning lost");
    assert.equal(world.count("session_reconnects", "lost"), 1);
    await world.stop();
  }
});

test("chatPool tries for ever to get in, ever more slowly, at most half a minute apart", async () => {
  const world = new SessionWorld();
  world.server.welcome = "refuse";
  await world.start(["a"], 3_600_000);
  const times = world.server.attemptsMs;
  const gaps = times.slice(1).map((atMs, i) => atMs - times[i]!);
  assert.ok(Math.max(...gaps) <= 30_100 && Math.max(...gaps) > 20_000);
  assert.ok(times.length > 150 && times.length < 400, `${times.length} attempts in an hour`);
  world.server.welcome = "welcome";
  await world.clock.advance(31_000);
  assert.deepEqual(connectionsOf(world)[0]!.joins, ["a"]);
  await world.stop();
});

test("chatPool backs off from a server that lets it in and dies", async () => {
  const world = new SessionWorld();
  await world.start(["a"], 100);
  for (let second = 0; second < 600; second++) {
    for (const connection of world.server.openConnections) {
      if (connection.joins.length > 0) connection.break();
    }
    await world.clock.advance(1_000);
  }
  assert.ok(connectionsOf(world).length < 80, `${connectionsOf(world).length} connections`);
  await world.stop();
});

test("chatPool logs in at most 20 times in any 10 s", async () => {
  const world = new SessionWorld();
  await world.start(manyChannels(1_500), 40_000);
  const times = world.server.attemptsMs;
  assert.equal(times.length, 30);
  for (let i = 20; i < times.length; i++) assert.ok(times[i]! - times[i - 20]! > 10_000);
  await world.stop();
});

test("chatPool asks a silent server after 12 s, and gives it up within 30 s", async () => {
  const world = new SessionWorld();
  await world.start(["a"], 2_000);
  const [connection] = connectionsOf(world);
  const heardMs = world.server.nowMs;
  connection!.say(":x!x@x PRIVMSG #a :hello");
  await world.clock.advance(11_900);
  assert.deepEqual(connection!.sentAfter("PING"), []);
  await world.clock.advance(200);
  assert.deepEqual(connection!.sentAfter("PING"), [" :chatloom"]);
  await world.clock.advance(60_000); // It answers, and lives on.
  assert.ok(connection!.isOpen);
  connection!.say(":x!x@x PRIVMSG #a :hello");
  connection!.isMute = true;
  const mutedMs = world.server.nowMs;
  while (connection!.isOpen && world.server.nowMs < mutedMs + 40_000) {
    await world.clock.advance(100);
  }
  const noticedMs = world.server.nowMs - mutedMs;
  assert.ok(noticedMs > 20_000 && noticedMs < 30_000, `noticed after ${noticedMs} ms`);
  await world.clock.advance(2_000);
  assert.equal(connectionsOf(world).length, 2);
  assert.equal(world.count("session_reconnects", "silent"), 1);
  assert.ok(heardMs < mutedMs);
  await world.stop();
});

test("chatPool does not take a server for dead that it could not listen to itself", async () => {
  const world = new SleepyWorld();
  await world.start(["a"], 2_000);
  const [connection] = connectionsOf(world);
  connection!.isMute = true;
  await world.clock.advance(13_000); // It has asked, and waits for an answer.
  assert.equal(connection!.sentAfter("PING").length, 1);
  // The process is stopped for a minute; what came meanwhile is read a little after timers fire.
  world.oversleepMs = 60_000;
  await world.clock.advance(69_100);
  world.oversleepMs = 0;
  assert.ok(connection!.isOpen);
  connection!.say(":tmi.twitch.tv PONG tmi.twitch.tv :chatloom");
  await world.clock.advance(11_000);
  assert.ok(connection!.isOpen);
  await world.clock.advance(30_000); // But silence in earnest ends it.
  assert.ok(!connection!.isOpen);
  await world.stop();
});

test("chatPool gives up a server that does not open or welcome within 15 s", async () => {
  for (const welcome of ["hang", "mute"] as const) {
    const world = new SessionWorld();
    world.server.welcome = welcome;
    await world.start(["a"], 14_900);
    assert.equal(world.server.attemptsMs.length, 1);
    world.server.welcome = "welcome";
    await world.clock.advance(1_500);
    assert.equal(world.count("session_reconnects", "handshake timeout"), 1);
    assert.deepEqual(world.server.openConnections.map(({ joins }) => joins), [["a"]]);
    await world.stop();
  }
});
