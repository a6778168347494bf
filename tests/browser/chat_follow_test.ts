import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { mergeBatches, mergeMinutes } from "../../src/core/merge/merge_batches.ts";
import { MINUTE_US } from "../../src/core/time.ts";
import type { ChatArchive } from "../../src/web/reading/chat_archive.ts";
import { followChat } from "../../src/web/reading/chat_follow.ts";
import { said } from "./page/page_archives.ts";

const UTF8 = new TextEncoder();
const NOON_S = Date.UTC(2026, 7, 2, 12) / 1000;
const FIRST_US = NOON_S * 1e6;
const SECOND_US = FIRST_US + MINUTE_US;

function joined(startS: number, endS: number, receiver: string): Message {
  return {
    ...said(""),
    command: "JOIN",
    params: ["#search"],
    tags: null,
    sender: "ada",
    user: "ada",
    receivers: { [receiver]: NOON_S + endS },
    time: NOON_S + startS,
    time_range: endS - startS,
  };
}

function lineOf(message: Message): string {
  return new TextDecoder().decode(encodeBatch([message])).trimEnd();
}

/** An archive of two minutes, whose feed gives these lines, each by itself. */
function archiveOf(
  minutes: ReadonlyMap<number, Uint8Array>,
  lines: readonly string[],
): ChatArchive {
  const none = () => Promise.resolve([]);
  return {
    channels: none,
    hours: none,
    coverage: none,
    async *figures() {},
    async *minutes(_, { fromUs, untilUs }) {
      for (const [minuteUs, bytes] of minutes) {
        if (minuteUs >= fromUs && minuteUs < untilUs) yield { minuteUs, bytes: bytes.slice() };
      }
    },
    async *follow() {
      for (const line of lines) yield [line];
    },
  };
}

test("followChat gives minutes whole, also another one into which a message moves", async () => {
  const first = encodeBatch([said("first", { second: 30 })]);
  const sentMs = (NOON_S + 80) * 1000;
  const [both] = mergeMinutes([
    encodeBatch([joined(50, 70, "a.AAAAA.0")]),
    encodeBatch([joined(61, 75, "b.BBBBB.0")]),
  ]);
  assert.equal(both!.minuteUs, SECOND_US);
  const next = { ...said("next", { tags: { "tmi-sent-ts": `${sentMs}` } }), time: sentMs / 1000 };
  const second = mergeBatches([both!.bytes, encodeBatch([next])]);
  // Another JOIN of the receiver a: its first one was another event, which began a minute earlier.
  const line = lineOf(joined(60, 61, "a.AAAAA.0"));
  const archive = archiveOf(new Map([[FIRST_US, first], [SECOND_US, second]]), [line]);
  const grown = new Map<number, Uint8Array>();
  const kept = { bytes: (minuteUs: number) => grown.get(minuteUs) };
  const { signal } = new AbortController();
  for await (const minutes of followChat(archive, "search", { kept, signal })) {
    for (const { minuteUs, bytes } of minutes) grown.set(minuteUs, bytes);
  }
  const whole = mergeMinutes([first, second, UTF8.encode(`${line}\n`)]);
  assert.deepEqual([...grown.keys()].sort(), [FIRST_US, SECOND_US]);
  for (const { minuteUs, bytes } of whole) {
    const [actual, expected] = [grown.get(minuteUs)!, bytes].map((b) =>
      new TextDecoder().decode(b)
    );
    assert.equal(actual, expected);
  }
});
