import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import type { IrcMessage } from "../../src/core/batch/message.ts";
import {
  filteredUser,
  meetsFilter,
  type MessageFilter,
  passesAll,
  userOf,
} from "../../src/core/text/message_filter.ts";
import { plainFilter } from "../../src/web/reading/filter.ts";

function messageOf(line: string): IrcMessage {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok, line);
  return parsed.message;
}

const ANY: MessageFilter = { users: new Set(), commands: new Set(), text: "" };
const SAID = "@display-name=Ada\\sL :ada!ada_u@h PRIVMSG #c :Hello there";
const SUB =
  "@login=ada;display-name=Ada;system-msg=Ada\\ssubscribed :tmi.twitch.tv USERNOTICE #c :yay";
const BAN = "@ban-duration=600 :tmi.twitch.tv CLEARCHAT #c :ada";
const CLEAR = ":tmi.twitch.tv CLEARCHAT #c";

test("meetsFilter finds a user by login or display name, and by their ban", () => {
  const finds: [line: string, user: string, expected: boolean][] = [
    [SAID, "ADA", true],
    [SAID, " @ada", true],
    [SAID, "ada l", true],
    [SAID, "ada_u", true],
    [SAID, "bob", false],
    [SUB, "ada", true],
    [BAN, "ada", true],
    ["@user-id=7;display-name=Ada :lovelace PRIVMSG #c :Hi", "id:7", true],
    ["@user-id=77 :lovelace PRIVMSG #c :Hi", "id:7", false],
    ["@target-user-id=7 :tmi.twitch.tv CLEARCHAT #c :lovelace", "id:7", true],
    [CLEAR, "ada", false],
    [":tmi.twitch.tv NOTICE #c :ada", "ada", false],
  ];
  for (const [line, user, expected] of finds) {
    const filter = { ...ANY, users: new Set([filteredUser(user)]) };
    assert.equal(meetsFilter(messageOf(line), filter), expected, `${user}: ${line}`);
    const page = plainFilter({ text: "", isRegex: false, user, command: "" });
    assert.equal(meetsFilter(messageOf(line), page), expected, `page, ${user}: ${line}`);
  }
});

test("meetsFilter wants every part of a filter to be met", () => {
  assert.ok(passesAll(ANY) && meetsFilter(messageOf(CLEAR), ANY));
  const filter = { users: new Set(["ada"]), commands: new Set(["PRIVMSG"]), text: "hELLO t" };
  assert.ok(!passesAll(filter));
  assert.ok(meetsFilter(messageOf(SAID), filter));
  assert.ok(!meetsFilter(messageOf(SAID), { ...filter, text: "hello  t" }));
  assert.ok(!meetsFilter(messageOf(SAID), { ...filter, commands: new Set(["JOIN"]) }));
  assert.ok(!meetsFilter(messageOf(SAID), { ...filter, users: new Set(["bob"]) }));
  assert.ok(meetsFilter(messageOf(SUB), { ...ANY, text: "subscribed yay" }));
});

test("userOf names the user by whom more is found, never Twitch's server", () => {
  const users = [SAID, SUB, BAN, CLEAR, ":tmi.twitch.tv NOTICE #c :x"].map((line) =>
    userOf(messageOf(line))
  );
  assert.deepEqual(users, ["ada", "ada", "ada", "", ""]);
});
