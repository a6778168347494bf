import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import type { IrcMessage } from "../../src/core/batch/message.ts";
import {
  encodeRedaction,
  parseRedaction,
  type Redaction,
  REDACTION_MAX_BYTES,
} from "../../src/core/redaction/redaction.ts";
import { redactionMatcher } from "../../src/core/redaction/redaction_matcher.ts";
import { SECOND_US } from "../../src/core/time.ts";

const MADE = { madeUs: 1785587645_500_000, reason: "asked us to, \u00e9" };
const MESSAGE: Redaction = { target: { kind: "message", id: "5b54" }, ...MADE };
const USER: Redaction = {
  target: { kind: "user", userId: "22", logins: ["ada", "ada_old"], beforeUs: 1785587640_000_000 },
  ...MADE,
};

const UTF8 = new TextEncoder();

test("encodeRedaction writes one line of canonical JSON", () => {
  assert.equal(
    new TextDecoder().decode(encodeRedaction(MESSAGE)),
    '{"id":"5b54","made":1785587645.5,"reason":"asked us to, \\u00e9"}\n',
  );
  assert.equal(
    new TextDecoder().decode(encodeRedaction(USER)),
    '{"before":1785587640.0,"logins":["ada","ada_old"],"made":1785587645.5,' +
      '"reason":"asked us to, \\u00e9","user-id":"22"}\n',
  );
});

test("parseRedaction gives back what encodeRedaction was given", () => {
  const bare: Redaction = {
    target: { kind: "user", userId: "22", logins: [], beforeUs: undefined },
    madeUs: 0,
    reason: "",
  };
  for (const redaction of [MESSAGE, USER, bare]) {
    assert.deepEqual(parseRedaction(encodeRedaction(redaction)), { ok: true, redaction });
  }
});

test("encodeRedaction refuses what could not be read back", () => {
  const wrong: Redaction[] = [
    { ...MADE, target: { kind: "message", id: "" } },
    { ...MADE, target: { kind: "user", userId: "1", logins: ["b", "a"], beforeUs: undefined } },
    { ...MADE, target: { kind: "user", userId: "1", logins: ["a", "a"], beforeUs: undefined } },
    { ...MADE, target: { kind: "user", userId: "1", logins: [], beforeUs: -1 } },
    { ...MESSAGE, reason: "x".repeat(REDACTION_MAX_BYTES) },
  ];
  for (const redaction of wrong) assert.throws(() => encodeRedaction(redaction), RangeError);
});

test("parseRedaction refuses everything but the canonical form, without throwing", () => {
  const good = new TextDecoder().decode(encodeRedaction(USER));
  const wrong: Record<string, string> = {
    "not JSON": "nothing",
    "not an object": "[]\n",
    'field "after" is unknown': '{"after":1.0,"id":"x","made":1.0,"reason":""}\n',
    '"made" is not a time': '{"id":"x","made":"1","reason":""}\n',
    '"reason" is not a string': '{"id":"x","made":1.0,"reason":null}\n',
    'neither "id" nor "user-id" is there': '{"made":1.0,"reason":""}\n',
    'both "id" and "user-id" are there': '{"id":"x","made":1.0,"reason":"","user-id":"1"}\n',
    '"before" or "logins" without "user-id"': '{"before":1.0,"id":"x","made":1.0,"reason":""}\n',
    '"before" is not a time': '{"before":-1,"made":1.0,"reason":"","user-id":"1"}\n',
    '"logins" is not a list of names in order':
      '{"logins":["b","a"],"made":1.0,"reason":"","user-id":"1"}\n',
  };
  for (const [reason, text] of Object.entries(wrong)) {
    assert.deepEqual(parseRedaction(UTF8.encode(text)), { ok: false, reason }, text);
  }
  for (const text of [good.trimEnd(), ` ${good}`, good.replace(".5", ".50"), good + good.trim()]) {
    assert.equal(parseRedaction(UTF8.encode(text)).ok, false, text);
  }
  assert.equal(parseRedaction(Uint8Array.of(0xff)).ok, false);
  assert.equal(parseRedaction(new Uint8Array(REDACTION_MAX_BYTES + 1)).ok, false);
});

