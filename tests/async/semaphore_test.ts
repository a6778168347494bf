import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedMutex, Mutex } from "../../src/async/mutex.ts";
import { Semaphore } from "../../src/async/semaphore.ts";

/** A task that the test ends. */
class Task {
  hasBegun = false;
  end: () => void = () => {};
  fail: (error: Error) => void = () => {};

  readonly run = (): Promise<void> => {
    this.hasBegun = true;
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
  };
}

/** Lets everything go on that waits for nothing but promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

test("Semaphore runs as many tasks as it has permits, in the order in which they came", async () => {
  const semaphore = new Semaphore(2);
  const tasks = Array.from({ length: 5 }, () => new Task());
  const runs = tasks.map(({ run }) => semaphore.run(run));
  const begun = () => tasks.map(({ hasBegun }) => Number(hasBegun)).join("");
  assert.equal(begun(), "11000", "free permits are taken at once");
  assert.equal(semaphore.waitingCount, 3);
  tasks[1]!.end();
  await settled();
  assert.equal(begun(), "11100");
  tasks[0]!.end();
  tasks[2]!.end();
  await settled();
  assert.equal(begun(), "11111");
  tasks[3]!.end();
  tasks[4]!.end();
  await Promise.all(runs);
  assert.equal(semaphore.waitingCount, 0);
  assert.ok(semaphore.tryAcquire() && semaphore.tryAcquire(), "both permits are free again");
  assert.ok(!semaphore.tryAcquire());
});

test("Semaphore gives the permit of a task that fails to the next", async () => {
  const semaphore = new Semaphore(1);
  const failure = new Error("planned");
  await assert.rejects(semaphore.run(() => Promise.reject(failure)), failure);
  await assert.rejects(
    semaphore.run(() => {
      throw failure;
    }),
    failure,
  );
  assert.equal(await semaphore.run(() => Promise.resolve(7)), 7);
});

test("Semaphore lets a caller that gives up leave the line, and no caller overtake another", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire();
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error("enough");
  const left = semaphore.acquire(signal);
  let order = "";
  const second = semaphore.acquire().then(() => order += "2");
  controller.abort(reason);
  await assert.rejects(left, reason);
  await assert.rejects(semaphore.acquire(signal), reason, "aborted before it asks");
  assert.equal(semaphore.waitingCount, 1);
  semaphore.release();
  assert.ok(!semaphore.tryAcquire(), "the permit went straight to the first in line");
  await second;
  assert.equal(order, "2");
  semaphore.release();
  assert.ok(semaphore.tryAcquire());
});

test("Semaphore ignores a signal that aborts once the task runs", async () => {
  const mutex = new Mutex();
  const controller = new AbortController();
  const first = new Task();
  const running = mutex.run(first.run);
  const next = mutex.run(() => Promise.resolve("ran"), controller.signal);
  first.end();
  await running;
  controller.abort(new Error("late"));
  assert.equal(await next, "ran");
  assert.ok(mutex.tryAcquire());
});

test("KeyedMutex runs one task a key at a time, and other keys beside it", async () => {
  const mutex = new KeyedMutex();
  const [first, second, other] = [new Task(), new Task(), new Task()];
  const runs = [mutex.run("a", first.run), mutex.run("a", second.run), mutex.run("b", other.run)];
  assert.deepEqual([first, second, other].map(({ hasBegun }) => hasBegun), [true, false, true]);
  const failure = new Error("planned");
  first.fail(failure);
  await assert.rejects(runs[0]!, failure);
  await settled();
  assert.ok(second.hasBegun, "a failure does not hold up the next");
  const third = new Task();
  const last = mutex.run("a", third.run);
  assert.ok(!third.hasBegun);
  second.end();
  other.end();
  await Promise.all([runs[1], runs[2]]);
  await settled();
  third.end();
  await last;
});

test("KeyedMutex leaves no turn to a task that gave up", async () => {
  const mutex = new KeyedMutex();
  const controller = new AbortController();
  const [first, given] = [new Task(), new Task()];
  const running = mutex.run("a", first.run);
  const waiting = mutex.run("a", given.run, controller.signal);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  first.end();
  await running;
  assert.ok(!given.hasBegun);
  await mutex.run("a", () => Promise.resolve());
});
