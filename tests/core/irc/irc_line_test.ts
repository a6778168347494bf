import assert from "node:assert/strict";
import { test } from "node:test";
import type { IrcMessage } from "../../../src/core/batch/message.ts";
import { foldChannel } from "../../../src/core/irc/fold_channel.ts";
import { TagLayoutCache } from "../../../src/core/irc/irc_layout.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { parseTags } from "../../../src/core/irc/irc_tags.ts";
import { isCommandOfTwitch } from "../../../src/core/irc/known_commands.ts";

const NOTHING: IrcMessage = {
  command: "X",
  params: [],
  sender: null,
  user: null,
  host: null,
  tags: null,
};

/** Lines and what they say, beside {@link NOTHING}. */
const LINES: readonly (readonly [line: string, fields: Partial<IrcMessage>])[] = [
  ["x", {}],
  ["  x  ", {}],
  ["x a", { params: ["a"] }],
  ["x   a   b  ", { params: ["a", "b"] }],
  ["x :", { params: [""] }],
  ["x  :a  b ", { params: ["a  b "] }],
  ["x a :b :c", { params: ["a", "b :c"] }],
  ["x a:b", { params: ["a:b"] }],
  ["@ x", { tags: {} }],
  ["@a x", { tags: { a: "" } }],
  ["@a=1;;b=2=3;c x", { tags: { a: "1", b: "2=3", c: "" } }],
  ["@a=1;a=2 x", { tags: { a: "2" } }],
  [" @a=1   x", { tags: { a: "1" } }],
  ["@a=1 x @b=2", { tags: { a: "1" }, params: ["@b=2"] }],
  ["@=1 x", { tags: { "": "1" } }],
  [":s x", { sender: "s" }],
  [": x", { sender: "" }],
  [":s.tv   x", { sender: "s.tv" }],
  [":n!u@h x", { sender: "n", user: "u", host: "h" }],
  [":n@h x", { sender: "n", host: "h" }],
  [":n!u x", { sender: "n", user: "u" }],
  [":n!u!v@g@h x", { sender: "n", user: "u!v@g", host: "h" }],
  [":n@h!u x", { sender: "n", host: "h!u" }],
  [":!u@h x", { sender: "", user: "u", host: "h" }],
  [":@h x", { sender: "", host: "h" }],
  [":n! x", { sender: "n", user: "" }],
  [":n x !@", { sender: "n", params: ["!@"] }],
  ["@a=@ :n x", { tags: { a: "@" }, sender: "n" }],
  ["@a=1 :n!u@h x #c :t", {
    tags: { a: "1" },
    sender: "n",
    user: "u",
    host: "h",
    params: ["#c", "t"],
  }],
  ["@a=1 :n!u@h x #c t", {
    tags: { a: "1" },
    sender: "n",
    user: "u",
    host: "h",
    params: ["#c", "t"],
  }],
  ["@a=1  :n!u@h  x  #c  :  t ", {
    tags: { a: "1" },
    sender: "n",
    user: "u",
    host: "h",
    params: ["#c", "  t "],
  }],
];

test("parseIrcLine takes a line apart at its spaces, whether its layout is known or not", () => {
  for (const [line, fields] of LINES) {
    // Tags that come often are read in another way, from the ninth time on.
    for (let time = 1; time <= 12; time++) {
      const expected = { ok: true, message: { ...NOTHING, ...fields } };
      assert.deepEqual(parseIrcLine(line.replace(/\bx\b/, "X")), expected, `${line} (${time})`);
      assert.deepEqual(parseIrcLine(line), expected, `${line} (${time})`);
    }
  }
});

test("parseIrcLine writes commands in upper case, and takes letters and digits only", () => {
  for (
    const [word, command] of [
      ["PRIVMSG", "PRIVMSG"],
      ["PRIVMSGS", "PRIVMSGS"],
      ["privmsg", "PRIVMSG"],
      ["azAZ09", "AZAZ09"],
      ["001", "001"],
    ] as const
  ) {
    const parsed = parseIrcLine(`:s ${word} a`);
    assert.equal(parsed.ok && parsed.message.command, command);
  }
  const reason = "command is not letters and digits";
  for (const word of ["/", ":x".slice(1) + ":", "@", "[", "`", "{", "A-", "é", "PRIVMSÉ", "\t"]) {
    const line = `:s ${word} a`;
    assert.deepEqual(parseIrcLine(line), { ok: false, line, reason }, word);
  }
});

test("parseIrcLine says what is missing, and keeps the line", () => {
  for (
    const [line, reason] of [
      ["", "empty"],
      ["   ", "empty"],
      ["@a=1", "no command"],
      ["@a=1 ", "no command"],
      [":s", "no command"],
      [":s  ", "no command"],
      ["@a=1 :n!u@h", "no command"],
    ] as const
  ) assert.deepEqual(parseIrcLine(line), { ok: false, line, reason });
});

test("parseTags undoes escapes, and drops a backslash that escapes nothing", () => {
  assert.deepEqual(parseTags("a=\\:\\s\\r\\n\\\\;b=\\x\\;c=x\\"), {
    a: "; \r\n\\",
    b: "x",
    c: "x",
  });
  const tags = parseTags("__proto__=1;constructor=2");
  assert.deepEqual(Object.entries(tags), [["__proto__", "1"], ["constructor", "2"]]);
  assert.deepEqual(parseTags(""), {});
});

