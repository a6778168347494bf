import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import {
  type FallibleCall,
  type FaultPlan,
  FaultyCalls,
  type ProcessState,
  type SimulatedCrash,
} from "./faults.ts";

/** How a {@link FaultyStore} fails. */
export interface FaultyStoreOptions {
  /** Which calls fail. @default none */
  readonly plan?: FaultPlan;
  /** Waits before a call does anything, as a slow disk does. */
  readonly delay?: (call: FallibleCall) => Promise<void> | undefined;
  /** The simulated process that uses it. @default one of its own */
  readonly processState?: ProcessState;
}

/** A store as one process sees it, which fails by plan. */
export interface FaultyStore extends BatchStore {
  /** How many calls there were. */
  readonly callCount: number;
  /** The crash that the process died of, if it is dead. */
  readonly crash: SimulatedCrash | undefined;
  /** Starts the process anew: the store works again, with what was stored. */
  revive(): void;
  /**
   * Puts an entry in the place of `key` that cannot be read, replaced or deleted, like a folder,
   * until {@link FaultyStore.mend}.
   */
  spoil(key: ArchiveKey): void;
  /** Removes what {@link FaultyStore.spoil} put there: the file from before is there again. */
  mend(key: ArchiveKey): void;
}

/**
 * Fails calls to `inner` by plan. Without a plan it works like `inner`.
 *
 * A process that crashes in the middle of a put, before the file has its name, leaves an unfinished
 * file among the strays.
 */
export function faultyStore(inner: BatchStore, options: FaultyStoreOptions = {}): FaultyStore {
  const { plan = () => undefined, delay, processState } = options;
  const calls = new FaultyCalls(plan, { ioCode: "STORE_IO", delay, processState });
  const unfinished: string[] = [];
  const spoiled = new Set<ArchiveKey>();
  const checked = async <T>(key: ArchiveKey, work: () => Promise<T>): Promise<T> => {
    if (spoiled.has(key)) await Promise.reject(verdictOn(key));
    return await work();
  };
  return {
    list: (prefix, abort) =>
      calls.each("list", prefix, () => withSpoiled(inner.list(prefix, abort), prefix)),
    folders: (folder, abort) => calls.each("folders", folder, () => inner.folders(folder, abort)),
    get: (key, abort) => calls.do("get", key, () => checked(key, () => inner.get(key, abort))),
    delete: (key, abort) =>
      calls.do("delete", key, () => checked(key, () => inner.delete(key, abort))),
    async put(key, bytes, abort?: AbortOptions) {
      const isAlive = calls.crash === undefined;
      let hasBegun = false;
      try {
        await calls.do("put", key, () => {
          hasBegun = true;
          return checked(key, () => inner.put(key, bytes, abort));
        });
      } catch (error) {
        if (isAlive && !hasBegun && calls.crash !== undefined) unfinished.push(`${key}.tmp`);
        throw error;
      }
    },
    async *strays(prefix, abort) {
      yield* calls.each("strays", prefix, () => inner.strays(prefix, abort));
      for (const path of unfinished.filter((path) => path.startsWith(prefix))) {
        yield { path, reason: "an unfinished file, of a writer that has crashed" };
      }
    },
    get callCount() {
      return calls.count;
    },
    get crash() {
      return calls.crash;
    },
    revive: () => calls.revive(),
    spoil: (key) => void spoiled.add(key),
    mend: (key) => void spoiled.delete(key),
  };

  async function* withSpoiled(
    keys: AsyncIterable<ArchiveKey>,
    prefix: string,
  ): AsyncIterable<ArchiveKey> {
    const more = [...spoiled].filter((key) => key.startsWith(prefix)).sort();
    for await (const key of keys) {
      while (more[0] !== undefined && more[0] < key) yield more.shift()!;
      if (more[0] === key) more.shift();
      yield key;
    }
    yield* more;
  }
}

function verdictOn(key: ArchiveKey): UnreadableEntryError {
  return new UnreadableEntryError("STORE_IO", [{ path: key, reason: "it was spoiled for a test" }]);
}
