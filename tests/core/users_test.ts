import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import type { IrcMessage } from "../../src/core/batch/message.ts";
import { redactionMatcher } from "../../src/core/redaction/redaction_matcher.ts";
import { namedUsers } from "../../src/core/users/named_users.ts";
import { isTwitchWord } from "../../src/core/users/twitch_text.ts";
import { userTagOf } from "../../src/core/users/user_tag.ts";

test("userTagOf tells persons from things by a tag's name, known or invented", () => {
  const stems: Record<string, string> = {
    "user-id": "",
    "login": "",
    "display-name": "",
    "target-user-id": "target",
    "source-user-id": "source",
    "reply-parent-user-login": "reply-parent",
    "reply-parent-display-name": "reply-parent",
    "reply-thread-parent-user-id": "reply-thread-parent",
    "msg-param-login": "msg-param",
    "msg-param-displayName": "msg-param",
    "msg-param-user-display-name": "msg-param",
    "msg-param-recipient-id": "msg-param-recipient",
    "msg-param-recipient-user-name": "msg-param-recipient",
    "msg-param-recipient-name": "msg-param-recipient",
    "msg-param-sender-login": "msg-param-sender",
    "msg-param-prior-gifter-id": "msg-param-prior-gifter",
    "msg-param-prior-gifter-user-name": "msg-param-prior-gifter",
    "msg-param-best-friend-id": "msg-param-best-friend",
    "msg-param-bestFriendUserId": "msg-param-best-friend",
    "msg-param-best_friend_login": "msg-param-best-friend",
    "msg-param-gift-user-name": "msg-param-gift",
    "msg-param-winner-ids": "msg-param-winner",
    "msg-param-mods": "msg-param",
  };
  for (const [key, stem] of Object.entries(stems)) assert.equal(userTagOf(key)?.stem, stem, key);
  const things = "id msg-id source-id source-msg-id source-room-id room-id target-msg-id " +
    "reply-parent-msg-id reply-thread-parent-msg-id custom-reward-id thread-id message-id " +
    "msg-param-id msg-param-origin-id msg-param-gift-id msg-param-community-gift-id " +
    "msg-param-emote-id msg-param-sub-plan-name msg-param-ritual-name msg-param-promo-name " +
    "msg-param-charity-name user-type emotes mod vip msg-param-goal-user-contributions " +
    "client-nonce msg-param-profileImageURL msg-param-viewerCount __proto__ toString -id";
  for (const key of things.split(" ")) assert.equal(userTagOf(key), undefined, key);
});

const SENT = "tmi-sent-ts=1785587639000";
const ROOM = `room-id=5;${SENT}`;

