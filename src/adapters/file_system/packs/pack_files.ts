import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseHour } from "../../../core/archive/archive_key.ts";
import { concatBytes } from "../../../core/bytes.ts";
import { Lru } from "../../../core/lru.ts";
import {
  encodePackTable,
  type PackFrame,
  type PackMember,
} from "../../../core/packs/pack_table.ts";
import { TAR_END_BYTES, tarHeader, tarMemberBytes } from "../../../core/packs/tar_header.ts";
import { closing, type DurableFiles } from "../calls/durable_files.ts";
import type { FileCalls, OpenFile } from "../calls/file_calls.ts";
import { EntryFault, isAbsence } from "../calls/file_errors.ts";
import { scratchWriter } from "../calls/stored_name.ts";
import { entriesOf, isRealFolder } from "../store/archive_walk.ts";
import { FRAME_BYTES, memberBytes, type PackIndex, readFrame, readPackIndex } from "./open_pack.ts";
import { packedHour, packName, packsFolder } from "../store/pack_names.ts";
import { checkZstd } from "./zstd.ts";

// Minutes are mostly read in a row, and those of a frame come together.
const CONTENTS_MAX_BYTES = 16 * 1024 * 1024;

// As many contents of frames are in memory while threads compress them.
const FRAMES_AT_ONCE = 4;

/** A file for a pack. */
export interface FileToPack {
  /** Its name in the hour's folder, with the colon. */
  readonly name: string;
  /** Its bytes. */
  read(): Promise<Uint8Array>;
}

/** Compresses the content of a frame, as `compressFrame` does, on some thread. */
export type CompressFrame = (content: Uint8Array) => Promise<Uint8Array>;

