import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { parseFaults } from "../../../src/testing/simulated_twitch/faults.ts";
import { GARBAGE_KINDS } from "../../../src/testing/simulated_twitch/trouble/garbage.ts";
import { PlainWorld } from "./plain_client.ts";

const BUSY = { channels: ["a"], chat: { ratePerSecond: 50 } };

test("SimulatedConnection.drop breaks the connection, or closes it when told", async () => {
  const world = new PlainWorld(BUSY);
  const broken = await world.enter("a");
  const closed = await world.enter("a");
  const [first, second] = world.twitch.connections;
  first!.drop();
  second!.drop({ withCloseFrame: true });
  await world.pass(100);
  assert.ok(broken.end instanceof ChatloomError && broken.end.code === "CONNECTION_LOST");
  assert.equal(closed.end, "closed");
  assert.equal(first!.isOpen, false);
  assert.equal(world.twitch.connections.length, 0);
  const because = world.twitch.truth.connections.map(({ closedBecause }) => closedBecause);
  assert.deepEqual(because, ["dropped", "closed"]);
  const delivered = world.twitch.truth.deliveryCount;
  await world.pass(1_000);
  assert.equal(world.twitch.truth.deliveryCount, delivered);
  await world.end();
});

test("SimulatedConnection.halfOpen goes silent, deaf and stays open", async () => {
  const world = new PlainWorld(BUSY);
  const client = await world.enter("a");
  world.twitch.connections[0]!.halfOpen();
  await world.pass(10);
  const count = client.lines.length;
  client.send("PING :anyone", "JOIN #b");
  await world.pass(60_000);
  assert.equal(client.lines.length, count);
  assert.equal(client.end, undefined);
  assert.equal(world.twitch.connections[0]?.isOpen, true);
  client.close();
  await world.pass(10);
  assert.equal(world.twitch.connections.length, 0);
  await world.end();
});

test("SimulatedConnection.reconnect announces it, goes on, and dies", async () => {
  const world = new PlainWorld(BUSY);
  const client = await world.enter("a");
  world.twitch.connections[0]!.reconnect({ deathAfterMs: 5_000 });
  await world.pass(4_900);
  const at = client.lines.indexOf(":tmi.twitch.tv RECONNECT");
  assert.ok(at > 0 && client.lines.length > at + 50);
  assert.equal(world.twitch.connections.length, 1);
  await world.pass(200);
  assert.ok(client.end instanceof ChatloomError);
  await world.end();
});

test("SimulatedConnection.stall holds everything back, then sends all in order", async () => {
  const world = new PlainWorld(BUSY);
  const client = await world.enter("a");
  const before = client.lines.length;
  world.twitch.connections[0]!.stall(3_000);
  await world.pass(2_990);
  assert.equal(client.lines.length, before);
  await world.pass(500);
  const told = world.twitch.truth.deliveredTo(1).map(({ line }) => line);
  assert.ok(client.lines.length > before + 80);
  assert.deepEqual(client.lines.slice(-told.length), told);
  await world.end();
});

test("SimulatedConnection.garbage of every kind spoils no line but its own", async () => {
  const world = new PlainWorld(BUSY);
  const client = await world.enter("a");
  for (let round = 0; round < 20; round++) {
    for (const kind of GARBAGE_KINDS) world.twitch.connections[0]!.garbage(kind);
    await world.pass(200);
  }
  const heard = new Set(client.lines);
  for (const { line } of world.twitch.truth.deliveredTo(1)) assert.ok(heard.has(line), line);
  assert.ok(client.frames.some((frame) => typeof frame !== "string"));
  assert.ok(client.lines.some((line) => line.length > 1_000_000));
  await world.end();
});