/** Lines that name user 777, called victim, and such that look like it and do not. */
const LINES: [string, boolean][] = [
  // By a name alone: Twitch tells no id.
  [
    `@msg-param-sender-login=victim;msg-param-sender-name=Victim;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`,
    true,
  ],
  [`@msg-param-sender-name=Victim;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
  [`@msg-param-new-thing-displayName=VICTIM;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
  [":tmi.twitch.tv HOSTTARGET #c :victim 12", true],
  [":tmi.twitch.tv HOSTTARGET #c :- 12", false],
  [":tmi.twitch.tv HOSTTARGET #c :victim2 12", false],
  [":jtv MODE #c +o victim", true],
  [":me.tmi.twitch.tv 353 me = #c :ada victim bob", true],
  [":jtv!jtv@jtv.tmi.twitch.tv PRIVMSG #c :Victim is now hosting you.", true],
  [":twitchnotify!t@t PRIVMSG #c :victim just subscribed!", true],
  // By id, in roles of today and of tomorrow.
  [`@msg-param-gifter-id=777;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
  [`@msg-param-prior-gifter-id=777;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
  [`@msg-param-best-friend-id=777;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
  [`@msg-param-winner-ids=1,777,3;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
  [`@msg-param-winner-ids=1,7771,3;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, false],
  // Numbers that are no user's.
  [`@user-id=9;room-id=777;${SENT} :ada!ada@h PRIVMSG #c :hi`, false],
  [`@user-id=9;source-room-id=777;${ROOM} :ada!ada@h PRIVMSG #c :hi`, false],
  [`@user-id=9;id=777;msg-param-emote-id=777;${ROOM} :tmi.twitch.tv USERNOTICE #c`, false],
  [`@user-id=9;bits=777;${ROOM} :ada!ada@h PRIVMSG #c :777`, false],
  // Sentences of Twitch: whole words, in any case.
  [
    "@msg-id=timeout_success :tmi.twitch.tv NOTICE #c :victim has been timed out for 10 seconds.",
    true,
  ],
  ["@msg-id=host_on :tmi.twitch.tv NOTICE #c :Now hosting Victim.", true],
  [
    "@msg-id=room_mods :tmi.twitch.tv NOTICE #c :The moderators of this channel are: ada, victim",
    true,
  ],
  ["@msg-id=host_on :tmi.twitch.tv NOTICE #c :Now hosting victim_2.", false],
  ["@msg-id=host_on :tmi.twitch.tv NOTICE #c :Now hosting thevictim.", false],
  [
    `@system-msg=Ada\\sgifted\\sa\\ssub\\sto\\sVictim's\\sfriend!;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`,
    true,
  ],
  // What users write is their own, and a name that went to another user is theirs.
  [
    `@system-msg=Ada\\ssubscribed;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c :thanks victim`,
    false,
  ],
  [`@user-id=9;${ROOM} :ada!ada@h PRIVMSG #c :victim hello`, false],
  [
    `@msg-param-recipient-id=8;msg-param-recipient-user-name=victim;system-msg=Ada\\sto\\sVictim!;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`,
    false,
  ],
  [
    `@login=victim;display-name=Victim;msg-param-login=victim;user-id=8;${ROOM} :tmi.twitch.tv USERNOTICE #c`,
    false,
  ],
  // In the user's own channel, the channel is not the user.
  [
    `@system-msg=Ada\\sis\\sgifting\\sto\\sVictim's\\scommunity!;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #victim`,
    false,
  ],
  [`@msg-param-sub-plan-name=victim;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, false],
];

function messageOf(line: string): IrcMessage {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok, line);
  return parsed.message;
}

function matcherOf(userId: string, ...logins: string[]) {
  const target = { kind: "user", userId, logins: logins.sort(), beforeUs: undefined } as const;
  return redactionMatcher([{ target, madeUs: 0, reason: "" }]);
}

test("redactionMatcher finds a user in every role, by id, name or in Twitch's sentence", () => {
  const isRedacted = matcherOf("777", "victim");
  for (const [line, expected] of LINES) {
    assert.equal(isRedacted(messageOf(line), { receivedS: 1 }), expected, line);
  }
});

test("redactionMatcher takes a word of Twitch's sentences for no name", () => {
  const isRedacted = matcherOf("777", "gifted", "prime");
  const lines: [string, boolean][] = [
    [`@system-msg=Ada\\sgifted\\sa\\ssub;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, false],
    [`@msg-param-sub-plan-name=Prime;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, false],
    [":tmi.twitch.tv HOSTTARGET #c :prime 12", true],
    [`@msg-param-sender-login=gifted;user-id=9;${ROOM} :tmi.twitch.tv USERNOTICE #c`, true],
    [":gifted!gifted@h JOIN #c", true],
  ];
  for (const [line, expected] of lines) {
    assert.equal(isRedacted(messageOf(line), { receivedS: 1 }), expected, line);
  }
  assert.ok(isTwitchWord("Gifted") && !isTwitchWord("victim"));
});

test("namedUsers takes names as text, whatever they are", () => {
  const tags = Object.fromEntries([["__proto__", "x"], ["login", "__proto__"], ["user-id", ""]]);
  const message = { command: "X", params: [], sender: null, user: null, host: null, tags };
  assert.deepEqual(namedUsers(message), [{ role: "", ids: [], names: ["__proto__"] }]);
});

const REAL = new URL("../../../shared/data/lines/", import.meta.url);
const LOOKS_PERSONAL =
  /^(?!room-id|source-room-id)(?:.*user-(?:id|login|name|display-name)|(?:.*-)?(?:login|display-?[Nn]ame)|msg-param-.*(?:gifter|sender|recipient)-(?:id|name))$/;

function realLines(): string[] | undefined {
  try {
    return readdirSync(REAL).flatMap((name) =>
      readFileSync(new URL(name, REAL), "utf8").split(/\r?\n/)
    );
  } catch {
    return undefined;
  }
}

test("redactionMatcher finds the user wherever a real USERNOTICE names one", (t) => {
  const lines = realLines();
  if (lines === undefined) return t.skip("needs real lines, which are not part of the project");
  const isRedacted = matcherOf("777", "victim");
  const kinds = new Set<string>();
  for (const line of lines.filter((each) => each.includes(" USERNOTICE "))) {
    const parsed = parseIrcLine(line);
    if (!parsed.ok || parsed.message.tags === null) continue;
    const { message } = parsed;
    const tags = message.tags!;
    assert.equal(isRedacted(message, undefined), false, line);
    for (const key of Object.keys(tags).filter((each) => LOOKS_PERSONAL.test(each))) {
      kinds.add(`${tags["msg-id"]} ${key}`);
      // The whole role changes hands, as it would on Twitch; the rest stays another's.
      const isId = key.endsWith("id");
      const stem = userTagOf(key)!.stem;
      const changed = Object.fromEntries(
        Object.entries(tags).filter(([each]) => each === key || userTagOf(each)?.stem !== stem),
      );
      changed[key] = isId ? "777" : "Victim";
      assert.equal(isRedacted({ ...message, tags: changed }, undefined), true, `${key}: ${line}`);
    }
    // And named in nothing but the sentence.
    const sentence = { ...tags, "system-msg": `${tags["system-msg"]} @Victim's` };
    assert.equal(isRedacted({ ...message, tags: sentence }, undefined), true, line);
  }
  assert.ok(kinds.size > 60, `only ${kinds.size} kinds of tag in a kind of notice`);
});

test("redactionMatcher of a login on real lines takes nothing but what names it", (t) => {
  const lines = realLines();
  if (lines === undefined) return t.skip("needs real lines, which are not part of the project");
  const isRedacted = matcherOf("0", "nobody_of_these", "sub", "prime", "twitch", "channel");
  for (const line of lines) {
    const parsed = parseIrcLine(line);
    if (!parsed.ok || !/NOTICE|CLEARCHAT/.test(parsed.message.command)) continue;
    assert.equal(isRedacted(parsed.message, undefined), false, line);
  }
});
