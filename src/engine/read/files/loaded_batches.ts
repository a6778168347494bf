import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import { Lru } from "../../../core/lru.ts";
import { type MinuteBatch, toMinuteBatch } from "./minute_batch.ts";
import type { LoadedBatch } from "./load_batch.ts";

const WHOLE_MAX_BYTES = 32 * 1024 * 1024;
const RANGED_MAX_BYTES = 16 * 1024 * 1024;
// A ranged line in memory beside its bytes: objects for the content and each sighting.
const RANGED_FACTOR = 3;
const SCOPES_MAX = 256;

interface Scope {
  readonly redactions: string;
  readonly prefix: string;
}

interface Ranged {
  readonly batch: MinuteBatch;
  readonly heldBytes: number;
}

/**
 * Batches that were read lately, for all readings of one process. A batch is named by its bytes, so what
 * was read, checked and scanned once holds for each later reading with the same redactions. Where a minute
 * gets messages every second, its neighbours are not read anew for each of them. Of a batch that matters
 * only beside others its ranged sightings are kept, which take far less memory than the batch.
 */
export class LoadedBatches {
  readonly #whole = new Lru<string, LoadedBatch>({
    costMax: WHOLE_MAX_BYTES,
    costOf: ({ bytes }) => bytes.length,
  });
  readonly #ranged = new Lru<string, Ranged>({
    costMax: RANGED_MAX_BYTES,
    costOf: ({ heldBytes }) => heldBytes,
  });
  /** By channel. */
  readonly #scopes = new Lru<string, Scope>({ countMax: SCOPES_MAX });
  #scopeCount = 0;

  /**
   * What the names of batches begin with that are read with just these redactions. Batches of the channel that
   * were read with others are dropped.
   */
  scopeOf(channel: string, redactions: readonly ArchiveKey[]): string {
    const name = [...redactions].sort().join("\n");
    const known = this.#scopes.get(channel);
    if (known?.redactions === name) return known.prefix;
    if (known !== undefined) {
      for (const entries of [this.#whole, this.#ranged]) {
        for (const [each] of entries.entries()) {
          if (each.startsWith(known.prefix)) entries.delete(each);
        }
      }
    }
    const prefix = `${this.#scopeCount++} `;
    this.#scopes.set(channel, { redactions: name, prefix });
    return prefix;
  }

  /** The batch under `key`, if it is kept. */
  whole(scope: string, key: ArchiveKey): LoadedBatch | undefined {
    return this.#whole.get(scope + key);
  }

  /** The ranged sightings of the batch under `key`, if they are kept. */
  ranged(scope: string, key: ArchiveKey): MinuteBatch | undefined {
    return this.#ranged.get(scope + key)?.batch;
  }

  /** Whether anything of the batch under `key` is kept. */
  has(scope: string, key: ArchiveKey): boolean {
    return this.#whole.has(scope + key) || this.#ranged.has(scope + key);
  }

  /** Drops what is kept of the batch under `key` of a channel: its bytes are gone, or others by now. */
  forget(channel: string, key: ArchiveKey): void {
    const scope = this.#scopes.get(channel);
    if (scope === undefined) return;
    this.#whole.delete(scope.prefix + key);
    this.#ranged.delete(scope.prefix + key);
  }

  /** Keeps a batch. */
  keep(scope: string, batch: LoadedBatch): void {
    this.#whole.set(scope + batch.key, batch);
  }

  /** Keeps the ranged sightings of a batch, in bytes of their own, and returns them. */
  keepRanged(scope: string, batch: LoadedBatch): MinuteBatch {
    const ranged = toMinuteBatch(batch, { isWhole: false });
    const bytes = batch.bytes.length - (batch.scanned?.exact.bytes ?? 0);
    const heldBytes = RANGED_FACTOR * bytes + batch.key.length;
    this.#ranged.set(scope + batch.key, { batch: ranged, heldBytes });
    return ranged;
  }
}
