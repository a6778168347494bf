import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../../src/core/errors/errors.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { batchStoreSuite, faultyStore } from "../../../src/testing/mod.ts";
import { doesFail } from "../suite_outcome.ts";

type Change = (right: BatchStore) => Partial<BatchStore>;

async function keysOf(store: BatchStore, prefix = ""): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Each is a mistake that an implementer could make, and the test of the suite that must notice it. */
const MISTAKES: Record<string, [noticedBy: RegExp, change: Change]> = {
  "keeps the caller's own bytes": [/when the caller changes those/, (right) => {
    const kept = new Map<ArchiveKey, Uint8Array>();
    return {
      put: async (key, bytes, options) => {
        await right.put(key, bytes, options);
        kept.set(key, bytes);
      },
      get: async (key, options) => {
        const bytes = await right.get(key, options);
        return bytes && (kept.get(key) ?? bytes);
      },
    };
  }],
  "gives everyone the same bytes": [/bytes that the caller may change/, (right) => {
    const given = new Map<ArchiveKey, Uint8Array>();
    return {
      get: async (key, options) => {
        const bytes = await right.get(key, options);
        if (bytes !== undefined && !given.has(key)) given.set(key, bytes);
        return bytes && given.get(key);
      },
    };
  }],
  "stores the whole buffer of a part": [/only the part of a buffer/, (right) => ({
    put: (key, bytes, options) => right.put(key, new Uint8Array(bytes.buffer), options),
  })],
  "finds a prefix anywhere": [/by prefix, letter by letter/, (right) => ({
    async *list(prefix, options) {
      for await (const key of right.list("", options)) if (key.includes(prefix)) yield key;
    },
  })],
  "takes a prefix for a folder": [/by prefix, letter by letter/, (right) => ({
    async *list(prefix, options) {
      const start = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
      for await (const key of right.list(start, options)) yield key;
    },
  })],
  "lists as it was put": [/in the order of their text/, (right) => ({
    async *list(prefix, options) {
      const keys = [];
      for await (const key of right.list(prefix, options)) keys.push(key);
      yield* keys.sort((a, b) => a.slice(-12) < b.slice(-12) ? -1 : 1);
    },
  })],
  "sorts channels without their slash": [/in the order of their text/, (right) => ({
    async *list(prefix, options) {
      options?.signal?.throwIfAborted();
      for await (const channel of right.folders("", options)) {
        for (const key of await keysOf(right, `${channel}/`)) if (key.startsWith(prefix)) yield key;
      }
    },
  })],
  "lists what was put twice twice": [/already there without harm/, (right) => {
    const puts: ArchiveKey[] = [];
    return {
      put: async (key, bytes, options) => {
        await right.put(key, bytes, options);
        puts.push(key);
      },
      async *list(prefix, options) {
        for await (const key of right.list(prefix, options)) {
          for (const put of puts) if (put === key) yield key;
        }
      },
    };
  }],
  "dies when deleting twice": [/deletes, also a missing key/, (right) => ({
    delete: async (key, options) => {
      if (await right.get(key, options) === undefined) throw new Error("ENOENT");
      await right.delete(key, options);
    },
  })],
  "deletes a batch with its tombstone": [/not the tombstone/, (right) => ({
    delete: async (key, options) => {
      await right.delete(key, options);
      await right.delete(key.replace(/\.(json|tombstone)$/, ".json"), options);
    },
  })],
  "throws for what is not there": [/undefined for a missing key/, (right) => ({
    get: async (key, options) => {
      const bytes = await right.get(key, options);
      if (bytes === undefined) throw new Error("ENOENT");
      return bytes;
    },
  })],
  "gives nothing for an empty file": [/returns the bytes that were put/, (right) => ({
    get: async (key, options) => {
      const bytes = await right.get(key, options);
      return bytes?.length ? bytes : undefined;
    },
  })],
  "never replaces what is damaged": [/replaces a damaged file/, (right) => ({
    put: async (key, bytes, options) => {
      if (await right.get(key, options) === undefined) await right.put(key, bytes, options);
    },
  })],
  "takes equal lengths for equal bytes": [/replaces a damaged file/, (right) => ({
    put: async (key, bytes, options) => {
      const found = await right.get(key, options);
      if (found?.length !== bytes.length) await right.put(key, bytes, options);
    },
  })],
  "writes in place": [/never shows a part|whole or not at all/, (right) => ({
    put: async (key, bytes, options) => {
      await right.put(key, bytes.subarray(0, bytes.length / 2), options);
      await sleep(2);
      options?.signal?.throwIfAborted();
      await right.put(key, bytes, options);
    },
  })],
  "says that it is done before it is": [/returns the bytes that were put/, (right) => ({
    put: async (key, bytes, options) => {
      await right.delete(key, options); // Checks key and signal.
      const copy = bytes.slice();
      setTimeout(() => right.put(key, copy).catch(() => {}), 5);
    },
  })],
  "takes any text for a key": [/takes no key that names no file/, (right) => ({
    get: (key, options) =>
      right.get(key, options).catch((error) => {
        if (error instanceof RangeError) return undefined;
        throw error;
      }),
  })],
  "never looks at signals": [/reason of a signal that has aborted/, (right) => ({
    put: (key, bytes) => right.put(key, bytes),
  })],
  "makes an error of its own of a signal's reason": [
    /reason of a signal that has aborted/,
    (right) => ({
      get: (key, options) =>
        right.get(key, options).catch((cause) => {
          throw options?.signal?.aborted ? new Error("aborted", { cause }) : cause;
        }),
    }),
  ],
  "names folders at every depth": [/folders of each level/, (right) => ({
    async *folders(folder, options) {
      options?.signal?.throwIfAborted();
      const start = folder === "" ? "" : `${folder}/`;
      const names = new Set<string>();
      for (const key of await keysOf(right, start)) {
        names.add(key.slice(start.length).split("/")[0]!);
      }
      yield* names;
    },
  })],
  "leaves unfinished files behind": [/no strays of its own/, (right) => {
    const unfinished: string[] = [];
    return {
      put: async (key, bytes, options) => {
        await right.put(key, bytes, options);
        unfinished.push(`${key}.tmp`);
      },
      async *strays(prefix, options) {
        yield* right.strays(prefix, options);
        for (const path of unfinished) yield { path, reason: "unfinished" };
      },
    };
  }],
  "takes what cannot be read for absent": [/verdict on an entry that cannot be read/, (right) => ({
    get: (key, options) =>
      right.get(key, options).catch((error) => {
        if (error instanceof UnreadableEntryError) return undefined;
        throw error;
      }),
  })],
  "fails as a whole over one entry": [/verdict on an entry that cannot be read/, (right) => ({
    get: (key, options) =>
      right.get(key, options).catch((cause) => {
        if (!(cause instanceof UnreadableEntryError)) throw cause;
        throw new ChatloomError("STORE_IO", cause.message, { cause });
      }),
  })],
  "gives a verdict on what is not there": [/verdict on an entry that cannot be read/, (right) => ({
    get: async (key, options) => {
      const bytes = await right.get(key, options);
      if (bytes !== undefined) return bytes;
      throw new UnreadableEntryError("STORE_IO", [{ path: key, reason: "ENOENT" }]);
    },
  })],
  "lists only what can be read": [/verdict on an entry that cannot be read/, (right) => ({
    async *list(prefix, options) {
      for await (const key of right.list(prefix, options)) {
        const isReadable = await right.get(key, options).then(() => true, () => false);
        if (isReadable) yield key;
      }
    },
  })],
  "says that it replaced what it cannot replace": [
    /replaces an entry that cannot be read/,
    (right) => ({
      put: (key, bytes, options) =>
        right.put(key, bytes, options).catch((error) => {
          if (!(error instanceof UnreadableEntryError)) throw error;
        }),
    }),
  ],
  "skips a key when one before it goes": [/files that stay while others come and go/, (right) => ({
    async *list(prefix, options) {
      for (let index = 0;; index++) {
        options?.signal?.throwIfAborted();
        const key = (await keysOf(right, prefix))[index];
        if (key === undefined) return;
        yield key;
      }
    },
  })],
};

for (const [mistake, [noticedBy, change]] of Object.entries(MISTAKES)) {
  test(`batchStoreSuite notices a store that ${mistake}`, async () => {
    const isNoticed = await doesFail(noticedBy, (test) =>
      batchStoreSuite({
        test,
        open: () => {
          const right = faultyStore(memoryStore());
          return { store: { ...right, ...change(right) }, spoil: right.spoil };
        },
      }));
    assert.ok(isNoticed);
  });
}
