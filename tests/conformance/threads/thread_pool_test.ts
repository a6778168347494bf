import assert from "node:assert/strict";
import { test } from "node:test";
import { threadPool } from "../../../src/adapters/threads/thread_pool.ts";
import type { WorkerPool } from "../../../src/ports/worker_pool.ts";
import { ECHO_THREAD } from "./echo_thread.ts";

async function withPool(
  work: (pool: WorkerPool<string, string, string>) => Promise<void>,
  kind = "echo",
): Promise<void> {
  const pool = threadPool<string, string, string>({
    url: ECHO_THREAD,
    data: { kind, prefix: "echo of " },
    size: 2,
  });
  try {
    await work(pool);
  } finally {
    await pool.close();
  }
}

test("threads answer each task, more of them than there are threads", () =>
  withPool(async (pool) => {
    const tasks = Array.from({ length: 9 }, (_, i) => `task ${i}`);
    assert.deepEqual(
      await Promise.all(tasks.map((task) => pool.run(task))),
      tasks.map((task) => `echo of ${task}`),
    );
  }));

test("a task that fails leaves its thread to the next, and its error keeps its code", () =>
  withPool(async (pool) => {
    await assert.rejects(pool.run("coded"), { name: "ChatloomError", code: "STORE_DENIED" });
    await assert.rejects(pool.run("plain"), { name: "Error", message: "no echo" });
    assert.equal(await pool.run("a"), "echo of a");
  }));

test("a thread that ends fails its task alone, and another takes its place", () =>
  withPool(async (pool) => {
    await assert.rejects(pool.run("exit"));
    assert.deepEqual(await Promise.all([pool.run("a"), pool.run("b")]), ["echo of a", "echo of b"]);
  }));

test("closing ends a task that runs, and what waits in line can be given up", () =>
  withPool(async (pool) => {
    const controller = new AbortController();
    const running = [pool.run("wait"), pool.run("wait")].map((task) => assert.rejects(task));
    const waiting = pool.run("a", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
    await pool.close();
    await Promise.all(running);
  }));

test("a task that runs is told that it is not wanted any more, and its thread goes on", () =>
  withPool(async (pool) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const onNews = () => controller.abort(reason);
    await assert.rejects(pool.run("until aborted", { signal: controller.signal, onNews }), reason);
    assert.deepEqual(await Promise.all([pool.run("a"), pool.run("b")]), ["echo of a", "echo of b"]);
  }));

test("what a task tells comes in its order, before its result, and to its caller alone", () =>
  withPool(async (pool) => {
    const [first, second]: [string[], string[]] = [[], []];
    await Promise.all([
      pool.run("told", { onNews: (news) => void first.push(news) }),
      pool.run("a", { onNews: (news) => void second.push(news) }),
    ]);
    assert.deepEqual([first, second], [["echo of 0", "echo of 1", "echo of 2"], []]);
  }));
