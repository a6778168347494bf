import assert from "node:assert/strict";
import { test } from "node:test";
import { apiWorld } from "../api_world.ts";
import { record, say } from "./log_world.ts";

/** A world in which it is 12:34:05. */
async function newWorld() {
  const world = apiWorld();
  await record(world, [say("2026-08-01T12:00:00Z", "first")]);
  return world;
}

test("a user's first message is in the log at once, also when the log was asked for before it came", async () => {
  const world = await newWorld();
  for (const path of ["user/bob", "userid/2"]) {
    assert.equal((await world.ask(`/channel/forsen/${path}`)).status, 404, path);
  }
  await record(world, [say("2026-08-01T12:34:05Z", "hello all", { login: "bob", user: "2" })]);
  for (const path of ["user/bob", "userid/2"]) {
    const { status } = await world.ask(
      `/channel/forsen/${path}?from=2026-08-01T00:00:00Z&to=2026-08-02T00:00:00Z`,
    );
    assert.equal(status, 200, path);
  }
});

test("a channel's first message is in the log at once, with what it said under an earlier login", async () => {
  const world = await newWorld();
  assert.equal((await world.ask("/channel/renamed")).status, 404);
  await record(world, [say("2026-08-01T12:34:05Z", "new name", { channel: "renamed" })]);
  const log = await world.text(
    "/channel/renamed?from=2026-08-01T00:00:00Z&to=2026-08-02T00:00:00Z&raw",
  );
  assert.match(log, / :new name/);
  assert.match(log, / :first/);
  // What is no channel is not looked for anew.
  assert.equal((await world.ask("/channel/nowhere")).status, 404);
});
