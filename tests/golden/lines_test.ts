import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import type { IrcMessage } from "../../src/core/batch/message.ts";

const data = new URL("../../../shared/data/", import.meta.url);
const skip = existsSync(data) ? false : `${data.pathname} is missing`;

function read<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, data), "utf8"));
}

function parse(line: string): IrcMessage {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok, `${JSON.stringify(line)} is unreadable`);
  return parsed.message;
}

test("parseIrcLine fills the fields of 700 real lines as the reference does", { skip }, () => {
  const lines = read<(IrcMessage & { line: string })[]>("golden/line_fields.json");
  assert.equal(lines.length, 700);
  // Twice: the second time the layouts of tags are known.
  for (const { line, ...fields } of [...lines, ...lines]) assert.deepEqual(parse(line), fields);
});

interface SplitTest {
  readonly input: string;
  readonly atoms: {
    readonly source?: string;
    readonly verb: string;
    readonly params?: readonly string[];
    readonly tags?: { readonly [key: string]: string };
  };
}

test("parseIrcLine passes the ircdocs message tests", { skip }, () => {
  const { tests } = read<{ tests: SplitTest[] }>("conformance/msg-split.json");
  assert.ok(tests.length >= 35);
  for (const { input, atoms } of tests) {
    const { command, params, tags, sender, user, host } = parse(input);
    assert.equal(command, atoms.verb.toUpperCase(), input);
    assert.deepEqual(params, atoms.params ?? [], input);
    assert.deepEqual(tags, atoms.tags ?? null, input);
    const source = sender === null
      ? undefined
      : sender + (user === null ? "" : `!${user}`) + (host === null ? "" : `@${host}`);
    assert.equal(source, atoms.source, input);
  }
});

interface UserhostTest {
  readonly source: string;
  readonly atoms: { readonly nick: string; readonly user?: string; readonly host?: string };
}

test("parseIrcLine passes the ircdocs user and host tests", { skip }, () => {
  const { tests } = read<{ tests: UserhostTest[] }>("conformance/userhost-split.json");
  assert.ok(tests.length >= 7);
  for (const { source, atoms } of tests) {
    const { sender, user, host } = parse(`:${source} PING`);
    assert.equal(sender, atoms.nick, source);
    assert.equal(user ?? "", atoms.user ?? "", source);
    assert.equal(host ?? "", atoms.host ?? "", source);
  }
});
