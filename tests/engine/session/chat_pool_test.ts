import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionWorld, wanted } from "../../simulation/session/session_world.ts";

test("chatPool opens nothing more once it stops, whatever channels it is given", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const stopped = world.stop();
  world.pool.setChannels(wanted(["a", ...Array.from({ length: 200 }, (_, i) => `c${i}`)]));
  assert.equal(await stopped, undefined);
  assert.equal(world.server.attemptsMs.length, 1);
});

test("chatPool runs once only", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  await assert.rejects(world.pool.run(new AbortController().signal), TypeError);
  await world.stop();
  await assert.rejects(world.pool.run(new AbortController().signal), TypeError);
});

test("chatPool takes 1 to 16 connections a channel, and only URLs of WebSockets", () => {
  const make = (options: object) => () => new SessionWorld(options);
  for (const connectionsPerChannel of [1, 16]) {
    assert.doesNotThrow(make({ connectionsPerChannel }));
  }
  for (const connectionsPerChannel of [0, 17, 1.5, NaN]) {
    assert.throws(make({ connectionsPerChannel }), RangeError);
  }
  for (const joinRate of [1, 20, 2_000]) assert.doesNotThrow(make({ joinRate }));
  for (const joinRate of [0, 2_001, 1.5, NaN]) {
    assert.throws(make({ joinRate }), RangeError);
  }
  for (const url of ["ws://a", "wss://a"]) assert.doesNotThrow(make({ url }));
  for (const url of ["http://a", "wss:", "xws://a"]) assert.throws(make({ url }), TypeError);
});

test("chatPool says how it stands: connections, channels, and since when", async () => {
  const world = new SessionWorld();
  world.server.joinAnswers.set("shut", () => ["@msg-id=msg_banned :tmi NOTICE #shut :banned"]);
  world.pool.setChannels(wanted(["early"]));
  const [early] = world.pool.state().channels;
  assert.deepEqual(early, {
    name: "early",
    isImportant: false,
    joinedBy: [],
    memberships: [],
    reason: undefined,
    ageMs: 0,
  });
  await world.start(["open!", "shut"], 5_000);
  const { connections, channels, waitingCount } = world.pool.state();
  assert.equal(waitingCount, 0);
  assert.deepEqual(
    connections.map(({ phase, isReplaced, joinedCount, ageMs }) => [
      phase,
      isReplaced,
      joinedCount,
      ageMs,
    ]),
    [["welcomed", false, 1, 5_000]],
  );
  const { silentMs, receiver } = connections[0]!;
  assert.ok(silentMs > 4_000 && silentMs < 5_000, `${silentMs}`);
  assert.deepEqual(
    channels.map(({ name, isImportant, joinedBy, memberships, reason }) => [
      name,
      isImportant,
      joinedBy,
      memberships,
      reason,
    ]),
    [
      ["open", true, [receiver], ["joined"], undefined],
      ["shut", false, [], ["refused"], "msg_banned"],
    ],
  );
  for (const { ageMs } of channels) assert.ok(ageMs > 4_000 && ageMs < 5_000, `${ageMs}`);
  world.server.welcome = "refuse";
  for (const connection of world.server.openConnections) connection.close();
  await world.clock.advance(10);
  assert.equal(world.pool.state().waitingCount, 1);
  await world.stop();
});
