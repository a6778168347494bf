/** Two nodes that listened to the same channel end with the same file, in whatever order they meet. */
import assert from "node:assert/strict";
import { decodeBatch, encodeBatch, mergeBatches, type Message } from "@chatloom/chatloom";

function heard(receiver: string, text: string, sentMs: number): Message {
  return {
    command: "PRIVMSG",
    params: ["#forsen", text],
    sender: "ada",
    user: "ada",
    host: "ada.tmi.twitch.tv",
    tags: { id: text, "tmi-sent-ts": String(sentMs) },
    receivers: { [receiver]: sentMs / 1000 + 0.25 },
    time: sentMs / 1000,
    time_range: 0,
  };
}

const first = 1_785_587_645_000;
const alpha = encodeBatch([
  heard("alpha.AbCdE.0", "one", first),
  heard("alpha.AbCdE.0", "two", first + 900),
]);
const beta = encodeBatch([
  heard("beta.xYz12.0", "two", first + 900),
  heard("beta.xYz12.0", "three", first + 1200),
]);

const merged = mergeBatches([alpha, beta]);
assert.deepEqual(mergeBatches([beta, alpha]), merged);
assert.deepEqual(mergeBatches([merged, alpha]), merged);
for (const { params, receivers } of decodeBatch(merged)) {
  console.log(params[1], "was heard by", Object.keys(receivers).join(" and "));
}
