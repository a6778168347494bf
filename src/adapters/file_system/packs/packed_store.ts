import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { KeyedMutex } from "../../../async/mutex.ts";
import { collect } from "../../../async/collect.ts";
import {
  type ArchiveKey,
  chatFolder,
  isChannelName,
  parseArchiveKey,
  parseHour,
  roomPrefix,
} from "../../../core/archive/archive_key.ts";
import { toDigestText } from "../../../core/archive/digest_text.ts";
import { areBytesEqual } from "../../../core/bytes.ts";
import { UnreadableEntryError } from "../../../core/errors/errors.ts";
import type { AbortOptions, Stray } from "../../../ports/batch_store.ts";
import type { HourPacks, PackedHour } from "../../../ports/archive/hour_packs.ts";
import { DurableFiles } from "../calls/durable_files.ts";
import { type FileCalls, NODE_FILE_CALLS } from "../calls/file_calls.ts";
import { entryError, EntryFault, fileError } from "../calls/file_errors.ts";
import {
  type FileSystemStore,
  fileSystemStore,
  type FileSystemStoreOptions,
} from "../file_system_store.ts";
import { Faults } from "./faults.ts";
import { ROOM_FOLDER } from "../store/archive_levels.ts";
import { type CompressFrame, type FileToPack, PackFiles } from "./pack_files.ts";
import { packsFolder } from "../store/pack_names.ts";
import { packStrays } from "./pack_strays.ts";
import { compressFrame } from "./zstd.ts";

/** How a {@link PackedStore} behaves. */
export interface PackedStoreOptions extends FileSystemStoreOptions {
  /** Compresses for `pack`, as on another thread. @default at once, in this thread */
  readonly compress?: CompressFrame;
  /**
   * Whether a file has the bytes that its name says: others are not packed.
   *
   * @default by the SHA-256 in a batch's name
   */
  readonly isIntact?: (key: ArchiveKey, bytes: Uint8Array) => boolean;
}

/** An archive in a folder, whose hours may be packed. */
export interface PackedStore extends FileSystemStore, HourPacks {}

/**
 * The archive in the folder `root`, as {@link fileSystemStore} has it, with the files that are in packs among
 * all others: `CHANNEL/.chatloom/packs/HOUR.tar.zst` holds what was in an hour's folder, for `tar --zstd -x`.
 *
 * A file in the folder comes before one of that name in the pack. New files go into the folder. Deleting one
 * that is packed unpacks its hour, so that nothing of it stays. A pack that cannot be read makes the files
 * entries that cannot be read; those that were put since, as from a peer, can.
 */
export function packedStore(root: string, options: PackedStoreOptions = {}): PackedStore {
  return new PackedArchive(resolve(root), options);
}

/** An hour of a channel, and the last part of a key in it. */
interface NameInHour {
  readonly channel: string;
  readonly hour: string;
  readonly name: string;
}

// How often a reader looks again for a file that moves to and fro.
const LOOKS_MAX = 8;

class PackedArchive implements PackedStore {
  readonly #root: string;
  readonly #calls: FileCalls;
  readonly #plain: FileSystemStore;
  readonly #packs: PackFiles;
  readonly #compress: CompressFrame;
  readonly #isIntact: (key: ArchiveKey, bytes: Uint8Array) => boolean;
  /** Of two that unpack an hour, the second finds it done. */
  readonly #unpacking = new KeyedMutex();

  constructor(
    root: string,
    {
      isIntact = hasNamedBytes,
      compress = (content) => Promise.resolve(compressFrame(content)),
      ...options
    }: PackedStoreOptions,
  ) {
    const { calls = NODE_FILE_CALLS } = options;
    this.#root = root;
    this.#calls = calls;
    this.#plain = fileSystemStore(root, options);
    this.#packs = new PackFiles(root, { calls, files: new DurableFiles(calls, root) });
    this.#compress = compress;
    this.#isIntact = isIntact;
  }

