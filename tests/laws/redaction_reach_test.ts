import assert from "node:assert/strict";
import { test } from "node:test";
import type { IrcMessage } from "../../src/core/batch/message.ts";
import { loginDigest } from "../../src/core/redaction/login_digest.ts";
import type { Redaction } from "../../src/core/redaction/redaction.ts";
import { redactionMatcher } from "../../src/core/redaction/redaction_matcher.ts";
import { orderNames, reachNames } from "../../src/core/redaction/redaction_reach.ts";
import { seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { LAWS_SEED } from "./fixed_seed.ts";

const CASES = 20_000;
const NAMES = ["ada", "bob", "carl_the", "dora1", "gifted", "forsen"];
const IDS = ["1", "2", "3", "m1", "m2", "m3"];
const TAGS = [
  ...["id", "source-id", "target-msg-id", "reply-parent-msg-id", "reply-thread-parent-msg-id"],
  ...["user-id", "login", "display-name", "target-user-id", "msg-param-recipient-id"],
  ...["msg-param-recipient-user-name", "msg-param-sender-login", "reply-parent-user-login"],
  ...["reply-parent-user-id", "msg-param-recipient-display-name", "msg-id", "ban-duration"],
];
const COMMANDS = ["PRIVMSG", "CLEARCHAT", "CLEARMSG", "JOIN", "NOTICE", "USERNOTICE", "HOSTTARGET"];

test("an order forgets a message if and only if they have a name in common", () => {
  const random = seededRandom(LAWS_SEED);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)]!;
  const message = (): IrcMessage => {
    const tags: Record<string, string> = {};
    for (let i = 0; i < 5; i++) {
      const tag = pick(TAGS);
      tags[tag] = /-?id$/.test(tag) ? pick(IDS) : pick(NAMES);
    }
    if (random.next() < 0.3) tags["system-msg"] = `${pick(NAMES)} gifted a sub to ${pick(NAMES)}!`;
    const sender = random.next() < 0.2 ? "tmi.twitch.tv" : pick(NAMES);
    return {
      command: pick(COMMANDS),
      params: ["#forsen", ...(random.next() < 0.7 ? [pick(NAMES)] : [])],
      sender,
      user: random.next() < 0.5 ? null : sender,
      host: null,
      tags: random.next() < 0.1 ? null : tags,
    };
  };
  const order = (): Redaction => {
    const made = { madeUs: 0, reason: "" };
    if (random.next() < 0.4) return { ...made, target: { kind: "message", id: pick(IDS) } };
    const names = [...new Set([pick(NAMES), pick(NAMES)])].slice(0, pick([0, 1, 2]));
    const logins = names.map((name) => random.next() < 0.5 ? name : loginDigest(name)).sort();
    return { ...made, target: { kind: "user", userId: pick(IDS), logins, beforeUs: undefined } };
  };
  let matches = 0;
  for (let i = 0; i < CASES; i++) {
    const [given, one] = [message(), order()];
    const isForgotten = redactionMatcher([one])(given, undefined);
    const names = new Set(reachNames(given));
    const why = `seed ${LAWS_SEED}, case ${i}: ${JSON.stringify({ given, one })}`;
    assert.equal(orderNames(one).some((name) => names.has(name)), isForgotten, why);
    if (isForgotten) matches++;
  }
  assert.ok(matches > CASES / 20 && matches < CASES * 0.9, `${matches} of ${CASES} match`);
});
