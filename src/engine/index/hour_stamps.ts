import {
  type ArchiveKey,
  chatFolder,
  formatHour,
  hourPrefix,
  parseArchiveKey,
  parseHour,
  redactionPrefix,
} from "../../core/archive/archive_key.ts";
import { toDigestText } from "../../core/archive/digest_text.ts";
import { Lru } from "../../core/lru.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { IndexedHour, IndexStamp } from "../../ports/index/chat_index.ts";
import type { FolderVersions } from "../../ports/index/folder_versions.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { collect } from "../../async/collect.ts";

/** What a {@link HourStamps} works with. */
export interface HourStampsOptions {
  /** The files of the archive, without what is not stored yet. */
  readonly store: BatchStore;
  /** Names what is listed. */
  readonly hasher: Hasher;
  /** Tells cheaply that a folder is as it was. Without it, folders are listed. */
  readonly versions?: FolderVersions | undefined;
}

/** Goes up when facts are collected in another way, which makes all indexed hours void. */
const FACTS_VERSION = 1;

/**
 * Files of the hours beside an hour have a part in it only near its edges: a ranged message reaches over by a
 * minute, a chain of equal ones by some. Chains that are longer than this do not count.
 */
export const EDGE_US: Micros = 10 * MINUTE_US;

const FOLDERS_AT_ONCE = 256;
const LISTINGS_MAX = 16_384;
const HOURS_MAX = 262_144;

/** An hour that still has the files that it was indexed from. */
export interface UnchangedHour extends IndexedHour {
  /** Whether its folders look just as they did; otherwise its files were listed. */
  readonly looksSame: boolean;
}

/** Digests of the names in an hour's folder. */
interface HourNames {
  readonly version: string;
  readonly all: string;
  /** Those of the first minutes. */
  readonly head: string;
  /** Those of the last minutes. */
  readonly tail: string;
}

/** Names the files that decide what an hour holds, so that an index can tell whether it still knows the hour. */
export class HourStamps {
  readonly #options: HourStampsOptions;
  readonly #names = new Lru<string, HourNames>({ countMax: LISTINGS_MAX });
  readonly #hours = new Lru<
    string,
    { readonly version: string; readonly hours: readonly Micros[] }
  >({
    countMax: LISTINGS_MAX,
    costMax: HOURS_MAX,
    costOf: ({ hours }) => hours.length,
  });

  /** Knows no hour at first. */
  constructor(options: HourStampsOptions) {
    this.#options = options;
  }