/** The packs of an archive one by one. Errors are the file system's, or an {@link EntryFault}. */
export class PackFiles {
  readonly #root: string;
  readonly #calls: FileCalls;
  readonly #files: DurableFiles;
  /** Contents of frames, by the digest of the pack's table and the number of the frame. */
  readonly #contents = new Lru<string, Uint8Array>({
    costMax: CONTENTS_MAX_BYTES,
    costOf: ({ length }) => length,
  });

  /** Packs in the archive `root`, written by `files`. */
  constructor(root: string, { calls, files }: {
    readonly calls: FileCalls;
    readonly files: DurableFiles;
  }) {
    this.#root = root;
    this.#calls = calls;
    this.#files = files;
  }

  /** The hours of a channel under whose names there is something, ascending. */
  async hours(channel: string): Promise<string[]> {
    if (!(await this.#isReal(channel))) return [];
    const entries = await entriesOf(this.#calls, this.#folder(channel));
    return entries.flatMap(({ name }) => packedHour(name) ?? []).sort();
  }

  /** Whether a channel has a folder of packs; it stays when the last of them goes. */
  async hasFolder(channel: string): Promise<boolean> {
    return await this.#files.kind(this.#folder(channel)) === "folder";
  }

  /** What tells the pack of an hour from an earlier and a later one, cheaply; `""` if there is none. */
  async version(channel: string, hour: string): Promise<string> {
    try {
      const { sizeBytes, modifiedMs } = await this.#calls.stat(this.#path(channel, hour));
      return `${sizeBytes}.${modifiedMs}`;
    } catch (error) {
      if (isAbsence(error)) return "";
      throw error;
    }
  }

  /**
   * What an hour's pack holds; `undefined` if there is none.
   *
   * @throws {EntryFault} when it is damaged.
   */
  async index(channel: string, hour: string): Promise<PackIndex | undefined> {
    return await this.#open(channel, hour, (_, index) => Promise.resolve(index));
  }

  /**
   * The bytes of a file in an hour's pack, for the caller to keep; `undefined` if it is not there.
   *
   * @throws {EntryFault} when it is damaged.
   */
  async read(channel: string, hour: string, name: string): Promise<Uint8Array | undefined> {
    return await this.#open(channel, hour, async (file, index) => {
      const place = index.members.get(name);
      if (place === undefined) return undefined;
      const id = `${index.digest} ${place.frame}`;
      let content = this.#contents.get(id);
      if (content === undefined) {
        checkZstd(`read "${channel}/chat/${hour}/${name}"`);
        content = await readFrame(file, index, place.frame);
        this.#contents.set(id, content);
      }
      return memberBytes(content, place, parseHour(hour)!).slice();
    });
  }

  /**
   * Writes the pack of an hour in place of an earlier one, and reads it back whole before it gets its name.
   *
   * @param options.files in ascending order of names, at least one.
   * @returns how long it is.
   */
  async write(
    channel: string,
    hour: string,
    { files, compress, signal }: {
      readonly files: readonly FileToPack[];
      readonly compress: CompressFrame;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<{ readonly bytes: number; readonly packedBytes: number }> {
    checkZstd(`pack "${channel}/chat/${hour}"`);
    const made = await makePack(files, { hour, compress, signal });
    const folder = this.#folder(channel);
    await this.#files.ensureFolder(folder);
    await this.#sweep(folder);
    await this.#files.write(folder, {
      name: packName(hour),
      bytes: made.bytes,
      signal,
      check: async (path) => {
        const file = await this.#calls.open(path);
        await closing(file, () => checkPack(file, made));
      },
    });
    return { bytes: made.plainBytes, packedBytes: made.bytes.length };
  }

  /** Removes the pack of an hour, with what is in it. */
  async remove(channel: string, hour: string): Promise<void> {
    if (!(await this.#isReal(channel))) return;
    const path = this.#path(channel, hour);
    if (await this.#files.kind(path) !== "file") return;
    await this.#calls.remove(path).catch((error) => {
      if (!isAbsence(error)) throw error; // Another process was faster.
    });
    await this.#files.sync(this.#folder(channel));
  }

  async #open<T>(
    channel: string,
    hour: string,
    work: (file: OpenFile, index: PackIndex) => Promise<T>,
  ): Promise<T | undefined> {
    const path = this.#path(channel, hour);
    let file: OpenFile;
    try {
      // Looked at before: opening a pipe would wake the writer at its other end.
      if ((await this.#calls.stat(path)).kind !== "file") {
        throw new EntryFault("in the place of its pack is something that is no file");
      }
      if (!(await this.#isReal(channel))) return undefined;
      file = await this.#calls.open(path);
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
    return await closing(file, async () => await work(file, await readPackIndex(file)));
  }

  /** Removes what crashed writers left. The caller holds the lock: there is no other writer. */
  async #sweep(folder: string): Promise<void> {
    for (const { name, kind } of await entriesOf(this.#calls, folder)) {
      if (kind !== "file" || scratchWriter(name) === undefined) continue;
      if (this.#files.isOwnScratch(name)) continue;
      await this.#calls.remove(join(folder, name)).catch(() => {}); // It is a stray then.
    }
  }

  #isReal(channel: string): Promise<boolean> {
    const folder = packsFolder(channel).split("/");
    return isRealFolder(this.#calls, { root: this.#root, folder });
  }

  #folder(channel: string): string {
    return join(this.#root, packsFolder(channel));
  }

  #path(channel: string, hour: string): string {
    return join(this.#folder(channel), packName(hour));
  }
}

interface MadePack {
  readonly bytes: Uint8Array;
  /** How long the packed files are together. */
  readonly plainBytes: number;
  /** SHA-256 of the content of each frame. */
  readonly digests: readonly string[];
}

async function makePack(
  files: readonly FileToPack[],
  { hour, compress, signal }: {
    readonly hour: string;
    readonly compress: CompressFrame;
    readonly signal: AbortSignal | undefined;
  },
): Promise<MadePack> {
  const modifiedUs = parseHour(hour)!;
  const members: PackMember[] = [];
  const frames: { readonly plainBytes: number; readonly stored: Promise<Uint8Array> }[] = [];
  const digests: string[] = [];
  let pieces: Uint8Array[] = [];
  let filled = 0;
  const endFrame = async () => {
    const content = concatBytes(pieces);
    [pieces, filled] = [[], 0];
    digests.push(sha256Of(content));
    const frame = { plainBytes: content.length, stored: compress(content) };
    frame.stored.catch(() => {}); // Awaited below.
    frames.push(frame);
    await frames.at(-FRAMES_AT_ONCE)?.stored;
  };
  for (const { name, read } of files) {
    signal?.throwIfAborted();
    const bytes = await read();
    const memberLength = tarMemberBytes(bytes.length);
    if (filled > 0 && filled + memberLength > FRAME_BYTES) await endFrame();
    const member = new Uint8Array(memberLength);
    member.set(tarHeader(name, { sizeBytes: bytes.length, modifiedUs }));
    member.set(bytes, tarMemberBytes(0));
    pieces.push(member);
    filled += memberLength;
    members.push({ name, sizeBytes: bytes.length });
  }
  pieces.push(new Uint8Array(TAR_END_BYTES));
  await endFrame();
  const stored = await Promise.all(frames.map((frame) => frame.stored));
  const table = encodePackTable({
    members,
    frames: frames.map(({ plainBytes }, i): PackFrame => ({
      storedBytes: stored[i]!.length,
      plainBytes,
    })),
  });
  const plainBytes = members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { bytes: concatBytes([...stored, table]), plainBytes, digests };
}

/** @throws {EntryFault} when `file` does not give back what was packed. */
async function checkPack(file: OpenFile, { bytes, digests }: MadePack): Promise<void> {
  const index = await readPackIndex(file);
  const isSame = (await file.facts()).sizeBytes === bytes.length &&
    index.frames.length === digests.length;
  if (!isSame) throw new EntryFault("the pack that was written is not the one that is there");
  for (const [frame, digest] of digests.entries()) {
    if (sha256Of(await readFrame(file, index, frame)) !== digest) {
      throw new EntryFault("the pack that was written does not give back its files");
    }
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
