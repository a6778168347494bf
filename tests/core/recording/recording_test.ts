import assert from "node:assert/strict";
import { test } from "node:test";
import { Recording } from "../../../src/engine/record/recording.ts";
import { minuteOf } from "../../../src/core/time.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";

const START_US = 1_785_587_640_000_000;

test("Recording.closeBatch ends what later timestamps may do: the bytes are those a replay gives", () => {
  const early = recordedNotice({ encodes: "at once" });
  const late = recordedNotice({ encodes: "after a later timestamp" });
  assert.equal(late, early);
});

function recordedNotice({ encodes }: { encodes: "at once" | "after a later timestamp" }): string {
  const recording = new Recording({ run: "node.00000", reporter: noopReporter });
  let lines = 0;
  const say = (line: string): void => {
    const passedUs = ++lines * 1000;
    recording.line(1, { receivedUs: START_US + passedUs, elapsedUs: passedUs }, line);
  };
  recording.open(1, { receivedUs: START_US, elapsedUs: 0 });
  say("@room-id=1 :tmi.twitch.tv ROOMSTATE #forsen");
  say("@msg-id=slow_on :tmi.twitch.tv NOTICE #forsen :slow");
  const [open] = recording.openBatches();
  const batch = recording.closeBatch("forsen", minuteOf(open!.minuteUs));
  if (encodes === "at once") batch!.buffer.encode();
  say(`@tmi-sent-ts=${(START_US - 9_000_000) / 1000} :a!a@a PRIVMSG #forsen :hi`);
  return new TextDecoder().decode(batch!.buffer.encode().bytes);
}
