import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { countWritten, encodeRecordedBatch } from "../../../src/engine/record/encode_recorded.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

const START_US = 1_785_587_640_000_000;

test("encodeRecordedBatch names a batch by its bytes, and countWritten counts what is in it", async () => {
  const recording = new Recording({ run: "n.00000", reporter: noopReporter, isMidway: true });
  for (const [i, command] of ["PRIVMSG", "PRIVMSG", "CLEARCHAT"].entries()) {
    const moment = { receivedUs: START_US + i, elapsedUs: i };
    recording.line(
      1,
      moment,
      `@id=${i};tmi-sent-ts=${START_US / 1_000 + i} :u!u@u ${command} #c :x`,
    );
  }
  const batch = recording.closeBatch("c", START_US)!;
  const { key, bytes } = await encodeRecordedBatch(batch, hasher);
  assert.deepEqual(parseArchiveKey(key), {
    kind: "batch",
    channel: "c",
    minuteUs: START_US,
    digest: hasher.digest(bytes),
  });
  const counted: unknown[] = [];
  const count = (name: string, labels?: object, amount?: number): void =>
    void counted.push([name, ...Object.values(labels ?? {}), amount]);
  countWritten(batch, { bytes: bytes.length, reporter: { report() {}, count } });
  assert.deepEqual(counted, [
    ["messages_written", "c", "PRIVMSG", 2],
    ["messages_written", "c", "CLEARCHAT", 1],
    ["batches_written", "c", undefined],
    ["bytes_written", "c", bytes.length],
  ]);
});

test("Recording waits for the room states anew after another welcome on the same connection", () => {
  const recording = new Recording({ run: "n.00000", reporter: noopReporter });
  let count = 0;
  const hear = (line: string): number => {
    const at = ++count * 1_000;
    recording.line(1, { receivedUs: START_US + at, elapsedUs: at }, line);
    return recording.openMinutes().reduce((sum, { buffer }) => sum + buffer.messageCount, 0);
  };
  recording.open(1, { receivedUs: START_US, elapsedUs: 0 });
  hear(":tmi 001 me :hi");
  assert.equal(hear(":u!u@u JOIN #c"), 0);
  hear("@room-id=1 :tmi ROOMSTATE #c"); // It has no time and is the connection's own.
  assert.equal(hear(":u!u@u JOIN #c"), 1);
  hear(":tmi 001 me :hi");
  assert.equal(hear(":v!v@v JOIN #c"), 1);
  hear("@room-id=1 :tmi ROOMSTATE #c");
  assert.equal(hear(":v!v@v JOIN #c"), 2);
});