test("parseRedaction holds ids, names and times to their bounds", () => {
  const parse = (fields: object): string | undefined => {
    const parsed = parseRedaction(UTF8.encode(`${JSON.stringify(fields)}\n`));
    return parsed.ok || parsed.reason === "not canonical" ? undefined : parsed.reason;
  };
  const message = { id: "x", made: 1.5, reason: "" };
  const user = { made: 1.5, reason: "", "user-id": "1" };
  const names = Array.from({ length: 257 }, (_, i) => String(i).padStart(3, "0"));
  for (
    const fields of [
      message,
      { ...message, id: "x".repeat(256) },
      { ...message, made: 4_294_967_295.5 },
      user,
      { ...user, "user-id": "1".repeat(256), before: 0 },
      { ...user, logins: names.slice(0, 256) },
      { ...user, logins: ["a".repeat(256)] },
    ]
  ) assert.equal(parse(fields), undefined, JSON.stringify(fields).slice(0, 80));
  const logins = `"logins" is not a list of names in order`;
  for (
    const [fields, reason] of [
      [{ ...message, id: "" }, `neither "id" nor "user-id" is there`],
      [{ ...message, id: 1 }, `neither "id" nor "user-id" is there`],
      [{ ...message, id: "x".repeat(257) }, `neither "id" nor "user-id" is there`],
      [{ ...message, made: -0.5 }, `"made" is not a time`],
      [{ ...message, made: 4_294_967_296 }, `"made" is not a time`],
      [{ ...message, before: 1 }, `"before" or "logins" without "user-id"`],
      [{ ...message, logins: [] }, `"before" or "logins" without "user-id"`],
      [{ ...user, "user-id": "" }, `"user-id" is not an id`],
      [{ ...user, "user-id": 1 }, `"user-id" is not an id`],
      [{ ...user, "user-id": null }, `"user-id" is not an id`],
      [{ ...user, "user-id": "1".repeat(257) }, `"user-id" is not an id`],
      [{ ...user, before: "1" }, `"before" is not a time`],
      [{ ...user, before: 4_294_967_296 }, `"before" is not a time`],
      [{ ...user, logins: "a" }, logins],
      [{ ...user, logins: names }, logins],
      [{ ...user, logins: ["a", "a"] }, logins],
      [{ ...user, logins: ["a", 1] }, logins],
      [{ ...user, logins: [""] }, logins],
      [{ ...user, logins: ["a".repeat(257)] }, logins],
      [{ ...user, more: 1 }, `field "more" is unknown`],
    ] as const
  ) assert.equal(parse(fields), reason, JSON.stringify(fields).slice(0, 80));
  for (const text of ["null\n", "1\n", '"x"\n']) {
    assert.deepEqual(parseRedaction(UTF8.encode(text)), { ok: false, reason: "not an object" });
  }
});

test("parseRedaction reads up to 64 KiB, and encodeRedaction writes no more", () => {
  const bare = encodeRedaction({ ...MESSAGE, reason: "" }).length;
  const longest = { ...MESSAGE, reason: "x".repeat(REDACTION_MAX_BYTES - bare) };
  const bytes = encodeRedaction(longest);
  assert.equal(bytes.length, 65_536);
  assert.deepEqual(parseRedaction(bytes), { ok: true, redaction: longest });
  assert.throws(() => encodeRedaction({ ...longest, reason: `${longest.reason}x` }), RangeError);
  for (const madeUs of [-1, 0.5, 2 ** 32 * SECOND_US]) {
    assert.throws(() => encodeRedaction({ ...MESSAGE, madeUs }), RangeError);
  }
});

function message(line: string): IrcMessage {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok, line);
  return parsed.message;
}

const SENT = "tmi-sent-ts=1785587639000";
const WRITTEN = `@id=5b54;${SENT};user-id=22 :ada!ada@h PRIVMSG #c :my number is 555`;

