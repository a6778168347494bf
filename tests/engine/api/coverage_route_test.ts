import assert from "node:assert/strict";
import { test } from "node:test";
import { apiWorld } from "../../conformance/api/api_world.ts";

test("coverage.json answers for a day at most, minute by minute", async () => {
  const world = apiWorld();
  const ask = async (start: string, end: string, channel = "forsen"): Promise<number> =>
    (await world.ask(`/${channel}/coverage.json?start=${start}&end=${end}`)).status;
  const minutes = async (start: string, end: string): Promise<number> =>
    (await world.json(`/forsen/coverage.json?start=${start}&end=${end}`) as unknown[]).length;
  assert.equal(await minutes("2026-08-01T12:00", "2026-08-01T12:00"), 0);
  assert.equal(await minutes("2026-08-01T12:00:30", "2026-08-01T12:01:30"), 2);
  assert.equal(await minutes("2026-08-01T12:00", "2026-08-02T12:00"), 24 * 60);
  assert.equal(await ask("2026-08-01T12:00", "2026-08-02T12:00:00.000001"), 400);
  assert.equal(await ask("2026-08-01T12:00:30", "2026-08-02T12:00:30"), 400);
  assert.equal(await ask("2026-08-01T12:00", "2026-08-01T11:59"), 400);
  assert.equal(await ask("", "2026-08-01T12:00"), 400);
  assert.equal(await ask("2026-08-01T12:00", "soon"), 400);
  assert.equal(await ask("2026-08-01T12:00", "2026-08-01T12:01", "No-Channel"), 404);
});
