import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { ownLock } from "../../../src/engine/settle/own_lock.ts";
import { pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";

/**
 * Something that works on a store, step by step. What it returns is compared as text. The lock is that
 * of all actors.
 */
export type Actor = (store: BatchStore, lock: ArchiveLock) => Promise<string>;

/** A moment that can come about. */
export interface Moment {
  readonly store: BatchStore;
  /** What each actor returned; `undefined` as long as it is at work. */
  readonly outcomes: readonly (string | undefined)[];
  /** Whose turn it was, call by call: how to get here again. */
  readonly schedule: readonly number[];
}

/**
 * Tries all ways in which the calls of `actors` to one store can follow each other, and shows every
 * moment that comes about to `look`. A call takes no time. Ways that lead to the same moment, all actors
 * having seen the same, are followed once. Returns how many moments there were.
 */
export async function tryAllInterleavings(
  files: ReadonlyMap<ArchiveKey, Uint8Array>,
  actors: readonly Actor[],
  look: (moment: Moment) => Promise<void>,
): Promise<number> {
  const seen = new Set<string>();
  const open: number[][] = [[]];
  for (let schedule = open.pop(); schedule !== undefined; schedule = open.pop()) {
    const world = await World.play(files, actors, schedule);
    const name = world.name();
    if (seen.has(name)) continue;
    seen.add(name);
    await look({ store: world.store, outcomes: world.outcomes(), schedule });
    for (let i = 0; i < actors.length; i++) if (world.isWaiting(i)) open.push([...schedule, i]);
  }
  return seen.size;
}

/** Tries `walks` ways that chance picks, and shows every moment on them to `look`. */
export async function trySomeInterleavings(
  files: ReadonlyMap<ArchiveKey, Uint8Array>,
  actors: readonly Actor[],
  look: (moment: Moment) => Promise<void>,
  { walks, seed }: { readonly walks: number; readonly seed: string },
): Promise<void> {
  const random = seededRandom(seed);
  for (let walk = 0; walk < walks; walk++) {
    const world = await World.play(files, actors, []);
    const schedule: number[] = [];
    while (true) {
      await look({ store: world.store, outcomes: world.outcomes(), schedule });
      const waiting = actors.map((_, i) => i).filter((i) => world.isWaiting(i));
      if (waiting.length === 0) break;
      schedule.push(pick(random, waiting));
      await world.step(schedule.at(-1)!);
    }
  }
}

interface Runner {
  /** What it has seen so far. */
  history: string;
  outcome: string | undefined;
  /** Its next call. */
  next: (() => Promise<void>) | undefined;
}

class World {
  readonly store = memoryStore();
  readonly #keys = new Map<ArchiveKey, Uint8Array>();
  readonly #runners: Runner[] = [];

  static async play(
    files: ReadonlyMap<ArchiveKey, Uint8Array>,
    actors: readonly Actor[],
    schedule: readonly number[],
  ): Promise<World> {
    const world = new World();
    for (const [key, bytes] of files) await world.#put(key, bytes);
    for (const actor of actors) world.#start(actor);
    await turn();
    for (const i of schedule) await world.step(i);
    return world;
  }

  async step(i: number): Promise<void> {
    const runner = this.#runners[i]!;
    const next = runner.next!;
    runner.next = undefined;
    await next();
    // Nothing here waits for anything but calls and the lock, so in one turn all is settled.
    await turn();
  }

  name(): string {
    return JSON.stringify([
      [...this.#keys.keys()].sort(),
      this.#runners.map(({ history, outcome, next }) => [history, outcome, next === undefined]),
    ]);
  }

  outcomes(): (string | undefined)[] {
    return this.#runners.map(({ outcome }) => outcome);
  }

  isWaiting(i: number): boolean {
    return this.#runners[i]!.next !== undefined;
  }

  async #put(key: ArchiveKey, bytes: Uint8Array): Promise<void> {
    this.#keys.set(key, bytes);
    await this.store.put(key, bytes);
  }

  #start(actor: Actor): void {
    const runner: Runner = { history: "", outcome: undefined, next: undefined };
    this.#runners.push(runner);
    const step = <T>(call: string, work: () => Promise<T>, tell: (value: T) => string) =>
      new Promise<T>((resolve, reject) => {
        runner.next = async () => {
          try {
            const value = await work();
            runner.history += `${call}:${tell(value)};`;
            resolve(value);
          } catch (error) {
            reject(error);
          }
        };
      });
    const { store } = this;
    const view: BatchStore = {
      async *list(prefix) {
        yield* await step(`list ${prefix}`, () => collect(store.list(prefix)), String);
      },
      async *folders(folder) {
        yield* await step(`folders ${folder}`, () => collect(store.folders(folder)), String);
      },
      get: (key) => step(`get ${key}`, () => store.get(key), (bytes) => String(bytes?.length)),
      put: (key, bytes) => step(`put ${key}`, () => this.#put(key, bytes), String),
      delete: (key) =>
        step(`delete ${key}`, async () => {
          this.#keys.delete(key);
          await store.delete(key);
        }, String),
      strays: (prefix) => store.strays(prefix),
    };
    actor(view, ownLock(store)).then(
      (outcome) => runner.outcome = outcome,
      (error) => runner.outcome = `failed: ${error}`,
    );
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
