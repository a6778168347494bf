import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import type { Steps } from "../../../src/core/steps.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { ProcessState } from "../../../src/testing/faults/faults.ts";
import { keysOf } from "./exchange.ts";
import type { Bug } from "./node_process.ts";

/** Mistakes that an implementer could make. The simulation must find each of them. */
export const BUGS: { readonly [name: string]: Bug } = {
  "a settler that deletes before what it wrote is safe": {
    settling: (store, processState) => soonStored(store, processState),
  },
  "a recorder that takes a batch for stored before it is": {
    recording: (store, processState) => soonStored(store, processState),
  },
  "a recovery that forgets what came late": {
    recovering: (store) => ({
      ...bound(store),
      async put(key, bytes, options) {
        const isLate = (await keysOf(store, key.slice(0, key.indexOf(":00-")))).length > 0;
        if (!isLate) await store.put(key, bytes, options);
      },
    }),
  },
  "a settler that does not know what is to be forgotten": {
    settling: blind,
    settlingInPeace: blind,
  },
  "a merge that drops the ranges of those who heard": {
    plant() {
      const original = SightingSet.prototype.encodingMinutes;
      SightingSet.prototype.encodingMinutes = function* (): Steps<Map<number, Uint8Array>> {
        const minutes = yield* original.call(this);
        for (const [at, bytes] of minutes) minutes.set(at, withoutOwnRanges(bytes));
        return minutes;
      };
      return () => void (SightingSet.prototype.encodingMinutes = original);
    },
  },
};

/** Shows no orders to forget. */
function blind(store: BatchStore): BatchStore {
  return {
    ...bound(store),
    list: (prefix, options) =>
      prefix.includes("/redactions/") ? none() : store.list(prefix, options),
  };
}

/** Says that all is stored, and stores it a few calls later, unless the process is killed before. */
function soonStored(store: BatchStore, processState: ProcessState): BatchStore {
  const waiting = new Map<string, Uint8Array>();
  let calls = 0;
  async function tick(): Promise<void> {
    if (waiting.size === 0 || ++calls % 40 !== 0 || processState.crash !== undefined) return;
    for (const [key, bytes] of [...waiting]) {
      await store.put(key, bytes);
      waiting.delete(key);
    }
  }
  return {
    ...bound(store),
    async *list(prefix, options) {
      await tick();
      const keys = new Set(await keysOf(store, prefix));
      for (const key of waiting.keys()) if (key.startsWith(prefix)) keys.add(key);
      options?.signal?.throwIfAborted();
      yield* [...keys].sort();
    },
    async get(key, options) {
      await tick();
      return waiting.get(key)?.slice() ?? await store.get(key, options);
    },
    async put(key, bytes) {
      await tick();
      waiting.set(key, bytes.slice());
    },
    async delete(key, options) {
      await tick();
      waiting.delete(key);
      await store.delete(key, options);
    },
  };
}

function withoutOwnRanges(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const plain = text.replace(/\{"received":([^,]+),"time":[^,]+,"time_range":[^}]+\}/g, "$1");
  return new TextEncoder().encode(plain);
}

function bound(store: BatchStore): BatchStore {
  return {
    list: (...args) => store.list(...args),
    folders: (...args) => store.folders(...args),
    strays: (...args) => store.strays(...args),
    get: (...args) => store.get(...args),
    put: (...args) => store.put(...args),
    delete: (...args) => store.delete(...args),
  };
}

async function* none(): AsyncIterable<string> {}
