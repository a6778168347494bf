import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { abortWith, orAbort, untilAborted } from "../../src/async/abort.ts";

const reason = new Error("enough");

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

test("abortWith passes on an abort with its reason, also one that is past", () => {
  const outer = new AbortController();
  const inner = new AbortController();
  abortWith(inner, outer.signal);
  abortWith(inner, undefined)();
  assert.ok(!inner.signal.aborted);
  outer.abort(reason);
  assert.equal(inner.signal.reason, reason);
  const late = new AbortController();
  abortWith(late, outer.signal)();
  assert.equal(late.signal.reason, reason);
});

test("abortWith leaves no listener behind when it is ended or its controller has aborted", () => {
  const outer = new AbortController();
  const ended = new AbortController();
  abortWith(ended, outer.signal)();
  const aborted = new AbortController();
  abortWith(aborted, outer.signal);
  assert.equal(listeners(outer.signal), 1);
  aborted.abort();
  assert.equal(listeners(outer.signal), 0);
  outer.abort(reason);
  assert.ok(!ended.signal.aborted);
});

test("orAbort settles as the promise does, and leaves no listener", async () => {
  const { signal } = new AbortController();
  assert.equal(await orAbort(Promise.resolve(7), signal), 7);
  await assert.rejects(orAbort(Promise.reject(reason), signal), reason);
  assert.equal(listeners(signal), 0);
});

test("orAbort rejects with the signal's reason as soon as it aborts", async () => {
  const controller = new AbortController();
  let fail = (_: Error): void => {};
  const never = new Promise<void>((_, reject) => fail = reject);
  const waiting = orAbort(never, controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(orAbort(never, controller.signal), reason);
  fail(new Error("too late to matter")); // Were it unhandled, this process would end.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(listeners(controller.signal), 0);
});

test("untilAborted resolves at the abort, and at once after it", async () => {
  const controller = new AbortController();
  let isOver = false;
  const waiting = untilAborted(controller.signal).then(() => isOver = true);
  await Promise.resolve();
  assert.ok(!isOver);
  controller.abort(reason);
  await waiting;
  await untilAborted(controller.signal);
});
