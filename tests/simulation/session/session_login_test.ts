import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { chatPool } from "../../../src/engine/session/chat_pool.ts";
import { SessionWorld } from "./session_world.ts";

const TOKEN = "s3cr3tt0k3n";

function withLogin(readToken: () => Promise<string>): SessionWorld {
  return new SessionWorld({ login: { nick: "Ada", readToken } });
}

test("chatPool asks for capabilities and logs in anonymously", async () => {
  const world = new SessionWorld();
  await world.start(["forsen"]);
  const { sent } = world.server.connections[0]!;
  assert.equal(sent[0], "CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership");
  assert.equal(sent[1], "PASS SCHMOOPIIE");
  assert.match(sent[2]!, /^NICK justinfan\d{4,5}$/);
  assert.deepEqual(sent.slice(3), ["JOIN #forsen"]);
  assert.equal(await world.stop(), undefined);
});

test("chatPool logs in with a nick and a token, with or without oauth: before it", async () => {
  for (const text of [TOKEN, `oauth:${TOKEN}`, `  ${TOKEN}\n`]) {
    const world = withLogin(() => Promise.resolve(text));
    await world.start(["forsen"]);
    assert.deepEqual(world.server.connections[0]!.sent.slice(1, 3), [
      `PASS oauth:${TOKEN}`,
      "NICK ada",
    ]);
    assert.equal(await world.stop(), undefined);
  }
});

test("chatPool reads the token anew for every connection", async () => {
  let reads = 0;
  const world = withLogin(() => Promise.resolve(`token${++reads}`));
  await world.start(["forsen"]);
  world.server.connections[0]!.break();
  await world.clock.advance(5_000);
  assert.deepEqual(world.server.connections.map(({ sent }) => sent[1]), [
    "PASS oauth:token1",
    "PASS oauth:token2",
  ]);
  await world.stop();
});