/** How often a layout has to be noted before lines are matched by it; `undefined` if 20 do not do. */
function timesUntilKnown(tags: string, line = `@${tags} X`): number | undefined {
  const memory = new TagLayoutCache();
  for (let times = 1; times <= 20; times++) {
    memory.note(tags);
    if (memory.match(line) !== undefined) return times;
  }
  return undefined;
}

test("TagLayoutCache learns the order of tags that it was told of eight times", () => {
  assert.equal(timesUntilKnown("a=1;b="), 8);
  assert.equal(timesUntilKnown("a.b+=1"), 8);
  for (const tags of ["a;b=1", "a=1;a=2", "__proto__=1", "", "a=1;", `${"k".repeat(1_025)}=1`]) {
    assert.equal(timesUntilKnown(tags), undefined, tags.slice(0, 20));
  }
  assert.equal(timesUntilKnown(`${"k".repeat(1_024)}=1`), 8);
  assert.equal(timesUntilKnown(`k=${"v".repeat(8 * 1_024 - 2)}`), 8);
  assert.equal(timesUntilKnown(`k=${"v".repeat(8 * 1_024 - 1)}`), undefined);
});

test("TagLayoutCache matches the whole front of a line of chat, or its tags alone", () => {
  const memory = new TagLayoutCache();
  for (let i = 0; i < 8; i++) memory.note("a=;b=");
  const tags = { a: "1", b: "" };
  const line = "@a=1;b=  :n!u@h  PRIVMSG  #c  :text";
  const rest = { sender: "n", user: "u", host: "h", command: "PRIVMSG", middle: "#c" };
  assert.deepEqual(memory.match(line), { tags, rest, end: line.length - 4 });
  for (const other of [":s PRIVMSG #c :t", ":n!u@h privmsg #c :t", ":n!u@h X :t", "X"]) {
    const line = `@a=1;b= ${other}`;
    assert.deepEqual(memory.match(line), { tags, rest: undefined, end: 8 }, other);
  }
  assert.deepEqual(memory.match("@a=\\s;b=\\\\ X")?.tags, { a: " ", b: "\\" });
  for (const line of ["@a=1;b=", "@a=1 X", "@b=1;a= X", "@a=1;b=;c= X", "@a=1;b=2;c=3 X"]) {
    assert.equal(memory.match(line), undefined, line);
  }
  const first = memory.match("@a=1;b=2 X")!.tags as Record<string, string>;
  first["a"] = "changed";
  assert.equal(memory.match("@a=;b= X")!.tags["a"], "", "tags are the caller's own");
});

test("TagLayoutCache knows 32 layouts, those that matched of late among them", () => {
  const memory = new TagLayoutCache();
  const learn = (key: string): void => {
    for (let i = 0; i < 8; i++) memory.note(`${key}=`);
  };
  const isKnown = (key: string): boolean => memory.match(`@${key}= X`) !== undefined;
  for (let i = 0; i < 32; i++) learn(`k${i}`);
  assert.ok(isKnown("k31")); // It changes places with the one before.
  learn("new");
  assert.deepEqual(["k0", "k29", "k31", "new"].map(isKnown), [true, true, true, true]);
  assert.equal(isKnown("k30"), false);
});

test("TagLayoutCache counts 256 layouts that are not known yet", () => {
  const known = (others: number): boolean => {
    const memory = new TagLayoutCache();
    for (let i = 0; i < 7; i++) memory.note("a=");
    for (let i = 0; i < others; i++) memory.note(`b${i}=`);
    memory.note("a=");
    return memory.match("@a= X") !== undefined;
  };
  assert.deepEqual([known(255), known(256)], [true, false]);
});

test("foldChannel writes the channel in lower case, and nothing else", () => {
  const fold = (line: string): string => {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const folded = foldChannel(line, parsed.message);
    const again = parseIrcLine(folded.line);
    assert.ok(again.ok);
    assert.deepEqual(folded.message, again.message, "line and message say the same");
    if (folded.line === line) assert.equal(folded.message, parsed.message);
    return folded.line;
  };
  assert.equal(fold(":N!U@H PRIVMSG #Forsen :#Forsen Hi"), ":N!U@H PRIVMSG #forsen :#Forsen Hi");
  assert.equal(fold("JOIN #FORSEN"), "JOIN #forsen");
  assert.equal(fold("JOIN :#FORSEN"), "JOIN :#forsen");
  for (const line of ["PRIVMSG #forsen :Hi", "PING", "@A=B :N X"]) assert.equal(fold(line), line);
});

test("isCommandOfTwitch knows what is kept and what runs the connection", () => {
  for (const command of ["PRIVMSG", "JOIN", "001", "PING", "CAP", "RECONNECT", "NICK"]) {
    assert.ok(isCommandOfTwitch(command), command);
  }
  for (const command of ["", "HELLO", "0001", "01", "XPING", "PINGX"]) {
    assert.ok(!isCommandOfTwitch(command), command);
  }
});
