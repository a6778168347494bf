import assert from "node:assert/strict";
import type { DeadRun, JournalRun, JournalStore } from "../../ports/journal_store.ts";
import { collect, someBytes, type TestFunction } from "./suite.ts";

/** A journal that is being tested. */
export interface OpenJournalStore {
  /** The journal, empty at first. */
  readonly journal: JournalStore;
  /** The same place as another process would open it; left out where there can be none. */
  again?(): JournalStore | Promise<JournalStore>;
  /**
   * Opens a run in a process of its own, appends the chunks, rotating after each but the last, and
   * kills the process. Resolves with the run's name. Left out where no process can be killed.
   */
  crash?(pieces: readonly Uint8Array[]): Promise<string>;
  /** Removes all that was made for the test. */
  close?(): void | Promise<void>;
}

/** What {@link journalStoreSuite} needs. */
export interface JournalStoreSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Opens a new, empty journal for each test. */
  open(): OpenJournalStore | Promise<OpenJournalStore>;
}

type Check = (
  name: string,
  body: (
    opened: OpenJournalStore,
    openRun: (node?: string) => Promise<JournalRun>,
  ) => Promise<void>,
) => unknown;

/** Checks that a {@link JournalStore} keeps every promise of its port. */
export function journalStoreSuite({ test, open }: JournalStoreSuiteOptions): void {
  const check: Check = (name, body) =>
    test(`JournalStore ${name}`, async () => {
      const opened = await open();
      const runs: JournalRun[] = [];
      const openRun = async (node = "node") => {
        runs.push(await opened.journal.openRun(node));
        return runs.at(-1)!;
      };
      try {
        await body(opened, openRun);
      } finally {
        await Promise.allSettled(runs.map((run) => run.close()));
        await opened.close?.();
      }
    });
  checkNames(check);
  checkAppending(check);
  checkSegments(check);
  checkLife(check);
  checkDeadRuns(check);
}

function checkNames(check: Check): void {
  check("gives each run a name of its own", async (_, openRun) => {
    const names = new Set<string>();
    for (const node of ["node", "node", "node", "a.b-c_D9", "9"]) {
      const { name } = await openRun(node);
      assert.equal(name.slice(0, node.length + 1), `${node}.`);
      assert.match(name.slice(node.length + 1), /^[A-Za-z0-9]{5}$/);
      names.add(name);
    }
    assert.equal(names.size, 5);
  });

  check("opens no run for what is no node's name", async ({ journal }) => {
    for (
      const node of ["", ".", "..", "a/b", "../../a", "a b", "a\n", "-a", "a.", "x".repeat(64)]
    ) {
      await assert.rejects(journal.openRun(node), RangeError, JSON.stringify(node));
    }
    assert.deepEqual(await collect(journal.deadRuns()), []);
  });
}

function checkAppending(check: Check): void {
  check("keeps appended bytes, in order", async ({ journal }, openRun) => {
    const run = await openRun();
    const pieces = [someBytes(10), new Uint8Array(0), someBytes(300_000, 5), someBytes(1, 7)];
    for (const piece of pieces) run.append(piece);
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    assert.equal(dead?.name, run.name);
    assert.deepEqual(await contentOf(dead), new Map([[1, join(pieces)]]));
  });

  check("lets the caller change bytes that were appended", async ({ journal }, openRun) => {
    const run = await openRun();
    const bytes = someBytes(40);
    run.append(bytes.subarray(10, 30));
    bytes.fill(0);
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    assert.deepEqual(await contentOf(dead), new Map([[1, text(someBytes(40).slice(10, 30))]]));
  });

  check(
    "takes thousands of small chunks and returns them whole",
    async ({ journal }, openRun) => {
      const run = await openRun();
      const pieces = Array.from({ length: 5000 }, (_, n) => someBytes(n % 200, n + 1));
      for (const [n, piece] of pieces.entries()) {
        run.append(piece);
        if (n % 1000 === 0) await run.sync();
      }
      await run.close();
      const [dead] = await collect(journal.deadRuns());
      assert.deepEqual(await contentOf(dead), new Map([[1, join(pieces)]]));
    },
  );

  check("syncs while it is appended to, and many times at once", async ({ journal }, openRun) => {
    const run = await openRun();
    const syncs: Promise<void>[] = [];
    for (let n = 0; n < 50; n++) {
      run.append(Uint8Array.of(n));
      syncs.push(run.sync());
      if (n % 10 === 5) run.rotate();
      if (n % 7 === 0) await syncs.at(-1);
    }
    await Promise.all(syncs);
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    const all = [...(await contentOf(dead)).values()].join(",");
    assert.equal(all, text(Uint8Array.from({ length: 50 }, (_, n) => n)));
  });
}

function checkSegments(check: Check): void {
  check("numbers segments from 1, each one more", async ({ journal }, openRun) => {
    const run = await openRun();
    assert.equal(run.segment, 1);
    for (let number = 1; number <= 12; number++) {
      run.append(Uint8Array.of(number));
      assert.equal(run.segment, number);
      assert.equal(run.rotate(), number + 1);
    }
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    const numbers = await collect(dead!.segments());
    assert.deepEqual(numbers, Array.from({ length: 13 }, (_, n) => n + 1));
    for (const number of numbers) {
      const wanted = number === 13 ? "" : String(number);
      assert.equal((await contentOf(dead)).get(number), wanted);
    }
  });

  check("releases segments, also twice, in any order", async ({ journal }, openRun) => {
    const run = await openRun();
    for (let number = 1; number <= 5; number++) {
      run.append(Uint8Array.of(number));
      run.rotate();
    }
    for (const number of [4, 1, 4, 2]) await run.release(number);
    await run.sync();
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    assert.deepEqual(await contentOf(dead), new Map([[3, "3"], [5, "5"], [6, ""]]));
  });

  check("never releases the segment in use, nor one to come", async ({ journal }, openRun) => {
    const run = await openRun();
    run.append(Uint8Array.of(1));
    run.rotate();
    run.append(Uint8Array.of(2));
    for (const number of [2, 3, 0, -1, 1.5, NaN]) {
      await assert.rejects(run.release(number), RangeError, String(number));
    }
    run.append(Uint8Array.of(3));
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    assert.deepEqual(await contentOf(dead), new Map([[1, "1"], [2, "2,3"]]));
  });
}

