import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { PlainWorld } from "./plain_client.ts";

const ALL_CAPABILITIES = "CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership";

test("SimulatedTwitch welcomes an anonymous client as Twitch does", async () => {
  const world = new PlainWorld({ channels: ["forsen"], chat: false });
  const client = await world.enter("forsen");
  assert.deepEqual(client.lines, [
    ":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands twitch.tv/membership",
    ":tmi.twitch.tv 001 justinfan4711 :Welcome, GLHF!",
    ":tmi.twitch.tv 002 justinfan4711 :Your host is tmi.twitch.tv",
    ":tmi.twitch.tv 003 justinfan4711 :This server is rather new",
    ":tmi.twitch.tv 004 justinfan4711 :-",
    ":tmi.twitch.tv 375 justinfan4711 :-",
    ":tmi.twitch.tv 372 justinfan4711 :You are in a maze of twisty passages, all alike.",
    ":tmi.twitch.tv 376 justinfan4711 :>",
    ":justinfan4711!justinfan4711@justinfan4711.tmi.twitch.tv JOIN #forsen",
    ":justinfan4711.tmi.twitch.tv 353 justinfan4711 = #forsen :justinfan4711",
    ":justinfan4711.tmi.twitch.tv 366 justinfan4711 #forsen :End of /NAMES list",
    "@emote-only=0;followers-only=-1;r9k=0;room-id=248719930;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE #forsen",
  ]);
  assert.equal(world.twitch.truth.connections[0]?.nick, "justinfan4711");
  assert.deepEqual(world.twitch.connections[0]?.channels, ["forsen"]);
  await world.end();
});

