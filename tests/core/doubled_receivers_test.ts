import assert from "node:assert/strict";
import test from "node:test";
import { findDoubledReceivers } from "../../src/core/doubled_receivers.ts";
import type { Message } from "../../src/core/message.ts";

const CHAT: Message = {
  command: "PRIVMSG",
  params: ["#c", "hi"],
  sender: "ada",
  user: "ada",
  host: "h",
  tags: { "tmi-sent-ts": "5000" },
  receivers: { a: 6 },
  time: 5,
  time_range: 0,
};
const NOTICE: Message = { ...CHAT, tags: null };

test("findDoubledReceivers finds a receiver with two times for one exact message", () => {
  const own = { received: 8, time: 5, time_range: 0 };
  const messages = [
    CHAT,
    { ...CHAT, receivers: { b: 9 } },
    { ...CHAT, params: ["#c", "ho"], receivers: { a: 7 } },
    { ...CHAT, receivers: { b: 9, a: own } },
  ];
  assert.deepEqual(findDoubledReceivers(messages), [{ receiver: "a", index: 3 }]);
});

test("findDoubledReceivers finds nothing in what recorders write", () => {
  const again = { ...NOTICE, receivers: { a: 7 } };
  assert.deepEqual(findDoubledReceivers([CHAT, CHAT, NOTICE, again]), []);
});
