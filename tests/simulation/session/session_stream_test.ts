import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_LENGTH_MAX } from "../../../src/engine/session/lines/line_splitter.ts";
import type { Chunk } from "../../../src/ports/transport.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { SEED, SessionWorld } from "./session_world.ts";

test("chatPool hands on the lines of a frame together, then answers its PINGs", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const [connection] = world.server.connections;
  const pongsAt: number[] = [];
  world.onReceived = () => void pongsAt.push(connection!.sentAfter("PONG").length);
  connection!.say("PING :1", ":x!x@x PRIVMSG #a :hello", "PING 2", "PING :three and four");
  connection!.say("PING");
  await world.clock.advance(100);
  assert.deepEqual(pongsAt, [0, 3], "no PONG before the lines of its frame were taken");
  assert.deepEqual(connection!.sentAfter("PONG"), [" :1", " :2", " :three and four", ""]);
  assert.deepEqual(world.lines().slice(-5), [
    "PING :1",
    ":x!x@x PRIVMSG #a :hello",
    "PING 2",
    "PING :three and four",
    "PING",
  ]);
  await world.stop();
});

test("chatPool sends nothing of its own making back in a PONG", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const [connection] = world.server.connections;
  connection!.say("PING :a\rJOIN #evil\0");
  await world.clock.advance(100);
  assert.deepEqual(connection!.sentAfter("PONG"), [" :aJOIN #evil"]);
  await world.stop();
});

test("chatPool answers no PING whose line the listener did not take", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const bug = new TypeError("a bug of the recorder");
  world.onReceived = () => {
    throw bug;
  };
  const [connection] = world.server.connections;
  connection!.say("PING :1");
  assert.equal(await world.ended(), bug);
  assert.deepEqual(connection!.sentAfter("PONG"), []);
});

test("chatPool hands on the same lines, in order, however they are cut into frames", async () => {
  const lines = Array.from({ length: 300 }, (_, i) => `@n=${i};é=日本🤡 :x!x@x PRIVMSG #a :${i} ö`);
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
  const random = seededRandom(SEED);
  for (let round = 0; round < 20; round++) {
    const world = new SessionWorld();
    await world.start(["a"]);
    const before = world.lines().length;
    const longest = round === 0 ? 1 : 1 + intBelow(random, 2_000);
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + intBelow(random, longest);
      world.server.connections[0]!.push(bytes.slice(at, end));
      at = end;
    }
    await world.clock.advance(100);
    assert.deepEqual(world.lines().slice(before), lines, `SIM_SEED=${SEED} round ${round}`);
    await world.stop();
  }
});

test("chatPool closes with the unfinished line, and counts what came", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const [connection] = world.server.connections;
  connection!.push("whole é\r\n\r\n\nunfin");
  connection!.push("ished");
  connection!.push(Uint8Array.of(0xff, 0x20));
  connection!.close();
  await world.clock.advance(10);
  const closed = world.heard.findLast(({ what }) => what === "closed");
  assert.deepEqual(closed, {
    what: "closed",
    receiver: "test.abcde.1",
    fragment: "unfinished\ufffd ",
  });
  const { pushed } = connection!;
  const sizes = pushed.map((chunk) =>
    typeof chunk === "string" ? new TextEncoder().encode(chunk).length : chunk.length
  );
  assert.equal(world.count("session_lines"), world.lines("test.abcde.1").length);
  assert.equal(world.count("session_frames"), pushed.length);
  assert.equal(world.count("session_bytes"), sizes.reduce((sum, size) => sum + size, 0));
  assert.equal(world.count("session_empty_lines"), 2);
  assert.equal(world.count("session_replaced_characters"), 1);
  assert.equal(world.count("session_reconnects", "closed"), 1);
  await world.stop();
});

test("chatPool hands on a line that is too long as pieces", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const reasons: string[] = [];
  world.onReceived = (_, lines) => {
    for (const each of lines) {
      reasons.push(each.isPiece ? "piece" : each.parsed.ok ? "fine" : each.parsed.reason);
    }
  };
  const long = `PING :${"x".repeat(2 * LINE_LENGTH_MAX)}`;
  const [connection] = world.server.connections;
  connection!.say("@a=b", long, ":x!x@x PRIVMSG #a :hello");
  await world.clock.advance(100);
  assert.deepEqual(reasons, ["no command", ...Array(3).fill("piece"), "fine"]);
  assert.equal(world.lines().slice(-4, -1).join(""), long);
  assert.deepEqual(connection!.sentAfter("PONG"), [], "a fragment is not obeyed");
  await world.stop();
});

