import type { DeadRun, JournalRun, JournalStore } from "../../ports/journal_store.ts";
import {
  type Fault,
  type FaultPlan,
  FaultyCalls,
  type ProcessState,
  type SimulatedCrash,
} from "./faults.ts";

/** How a {@link FaultyJournal} fails. */
export interface FaultyJournalOptions {
  /**
   * Which calls fail. By default none. An `append` or `rotate` promises to have done nothing
   * when it throws, so `lost-answer` is `io` there.
   */
  readonly plan?: FaultPlan;
  /** The simulated process that uses it. @default one of its own */
  readonly processState?: ProcessState;
}

/** A journal as one process sees it, which fails by plan. */
export interface FaultyJournal extends JournalStore {
  /** How many calls there were, those to its runs included. */
  readonly callCount: number;
  /** The crash that the process died of, if it is dead. */
  readonly crash: SimulatedCrash | undefined;
  /**
   * Starts the process anew. Its runs stay what they were: tell the journal inside that they are
   * dead, as with `memoryJournal().crash()`.
   */
  revive(): void;
}

/** Fails calls to `inner`, its runs and its dead runs by plan. */
export function faultyJournal(
  inner: JournalStore,
  { plan = () => undefined, processState }: FaultyJournalOptions = {},
): FaultyJournal {
  const calls = new FaultyCalls(
    (call) => {
      const fault: Fault | undefined = plan(call);
      const isAllOrNothing = call.method === "append" || call.method === "rotate";
      return fault === "lost-answer" && isAllOrNothing ? "io" : fault;
    },
    { ioCode: "JOURNAL_IO", processState },
  );
  return {
    async openRun(node) {
      let run: JournalRun | undefined;
      try {
        return faultyRun(
          await calls.do("openRun", node, async () => run = await inner.openRun(node)),
          calls,
        );
      } catch (error) {
        // No caller will ever have it: a run without owner.
        await run?.close();
        throw error;
      }
    },
    async *deadRuns() {
      for await (const run of calls.each("deadRuns", "", () => inner.deadRuns())) {
        yield faultyDeadRun(run, calls);
      }
    },
    get callCount() {
      return calls.count;
    },
    get crash() {
      return calls.crash;
    },
    revive: () => calls.revive(),
  };
}

function faultyRun(run: JournalRun, calls: FaultyCalls): JournalRun {
  const { name } = run;
  return {
    name,
    get segment() {
      return run.segment;
    },
    append: (bytes) => calls.doNow("append", name, () => run.append(bytes)),
    sync: () => calls.do("sync", name, () => run.sync()),
    rotate: () => calls.doNow("rotate", name, () => run.rotate()),
    ...(run.read === undefined ? {} : {
      read: (number) => calls.each("read", `${name} ${number}`, () => run.read!(number)),
    }),
    release: (number) => calls.do("release", `${name} ${number}`, () => run.release(number)),
    close: () => calls.do("close", name, () => run.close()),
  };
}

function faultyDeadRun(run: DeadRun, calls: FaultyCalls): DeadRun {
  const { name } = run;
  return {
    name,
    segments: () => calls.each("segments", name, () => run.segments()),
    read: (number) => calls.each("read", `${name} ${number}`, () => run.read(number)),
    setAside: (bytes) => calls.do("setAside", name, () => run.setAside(bytes)),
    remove: () => calls.do("remove", name, () => run.remove()),
  };
}
