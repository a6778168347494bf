import { type ArchiveKey, parseArchiveKey, redactionPrefix } from "../../core/archive_key.ts";
import { toDigestText } from "../../core/text/digest_text.ts";
import { type RedactionMatcher, redactionMatcher } from "../../core/redaction_matcher.ts";
import type { Redaction } from "../../core/redaction.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { loadCoverage } from "../coverage/load_coverage.ts";
import { loadBatch } from "../read/load_batch.ts";
import { loadRedaction } from "../read/load_redactions.ts";
import { listHour, tombstoneOf } from "./list_hour.ts";

/** What {@link ServableFiles} works with. */
export interface ServableFilesOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  /** Is warned, once a file, of those that may not leave. */
  readonly reporter: Reporter;
}

/** The redactions of a channel. */
interface Orders {
  /** Their names, all in one. */
  readonly names: string;
  readonly isRedacted: RedactionMatcher | undefined;
}

/** A tombstone says all it has to say in its name: a longer one is something else. */
const TOMBSTONE_MAX_BYTES = 64 * 1024;

/** Verdicts on so many files are remembered, and the redactions of so many channels. */
const VERDICTS_MAX = 100_000;
const CHANNELS_MAX = 1_000;

/**
 * The files of an archive that may be given away: their bytes are what their name says, they can
 * be read, nothing hides them, and nobody asked to forget anything in them.
 */
export class ServableFiles {
  readonly #options: ServableFilesOptions;
  readonly #good = new Set<string>();
  readonly #told = new Set<ArchiveKey>();
  readonly #orders = new Map<string, Orders>();

  /** None of the files is looked at before somebody asks for it. */
  constructor(options: ServableFilesOptions) {
    this.#options = options;
  }

  /**
   * The bytes under `key`, or `undefined` if there are none to give away.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async get(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const parts = parseArchiveKey(key);
    switch (parts?.kind) {
      case "batch":
        return await this.#batch(key, parts.channel, parts.digest);
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

  async #batch(
    key: ArchiveKey,
    channel: string,
    digest: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const { store, hasher } = this.#options;
    if (await store.get(tombstoneOf(key)) !== undefined) return undefined;
    const { names, isRedacted } = await this.#ordersOf(channel);
    const verdict = `${key} ${names}`;
    if (this.#good.has(verdict)) {
      // A name never means other bytes: all that can have changed is that the disk lost some.
      const bytes = await store.get(key);
      if (bytes === undefined) return undefined;
      const isWhole = toDigestText(await hasher.digest(bytes)) === toDigestText(digest);
      return isWhole ? bytes : this.#keepBack(key, "damaged");
    }
    const loaded = await loadBatch(key, { store, hasher, isRedacted });
    if (loaded === undefined) return undefined;
    if (!loaded.ok) return this.#keepBack(key, loaded.fault.kind);
    // Settling writes the rest of it under another name, and that one goes out.
    if (loaded.redactedCount > 0) return undefined;
    remember(this.#good, verdict);
    return loaded.bytes;
  }

  async #tombstone(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const bytes = await this.#options.store.get(key);
    const isLong = bytes !== undefined && bytes.length > TOMBSTONE_MAX_BYTES;
    return isLong ? this.#keepBack(key, "too long") : bytes;
  }

  async #redaction(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const loaded = await loadRedaction(key, this.#options);
    if (loaded === undefined) return undefined;
    if (!loaded.ok) return this.#keepBack(key, "redaction");
    return await this.#options.store.get(key);
  }

  async #coverage(key: ArchiveKey): Promise<Uint8Array | undefined> {
    const loaded = await loadCoverage(key, this.#options);
    if (loaded === undefined) return undefined;
    if (!loaded.ok) return this.#keepBack(key, loaded.fault);
    return await this.#options.store.get(key);
  }

  /** The redactions of a channel as they are listed now. */
  async #ordersOf(channel: string): Promise<Orders> {
    const { store, reporter } = this.#options;
    const keys = await listHour(store, redactionPrefix(channel));
    const names = keys.join(" ");
    const known = this.#orders.get(channel);
    if (known?.names === names) return known;
    const redactions: Redaction[] = [];
    for (const key of keys) {
      const loaded = await loadRedaction(key, this.#options);
      if (loaded?.ok) redactions.push(loaded.redaction);
      else reporter.report("warning", "A redaction cannot be read", { key });
    }
    const isRedacted = redactions.length === 0 ? undefined : redactionMatcher(redactions);
    const orders = { names, isRedacted };
    if (this.#orders.size >= CHANNELS_MAX) this.#orders.clear();
    this.#orders.set(channel, orders);
    return orders;
  }

  #keepBack(key: ArchiveKey, why: string): undefined {
    if (this.#told.has(key)) return undefined;
    remember(this.#told, key);
    this.#options.reporter.report("warning", "A file cannot be given away", { key, why });
    this.#options.reporter.count("files_kept_back", { why });
    return undefined;
  }
}

function remember(texts: Set<string>, text: string): void {
  if (texts.size >= VERDICTS_MAX) texts.clear(); // Rare, and only costs looking again.
  texts.add(text);
}
