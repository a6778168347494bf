import { collect } from "../../../async/collect.ts";
import {
  type ArchiveKey,
  parseArchiveKey,
  redactionPrefix,
} from "../../../core/archive/archive_key.ts";
import {
  type RedactionMatcher,
  redactionMatcher,
} from "../../../core/redaction/redaction_matcher.ts";
import type { Redaction } from "../../../core/redaction/redaction.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { loadCoverage } from "../../coverage/load_coverage.ts";
import { faultsOf } from "../../read/files/fault_reporter.ts";
import { loadBatch } from "../../read/files/load_batch.ts";
import { loadRedaction } from "../../read/files/load_redactions.ts";
import { readEntry } from "../../read/files/read_entry.ts";
import { tombstoneOf } from "../../read/files/minute_listing.ts";

/** What {@link ServableFiles} works with. */
export interface ServableFilesOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Gets a warning for each file that may not be served, once a file. */
  readonly reporter: Reporter;
}

/** The redactions of a channel that can be read. Files never change, so each is read once. */
interface Orders {
  /** Their names, joined. */
  readonly names: string;
  readonly redactions: ReadonlyMap<ArchiveKey, Redaction>;
  readonly isRedacted: RedactionMatcher | undefined;
}

/** A tombstone's name holds all of its meaning: a longer file is something else. */
const TOMBSTONE_MAX_BYTES = 64 * 1024;

/** Verdicts on at most this many files are remembered, and the redactions of at most this many channels. */
const VERDICTS_MAX = 100_000;
const ORDERS_CHANNELS_MAX = 1_000;

/**
 * The files of an archive that may be served: their bytes are what their name says, they can
 * be read, no tombstone hides them, and no redaction applies to anything in them.
 */
export class ServableFiles {
  readonly #options: ServableFilesOptions;
  readonly #good = new Set<string>();
  readonly #told = new Set<ArchiveKey>();
  readonly #orders = new Map<string, Orders>();

  /** Reads no file before a caller asks for it. */
  constructor(options: ServableFilesOptions) {
    this.#options = options;
  }

  /**
   * The bytes under `key`, or `undefined` if there are none to serve.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async get(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const parts = parseArchiveKey(key);
    switch (parts?.kind) {
      case "batch":
        return await this.#batch(key, parts.channel);
      case "tombstone":
        return await this.#tombstone(key);
      case "redaction":
        return await this.#redaction(key);
      case "coverage":
        return await this.#coverage(key);
      case undefined:
        return undefined;
    }
  }

  async #batch(key: ArchiveKey, channel: string): Promise<Uint8Array | undefined> {
    // Its name is enough, so a tombstone that cannot be read hides like any other.
    if (await readEntry(tombstoneOf(key), this.#options) !== undefined) return undefined;
    const { names, isRedacted } = await this.#ordersOf(channel);
    const verdict = `${key} ${names}`;
    if (this.#good.has(verdict)) {
      // A name never means other bytes: the only change is damage on the disk.
      const entry = await readEntry(key, this.#options);
      if (entry === undefined) return undefined;
      return entry.ok ? entry.bytes : this.#withhold(key, entry.fault.kind, entry.fault.reason);
    }
    const loaded = await loadBatch(key, { ...this.#options, isRedacted });
    if (loaded === undefined) return undefined;
    if (!loaded.ok) return this.#withhold(key, loaded.fault.kind, loaded.fault.reason);
    // Settling writes the rest of it under another name, and that file is served.
    if (loaded.redactedCount > 0) return undefined;
    remember(this.#good, verdict);
    return loaded.bytes;
  }

  async #tombstone(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const entry = await readEntry(key, this.#options);
    if (entry === undefined) return undefined;
    if (!entry.ok) return this.#withhold(key, entry.fault.kind, entry.fault.reason);
    const { bytes } = entry;
    return bytes.length > TOMBSTONE_MAX_BYTES ? this.#withhold(key, "too long") : bytes;
  }

  async #redaction(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const loaded = await loadRedaction(key, this.#options);
    if (loaded === undefined) return undefined;
    return loaded.ok ? loaded.bytes : this.#withhold(key, "redaction", loaded.reason);
  }

  async #coverage(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const loaded = await loadCoverage(key, this.#options);
    if (loaded === undefined) return undefined;
    return loaded.ok ? loaded.bytes : this.#withhold(key, loaded.fault, loaded.reason);
  }

  /** The redactions of a channel as they are listed now. One that cannot be read is tried again. */
  async #ordersOf(channel: string): Promise<Orders> {
    const { store, reporter } = this.#options;
    const known = this.#orders.get(channel);
    const redactions = new Map<ArchiveKey, Redaction>();
    for (const key of await collect(store.list(redactionPrefix(channel)))) {
      const read = known?.redactions.get(key);
      const loaded = read === undefined ? await loadRedaction(key, this.#options) : undefined;
      const redaction = read ?? (loaded?.ok ? loaded.redaction : undefined);
      if (redaction !== undefined) redactions.set(key, redaction);
      else if (loaded?.ok === false) faultsOf(reporter).tellRedaction(key, loaded.reason);
    }
    const names = [...redactions.keys()].join(" ");
    if (known?.names === names) return known;
    const isRedacted = redactions.size === 0
      ? undefined
      : redactionMatcher([...redactions.values()]);
    const orders = { names, redactions, isRedacted };
    if (this.#orders.size >= ORDERS_CHANNELS_MAX) this.#orders.clear();
    this.#orders.set(channel, orders);
    return orders;
  }

  #withhold(key: ArchiveKey, why: string, reason?: string): undefined {
    if (this.#told.has(key)) return undefined;
    remember(this.#told, key);
    const fields = { key, why, ...(reason === undefined ? {} : { reason }) };
    this.#options.reporter.report("warning", "A file cannot be served", fields);
    this.#options.reporter.count("files_kept_back", { why });
    return undefined;
  }
}

function remember(texts: Set<string>, text: string): void {
  if (texts.size >= VERDICTS_MAX) texts.clear(); // Rare, and only costs another check.
  texts.add(text);
}