test("SimulatedTwitch tells who is logged in of their state, in Twitch's order", async () => {
  const world = new PlainWorld({ channels: ["a"], chat: false, token: "secret" });
  const client = await world.connect();
  client.send(ALL_CAPABILITIES, "PASS oauth:secret", "NICK Weaver", "JOIN #a");
  await world.pass(500);
  const commands = client.lines.map((line) => line.replace(/^@[^ ]* /, "").split(" ")[1]);
  const expected =
    "CAP 001 002 003 004 375 372 376 GLOBALUSERSTATE JOIN 353 366 USERSTATE ROOMSTATE";
  assert.deepEqual(commands, expected.split(" "));
  assert.match(client.lines.at(-2)!, /^@.*display-name=weaver;.* :tmi\.twitch\.tv USERSTATE #a$/);
  await world.end();
});

const REFUSED_LOGINS: Record<string, [lines: string[], answer: string]> = {
  "a wrong token": [["PASS oauth:wrong", "NICK weaver"], "Login authentication failed"],
  "a token without oauth:": [["PASS simulated", "NICK weaver"], "Improperly formatted auth"],
  "no PASS": [["NICK weaver"], "Improperly formatted auth"],
  "a PASS after NICK": [["NICK weaver", "PASS oauth:simulated"], "Improperly formatted auth"],
  "a name that cannot be": [["PASS oauth:simulated", "NICK we-aver!"], "Invalid NICK"],
};

for (const [what, [lines, answer]] of Object.entries(REFUSED_LOGINS)) {
  test(`SimulatedTwitch refuses ${what} and hangs up`, async () => {
    const world = new PlainWorld();
    const client = await world.connect();
    client.send(...lines, "JOIN #a");
    await world.pass(500);
    assert.deepEqual(client.lines, [`:tmi.twitch.tv NOTICE * :${answer}`]);
    assert.equal(client.end, "closed");
    assert.equal(world.twitch.connections.length, 0);
    assert.equal(world.twitch.truth.connections[0]?.closedBecause, "login refused");
    await world.end();
  });
}

test("SimulatedTwitch answers for each channel of a JOIN by itself", async () => {
  const world = new PlainWorld({
    chat: false,
    channels: [
      "a",
      { name: "gone", access: "suspended" },
      { name: "angry", access: "banned" },
      "b",
    ],
  });
  const client = await world.enter("a", "gone", "misspelt", "angry", "b");
  assert.deepEqual(client.lines.slice(8).map((line) => line.replace(/^@\S+ (?=.*STATE)/, "")), [
    ":justinfan4711!justinfan4711@justinfan4711.tmi.twitch.tv JOIN #a",
    ":justinfan4711.tmi.twitch.tv 353 justinfan4711 = #a :justinfan4711",
    ":justinfan4711.tmi.twitch.tv 366 justinfan4711 #a :End of /NAMES list",
    ":tmi.twitch.tv ROOMSTATE #a",
    "@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #gone :This channel does not exist or has been suspended.",
    "@msg-id=msg_banned :tmi.twitch.tv NOTICE #angry :You are permanently banned from talking in angry.",
    ":justinfan4711!justinfan4711@justinfan4711.tmi.twitch.tv JOIN #b",
    ":justinfan4711.tmi.twitch.tv 353 justinfan4711 = #b :justinfan4711",
    ":justinfan4711.tmi.twitch.tv 366 justinfan4711 #b :End of /NAMES list",
    ":tmi.twitch.tv ROOMSTATE #b",
  ]);
  world.twitch.open({ name: "gone", access: "open" });
  client.send("JOIN #gone");
  await world.pass(500);
  assert.equal(client.ofCommand("ROOMSTATE").length, 3);
  await world.end();
});

test("SimulatedTwitch ignores the 21st JOIN in 10 s and notes it", async () => {
  const world = new PlainWorld({ chat: false });
  const client = await world.enter(...Array.from({ length: 22 }, (_, i) => `c${i}`));
  assert.equal(client.ofCommand("ROOMSTATE").length, 20);
  assert.deepEqual(
    world.twitch.truth.violations.map(({ kind, detail }) => [kind, detail]),
    [["join-rate", "JOIN #c20"], ["join-rate", "JOIN #c21"]],
  );
  await world.pass(9_100);
  client.send("JOIN #c20");
  await world.pass(500);
  assert.equal(client.ofCommand("ROOMSTATE").length, 21);
  await world.end();
});

test("SimulatedTwitch lets a connection into a hundred channels and no more", async () => {
  const world = new PlainWorld({ chat: false });
  const client = await world.enter("start");
  for (let i = 0; i < 10; i++) {
    client.send(`JOIN ${Array.from({ length: 10 }, (_, j) => `#c${i}_${j}`).join(",")}`);
    await world.pass(10_100);
  }
  assert.equal(world.twitch.connections[0]?.channels.length, 100);
  assert.deepEqual(world.twitch.truth.violations.map(({ kind }) => kind), ["channel-limit"]);
  await world.end();
});

test("SimulatedTwitch tells a client only what its capabilities cover", async () => {
  const world = new PlainWorld({ channels: ["a"], chat: false });
  const full = await world.enter("a");
  const bare = await world.connect();
  bare.send("NICK justinfan1", "JOIN #a");
  await world.pass(500);
  assert.equal(bare.ofCommand("ROOMSTATE").length, 0);
  bare.lines.length = full.lines.length = 0;
  world.twitch.say("a", { text: "hello", login: "x" });
  world.twitch.publish({ channel: "a", line: "@msg-id=x :tmi.twitch.tv NOTICE #a :hi" });
  world.twitch.publish({ channel: "a", line: ":x!x@x.tmi.twitch.tv PART #a" });
  await world.pass(500);
  assert.deepEqual(bare.lines, [":x!x@x.tmi.twitch.tv PRIVMSG #a :hello"]);
  assert.equal(full.lines.length, 3);
  assert.match(full.lines[0]!, /^@.*tmi-sent-ts=\d{13};.*PRIVMSG #a :hello$/);
  await world.end();
});

test("SimulatedTwitch acknowledges what it knows and refuses other capabilities", async () => {
  const world = new PlainWorld();
  const client = await world.connect();
  client.send("CAP LS 302", "CAP REQ :twitch.tv/tags sasl", "CAP REQ :twitch.tv/tags", "CAP END");
  await world.pass(500);
  assert.deepEqual(client.lines, [
    ":tmi.twitch.tv CAP * LS :twitch.tv/tags twitch.tv/commands twitch.tv/membership",
    ":tmi.twitch.tv CAP * NAK :twitch.tv/tags sasl",
    ":tmi.twitch.tv CAP * ACK :twitch.tv/tags",
  ]);
  await world.end();
});

test("SimulatedTwitch answers PING, PART and what it does not know", async () => {
  const world = new PlainWorld({ chat: false });
  const client = await world.enter("a");
  client.lines.length = 0;
  client.send("PING", "PING :some text", "PART #a,#b", "WHO #a");
  await world.pass(500);
  assert.deepEqual(client.lines, [
    ":tmi.twitch.tv PONG",
    ":tmi.twitch.tv PONG tmi.twitch.tv :some text",
    ":justinfan4711!justinfan4711@justinfan4711.tmi.twitch.tv PART #a",
    ":tmi.twitch.tv 421 justinfan4711 WHO :Unknown command",
  ]);
  world.twitch.say("a", { text: "not for you" });
  await world.pass(500);
  assert.equal(client.lines.length, 4);
  await world.end();
});

test("SimulatedTwitch drops who does not answer its PING, and keeps who does", async () => {
  const world = new PlainWorld({ chat: false, pingIntervalMs: 60_000, patienceMs: 20_000 });
  const lively = await world.enter("a");
  const deaf = await world.enter("a");
  deaf.answersPing = false;
  await world.pass(200_000);
  assert.equal(lively.end, undefined);
  assert.equal(lively.ofCommand("PING").length, 3);
  assert.ok(deaf.end instanceof ChatloomError && deaf.end.code === "CONNECTION_LOST");
  assert.deepEqual(world.twitch.truth.violations.map(({ kind }) => kind), ["ping-unanswered"]);
  await world.end();
});

test("SimulatedTwitch hangs up on who never logs in", async () => {
  const world = new PlainWorld({ patienceMs: 5_000 });
  const client = await world.connect();
  client.send("JOIN #a");
  await world.pass(5_001);
  assert.equal(client.end, "closed");
  assert.deepEqual(world.twitch.truth.violations.map(({ kind }) => kind), ["not-logged-in"]);
  await world.end();
});

test("SimulatedTwitch tells all of a channel the same, and its truth says who got what", async () => {
  const world = new PlainWorld({ channels: ["a", "b"], chat: { ratePerSecond: 20 } });
  const first = await world.enter("a");
  const second = await world.enter("a", "b");
  await world.pass(60_000);
  const { truth } = world.twitch;
  for (const [number, client] of [[1, first], [2, second]] as const) {
    const told = truth.deliveredTo(number).map(({ line }) => line);
    assert.ok(told.length > 1_000, `only ${told.length} lines`);
    const heard = client.lines.filter((line) => told.includes(line));
    assert.deepEqual(heard, told);
  }
  const ofA = (number: number) =>
    truth.deliveredTo(number).filter(({ channel }) => channel === "a").map(({ seq }) => seq);
  const [early, late] = [ofA(1), ofA(2)];
  const shared = early.slice(early.indexOf(late[0]!));
  // One connection is a little behind the other; what both got came in the same order.
  const count = Math.min(shared.length, late.length);
  assert.ok(count > 1_000 && Math.abs(shared.length - late.length) < 20);
  assert.deepEqual(shared.slice(0, count), late.slice(0, count));
  await world.end();
});

test("SimulatedTwitch knows what a client has surely read", async () => {
  const world = new PlainWorld({ channels: ["a"], chat: false, probeEvery: 10 });
  const client = await world.enter("a");
  for (let i = 0; i < 25; i++) world.twitch.say("a", { text: `${i}` });
  await world.pass(500);
  assert.deepEqual(client.ofCommand("PING"), ["PING :10", "PING :20"]);
  const { truth } = world.twitch;
  assert.equal(truth.connections[0]?.deliveredCount, 25);
  assert.equal(truth.connections[0]?.acknowledgedCount, 20);
  assert.equal(truth.acknowledgedBy(1).length, 20);
  client.send("PONG :9999", "PONG :-1", "PONG", "PONG :5");
  await world.pass(500);
  assert.equal(truth.connections[0]?.acknowledgedCount, 20);
  await world.end();
});

test("SimulatedTwitch is the same to the last byte for the same seed", async () => {
  async function told(seed: number): Promise<string> {
    const world = new PlainWorld({ seed, channels: ["a"], chat: { ratePerSecond: 30 } });
    const client = await world.enter("a");
    await world.pass(20_000);
    await world.end();
    return client.lines.join("\n");
  }
  const first = await told(7);
  assert.equal(await told(7), first);
  assert.notEqual(await told(8), first);
});

test("SimulatedTwitch keeps no truth when told so, and still counts", async () => {
  const records: string[] = [];
  const world = new PlainWorld({
    channels: ["a"],
    chat: { ratePerSecond: 20 },
    truth: { isKept: false, onRecord: ({ type }) => records.push(type) },
  });
  await world.enter("a");
  await world.pass(10_000);
  const { truth } = world.twitch;
  assert.equal(truth.events.length, 0);
  assert.equal(truth.deliveriesTo(1).length, 0);
  assert.equal(truth.eventCount, records.filter((type) => type === "event").length);
  assert.equal(truth.deliveryCount, records.filter((type) => type === "delivery").length);
  assert.ok(truth.deliveryCount > 100);
  await world.end();
});
