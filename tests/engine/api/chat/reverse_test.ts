import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch } from "../../../../src/core/batch/batch.ts";
import { apiWorld, joined, NOON_S, said } from "../../../conformance/api/api_world.ts";

test("chat.ndjson back finds what belongs to the end of an hour and stands in a file of the next", async () => {
  const world = apiWorld();
  // Not settled: the range begins two seconds before the minute, and the hour, that its file is of.
  await world.putBytes("forsen", encodeBatch([joined(3_598, 10)]), NOON_S + 3_600);
  const lines = async (query: string): Promise<string[]> =>
    (await world.text(`/forsen/chat.ndjson${query}`)).trimEnd().split("\n");
  assert.equal((await lines("")).length, 1);
  assert.match((await lines("?reverse=true"))[0]!, /"command":"JOIN"/);
  await world.put("forsen", [said(3_700, "later")]);
  const both = await lines("");
  assert.equal(both.length, 2);
  assert.deepEqual(await lines("?reverse=true"), both.toReversed());
});

test("chat.ndjson back begins and ends where it is told, to the minute", async () => {
  const world = apiWorld();
  for (const second of [0, 59, 60, 3_599, 3_600, 3_660, 7_200]) {
    await world.put("forsen", [said(second, `m${second}`)]);
  }
  const texts = async (query: string): Promise<string[]> => {
    const body = (await world.text(`/forsen/chat.ndjson?reverse=true${query}`)).trimEnd();
    return body === "" ? [] : body.split("\n").map((line) => JSON.parse(line).params[1]);
  };
  const at = (second: number): string => new Date((NOON_S + second) * 1_000).toISOString();
  const all = ["m7200", "m3660", "m3600", "m3599", "m60", "m59", "m0"];
  assert.deepEqual(await texts(""), all);
  assert.deepEqual(await texts(`&start=${at(60)}`), all.slice(0, 5));
  assert.deepEqual(await texts(`&end=${at(3_660)}`), all.slice(2));
  assert.deepEqual(await texts(`&start=${at(3_599)}&end=${at(3_601)}`), ["m3600", "m3599"]);
  assert.deepEqual(await texts(`&start=${at(7_201)}`), []);
});
