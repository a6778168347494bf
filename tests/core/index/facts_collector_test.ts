import assert from "node:assert/strict";
import { test } from "node:test";
import { FactsCollector } from "../../../src/core/index/facts_collector.ts";
import type { HourFacts } from "../../../src/core/index/hour_facts.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { runSteps } from "../../../src/core/steps.ts";
import { MINUTE_US } from "../../../src/core/time.ts";

const MINUTE = 29_759_760 * MINUTE_US; // 2026-08-01T12:00Z

/** The facts of lines of IRC, in the minutes of that hour that they stand under. */
function factsOf(minutes: Record<number, readonly string[]>): HourFacts {
  const collector = new FactsCollector();
  for (const [at, lines] of Object.entries(minutes)) {
    const minuteUs = MINUTE + Number(at) * MINUTE_US;
    const messages = lines.map((line, i): Message => {
      const parsed = parseIrcLine(line);
      assert.ok(parsed.ok, line);
      const time = minuteUs / 1e6 + i;
      return { ...parsed.message, receivers: { "a.AbCdE.0": time }, time, time_range: 0 };
    });
    runSteps(collector.adding({ minuteUs, bytes: encodeBatch(messages) }));
  }
  return collector.facts();
}

/** `id login: minute of the hour roles messages …` */
function peopleOf({ people }: HourFacts): string[] {
  return people.map(({ id, login, minutes }) =>
    `${id} ${login}: ` +
    minutes.map(({ minuteUs, roles, messages }) =>
      `${(minuteUs - MINUTE) / MINUTE_US} ${roles.join("+")} ${messages}`
    ).join(", ")
  ).sort();
}

const ADA = "@room-id=22;user-id=1;display-name=Ada :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen";

test("FactsCollector knows who spoke, was dealt with and is named, minute by minute", () => {
  const facts = factsOf({
    0: [`${ADA} :hi`, `${ADA} :again`, ":eve!eve@eve.tmi.twitch.tv JOIN #forsen"],
    1: [
      "@room-id=22;target-user-id=1 :tmi.twitch.tv CLEARCHAT #forsen :ada",
      "@login=eve;target-msg-id=x :tmi.twitch.tv CLEARMSG #forsen :bad",
    ],
    5: [
      "@room-id=22;user-id=7;login=bob;msg-param-recipient-id=1;msg-param-recipient-user-name=ada " +
      ":tmi.twitch.tv USERNOTICE #forsen",
      `${ADA} :and I`,
    ],
  });
  assert.deepEqual(peopleOf(facts), [
    " eve: 0 named 0, 1 dealtWith 0",
    "1 ada: 0 spoke 2, 1 dealtWith 0, 5 spoke+named 1",
    "7 bob: 5 spoke 1",
  ]);
  assert.deepEqual(
    Object.fromEntries(facts.counts),
    { PRIVMSG: 3, JOIN: 1, CLEARCHAT: 1, CLEARMSG: 1, USERNOTICE: 1 },
  );
  assert.deepEqual(facts.rooms, [
    { roomId: "22", firstUs: MINUTE, lastUs: MINUTE + 5 * MINUTE_US + 1e6 },
  ]);
});

test("FactsCollector keeps users apart by id and by login", () => {
  const facts = factsOf({
    0: [
      `${ADA} :hi`,
      "@user-id=1 :lovelace!x@x PRIVMSG #forsen :renamed",
      "@user-id=2 :ada!x@x PRIVMSG #forsen :took the name",
      "@target-user-id=9 :tmi.twitch.tv NOTICE #forsen :no name",
    ],
  });
  assert.deepEqual(peopleOf(facts), [
    "1 ada: 0 spoke 1",
    "1 lovelace: 0 spoke 1",
    "1 x: 0 spoke 1",
    "2 ada: 0 spoke 1",
    "2 x: 0 spoke 1",
    "9 : 0 dealtWith 0",
  ]);
});

test("FactsCollector leaves out ids and logins that are garbage", () => {
  const facts = factsOf({
    0: [`@user-id=${"9".repeat(65)};room-id=\\s :${"x".repeat(33)} PRIVMSG #forsen :hi`],
  });
  assert.deepEqual([facts.people, facts.rooms], [[], []]);
});

test("FactsCollector keeps the words of each minute, also those of Twitch's sentences", () => {
  const facts = factsOf({
    0: [
      `${ADA} :Hello hello`,
      `@user-id=7;login=bob;system-msg=bob\\ssubscribed :t.tv USERNOTICE #forsen`,
    ],
    2: [":eve!eve@eve.tmi.twitch.tv JOIN #forsen"],
    3: [":tmi.twitch.tv NOTICE #forsen :ÜBER"],
  });
  assert.deepEqual(
    facts.words.map(({ minuteUs, words }) => [(minuteUs - MINUTE) / MINUTE_US, ...words]),
    [[0, "hello", "bob", "subscribed"], [3, "über"]],
  );
});
