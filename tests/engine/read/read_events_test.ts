import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { readEvents } from "../../../src/engine/read/read_events.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  storeWith,
  WORLD_US,
} from "../../simulation/settle/settle_world.ts";

test("readEvents yields what overlaps the range, also what began in an earlier minute", async () => {
  const ranged = (content: number, startS: number, lengthS: number) => ({
    content,
    receiver: 0,
    receivedS: startS,
    startS,
    lengthS,
  });
  const store = await storeWith(
    [ranged(1, 30, 60), ranged(2, 61, 1), ranged(3, 100, 5), ranged(4, 180, 1)]
      .flatMap((each) => [...filesOf([each])]),
  );
  const read = async (fromS?: number, untilS?: number): Promise<string[]> => {
    const events = await collect(readEvents(CHANNEL, {
      store,
      hasher,
      reporter: noopReporter,
      ...(fromS === undefined ? {} : { fromUs: WORLD_US + fromS * SECOND_US }),
      ...(untilS === undefined ? {} : { untilUs: WORLD_US + untilS * SECOND_US }),
    }));
    for (const { line, message } of events) assert.deepEqual(JSON.parse(line), message);
    return events.map(({ message }) => message.sender!.replace("user", ""));
  };
  assert.deepEqual(await read(), ["1", "2", "3", "4"]);
  assert.deepEqual(await read(90), ["1", "3", "4"], "the first lasts until then");
  assert.deepEqual(await read(90.000001), ["3", "4"]);
  assert.deepEqual(await read(62), ["1", "2", "3", "4"]);
  assert.deepEqual(await read(62.000001, 100), ["1"]);
  assert.deepEqual(await read(62.000001, 100.000001), ["1", "3"]);
  assert.deepEqual(await read(200, 200 + MINUTE_US / SECOND_US), []);
});