test("chatPool hands on a frame full of lines a thousand at a time", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  const sizes: number[] = [];
  world.onReceived = (_, lines) => void sizes.push(lines.length);
  world.server.connections[0]!.push("x\n".repeat(2_500) + "\r\n".repeat(100_000));
  await world.clock.advance(100);
  assert.deepEqual(sizes, [1_000, 1_000, 500]);
  await world.stop();
});

test("chatPool survives garbage of any kind", async () => {
  const random = seededRandom(SEED);
  const words =
    "PING PONG RECONNECT 001 366 403 CAP NAK JOIN PART NOTICE ROOMSTATE : @ # #a * \r \0 é"
      .split(" ");
  const world = new SessionWorld();
  await world.start(["a", "b!"]);
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from(
      { length: intBelow(random, 8) },
      () => words[intBelow(random, words.length)],
    )
      .join(intBelow(random, 4) === 0 ? "" : " ");
    const rubbish: Chunk = intBelow(random, 3) === 0
      ? Uint8Array.from({ length: intBelow(random, 40) }, () => intBelow(random, 256))
      : `${text}\r\n`;
    for (const connection of world.server.openConnections) connection.push(rubbish);
    if (round % 10 === 0) await world.clock.advance(intBelow(random, 3_000));
  }
  await world.clock.advance(120_000);
  const states = world.pool.state().channels.map(({ memberships }) => memberships[0]);
  assert.ok(states.includes("joined"), `${states}, SIM_SEED=${SEED}`);
  assert.equal(await world.stop(), undefined, `SIM_SEED=${SEED}`);
});

test("chatPool stops at once, and hands on what had come in before", async () => {
  const world = new SessionWorld();
  await world.start(["a"]);
  for (let i = 0; i < 50; i++) world.server.connections[0]!.say(`:x!x@x PRIVMSG #a :${i}`);
  const beforeMs = world.server.nowMs;
  assert.equal(await world.stop(), undefined);
  assert.equal(world.server.nowMs, beforeMs);
  assert.equal(world.lines().at(-1), ":x!x@x PRIVMSG #a :49");
});

test("chatPool stops in every state, and leaves no timer", async () => {
  for (const welcome of ["welcome", "refuse", "mute", "hang"] as const) {
    for (const afterMs of [0, 10, 20, 21, 500, 5_000, 13_000, 16_000]) {
      const world = new SessionWorld({ connectionsPerChannel: 2 });
      world.server.welcome = welcome;
      world.server.joinAnswers.set("b", () => []);
      await world.start(["a", "b"], afterMs);
      assert.equal(await world.stop(), undefined, `${welcome} ${afterMs}`);
      world.pool.setChannels([]); // Comes too late, and does no harm.
    }
  }
});

test("chatPool closes a connection that opens after it was told to stop", async () => {
  let isClosed = false;
  const late = {
    incoming: (async function* () {})(),
    send: () => assert.fail("nothing is to be sent"),
    close: () => void (isClosed = true),
  };
  let open: (connection: typeof late) => void = () => {};
  const transport = { connect: () => new Promise<typeof late>((resolve) => open = resolve) };
  const world = new SessionWorld({ transport });
  await world.start(["a"]);
  const stopping = world.stop();
  open(late);
  assert.equal(await stopping, undefined);
  assert.ok(isClosed);
  assert.deepEqual(world.heard, []);
});

test("chatPool does not begin when it is told to stop before", async () => {
  const world = new SessionWorld();
  world.pool.setChannels([{ name: "a", isImportant: false }]);
  await world.pool.run(AbortSignal.abort());
  assert.equal(world.server.connections.length, 0);
  assert.equal(world.clock.sleeperCount, 0);
  await assert.rejects(world.pool.run(AbortSignal.abort()), TypeError);
});

test("chatPool stops when the listener throws, whichever call it is", async () => {
  for (const call of ["opened", "received", "closed"] as const) {
    const bug = new TypeError(`a bug in ${call}`);
    const listener = { opened() {}, received() {}, closed() {} };
    const world = new SessionWorld({
      listener: {
        ...listener,
        [call]: () => {
          throw bug;
        },
      },
    });
    await world.start(["a"]);
    if (call === "closed") world.server.connections[0]!.break();
    assert.equal(await world.ended(), bug);
  }
});