function checkLife(check: Check): void {
  check("treats no run as dead that is not closed", async ({ journal, again }, openRun) => {
    const other = await again?.() ?? journal;
    const [first, second] = [await openRun("a"), await openRun("b")];
    assert.deepEqual(await collect(journal.deadRuns()), []);
    assert.deepEqual(await collect(other.deadRuns()), []);
    await first.close();
    assert.deepEqual(await namesOf(journal), [first.name]);
    assert.deepEqual(await namesOf(other), [first.name]);
    second.append(Uint8Array.of(1));
    await second.sync();
    assert.deepEqual(await namesOf(other), [first.name]);
  });

  check("closes twice, and takes nothing after", async ({ journal }, openRun) => {
    const run = await openRun();
    run.append(Uint8Array.of(1));
    run.rotate();
    await Promise.all([run.close(), run.close()]);
    await run.close();
    assert.throws(() => run.append(Uint8Array.of(2)), TypeError);
    assert.throws(() => run.rotate(), TypeError);
    await assert.rejects(run.sync(), TypeError);
    await assert.rejects(run.release(1), TypeError);
    const [dead] = await collect(journal.deadRuns());
    assert.deepEqual(await contentOf(dead), new Map([[1, "1"], [2, ""]]));
  });

  check(
    "loses nothing that was appended when the process is killed",
    async ({ journal, crash }) => {
      if (crash === undefined) return;
      const pieces = [someBytes(1000), someBytes(70_000, 3), someBytes(5, 5)];
      const name = await crash(pieces);
      assert.deepEqual(await namesOf(journal), [name]);
      const [dead] = await collect(journal.deadRuns());
      const wanted = new Map(pieces.map((piece, n) => [n + 1, text(piece)]));
      assert.deepEqual(await contentOf(dead), wanted);
    },
  );
}

function checkDeadRuns(check: Check): void {
  check("has no dead runs at first", async ({ journal }) => {
    assert.deepEqual(await collect(journal.deadRuns()), []);
  });

  check("yields dead runs oldest first", async ({ journal }, openRun) => {
    const runs = [];
    for (const node of ["c", "a", "b"]) {
      runs.push(await openRun(node));
      // So that a clock of milliseconds tells them apart.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    for (const run of runs.toReversed()) await run.close();
    assert.deepEqual(await namesOf(journal), runs.map(({ name }) => name));
  });

  check(
    "forgets a run that is removed, also twice, also by two",
    async ({ journal, again }, openRun) => {
      const runs = [await openRun("a"), await openRun("b")];
      for (const run of runs) {
        run.append(Uint8Array.of(1));
        await run.close();
      }
      const other = await again?.() ?? journal;
      const [mine] = await collect(journal.deadRuns());
      const [theirs] = await collect(other.deadRuns());
      await Promise.all([mine!.remove(), theirs!.remove()]);
      await mine!.remove();
      assert.deepEqual(await namesOf(journal), [runs[1]!.name]);
      // A reader that was in the middle of it finds nothing more, and no error.
      assert.deepEqual(await contentOf(theirs), new Map());
      assert.deepEqual(await collect(theirs!.read(1)), []);
    },
  );

  check("keeps quarantined bytes when the run is removed", async ({ journal }, openRun) => {
    const run = await openRun();
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    const bytes = someBytes(20);
    const where = await dead!.setAside(bytes);
    bytes.fill(0);
    await dead!.setAside(someBytes(20)); // As when a recovery crashed and is done again.
    assert.ok(where.length > 0);
    await dead!.remove();
    assert.deepEqual(await collect(journal.deadRuns()), []);
  });

  check("yields chunks that the caller may change", async ({ journal }, openRun) => {
    const run = await openRun();
    run.append(someBytes(600_000));
    await run.close();
    const [dead] = await collect(journal.deadRuns());
    const pieces: Uint8Array[] = [];
    for await (const piece of dead!.read(1)) {
      pieces.push(piece.slice());
      piece.fill(0);
    }
    assert.equal(join(pieces), text(someBytes(600_000)));
    assert.deepEqual(await contentOf(dead), new Map([[1, text(someBytes(600_000))]]));
  });
}

async function namesOf(journal: JournalStore): Promise<string[]> {
  return (await collect(journal.deadRuns())).map(({ name }) => name);
}

/** Segment number → its bytes as text, which a failed comparison prints better. */
async function contentOf(dead: DeadRun | undefined): Promise<Map<number, string>> {
  assert.ok(dead !== undefined, "there is a dead run");
  const content = new Map<number, string>();
  for await (const number of dead.segments()) {
    content.set(number, join(await collect(dead.read(number))));
  }
  return content;
}

function join(pieces: readonly Uint8Array[]): string {
  return pieces.filter((piece) => piece.length > 0).map(text).join(",");
}

function text(bytes: Uint8Array): string {
  return bytes.join(",");
}