test("redactionMatcher of a message's id matches what has its text, and nothing else", () => {
  const isRedacted = redactionMatcher([MESSAGE]);
  const lines: [string, boolean][] = [
    [WRITTEN, true],
    [`@id=9;source-id=5b54;${SENT};user-id=22 :ada!ada@h PRIVMSG #c :my number is 555`, true],
    [`@login=ada;target-msg-id=5b54;${SENT} :tmi.twitch.tv CLEARMSG #c :my number is 555`, true],
    [
      `@id=9;reply-parent-msg-body=x;reply-parent-msg-id=5b54;${SENT} :bob!b@h PRIVMSG #c :hi`,
      true,
    ],
    [`@id=9;reply-thread-parent-msg-id=5b54;${SENT} :bob!b@h PRIVMSG #c :no text of it`, false],
    [`@id=5b541;${SENT};user-id=22 :ada!ada@h PRIVMSG #c :another`, false],
    [`@user-id=5b54;${SENT} :ada!ada@h PRIVMSG #c :5b54`, false],
    [":ada!ada@h JOIN #c", false],
  ];
  for (const [line, expected] of lines) {
    assert.equal(isRedacted(message(line), undefined), expected, line);
  }
});

test("redactionMatcher of a user matches what they wrote and what bears their id or name", () => {
  const early = { receivedS: 1785587639 };
  const isRedacted = redactionMatcher([USER]);
  const lines: [string, boolean][] = [
    [WRITTEN, true],
    [`@id=9;reply-parent-user-id=22;user-id=7;${SENT} :bob!b@h PRIVMSG #c :hi`, true],
    [`@id=9;reply-thread-parent-user-id=22;user-id=7;${SENT} :bob!b@h PRIVMSG #c :hi`, true],
    [`@target-user-id=22;${SENT} :tmi.twitch.tv CLEARCHAT #c :ada`, true],
    [`@${SENT} :tmi.twitch.tv CLEARCHAT #c :ada`, true],
    [`@${SENT} :tmi.twitch.tv CLEARCHAT #c`, false],
    [`@target-user-id=7;${SENT} :tmi.twitch.tv CLEARCHAT #c :ada`, false],
    [`@login=ada;target-msg-id=1;${SENT} :tmi.twitch.tv CLEARMSG #c :x`, true],
    [`@login=bob;target-msg-id=1;${SENT} :tmi.twitch.tv CLEARMSG #c :x`, false],
    [`@msg-param-recipient-id=22;user-id=7;${SENT} :tmi.twitch.tv USERNOTICE #c`, true],
    [":ada_old!ada_old@h JOIN #c", true],
    [":ada!ada@h PART #c", true],
    [":ada2!ada2@h PART #c", false],
    // Another user has the name by then.
    [`@user-id=8;${SENT} :ada!ada@h PRIVMSG #c :hello`, false],
    [`@user-id=7;${SENT} :bob!b@h PRIVMSG #c :@ada hello`, false],
  ];
  for (const [line, expected] of lines) {
    assert.equal(isRedacted(message(line), early), expected, line);
  }
});

test("redactionMatcher goes by Twitch's time before received time, and leaves what is later", () => {
  const isRedacted = redactionMatcher([USER]);
  const late = WRITTEN.replace("1785587639000", "1785587640000");
  assert.equal(isRedacted(message(late), undefined), false);
  const join = message(":ada!ada@h JOIN #c");
  assert.equal(isRedacted(join, { receivedS: 1785587640 }), false);
  assert.equal(isRedacted(join, { receivedS: 1785587639.999 }), true);
  const always = redactionMatcher([USER, {
    ...USER,
    target: { ...userTarget(), beforeUs: undefined },
  }]);
  assert.equal(always(message(late), undefined), true);
  assert.equal(always(join, { receivedS: 2e9 }), true);
  const later = redactionMatcher([
    USER,
    { ...USER, target: { ...userTarget(), beforeUs: 1785587641 * SECOND_US } },
  ]);
  assert.equal(later(message(late), undefined), true, "the widest of several orders counts");
});

test("redactionMatcher of no redaction matches nothing", () => {
  const isRedacted = redactionMatcher([]);
  assert.equal(isRedacted(message(WRITTEN), undefined), false);
  assert.equal(isRedacted(message("PING"), { receivedS: 0 }), false);
});

function userTarget(): Extract<Redaction["target"], { kind: "user" }> {
  assert.ok(USER.target.kind === "user");
  return USER.target;
}
