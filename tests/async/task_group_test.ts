import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskGroup } from "../../src/async/task_group.ts";

test("TaskGroup stops all at the first failure, waits for all, and throws it", async () => {
  const reasons: unknown[] = [];
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => stop = resolve);
  let hasEnded = false;
  const tasks = new TaskGroup((reason) => {
    reasons.push(reason);
    stop();
  });
  const failure = new Error("first");
  tasks.add(
    stopped.then(() => new Promise((resolve) => setTimeout(resolve, 5))).then(() => {
      hasEnded = true;
      throw new Error("second");
    }),
  );
  tasks.add(Promise.reject(failure));
  await assert.rejects(tasks.ended(), failure);
  assert.ok(hasEnded, "it waits for the task that takes longer");
  assert.deepEqual(reasons, [failure], "told of the first failure alone");
});

test("TaskGroup waits for tasks that are added while it waits", async () => {
  const tasks = new TaskGroup(() => assert.fail("nothing fails"));
  let last = "";
  tasks.add((async () => {
    await Promise.resolve();
    tasks.add(new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => {
      last = "ended";
    }));
  })());
  await tasks.ended();
  assert.equal(last, "ended");
  await new TaskGroup(() => {}).ended();
});
