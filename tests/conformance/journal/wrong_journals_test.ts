import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import type { DeadRun, JournalRun, JournalStore } from "../../../src/ports/journal_store.ts";
import {
  faultyJournal,
  journalStoreSuite,
  type OpenJournalStore,
} from "../../../src/testing/mod.ts";
import { doesFail } from "../suite_outcome.ts";

interface Change {
  readonly store?: (right: JournalStore) => Partial<JournalStore>;
  readonly run?: (right: JournalRun) => Partial<JournalRun>;
  readonly dead?: (right: DeadRun) => Partial<DeadRun>;
}

function openWrong(change: Change): OpenJournalStore {
  const memory = memoryJournal();
  const journal = wrongJournal(memory, change);
  return {
    journal,
    crash: async (pieces) => {
      const run = await journal.openRun("child");
      for (const [n, piece] of pieces.entries()) {
        if (n > 0) run.rotate();
        run.append(piece);
      }
      memory.crash(); // Whatever the run had in mind to do later, it is not done.
      return run.name;
    },
  };
}

function wrongJournal(memory: JournalStore, change: Change): JournalStore {
  // The wrapper's runs are plain objects, which can be changed one method at a time.
  const right = faultyJournal(memory);
  const store: JournalStore = {
    async openRun(node) {
      const run = await right.openRun(node);
      const { name, append, sync, rotate, release, close } = run;
      const changes = change.run?.(run) ?? {};
      return {
        ...{ name, append, sync, rotate, release, close, ...changes },
        get segment() {
          return run.segment;
        },
      };
    },
    async *deadRuns() {
      for await (const run of right.deadRuns()) yield { ...run, ...change.dead?.(run) };
    },
  };
  return { ...store, ...change.store?.(store) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Each is a mistake that an implementer could make, and the test of the suite that must notice it. */
const MISTAKES: Record<string, [noticedBy: RegExp, change: Change]> = {
  "gives every run of a node one name": [/a name of its own/, {
    run: (right) => ({ name: right.name.replace(/\.[^.]*$/, ".aaaaa") }),
  }],
  "takes any text for a node": [/no node's name/, {
    store: (right) => ({ openRun: (node) => right.openRun(node.replace(/\W/g, "") || "x") }),
  }],
  "appends only at the end": [/when the process is killed/, {
    run: (right) => {
      let kept: Uint8Array[] = [];
      const flush = () => {
        for (const bytes of kept) right.append(bytes);
        kept = [];
      };
      return {
        append: (bytes) => void kept.push(bytes.slice()),
        sync: () => (flush(), right.sync()),
        close: () => (flush(), right.close()),
      };
    },
  }],
  "keeps the caller's own bytes": [/change bytes that were appended/, {
    run: (right) => {
      const kept: Uint8Array[] = [];
      return {
        append: (bytes) => void kept.push(bytes),
        close: () => {
          for (const bytes of kept.splice(0)) right.append(bytes);
          return right.close();
        },
      };
    },
  }],
  "loses what is empty or small": [/thousands of small chunks/, {
    run: (right) => ({ append: (bytes) => bytes.length > 1 ? right.append(bytes) : undefined }),
  }],
  "numbers segments from 0": [/from 1, each one more/, {
    run: (right) => ({ rotate: () => right.rotate() - 1 }),
  }],
  "lists segments as text": [/from 1, each one more/, {
    dead: (right) => ({
      async *segments() {
        yield* (await collect(right.segments())).map(String).sort().map(Number);
      },
    }),
  }],
  "dies when releasing twice": [/releases segments, also twice/, {
    run: (right) => {
      const released = new Set<number>();
      return {
        release: (number) => {
          if (released.has(number)) return Promise.reject(new Error("ENOENT"));
          released.add(number);
          return right.release(number);
        },
      };
    },
  }],
  "releases all segments up to a number": [/releases segments, also twice/, {
    run: (right) => ({
      release: async (number) => {
        for (let each = 1; each < number; each++) await right.release(each);
        await right.release(number);
      },
    }),
  }],
  "releases the segment in use": [/never releases the segment in use/, {
    run: (right) => ({
      release: (number) =>
        right.release(number).catch((error) => {
          if (!(error instanceof RangeError)) throw error;
        }),
    }),
  }],
  "takes live runs for dead": [/treats no run as dead/, {
    store: (right) => {
      const names: string[] = [];
      const nothing = { async *segments() {}, async *read() {} };
      return {
        openRun: async (node) => {
          const run = await right.openRun(node);
          names.push(run.name);
          return run;
        },
        async *deadRuns() {
          for (const name of names) {
            const done = () => Promise.resolve("");
            yield { name, ...nothing, setAside: done, remove: async () => void await done() };
          }
        },
      };
    },
  }],
  "forgets what it had when it is closed": [/keeps appended bytes/, {
    dead: () => ({ async *segments() {} }),
  }],
  "dies when closing twice": [/closes twice/, {
    run: (right) => {
      let isClosed = false;
      return {
        close: () => {
          if (isClosed) return Promise.reject(new Error("EBADF"));
          isClosed = true;
          return right.close();
        },
      };
    },
  }],
  "appends after it is closed": [/takes nothing after/, {
    run: (right) => ({
      append: (bytes) => {
        try {
          right.append(bytes);
        } catch {
          // A wrong journal drops it silently.
        }
      },
    }),
  }],
  "yields the youngest first": [/oldest first/, {
    store: (right) => ({
      async *deadRuns() {
        yield* (await collect(right.deadRuns())).reverse();
      },
    }),
  }],
  "dies when removing twice": [/removed, also twice/, {
    dead: (right) => {
      let isRemoved = false;
      return {
        remove: () => {
          if (isRemoved) return Promise.reject(new Error("ENOENT"));
          isRemoved = true;
          return right.remove();
        },
      };
    },
  }],
  "reads the same buffer again and again": [/chunks that the caller may change/, {
    dead: (right) => {
      const shared = new Map<number, Uint8Array>();
      return {
        async *read(number) {
          const [bytes] = await collect(right.read(number));
          if (bytes !== undefined && !shared.has(number)) shared.set(number, bytes);
          if (bytes !== undefined) yield shared.get(number)!;
        },
      };
    },
  }],
};

for (const [mistake, [noticedBy, change]] of Object.entries(MISTAKES)) {
  test(`journalStoreSuite notices a journal that ${mistake}`, async () => {
    const open = () => openWrong(change);
    assert.ok(await doesFail(noticedBy, (test) => journalStoreSuite({ test, open })));
  });
}

test("journalStoreSuite notices nothing where no mistake is planted", async () => {
  const open = () => openWrong({});
  assert.ok(!(await doesFail(/./, (test) => journalStoreSuite({ test, open }))));
});
