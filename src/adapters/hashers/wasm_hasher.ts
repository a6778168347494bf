// hash-wasm, because Web Crypto takes only whole buffers, answers on other threads, and is missing
// in pages on plain http.
import type { IHasher } from "hash-wasm";
import type { Hasher, HashStream } from "../../ports/hasher.ts";

/** A {@link Hasher} that answers at once: for streams, simulated worlds and pages on plain http. */
export interface SyncHasher extends Hasher {
  /** As {@link Hasher.digest}, at once. */
  digest(bytes: Uint8Array): Uint8Array;
  /** As {@link Hasher.stream}, at once. */
  stream(): HashStream;
}

/** SHA-256 in WebAssembly. Only loading is asynchronous. */
export async function wasmHasher(): Promise<SyncHasher> {
  const { createSHA256 } = await import("./hash_wasm_sha256.ts"); // Most commands do without.
  return new WasmHasher(await createSHA256(), await createSHA256());
}

class WasmHasher implements SyncHasher {
  readonly #whole: IHasher;
  readonly #shared: SharedState;

  constructor(whole: IHasher, shared: IHasher) {
    this.#whole = whole;
    this.#shared = { hasher: shared, user: undefined };
  }

  digest(bytes: Uint8Array): Uint8Array {
    return this.#whole.init().update(bytes).digest("binary");
  }

  stream(): HashStream {
    return new WasmStream(this.#shared);
  }
}

interface SharedState {
  readonly hasher: IHasher;
  user: WasmStream | undefined;
}

/** One of many streams that take turns in one instance of the module, as loading another waits. */
class WasmStream implements HashStream {
  readonly #shared: SharedState;
  #saved: Uint8Array | undefined;
  #isEnded = false;

  constructor(shared: SharedState) {
    this.#shared = shared;
  }

  update(bytes: Uint8Array): void {
    this.#takeTurn().update(bytes);
  }

  digest(): Uint8Array {
    const digest = this.#takeTurn().digest("binary");
    this.#isEnded = true;
    this.#shared.user = undefined;
    return digest;
  }

  #takeTurn(): IHasher {
    if (this.#isEnded) throw new TypeError("Cannot hash: the stream has ended");
    const { hasher, user } = this.#shared;
    if (user !== this) {
      if (user !== undefined) user.#saved = hasher.save();
      if (this.#saved === undefined) hasher.init();
      else hasher.load(this.#saved);
      this.#shared.user = this;
    }
    return hasher;
  }
}
