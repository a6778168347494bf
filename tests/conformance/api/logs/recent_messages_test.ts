import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../../../src/core/irc/irc_line.ts";
import { logWorld, ms, record, say } from "./log_world.ts";

const world = await logWorld();
const at = (second: number) => new Date(ms("2026-08-01T12:30:00Z") + second * 1000).toISOString();
const CHAT = [
  `@emote-only=0;room-id=44;tmi-sent-ts=${ms(at(0))} :tmi.twitch.tv ROOMSTATE #busy`,
  say(at(1), "one", { channel: "busy", room: "44", id: "m1", login: "bob", user: "2" }),
  say(at(2), "two", { channel: "busy", room: "44", id: "m2" }),
  `@room-id=44;target-user-id=2;ban-duration=630;tmi-sent-ts=${ms(at(3))} ` +
  ":tmi.twitch.tv CLEARCHAT #busy :bob",
  `@login=ada;room-id=;target-msg-id=m2;tmi-sent-ts=${
    ms(at(4))
  } :tmi.twitch.tv CLEARMSG #busy :two`,
  `@msg-id=host_on;tmi-sent-ts=${ms(at(5))} :tmi.twitch.tv NOTICE #busy :Now hosting x.`,
  `@msg-id=slow_on;tmi-sent-ts=${ms(at(6))} :tmi.twitch.tv NOTICE #busy :Slow.`,
  say(at(7), "three", { channel: "busy", room: "44", id: "m3", login: "bob", user: "2" }),
];
await record(world, CHAT);

interface Answer {
  readonly messages: string[];
  readonly error: string | null;
  readonly error_code: string | null;
}
const ask = (query = "", login = "busy") =>
  world.json(`/api/v2/recent-messages/${login}${query}`) as Promise<Answer>;

/** A line as clients parse it: what it says, and the tags that the service added. */
function read(line: string): string {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok, line);
  const { tags, command, params } = parsed.message;
  assert.equal(tags?.["historical"], "1", line);
  assert.match(tags?.["rm-received-ts"] ?? "", /^\d{13}$/);
  return `${command} ${params.at(-1)}${tags?.["rm-deleted"] === "1" ? " (deleted)" : ""}`;
}

test("recent messages come oldest first, with tags that clients display them by", async () => {
  const { messages, error, error_code } = await ask("?limit=800");
  assert.deepEqual(messages.map(read), [
    "ROOMSTATE #busy",
    "PRIVMSG one (deleted)",
    "PRIVMSG two (deleted)",
    "CLEARCHAT bob",
    "CLEARMSG two",
    "NOTICE Slow.",
    "PRIVMSG three",
  ]);
  assert.deepEqual([error, error_code], [null, null]);
  assert.ok(messages[1]!.includes(`rm-received-ts=${ms(at(1)) + 250};`));
});

test("recent messages tell nothing of a user or a channel that has opted out", async () => {
  const { messages } = await ask("?limit=800", "forsen");
  assert.ok(messages.length > 0);
  assert.doesNotMatch(messages.join("\n"), /shyuser|hidden/i);
  const refused = await world.ask("/api/v2/recent-messages/shy");
  assert.equal(refused.status, 403);
  assert.equal((await refused.json()).error_code, "channel_ignored");
});

test("limit takes the newest, before and after go by the received time, all combine", async () => {
  const texts = async (query: string) => (await ask(query)).messages.map(read);
  assert.deepEqual(await texts("?limit=2"), ["NOTICE Slow.", "PRIVMSG three"]);
  assert.deepEqual(await texts("?limit=0"), []);
  const received = ms(at(2)) + 250;
  assert.deepEqual(await texts(`?before=${received}`), ["ROOMSTATE #busy", "PRIVMSG one"]);
  assert.deepEqual(await texts(`?after=${received}&limit=1&before=${ms(at(7))}`), ["NOTICE Slow."]);
  assert.deepEqual(await texts(`?after=${received}&before=${received + 1}`), []);
});

test("moderation is hidden or shown as the client wants, by either name of the parameter", async () => {
  const texts = async (query: string) => (await ask(query)).messages.map(read);
  for (const name of ["hide_moderation_messages", "hideModerationMessages"]) {
    assert.deepEqual(await texts(`?${name}=true`), [
      "ROOMSTATE #busy",
      "PRIVMSG one (deleted)",
      "PRIVMSG two (deleted)",
      "NOTICE Slow.",
      "PRIVMSG three",
    ]);
  }
  for (const name of ["hide_moderated_messages", "hideModeratedMessages"]) {
    assert.deepEqual(await texts(`?${name}=true&limit=6`), [
      "CLEARCHAT bob",
      "CLEARMSG two",
      "NOTICE Slow.",
      "PRIVMSG three",
    ]);
  }
  for (const name of ["clearchat_to_notice", "clearchatToNotice"]) {
    const { messages } = await ask(`?${name}=true`);
    const notice = messages.find((line) => line.includes("rm-timeout"))!;
    assert.equal(read(notice), "NOTICE bob has been timed out for 10m 30s.");
    assert.match(notice, /msg-id=rm-timeout :tmi\.twitch\.tv NOTICE #busy :/);
  }
  assert.equal((await texts("?hide_moderation_messages=false")).length, 7);
});

test("only deletions in the window count", async () => {
  const { messages } = await ask(`?before=${ms(at(3))}`);
  assert.deepEqual(messages.map(read).slice(1), ["PRIVMSG one", "PRIVMSG two"]);
});

test("a channel that is not recorded gets 200 and a code", async () => {
  const { messages, error_code } = await ask("", "stranger");
  assert.deepEqual([messages, error_code], [[], "channel_not_joined"]);
  const paused = await ask("", "nani");
  assert.equal(paused.error_code, "channel_not_joined");
  assert.deepEqual(paused.messages.map(read), ["PRIVMSG another room"], "with what is there");
});

test("what is invalid is refused with the service's body", async () => {
  const cases = [
    ["/Forsen", 400, "invalid_channel_login"],
    [`/${"a".repeat(26)}`, 400, "invalid_channel_login"],
    ["/busy?limit=x", 400, "invalid_query"],
    ["/busy?limit=-1", 400, "invalid_query"],
    ["/busy?before=1.5", 400, "invalid_query"],
    ["/busy?hide_moderated_messages=1", 400, "invalid_query"],
    ["/shy", 403, "channel_ignored"],
  ] as const;
  for (const [path, status, code] of cases) {
    const response = await world.ask(`/api/v2/recent-messages${path}`);
    assert.equal(response.status, status, path);
    const body = await response.json() as Record<string, unknown>;
    assert.equal(body["status"], status);
    assert.equal(body["error_code"], code);
    assert.equal(body["status_message"], status === 400 ? "Bad Request" : "Forbidden");
    assert.equal(typeof body["error"], "string");
  }
});

test("messages older than a day are for logs", async () => {
  const texts = (await ask("?limit=5000", "forsen")).messages.map(read);
  assert.ok(texts.includes("PRIVMSG last words"));
  assert.ok(!texts.some((text) => text.includes("hello forsen")), texts.join());
});
