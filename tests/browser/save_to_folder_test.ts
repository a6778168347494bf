/** Results that go into a folder, without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { SourceCollection } from "../../src/web/sources/source_collection.ts";
import { apiWorld, said } from "../conformance/api/api_world.ts";

/** A folder as a browser hands it out. Nothing is removed from it before `canRemove`. */
class Folder {
  readonly entries = new Map<string, Folder | Uint8Array<ArrayBuffer>>();
  readonly #canRemove: Promise<void>;
  readonly #onWritten: () => void;

  constructor(canRemove: Promise<void>, onWritten: () => void) {
    this.#canRemove = canRemove;
    this.#onWritten = onWritten;
  }

  get files(): string[] {
    return [...this.entries].flatMap(([name, entry]) =>
      entry instanceof Folder ? entry.files.map((file) => `${name}/${file}`) : [name]
    );
  }

  getDirectoryHandle(name: string, options?: FileSystemGetDirectoryOptions): Promise<Folder> {
    const made = new Folder(this.#canRemove, this.#onWritten);
    return Promise.resolve(this.#find(name, options?.create ? made : undefined) as Folder);
  }

  async getFileHandle(name: string, options?: FileSystemGetFileOptions) {
    await Promise.resolve();
    this.#find(name, options?.create ? new Uint8Array() : undefined);
    return {
      getFile: () => Promise.resolve(new Blob([this.entries.get(name) as BlobPart])),
      createWritable: () =>
        Promise.resolve({
          write: (bytes: Uint8Array<ArrayBuffer>) =>
            Promise.resolve(void this.entries.set(name, bytes)),
          close: () => Promise.resolve(this.#onWritten()),
          abort: () => Promise.resolve(),
        }),
    };
  }

  async removeEntry(name: string): Promise<void> {
    await this.#canRemove;
    this.entries.delete(name);
  }

  #find(name: string, made: Folder | Uint8Array<ArrayBuffer> | undefined): unknown {
    const found = this.entries.get(name) ?? made;
    if (found === undefined) throw new DOMException("none of that name", "NotFoundError");
    this.entries.set(name, found);
    return found;
  }
}

test("a result is whole in a folder from which an earlier one is still taken back", async () => {
  const world = apiWorld();
  const key = await world.put("forsen", [said(1, "hello")]);
  const file = new File([(await world.store.get(key))! as BlobPart], key.split("/").at(-1)!);
  const collection = new SourceCollection(await wasmHasher());
  const options = { signal: new AbortController().signal, onProgress: () => {} };
  await collection.add({ kind: "files", name: "a", files: [{ path: key, file }] }, options);
  await collection.merge(options);
  const stop = new AbortController();
  let allow = () => {};
  const canRemove = new Promise<void>((resolve) => allow = resolve);
  const folder = new Folder(canRemove, () => stop.abort(new Error("given up")));
  const handle = folder as unknown as FileSystemDirectoryHandle;
  const givenUp = assert.rejects(
    collection.save(handle, { ...options, signal: stop.signal }),
    /given up/,
  );
  while (!stop.signal.aborted) await nextTurn();
  let isSaved = false;
  const saving = collection.save(handle, options).then(() => isSaved = true);
  for (let turn = 0; turn < 500 && !isSaved; turn++) await nextTurn();
  allow();
  await Promise.all([givenUp, saving]);
  assert.deepEqual(folder.files, [key]);
});