  /**
   * The hours that have a folder of chat, ascending. They are listed again when one comes or goes.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async hours(channel: string, { signal }: AbortOptions = {}): Promise<readonly Micros[]> {
    const { store, versions } = this.#options;
    const folder = chatFolder(channel);
    const version = (await versions?.of([folder]))?.[0] ?? "";
    const known = version === "" ? undefined : this.#hours.get(channel);
    if (known?.version === version) return known.hours;
    const found = await collect(store.folders(folder, { signal }));
    const hours = found.flatMap((name) => parseHour(name) ?? []).sort((a, b) => a - b);
    // The version was read before the names: a change in between makes it another one.
    if (version !== "") this.#hours.set(channel, { version, hours });
    return hours;
  }

  /**
   * Names the redactions of a channel.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async orders(channel: string, abort: AbortOptions = {}): Promise<string> {
    const keys = await collect(this.#options.store.list(redactionPrefix(channel), abort));
    return keys.length === 0 ? "" : await this.#digest(keys);
  }

  /**
   * The stamp of an hour as its files are listed now.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async stamp(
    channel: string,
    hourUs: Micros,
    { orders, signal }: AbortOptions & { readonly orders: string },
  ): Promise<IndexStamp> {
    const around = [hourUs - HOUR_US, hourUs, hourUs + HOUR_US];
    const versions = await this.#versions(channel, around);
    const [before, own, after] = [
      await this.#namesOf(channel, around[0]!, { version: versions[0]!, signal }),
      await this.#namesOf(channel, hourUs, { version: versions[1]!, signal }),
      await this.#namesOf(channel, around[2]!, { version: versions[2]!, signal }),
    ];
    const files = await this.#digest([`${FACTS_VERSION}`, before.tail, own.all, after.head]);
    const isCertain = versions.every((version) => version !== "");
    return { files, orders, folders: isCertain ? versions.join(" ") : "" };
  }

  /**
   * Which of the hours still have the files that they were indexed from. Hours whose folders look the same are
   * not listed.
   *
   * @param options.rest called between long steps of work.
   * @throws {ChatloomError} when the store fails.
   */
  async unchanged(
    channel: string,
    hours: readonly IndexedHour[],
    { rest, signal }: AbortOptions & { readonly rest?: (() => Promise<void>) | undefined } = {},
  ): Promise<UnchangedHour[]> {
    const versions = new Map<Micros, string>();
    const wanted = new Set(
      hours.flatMap(({ hourUs }) => [hourUs - HOUR_US, hourUs, hourUs + HOUR_US]),
    );
    const all = [...wanted];
    for (let at = 0; at < all.length; at += FOLDERS_AT_ONCE) {
      const some = all.slice(at, at + FOLDERS_AT_ONCE);
      const found = await this.#versions(channel, some);
      found.forEach((version, i) => versions.set(some[i]!, version));
      await rest?.();
      signal?.throwIfAborted();
    }
    const found: UnchangedHour[] = [];
    for (const hour of hours) {
      const { hourUs, stamp } = hour;
      const around = [hourUs - HOUR_US, hourUs, hourUs + HOUR_US].map((us) => versions.get(us)!);
      const looksSame = stamp.folders !== "" && stamp.folders === around.join(" ");
      if (looksSame || await this.#hasFiles(channel, hour, { signal })) {
        found.push({ ...hour, looksSame });
      }
    }
    return found;
  }

  async #hasFiles(
    channel: string,
    { hourUs, stamp }: IndexedHour,
    abort: AbortOptions,
  ): Promise<boolean> {
    const { orders } = stamp;
    return (await this.stamp(channel, hourUs, { orders, ...abort })).files === stamp.files;
  }

  async #versions(channel: string, hours: readonly Micros[]): Promise<readonly string[]> {
    const { versions } = this.#options;
    if (versions === undefined) return hours.map(() => "");
    const known = hours.filter((hourUs) => hourUs >= 0);
    const found = await versions.of(
      known.map((hourUs) => `${chatFolder(channel)}/${formatHour(hourUs)}`),
    );
    const texts = new Map(known.map((hourUs, i) => [hourUs, found[i]!]));
    return hours.map((hourUs) => texts.get(hourUs) ?? "");
  }

  async #namesOf(
    channel: string,
    hourUs: Micros,
    { version, signal }: AbortOptions & { readonly version: string },
  ): Promise<HourNames> {
    const prefix = hourUs < 0 ? "" : hourPrefix(channel, hourUs);
    const known = version === "" ? undefined : this.#names.get(prefix);
    if (known?.version === version) return known;
    const keys: ArchiveKey[] = [];
    if (prefix !== "") {
      for await (const key of this.#options.store.list(prefix, { signal })) keys.push(key);
    }
    const names = {
      version,
      all: await this.#digest(keys),
      head: await this.#digest(keys.filter((key) => minuteIn(key, hourUs) < EDGE_US)),
      tail: await this.#digest(keys.filter((key) => minuteIn(key, hourUs) >= HOUR_US - EDGE_US)),
    };
    // The version was read before the names: a change in between makes it another one.
    if (version !== "") this.#names.set(prefix, names);
    return names;
  }

  async #digest(names: readonly string[]): Promise<string> {
    return toDigestText(await this.#options.hasher.digest(UTF8.encode(names.join("\n"))));
  }
}

function minuteIn(key: ArchiveKey, hourUs: Micros): Micros {
  const parts = parseArchiveKey(key);
  return parts?.kind === "batch" || parts?.kind === "tombstone" ? parts.minuteUs - hourUs : 0;
}

const UTF8 = new TextEncoder();
