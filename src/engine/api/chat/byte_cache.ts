/** What an entry costs beside its bytes, roughly. */
const ENTRY_BYTES = 256;

/** An LRU cache of bytes under names, as many as fit. */
export class ByteCache {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Uint8Array>();
  #heldBytes = 0;

  /** Holds up to `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How much is held now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The bytes under `name`, if they are still held. The caller must not change them. */
  get(name: string): Uint8Array | undefined {
    const bytes = this.#entries.get(name);
    if (bytes === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, bytes);
    return bytes;
  }

  /** Holds `bytes`, if they fit at all. The caller must not change them any more. */
  put(name: string, bytes: Uint8Array): void {
    this.#drop(name);
    if (costOf(bytes) > this.#maxBytes) return;
    this.#entries.set(name, bytes);
    this.#heldBytes += costOf(bytes);
    for (const oldest of this.#entries.keys()) {
      if (this.#heldBytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    const bytes = this.#entries.get(name);
    if (bytes === undefined) return;
    this.#entries.delete(name);
    this.#heldBytes -= costOf(bytes);
  }
}

function costOf(bytes: Uint8Array): number {
  return bytes.length + ENTRY_BYTES;
}
