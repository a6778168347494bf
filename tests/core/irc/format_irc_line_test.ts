import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { formatIrcLine } from "../../../src/core/irc/format_irc_line.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import type { IrcMessage } from "../../../src/core/batch/message.ts";

const LINES = "/work/shared/data/lines";

function parsed(line: string): IrcMessage {
  const result = parseIrcLine(line);
  assert.ok(result.ok, line);
  return result.message;
}

const PLAIN: IrcMessage = {
  command: "PRIVMSG",
  params: ["#forsen", "hi"],
  sender: "ada",
  user: "ada",
  host: "ada.tmi.twitch.tv",
  tags: null,
};

test("formatIrcLine writes what parseIrcLine reads", () => {
  for (
    const line of [
      "@a=b\\:c\\sd\\\\e\\r\\n;k= :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hello there ",
      ":tmi.twitch.tv CLEARCHAT #forsen :ada",
      ":tmi.twitch.tv CLEARCHAT #forsen",
      "@msg-id=raid :tmi.twitch.tv USERNOTICE #forsen",
      ":ada!ada@ada.tmi.twitch.tv JOIN #forsen",
      ":ada PRIVMSG #forsen ::)",
      ":ada PRIVMSG #forsen :",
      "PING :tmi.twitch.tv x",
    ]
  ) {
    const message = parsed(line);
    const written = formatIrcLine(message);
    assert.deepEqual(parsed(written), message, written);
  }
});

test("formatIrcLine writes texts behind a colon, also of one word, and tags in their order", () => {
  const message = { ...PLAIN, tags: { b: "1", a: "" } };
  assert.equal(
    formatIrcLine(message, [["historical", "1"]]),
    "@historical=1;b=1;a= :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hi",
  );
});

test("formatIrcLine never writes more than one line, nor tags that would be others", () => {
  const hostile: IrcMessage[] = [
    { ...PLAIN, params: ["#forsen", "a\r\nQUIT\0"] },
    { ...PLAIN, params: ["#a b", ":c", "", "d\n"] },
    { ...PLAIN, sender: "a\nPART #x", user: "u v", host: "h\r" },
    { ...PLAIN, tags: { "a;b=c": "1", "d e": "2", "": "3", f: "\0\r\n; \\" } },
    { ...PLAIN, command: "A\nB" },
  ];
  for (const message of hostile) {
    const line = formatIrcLine(message);
    assert.doesNotMatch(line, /[\r\n\0]/);
  }
  assert.deepEqual(parsed(formatIrcLine(hostile[3]!)).tags, { f: "\r\n; \\" });
});

test(
  "formatIrcLine gives back each line of other projects' tests",
  { skip: !existsSync(LINES) && `${LINES} is missing` },
  () => {
    let count = 0;
    for (const name of readdirSync(LINES)) {
      for (const line of readFileSync(`${LINES}/${name}`, "utf8").split("\n")) {
        const result = parseIrcLine(line);
        if (!result.ok) continue;
        const again = parseIrcLine(formatIrcLine(result.message));
        assert.deepEqual(again.ok && again.message, result.message, line);
        count++;
      }
    }
    assert.ok(count > 5_000, `${count}`);
  },
);
