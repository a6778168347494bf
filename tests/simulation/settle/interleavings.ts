import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
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
  /** Which call came next, one by one: how to get here again. */
  readonly schedule: readonly Turn[];
}

/** The next call: of which actor, and which of those that it has made and that are not done. */
interface Turn {
  readonly actor: number;
  readonly call: number;
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
  const open: Turn[][] = [[]];
  for (let schedule = open.pop(); schedule !== undefined; schedule = open.pop()) {
    const world = await World.play(files, actors, schedule);
    const name = world.name();
    if (seen.has(name)) continue;
    seen.add(name);
    await look({ store: world.store, outcomes: world.outcomes(), schedule });
    for (const turn of world.turns()) open.push([...schedule, turn]);
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
    const schedule: Turn[] = [];
    while (true) {
      await look({ store: world.store, outcomes: world.outcomes(), schedule });
      const turns = world.turns();
      if (turns.length === 0) break;
      schedule.push(pick(random, turns));
      await world.step(schedule.at(-1)!);
    }
  }
}

interface Runner {
  /** What it has seen so far. */
  history: string;
  outcome: string | undefined;
  /** The calls it has made that are not done, each with its name. */
  readonly calls: { readonly name: string; readonly run: () => Promise<void> }[];
}

class World {
  readonly store = memoryStore();
  readonly #keys = new Map<ArchiveKey, Uint8Array>();
  readonly #runners: Runner[] = [];

  static async play(
    files: ReadonlyMap<ArchiveKey, Uint8Array>,
    actors: readonly Actor[],
    schedule: readonly Turn[],
  ): Promise<World> {
    const world = new World();
    for (const [key, bytes] of files) await world.#put(key, bytes);
    for (const actor of actors) world.#start(actor);
    await settled();
    for (const turn of schedule) await world.step(turn);
    return world;
  }

  async step({ actor, call }: Turn): Promise<void> {
    const [next] = this.#runners[actor]!.calls.splice(call, 1);
    await next!.run();
    await settled();
  }

  name(): string {
    return JSON.stringify([
      [...this.#keys.keys()].sort(),
      this.#runners.map(({ history, outcome, calls }) => [
        history,
        outcome,
        calls.map(({ name }) => name),
      ]),
    ]);
  }

  outcomes(): (string | undefined)[] {
    return this.#runners.map(({ outcome }) => outcome);
  }

  /** What can come next. */
  turns(): Turn[] {
    return this.#runners.flatMap(({ calls }, actor) => calls.map((_, call) => ({ actor, call })));
  }

  async #put(key: ArchiveKey, bytes: Uint8Array): Promise<void> {
    this.#keys.set(key, bytes);
    await this.store.put(key, bytes);
  }

  #start(actor: Actor): void {
    const runner: Runner = { history: "", outcome: undefined, calls: [] };
    this.#runners.push(runner);
    const step = <T>(call: string, work: () => Promise<T>, tell: (value: T) => string) =>
      new Promise<T>((resolve, reject) => {
        const run = async () => {
          try {
            const value = await work();
            runner.history += `${call}:${tell(value)};`;
            resolve(value);
          } catch (error) {
            reject(error);
          }
        };
        runner.calls.push({ name: call, run });
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
    actor(view, inProcessLock(store)).then(
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

/** Nothing here waits for anything but calls and the lock, so in one turn of the event loop all is settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
