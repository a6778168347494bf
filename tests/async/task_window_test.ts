import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskWindow } from "../../src/async/task_window.ts";
import { deferred } from "../engine/deferred.ts";

test("TaskWindow has room for so many tasks and bytes, and gives results as tasks end", async () => {
  const tasks = new TaskWindow<string>({ countMax: 3, bytesMax: 10 });
  const [a, b] = [deferred<string>(), deferred<string>()];
  tasks.add(a.promise, 4);
  tasks.add(b.promise, 4);
  assert.deepEqual([tasks.size, tasks.hasRoom], [2, true]);
  tasks.add(Promise.resolve("c"), 1);
  assert.equal(tasks.hasRoom, false, "three tasks");
  assert.equal(await tasks.next(), "c");
  tasks.add(Promise.resolve("large"), 99);
  assert.equal(tasks.hasRoom, false);
  assert.equal(await tasks.next(), "large");
  assert.equal(tasks.hasRoom, true);
  b.resolve("b");
  await b.promise;
  a.resolve("a");
  assert.deepEqual([await tasks.next(), await tasks.next(), tasks.size], ["b", "a", 0]);
});

test("TaskWindow rejects as the task did, once, and goes on", async () => {
  const tasks = new TaskWindow<string>({ countMax: 2, bytesMax: 1 });
  tasks.add(Promise.reject(new Error("failed")), 0);
  tasks.add(Promise.resolve("a"), 0);
  await assert.rejects(tasks.next(), { message: "failed" });
  assert.equal(await tasks.next(), "a");
});

test("TaskWindow.settled waits for all tasks and drops what became of them", async () => {
  const tasks = new TaskWindow<void>({ countMax: 9, bytesMax: 9 });
  const late = deferred<void>();
  tasks.add(Promise.reject(new Error("failed")), 0);
  tasks.add(late.promise, 5);
  let isSettled = false;
  const settled = tasks.settled().then(() => void (isSettled = true));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(isSettled, false);
  late.resolve();
  await settled;
  assert.deepEqual([tasks.size, tasks.hasRoom], [0, true]);
});