test("chatPool ends when Twitch does not take the login, and says what to check", async () => {
  const refusals = [
    "Login authentication failed",
    "Improperly formatted auth",
    "Invalid NICK",
    "Login unsuccessful",
  ];
  for (const refusal of refusals) {
    const world = withLogin(() => Promise.resolve(TOKEN));
    world.server.welcome = "mute";
    await world.start(["forsen"]);
    const [connection] = world.server.connections;
    connection!.say(`:tmi.twitch.tv NOTICE * :${refusal}`, "and one more line");
    connection!.close();
    const error = await world.ended();
    assert.ok(error instanceof ChatloomError);
    assert.equal(error.code, "LOGIN_REFUSED");
    assert.match(error.message, /^Cannot log in as "Ada": Twitch said "/);
    assert.ok(error.message.includes(refusal) && error.message.includes("check that"));
    assert.equal(world.lines().length, 2, "what came was handed on");
    assert.equal(world.server.connections.length, 1, "it is not tried again");
    assertSecret(world, error);
  }
});

test("chatPool ends when there is no token to log in with", async () => {
  const failure = new Error("no such file");
  const readers: [RegExp, () => Promise<string>][] = [
    [/cannot be read/, () => Promise.reject(failure)],
    [/is empty/, () => Promise.resolve(" \n")],
    [/printable/, () => Promise.resolve(`${TOKEN}\r\nJOIN #forsen`)],
  ];
  for (const [message, readToken] of readers) {
    const world = withLogin(readToken);
    await world.start(["forsen"]);
    const error = await world.ended();
    assert.ok(error instanceof ChatloomError && error.code === "LOGIN_REFUSED");
    assert.match(error.message, message);
    assert.equal(world.server.connections.length, 0);
    assertSecret(world, error);
  }
});

test("chatPool goes on when an anonymous login that once worked is refused", async () => {
  const world = new SessionWorld();
  await world.start(["forsen"]);
  world.server.welcome = "mute";
  world.server.connections[0]!.break();
  await world.clock.advance(2_000);
  world.server.connections[1]!.say(":tmi.twitch.tv NOTICE * :Login unsuccessful");
  world.server.welcome = "welcome";
  await world.clock.advance(10_000);
  assert.equal(world.server.connections.length, 3);
  assert.deepEqual(world.server.connections[2]!.joins, ["forsen"]);
  assert.equal(await world.stop(), undefined);
});

test("chatPool goes on when the first anonymous logins are refused", async () => {
  const world = new SessionWorld();
  world.server.welcome = "mute";
  await world.start(["forsen"]);
  const refused = 20;
  for (let i = 0; i < refused; i++) {
    world.server.connections.at(-1)!.say(":tmi.twitch.tv NOTICE * :Login authentication failed");
    await world.clock.advance(31_000);
  }
  assert.ok(world.server.connections.length > refused, "no login waits for longer than 30 s");
  world.server.welcome = "welcome";
  world.server.connections.at(-1)!.break();
  await world.clock.advance(31_000);
  assert.deepEqual(world.server.connections.at(-1)!.joins, ["forsen"]);
  assert.deepEqual(world.told("A login was refused, trying again", "refusal"), [
    "warning Login authentication failed",
  ]);
  assert.equal(await world.stop(), undefined);
});

test("chatPool keeps the other connections when a token that worked is refused later", async () => {
  const names = Array.from({ length: 60 }, (_, i) => `channel${i}`);
  const world = withLogin(() => Promise.resolve(TOKEN));
  await world.start(names);
  await world.clock.advance(60_000);
  const [first, second] = world.server.connections;
  world.server.welcome = "mute";
  first!.break();
  for (let i = 0; i < 12; i++) {
    await world.clock.advance(31_000);
    world.server.connections.at(-1)!.say(":tmi.twitch.tv NOTICE * :Login authentication failed");
  }
  assert.ok(second!.isOpen);
  second!.break();
  for (let i = 0; i < 4; i++) {
    for (const each of world.server.connections) {
      if (each.isOpen) each.say(":tmi.twitch.tv NOTICE * :Login authentication failed");
    }
    await world.clock.advance(31_000);
  }
  const error = await world.ended();
  assert.ok(error instanceof ChatloomError && error.code === "LOGIN_REFUSED");
});

test("chatPool goes on when a token that worked cannot be read for a while", async () => {
  let isThere = true;
  const world = withLogin(() =>
    isThere ? Promise.resolve(TOKEN) : Promise.reject(new Error("gone"))
  );
  await world.start(["forsen"]);
  isThere = false;
  world.server.connections[0]!.break();
  await world.clock.advance(20_000);
  assert.equal(world.server.connections.length, 1);
  isThere = true;
  await world.clock.advance(31_000);
  assert.deepEqual(world.server.connections[1]!.joins, ["forsen"]);
  assertSecret(world, new ChatloomError("LOGIN_REFUSED", ""));
  assert.equal(await world.stop(), undefined);
});

test("chatPool takes no chat message for a refused login", async () => {
  const world = withLogin(() => Promise.resolve(TOKEN));
  await world.start(["forsen"]);
  const [connection] = world.server.connections;
  connection!.say(":a!a@a PRIVMSG * :Login authentication failed");
  connection!.say(":tmi.twitch.tv NOTICE #forsen :Login authentication failed");
  connection!.say(":tmi.twitch.tv NOTICE * :Login authentication failed"); // Not now any more.
  await world.clock.advance(1_000);
  assert.ok(connection!.isOpen);
  assert.equal(await world.stop(), undefined);
});

test("chatPool warns when the server refuses capabilities, and goes on", async () => {
  const world = new SessionWorld();
  await world.start(["forsen"]);
  world.server.connections[0]!.say(":tmi.twitch.tv CAP * NAK :twitch.tv/tags");
  await world.clock.advance(100);
  assert.deepEqual(world.told("Server refuses capabilities", "capabilities"), [
    "warning twitch.tv/tags",
  ]);
  await world.stop();
});

test("chatPool refuses what cannot be", () => {
  const make = (options: object) => () =>
    chatPool({ ...new SessionWorld(), runName: "a.b", ...options } as never);
  assert.throws(make({ url: "https://irc-ws.chat.twitch.tv" }), TypeError);
  assert.throws(make({ url: "nowhere" }), TypeError);
  assert.throws(make({ connectionsPerChannel: 0 }), RangeError);
  assert.throws(make({ connectionsPerChannel: 1.5 }), RangeError);
  const readToken = () => Promise.resolve(TOKEN);
  assert.throws(make({ login: { nick: "a\r\nb", readToken } }), RangeError);
  const { pool } = new SessionWorld();
  const names = ["Forsen", "#forsen", "", "a b", "a\r\nQUIT", "__proto__\0"];
  for (const name of names) {
    assert.throws(() => pool.setChannels([{ name, isImportant: false }]), RangeError);
  }
});

function assertSecret(world: SessionWorld, error: ChatloomError): void {
  const told = JSON.stringify([world.reports, world.heard, error.message, String(error.cause)]);
  assert.ok(!told.includes(TOKEN), "the token was told");
}
