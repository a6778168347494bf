import { BlobSpool } from "../../adapters/browser/blob_spool.ts";
import { BlobStore } from "../../adapters/browser/blob_store.ts";
import { streamToBlob } from "../../adapters/browser/blob_spool.ts";
import { FolderOutput } from "../../adapters/browser/folder_output.ts";
import { UnionStore } from "../../adapters/browser/union_store.ts";
import { type ZipInput, zipStream } from "../../adapters/browser/zip_output.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { CallOptions } from "../rpc/rpc_server.ts";
import { compareSources } from "./compare_sources.ts";
import { mergeSources } from "./merge_sources.ts";
import { openSource } from "./open_source.ts";
import type {
  CheckProgress,
  Comparison,
  MergeReport,
  MinuteProgress,
  SourceInput,
  SourceReport,
} from "./report.ts";
import type { Source } from "./source.ts";

/** All sources that the user handed over, and their merge. */
export class SourceCollection {
  readonly #hasher: Hasher;
  #sources: readonly Source[] = [];
  #lastId = 0;
  #version = 0;
  #merged: BlobStore | undefined;
  #saving: Promise<unknown> = Promise.resolve();

  /** An empty collection. */
  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  /** Whether it has no source. */
  get isEmpty(): boolean {
    return this.#sources.length === 0;
  }

  /** Counts up whenever a source comes or goes. */
  get version(): number {
    return this.#version;
  }

  /** The union of all sources: what a reader sees. */
  get archive(): BatchStore {
    return new UnionStore(this.#sources.map(({ store }) => store));
  }

  /** Opens and checks a source; it counts from when that is done. */
  async add(input: SourceInput, options: CallOptions<CheckProgress>): Promise<SourceReport> {
    const source = await openSource(++this.#lastId, input, { hasher: this.#hasher, ...options });
    options.signal.throwIfAborted();
    this.#change([...this.#sources, source]);
    return source.report();
  }

  /** Forgets a source. */
  remove(id: number): void {
    this.#change(this.#sources.filter((source) => source.id !== id));
  }

  #change(sources: readonly Source[]): void {
    this.#sources = sources;
    this.#merged = undefined; // It was made of other sources.
    this.#version++;
  }

  /** See {@link compareSources}. */
  compare(options: CallOptions<MinuteProgress>): Promise<Comparison> {
    return compareSources(this.#sources, {
      archive: this.archive,
      hasher: this.#hasher,
      signal: options.signal,
      onProgress: rarely(options.onProgress),
    });
  }

  /** Merges all sources. The result stays here until a source comes or goes. */
  async merge(options: CallOptions<MinuteProgress>): Promise<MergeReport> {
    this.#merged = undefined;
    const sources = this.#sources;
    const channels = [...new Set(sources.flatMap((source) => source.channels))].sort();
    const to = new BlobStore(new BlobSpool());
    const merged = await mergeSources({
      from: this.archive,
      to,
      channels,
      minuteCount: countMinutes(sources, channels),
      hasher: this.#hasher,
      signal: options.signal,
      onProgress: rarely(options.onProgress),
    });
    options.signal.throwIfAborted(); // An aborted merge leaves no result.
    this.#merged = to;
    const leftOut = sources.reduce((sum, source) => {
      const { damaged, unreadable } = source.report().problemCounts;
      return sum + damaged + unreadable;
    }, 0);
    return { ...merged, leftOut };
  }

  /** The result as a zip. */
  async zip(colon: ":" | "_", { signal, onProgress }: CallOptions<number>): Promise<Blob> {
    const stream = zipStream(this.#resultFiles(signal, onProgress), { colon });
    return await streamToBlob(stream, { type: "application/zip", signal });
  }

  /**
   * Writes the result into `folder`; removes it again if that fails or is aborted. One at a time: files that an earlier
   * call still removes must not count as written by a later one.
   */
  save(
    folder: FileSystemDirectoryHandle,
    options: CallOptions<number>,
  ): Promise<{ readonly written: number }> {
    const saving = this.#saving.then(() => this.#saveNow(folder, options));
    this.#saving = saving.catch(() => {}); // The caller is told.
    return saving;
  }

  async #saveNow(
    folder: FileSystemDirectoryHandle,
    { signal, onProgress }: CallOptions<number>,
  ): Promise<{ readonly written: number }> {
    const output = new FolderOutput(folder);
    try {
      for await (const { key, bytes } of this.#resultFiles(signal, onProgress)) {
        await output.put(key, bytes);
      }
      signal.throwIfAborted();
    } catch (error) {
      await output.undo().catch(() => {}); // The first failure is thrown.
      throw error;
    }
    return { written: output.writtenCount };
  }

  async *#resultFiles(
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ): AsyncGenerator<ZipInput, void, undefined> {
    const result = this.#merged;
    if (result === undefined) throw new TypeError("Cannot save: nothing is merged");
    const tell = rarely(onProgress);
    let done = 0;
    for await (const key of result.list("")) {
      signal.throwIfAborted();
      yield { key, bytes: (await result.get(key))! };
      tell(++done / result.size);
    }
  }
}

function countMinutes(sources: readonly Source[], channels: readonly string[]): number {
  return channels.reduce((sum, channel) => {
    const minutes = new Set(sources.flatMap((source) => [...source.minutes(channel)]));
    return sum + minutes.size;
  }, 0);
}

const TELL_EVERY_MS = 100;

/** Throttles calls to ten a second. */
function rarely<T>(tell: (value: T) => void): (value: T) => void {
  let toldMs = -Infinity;
  return (value) => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    tell(value);
  };
}