  async *list(prefix: string, abort: AbortOptions = {}): AsyncIterable<ArchiveKey> {
    abort.signal?.throwIfAborted();
    const parts = prefix.split("/");
    const [channel = "", room, hour = ""] = parts;
    if (room === undefined) {
      // As the keys of channels are sorted: "a-b/…" goes before "a/…".
      const names = (await collect(this.#plain.folders("", abort)))
        .filter((name) => name.startsWith(channel));
      const faults = new Faults();
      for (const name of names.sort((a, b) => `${a}/` < `${b}/` ? -1 : 1)) {
        yield* faults.of(this.#listChannel(name, `${name}/`, abort));
      }
      faults.throwAny();
    } else if (!isChannelName(channel) || !"chat".startsWith(room)) {
      yield* this.#plain.list(prefix, abort);
    } else if (parts.length === 4) {
      if (room === "chat" && parseHour(hour) !== undefined) {
        yield* this.#listHour({ channel, hour }, prefix, abort);
      }
    } else {
      yield* this.#listChannel(channel, prefix, abort);
    }
  }

  async *folders(folder: string, abort: AbortOptions = {}): AsyncIterable<string> {
    const [channel = "", room, ...rest] = folder.split("/");
    const isChat = room === "chat" && rest.length === 0;
    if (!isChannelName(channel) || !(isChat || room === undefined)) {
      yield* this.#plain.folders(folder, abort);
      return;
    }
    abort.signal?.throwIfAborted();
    // What is packed or unpacked meanwhile is in one of three looks.
    const before = await this.hours(channel, abort);
    const names = new Set(await collect(this.#plain.folders(folder, abort)));
    const after = await this.hours(channel, abort);
    if (isChat) { for (const hour of [...before, ...after]) names.add(hour); }
    else if (before.length + after.length > 0) {
      names.add("chat");
      // A room that holds packs alone has no keys.
      const own = await collect(this.#plain.folders(`${channel}/${ROOM_FOLDER}`, abort));
      if (own.length === 0) names.delete(ROOM_FOLDER);
    }
    yield* [...names].sort();
  }

  async get(key: ArchiveKey, abort: AbortOptions = {}): Promise<Uint8Array | undefined> {
    const place = nameInHour(key);
    if (place === undefined) return await this.#plain.get(key, abort);
    let fault: unknown;
    const looking = <T>(look: Promise<T | undefined>) =>
      look.catch((error: unknown): undefined => {
        // The other copy may be good.
        if (!(error instanceof UnreadableEntryError)) throw error;
        fault ??= error;
      });
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      fault = undefined;
      const version = await looking(this.#version(place));
      const found = await looking(this.#plain.get(key, abort)) ??
        (version === "" ? undefined : await looking(this.#getPacked(key, place)));
      if (found !== undefined) return found;
      // It may have moved between two looks: then there is another pack, or none.
      if (version === await looking(this.#version(place))) break;
    }
    if (fault !== undefined) throw fault;
    return undefined;
  }

  async put(key: ArchiveKey, bytes: Uint8Array, abort: AbortOptions = {}): Promise<void> {
    const place = nameInHour(key);
    // What is packed is safe: its folder was flushed before the file beside it went.
    if (place !== undefined && await this.#version(place).catch(ignoreUnreadable) !== "") {
      abort.signal?.throwIfAborted();
      const packed = await this.#getPacked(key, place).catch(ignoreUnreadable);
      if (packed !== undefined && areBytesEqual(packed, bytes)) {
        const beside = await this.#plain.get(key, abort).catch(() => new Uint8Array(1));
        if (beside === undefined) return;
      }
    }
    await this.#plain.put(key, bytes, abort);
  }

  async delete(key: ArchiveKey, abort: AbortOptions = {}): Promise<void> {
    const place = nameInHour(key);
    if (place !== undefined && await this.#version(place).catch(ignoreUnreadable) !== "") {
      abort.signal?.throwIfAborted();
      await this.#deletePacked(key, place, abort);
    }
    await this.#plain.delete(key, abort);
  }

  async *strays(prefix: string, abort: AbortOptions = {}): AsyncIterable<Stray> {
    for await (const stray of this.#plain.strays(prefix, abort)) {
      const channel = stray.path.split("/", 1)[0]!;
      if (stray.path !== packsFolder(channel)) yield stray;
      else yield* packStrays(this.#calls, { root: this.#root, channel, stray });
    }
  }

  async checkWritable(abort: AbortOptions = {}): Promise<void> {
    await this.#plain.checkWritable(abort);
  }

  async hours(channel: string, { signal }: AbortOptions = {}): Promise<readonly string[]> {
    signal?.throwIfAborted();
    if (!isChannelName(channel)) return [];
    return await this.#judging(packsFolder(channel), () => this.#packs.hours(channel));
  }

  async looseHours(channel: string, abort: AbortOptions = {}): Promise<readonly string[]> {
    return await collect(this.#plain.folders(chatFolder(channel), abort));
  }

  async pack(
    channel: string,
    hour: string,
    abort: AbortOptions = {},
  ): Promise<PackedHour | undefined> {
    checkHour(channel, hour);
    const prefix = `${chatFolder(channel)}/${hour}/`;
    const loose = await collect(this.#plain.list(prefix, abort));
    if (loose.length === 0) return undefined;
    const { signal } = abort;
    const index = await this.#index({ channel, hour });
    const names = new Set([
      ...(index?.members.keys() ?? []),
      ...loose.map((key) => key.slice(prefix.length)),
    ]);
    const files = [...names].sort().map((name): FileToPack => ({
      name,
      read: () => this.#readWhole(`${prefix}${name}`, abort),
    }));
    const packed = await this.#doing(
      `pack "${prefix}"`,
      () => this.#packs.write(channel, hour, { files, compress: this.#compress, signal }),
    );
    // From here on the pack has them all, whatever happens.
    for (const key of loose) await this.#plain.delete(key);
    await this.#calls.removeFolder(join(this.#root, prefix)).catch(() => {}); // Other things are in it.
    return { files: files.length, ...packed };
  }

  async unpack(
    channel: string,
    hour: string,
    abort: AbortOptions = {},
  ): Promise<PackedHour | undefined> {
    checkHour(channel, hour);
    return await this.#unpacking.run(
      `${channel}/${hour}`,
      () => this.#unpackHour({ channel, hour }, undefined, abort),
      abort.signal,
    );
  }

  async drop(channel: string, hour: string, abort: AbortOptions = {}): Promise<number> {
    checkHour(channel, hour);
    abort.signal?.throwIfAborted();
    const place = { channel, hour };
    const index = await this.#index(place).catch(ignoreUnreadable);
    const names = [...index?.members.keys() ?? []];
    // A batch that such a tombstone hides would be seen until it is deleted, too.
    const hidesOthers = names.some((name) =>
      name.endsWith(".tombstone") && !index!.members.has(name.replace(/\.tombstone$/, ".json"))
    );
    if (hidesOthers) return 0;
    await this.#doing(`delete "${channel}/${hour}"`, () => this.#packs.remove(channel, hour));
    const prefix = `${chatFolder(channel)}/${hour}/`;
    if (names.length === 0) return 0;
    const listed = await collect(this.#plain.list(prefix, abort)).catch(ignoreUnreadable);
    const beside = new Set(listed);
    return names.filter((name) => !beside.has(`${prefix}${name}`)).length;
  }

  /** Puts the files of a pack, all but `without`, into the folder, and removes the pack. */
  async #unpackHour(
    { channel, hour }: Omit<NameInHour, "name">,
    without: string | undefined,
    abort: AbortOptions,
  ): Promise<PackedHour | undefined> {
    const index = await this.#index({ channel, hour });
    if (index === undefined) return undefined;
    let bytes = 0;
    for (const { name, sizeBytes } of index.members.values()) {
      if (name === without) continue;
      const key = `${chatFolder(channel)}/${hour}/${name}`;
      bytes += sizeBytes;
      const beside = await this.#plain.get(key, abort).catch(ignoreUnreadable);
      if (beside !== undefined && this.#isIntact(key, beside)) continue;
      await this.#plain.put(key, (await this.#getPacked(key, { channel, hour, name }))!, abort);
    }
    await this.#doing(`unpack "${channel}/${hour}"`, () => this.#packs.remove(channel, hour));
    const packedBytes = index.frames.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    return { files: index.members.size, bytes, packedBytes };
  }

  async #deletePacked(key: ArchiveKey, place: NameInHour, abort: AbortOptions): Promise<void> {
    const { channel, hour, name } = place;
    try {
      await this.#unpacking.run(`${channel}/${hour}`, async () => {
        if (!(await this.#index(place))?.members.has(name)) return;
        await this.#unpackHour(place, name, abort);
      }, abort.signal);
    } catch (cause) {
      if (!(cause instanceof UnreadableEntryError)) throw cause;
      // It may be in the pack, which holds others that are nowhere else.
      const { reason } = cause.entries[0];
      await this.#plain.delete(key, abort);
      throw new UnreadableEntryError("STORE_IO", [{ path: key, reason }], {
        attempt: `delete "${key}"`,
        cause,
      });
    }
  }

  /** @throws {UnreadableEntryError} when it is not there any more, or damaged. */
  async #readWhole(key: ArchiveKey, abort: AbortOptions): Promise<Uint8Array> {
    const bytes = await this.get(key, abort);
    if (bytes !== undefined && this.#isIntact(key, bytes)) return bytes;
    const reason = bytes === undefined ? "it is not there any more" : "it is damaged";
    throw new UnreadableEntryError("STORE_IO", [{ path: key, reason }]);
  }

  async *#listChannel(
    channel: string,
    prefix: string,
    abort: AbortOptions,
  ): AsyncIterable<ArchiveKey> {
    const faults = new Faults();
    const listed = { hour: "", isWhole: false };
    yield* faults.of(this.#listUnpacked(channel, prefix, { listed, ...abort }));
    if (listed.isWhole) return faults.throwAny();
    const room = roomPrefix(channel);
    if (room.startsWith(prefix) && listed.hour === "") {
      yield* faults.of(this.#plain.list(room, abort));
    }
    const chat = `${chatFolder(channel)}/`;
    for await (const hour of faults.of(this.folders(chatFolder(channel), abort))) {
      const folder = `${chat}${hour}/`;
      if (hour <= listed.hour || !(folder.startsWith(prefix) || prefix.startsWith(folder))) {
        continue;
      }
      yield* faults.of(this.#listHour({ channel, hour }, prefix, abort));
    }
    faults.throwAny();
  }

  /**
   * The keys of a channel while it has no folder of packs: then one listing finds all of them. When it gets
   * one, the hours after `listed.hour` have to be listed otherwise.
   */
  async *#listUnpacked(
    channel: string,
    prefix: string,
    { listed, ...abort }: AbortOptions & { readonly listed: { hour: string; isWhole: boolean } },
  ): AsyncIterable<ArchiveKey> {
    if (await this.#hasPacks(channel)) return;
    const chat = `${chatFolder(channel)}/`;
    let hour = "";
    let keys: ArchiveKey[] = [];
    const faults = new Faults();
    for await (const key of faults.of(this.#plain.list(prefix, abort))) {
      const itsHour = key.startsWith(chat) ? key.slice(chat.length).split("/", 1)[0]! : "";
      if (itsHour !== hour && keys.length > 0) {
        if (await this.#hasPacks(channel)) return;
        yield* keys;
        [listed.hour, keys] = [hour, []];
      }
      hour = itsHour;
      keys.push(key);
    }
    if (await this.#hasPacks(channel)) return;
    yield* keys;
    listed.isWhole = true;
    faults.throwAny();
  }

  /** The keys of an hour, whether it is packed or unpacked meanwhile. */
  async *#listHour(
    place: Omit<NameInHour, "name">,
    prefix: string,
    abort: AbortOptions,
  ): AsyncIterable<ArchiveKey> {
    const folder = `${chatFolder(place.channel)}/${place.hour}`;
    const inHour = prefix.length > folder.length ? prefix : `${folder}/`;
    const keys = new Set<ArchiveKey>();
    const look = async (faults: Faults) => {
      const version = await faults.ofOne(this.#version(place));
      if (version === "") return { version, faults };
      const index = await faults.ofOne(this.#index(place));
      for (const name of index?.members.keys() ?? []) keys.add(`${folder}/${name}`);
      return { version, faults };
    };
    const before = await look(new Faults());
    const faults = new Faults();
    for await (const key of faults.of(this.#plain.list(inHour, abort))) keys.add(key);
    // What was packed meanwhile is in the pack of now; what was unpacked was in that of before.
    const isSame = before.version === await this.#version(place).catch(ignoreUnreadable);
    const last = isSame ? before : await look(new Faults());
    yield* [...keys].filter((key) => key.startsWith(inHour)).sort();
    faults.add(last.faults);
    faults.throwAny();
  }

  async #hasPacks(channel: string): Promise<boolean> {
    // Where that cannot be seen, the listing finds a folder that it cannot read.
    const has = this.#judging(packsFolder(channel), () => this.#packs.hasFolder(channel));
    return await has.catch(ignoreUnreadable) ?? false;
  }

  #version({ channel, hour }: Omit<NameInHour, "name">): Promise<string> {
    const folder = `${chatFolder(channel)}/${hour}`;
    return this.#judging(folder, () => this.#packs.version(channel, hour));
  }

  /** @throws {UnreadableEntryError} when there is a pack that cannot be read. */
  async #index({ channel, hour }: Omit<NameInHour, "name">) {
    const folder = `${chatFolder(channel)}/${hour}`;
    return await this.#judging(folder, () => this.#packs.index(channel, hour));
  }

  /** @throws {UnreadableEntryError} when it cannot be read. */
  async #getPacked(key: ArchiveKey, { channel, hour, name }: NameInHour) {
    return await this.#judging(key, () => this.#packs.read(channel, hour, name));
  }

  async #judging<T>(path: string, work: () => Promise<T>): Promise<T> {
    const attempt = `read "${path}" in archive "${this.#root}"`;
    try {
      return await work();
    } catch (cause) {
      throw entryError(path, { attempt, cause }) ??
        fileError(attempt, { cause, otherwise: "STORE_IO" });
    }
  }

  async #doing<T>(attempt: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof UnreadableEntryError) throw cause;
      const what = cause instanceof EntryFault ? `${attempt}: ${cause.message}` : attempt;
      throw fileError(`${what} in archive "${this.#root}"`, { cause, otherwise: "STORE_IO" });
    }
  }
}

/** The place of a batch or tombstone; `undefined` for what is never packed and for what is no key. */
function nameInHour(key: ArchiveKey): NameInHour | undefined {
  const [channel = "", room, hour = "", name = ""] = key.split("/");
  if (room !== "chat" || parseArchiveKey(key) === undefined) return undefined;
  return { channel, hour, name };
}

/** Whether a batch has the bytes that its name says; a tombstone says nothing of its own. */
function hasNamedBytes(key: ArchiveKey, bytes: Uint8Array): boolean {
  const parts = parseArchiveKey(key);
  if (parts?.kind !== "batch") return true;
  const digest = createHash("sha256").update(bytes).digest();
  return toDigestText(digest) === toDigestText(parts.digest);
}

function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof UnreadableEntryError)) throw error;
}

/** @throws {RangeError} */
function checkHour(channel: string, hour: string): void {
  if (isChannelName(channel) && parseHour(hour) !== undefined) return;
  throw new RangeError(`Cannot pack "${hour}" of "${channel}": it is no hour of a channel`);
}
