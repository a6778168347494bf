import assert from "node:assert/strict";
import type { ArchiveLock } from "../../ports/archive_lock.ts";
import { assertRejectsWith, type TestFunction } from "./suite.ts";

/** A lock that is being tested. */
export interface OpenArchiveLock {
  /** Two views of one lock, as two processes have them; the same one where there is but one process. */
  readonly locks: readonly [ArchiveLock, ArchiveLock];
  /** Cleans up after the test. */
  close?(): void | Promise<void>;
}

/** What {@link archiveLockSuite} needs. */
export interface ArchiveLockSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Makes a lock that no caller holds. */
  open(): OpenArchiveLock | Promise<OpenArchiveLock>;
}

/** Checks that an {@link ArchiveLock} keeps every promise of its port. */
export function archiveLockSuite({ test, open }: ArchiveLockSuiteOptions): void {
  function check(name: string, body: (locks: OpenArchiveLock["locks"]) => Promise<void>): void {
    test(`ArchiveLock ${name}`, async () => {
      const { locks, close } = await open();
      try {
        await body(locks);
      } finally {
        await close?.();
      }
    });
  }

  check("lets no other caller in while one works", async (locks) => {
    let inside = 0;
    let turns = 0;
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        locks[i % 2]!.hold("forsen", async () => {
          assert.equal(++inside, 1);
          for (let wait = 0; wait < 5; wait++) await nextTurn();
          inside--;
          turns++;
        })),
    );
    assert.equal(turns, 12);
  });

  check("lets callers with different names work at once", async ([left, right]) => {
    const both: string[] = [];
    await left.hold("forsen", async () => {
      both.push("forsen");
      await right.hold("forsen2", () => Promise.resolve(both.push("forsen2")));
    });
    assert.deepEqual(both, ["forsen", "forsen2"]);
  });

  check("settles as the work does, and goes on after it failed", async ([left, right]) => {
    const reason = new Error("the work's own");
    await assertRejectsWith(left.hold("forsen", () => Promise.reject(reason)), reason);
    assert.equal(await right.hold("forsen", () => Promise.resolve(7)), 7);
  });

  check(
    "stops waiting when its signal aborts, and leaves nothing behind",
    async ([left, right]) => {
      const reason = new Error("enough");
      const aborter = new AbortController();
      let hasRun = false;
      let waiting: Promise<unknown> | undefined;
      await left.hold("forsen", async () => {
        const work = () => Promise.resolve(void (hasRun = true));
        waiting = right.hold("forsen", work, { signal: aborter.signal }).catch((error) => error);
        await nextTurn();
        aborter.abort(reason);
      });
      // It may notice only when its turn comes.
      assert.equal(await waiting, reason);
      await assertRejectsWith(
        right.hold("forsen", () => Promise.resolve(), { signal: aborter.signal }),
        reason,
      );
      await left.hold("forsen", () => Promise.resolve());
      assert.equal(hasRun, false);
    },
  );
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
