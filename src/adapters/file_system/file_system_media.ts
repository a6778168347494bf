import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isChannelName } from "../../core/archive/archive_key.ts";
import { isDigestText } from "../../core/archive/digest_text.ts";
import { EMOTE_PROVIDERS, type EmoteProvider } from "../../core/media/emote_set.ts";
import { parseJson } from "../../core/json/parse_json.ts";
import type { MediaSource, MediaStore, TakenSet } from "../../ports/media/media_store.ts";
import { fileError, isAbsence } from "./calls/file_errors.ts";
import { namesIn } from "./calls/names_in.ts";
import { replaceFile } from "./calls/replace_file.ts";
import { readNotes } from "./file_system_notes.ts";
import { STATE_FOLDER } from "./store/archive_walk.ts";

/**
 * Pictures in the state folder of the archive in `root`: `media/objects/HA/HASH` are the bytes,
 * `media/sources/HA/HASH.json` what is known of the address with that SHA-256, and
 * `media/sets/CHANNEL/PROVIDER/MILLISECONDS.json` the emotes of a provider at that time.
 */
export function fileSystemMedia(root: string): MediaStore {
  return new FileSystemMedia(mediaFolder(root));
}

/** The folder of the pictures of the archive in `root`. */
export function mediaFolder(root: string): string {
  return join(resolve(root), STATE_FOLDER, "media");
}

class FileSystemMedia implements MediaStore {
  readonly #objects: string;
  readonly #sources: string;
  readonly #sets: string;

  constructor(folder: string) {
    this.#objects = join(folder, "objects");
    this.#sources = join(folder, "sources");
    this.#sets = join(folder, "sets");
  }

  async getObject(hash: string): Promise<Uint8Array | undefined> {
    if (!isDigestText(hash)) return undefined;
    const path = this.#objectPath(hash);
    try {
      return new Uint8Array(await readFile(path));
    } catch (cause) {
      if (isAbsence(cause)) return undefined;
      throw fileError(`read "${path}"`, { cause, otherwise: "STORE_IO" });
    }
  }

  async putObject(hash: string, bytes: Uint8Array): Promise<void> {
    await replaceFile(this.#objectPath(hash), bytes);
  }

  async deleteObject(hash: string): Promise<void> {
    await remove(this.#objectPath(hash));
  }

  async source(url: string): Promise<MediaSource | undefined> {
    return parseSource(await readNotes(this.#sourcePath(url)));
  }

  async putSource(source: MediaSource): Promise<void> {
    await replaceFile(this.#sourcePath(source.url), `${JSON.stringify(source)}\n`);
  }

  async deleteSource(url: string): Promise<void> {
    await remove(this.#sourcePath(url));
  }

  async *sources(): AsyncGenerator<MediaSource, void, undefined> {
    for (const part of await namesIn(this.#sources, "STORE_IO")) {
      for (const name of await namesIn(join(this.#sources, part), "STORE_IO")) {
        if (!name.endsWith(".json")) continue; // A scratch file of a process that was killed.
        const source = parseSource(await readNotes(join(this.#sources, part, name)));
        if (source !== undefined) yield source;
      }
    }
  }

  async sets(channel: string): Promise<TakenSet[]> {
    const sets: TakenSet[] = [];
    for (const provider of EMOTE_PROVIDERS) {
      const folder = this.#setFolder(channel, provider);
      for (const name of await namesIn(folder, "STORE_IO")) {
        const takenMs = /^(\d{1,15})\.json$/.exec(name)?.[1];
        const text = takenMs && await readNotes(join(folder, name));
        const set = text ? parseSet(text) : undefined;
        if (set !== undefined) sets.push(set);
      }
    }
    return sets.sort((a, b) => a.takenUs - b.takenUs);
  }

  async putSet(channel: string, set: TakenSet): Promise<void> {
    const name = `${Math.floor(set.takenUs / 1_000)}.json`;
    const path = join(this.#setFolder(channel, set.provider), name);
    await replaceFile(path, `${JSON.stringify(set)}\n`);
  }

  #objectPath(hash: string): string {
    if (!isDigestText(hash)) throw new RangeError(`Cannot name a picture "${hash}"`);
    return join(this.#objects, hash.slice(0, 2), hash);
  }

  #sourcePath(url: string): string {
    const digest = createHash("sha256").update(url).digest("hex");
    return join(this.#sources, digest.slice(0, 2), `${digest}.json`);
  }

  #setFolder(channel: string, provider: EmoteProvider): string {
    if (!isChannelName(channel)) throw new RangeError(`Cannot name the emotes of "${channel}"`);
    return join(this.#sets, channel, provider);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw fileError(`delete "${path}"`, { cause, otherwise: "STORE_IO" });
  }
}

/** What was written, or nothing where the file is damaged: then the address is fetched anew. */
function parseSource(text: string | undefined): MediaSource | undefined {
  const source = parsed(text) as Partial<MediaSource> | undefined;
  const isGood = typeof source?.url === "string" && Array.isArray(source.versions) &&
    Array.isArray(source.places);
  return isGood ? source as MediaSource : undefined;
}

function parseSet(text: string): TakenSet | undefined {
  const set = parsed(text) as Partial<TakenSet> | undefined;
  const isGood = typeof set?.takenUs === "number" && Array.isArray(set.emotes) &&
    EMOTE_PROVIDERS.some((each) => each === set.provider);
  return isGood ? set as TakenSet : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parseJson(text);
  } catch {
    return undefined;
  }
}
