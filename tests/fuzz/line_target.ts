import assert from "node:assert/strict";
import { decodeBatch, encodeBatch } from "../../src/core/batch/batch.ts";
import { contentOf, contentOfFields } from "../../src/core/batch/content.ts";
import { isPlainText } from "../../src/core/json/canonical_json.ts";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import type { IrcMessage } from "../../src/core/batch/message.ts";
import { chance, pick } from "../../src/testing/chance/seeded_random.ts";
import { LINES } from "./corpus.ts";
import { mutateText } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/**
 * Lines of chat: never throws, says what a parser without any tricks says, and what it says
 * survives being written to a batch and read back.
 */
export const lineTarget: FuzzTarget = {
  name: "lines",
  check(random) {
    const seed = pick(random, LINES);
    const line = chance(random, 0.2) ? seed : mutateText(random, seed, LINES).replace(/\n/g, "");
    const parsed = parseIrcLine(line);
    const expected = parseSlowly(line);
    if (!parsed.ok) {
      assert.equal(parsed.line, line);
      assert.equal(expected, undefined);
      return;
    }
    const { message } = parsed;
    assert.deepEqual(toPlain(message), toPlain(expected!));
    const stored = { ...message, receivers: { "fuzz.AbCdE.0": 1.5 }, time: 1, time_range: 0.25 };
    const content = contentOfFields(stored);
    assert.deepEqual(contentOf(message), content);
    assert.deepEqual(contentOf(message, { isPlain: isPlainText(line) }), content);

    const bytes = encodeBatch([stored]);
    const [back] = decodeBatch(bytes);
    assert.deepEqual(toPlain(back!), toPlain(message));
    assert.deepEqual(encodeBatch([back!]), bytes);
  },
};

/** Own entries only, in order: what prototypes and key order cannot blur. */
function toPlain({ command, params, sender, user, host, tags }: IrcMessage): unknown {
  const entries = tags === null ? null : Object.entries(tags).sort(([a], [b]) => a < b ? -1 : 1);
  return { command, params, sender, user, host, tags: entries };
}

/** IRC as the reference reads it, word by word; `undefined` for what is no line of it. */
function parseSlowly(line: string): IrcMessage | undefined {
  let rest = line.replace(/^ +/, "");
  function nextWord(): string {
    const word = /^[^ ]*/.exec(rest)![0];
    rest = rest.slice(word.length).replace(/^ +/, "");
    return word;
  }
  const tags = rest.startsWith("@") ? readTags(nextWord().slice(1)) : null;
  const prefix = rest.startsWith(":") ? readPrefix(nextWord().slice(1)) : {};
  const command = nextWord();
  if (!/^[A-Za-z0-9]+$/.test(command)) return undefined;
  const params: string[] = [];
  while (rest !== "") {
    if (rest.startsWith(":")) {
      params.push(rest.slice(1));
      break;
    }
    params.push(nextWord());
  }
  const none = { sender: null, user: null, host: null };
  return { command: command.toUpperCase(), params, ...none, ...prefix, tags };
}

function readTags(text: string): Record<string, string> {
  const escapes: Record<string, string> = { ":": ";", s: " ", r: "\r", n: "\n" };
  return Object.fromEntries(
    text.split(";").filter((part) => part !== "").map((part) => {
      const [key = "", ...values] = part.split("=");
      const value = values.join("=").replace(/\\(.?)/gs, (_, letter) => escapes[letter] ?? letter);
      return [key, value];
    }),
  );
}

function readPrefix(text: string): Partial<IrcMessage> {
  const at = text.lastIndexOf("@");
  const name = at === -1 ? text : text.slice(0, at);
  const mark = name.indexOf("!");
  return {
    sender: mark === -1 ? name : name.slice(0, mark),
    user: mark === -1 ? null : name.slice(mark + 1),
    host: at === -1 ? null : text.slice(at + 1),
  };
}