test("SimulatedTwitch cuts frames anywhere and loses nothing by it", async () => {
  for (const framing of [{ splitChance: 1, pieceMax: 1 }, { bytesChance: 1, pieceMax: 3 }]) {
    const world = new PlainWorld({ ...BUSY, framing });
    const client = await world.enter("a");
    await world.pass(5_000);
    const told = world.twitch.truth.deliveredTo(1).map(({ line }) => line);
    assert.ok(told.length > 200 && told.some((line) => /\P{ASCII}/u.test(line)));
    assert.deepEqual(client.lines.slice(-told.length), told);
    assert.ok(client.frames.length > client.lines.length * 20);
    await world.end();
  }
});

test("SimulatedTwitch.refuse turns away as many as it is told, each in its way", async () => {
  const world = new PlainWorld({ chat: false });
  const connectAgain = () => world.connect();
  for (const [admission, found] of [["refused", /refused/], ["unavailable", /503/]] as const) {
    world.twitch.refuse(admission, { count: 2 });
    for (let i = 0; i < 2; i++) {
      await assert.rejects(
        connectAgain,
        (error) =>
          error instanceof ChatloomError && error.code === "CONNECTION_LOST" &&
          found.test(error.message),
      );
    }
    await connectAgain();
  }
  world.twitch.refuse("refused");
  for (let i = 0; i < 5; i++) await assert.rejects(connectAgain);
  world.twitch.refuse("hang-up");
  const client = await connectAgain();
  await world.pass(1);
  assert.equal(client.end, "closed");
  world.twitch.refuse("open");
  await connectAgain();
  await world.end();
});

test("SimulatedTwitch leaves out ROOMSTATE as often as its faults say", async () => {
  const world = new PlainWorld({ chat: false, faults: { missingRoomStateChance: 1 } });
  const client = await world.enter("a");
  assert.equal(client.ofCommand("366").length, 1);
  assert.equal(client.ofCommand("ROOMSTATE").length, 0);
  await world.end();
});

test("SimulatedTwitch's clock is ahead by what it is told and ignores steps of ours", async () => {
  const world = new PlainWorld({ channels: ["a"], chat: false, serverAheadMs: 90_000 });
  const startUs = world.clock.wallUs();
  assert.equal(world.twitch.nowUs, startUs + 90_000_000);
  world.clock.stepWall(-3_600_000_000);
  await world.pass(10);
  assert.equal(world.twitch.nowUs, startUs + 90_010_000);
  const { timeUs, line } = world.twitch.say("a", { text: "when?" });
  assert.ok(line.includes(`tmi-sent-ts=${timeUs / 1000};`));
  await world.end();
});

test("SimulatedTwitch lets faults happen by plan and by chance, as its seed says", async () => {
  const { faults } = parseFaults("close@5,drop@7:2,stall=0.02,drop=0.03,reconnect=0.02");
  async function endsOf(seed: number): Promise<string[]> {
    const world = new PlainWorld({ ...BUSY, seed, faults });
    for (let i = 0; i < 3; i++) await world.enter("a");
    await world.pass(60_000);
    await world.end();
    return world.twitch.truth.connections.map(({ closedUs, closedBecause }) =>
      `${closedBecause} ${closedUs}`
    );
  }
  const first = await endsOf(3);
  assert.deepEqual(await endsOf(3), first);
  assert.ok(first.every((end) => /^(closed|dropped) /.test(end)), first.join());
});

test("parseFaults reads a plan and says what it cannot read", () => {
  assert.deepEqual(parseFaults("drop=0.01, half-open@30:2,split=0.5,refuse=0.1,no-roomstate=1"), {
    faults: {
      perSecond: { drop: 0.01 },
      scheduled: [{ fault: "half-open", atMs: 30_000, connection: 2 }],
      refuseChance: 0.1,
      missingRoomStateChance: 1,
    },
    framing: { splitChance: 0.5, bytesChance: 0 },
  });
  for (const text of ["drop", "drop=2", "drop=-1", "explode=0.1", "split@3", "drop@x", "=", "@"]) {
    assert.throws(() => parseFaults(text), RangeError, text);
  }
});
