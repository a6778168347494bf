import { type ArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { toDigestText } from "../../../src/core/archive/digest_text.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import type { SyncHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { between, pick, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import type { SeededNetwork } from "../../../src/testing/chance/seeded_network.ts";

/** What nodes say to each other. */
export type Letter =
  | { readonly kind: "ask" }
  | { readonly kind: "offer"; readonly keys: readonly ArchiveKey[] }
  | { readonly kind: "want"; readonly keys: readonly ArchiveKey[] }
  | { readonly kind: "file"; readonly key: ArchiveKey; readonly bytes: Uint8Array };

/** What a node exchanges files with. */
export interface ExchangeOptions {
  readonly name: string;
  readonly peers: readonly string[];
  readonly network: SeededNetwork<Letter>;
  readonly store: BatchStore;
  readonly hasher: SyncHasher;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Told of each file that is safely stored. */
  readonly onStored: (key: ArchiveKey) => void;
  /** Told what ends the process. */
  readonly onDeath: (error: unknown) => void;
}

const WANTS_MAX = 20;

/** Copies files from peers, over a network on which nothing is certain: ask, offer, want, file. */
export class Exchange {
  readonly #options: ExchangeOptions;
  // Settling deletes what it merged: without this the same files would come again and again.
  readonly #seen = new Set<ArchiveKey>();

  /** An exchange that answers from now on, and asks when it is run. */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { network, name } = options;
    network.attach(name, (from, letter) => {
      this.#take(from, letter).catch((error) => {
        // A store that fails now works later: the caller tries again.
        if (!(error instanceof ChatloomError)) options.onDeath(error);
      });
    });
  }

  /** Asks now one peer, now another, every few seconds in `everyS`. */
  async run(signal: AbortSignal, everyS: readonly [number, number]): Promise<void> {
    const { clock, random, peers } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(1000 * between(random, everyS), signal).catch(() => {}); // Aborted: it ends.
      if (!signal.aborted) this.ask(pick(random, peers));
    }
  }

  ask(peer: string): void {
    this.#send(peer, { kind: "ask" });
  }

  #send(to: string, letter: Letter): void {
    const { network, name } = this.#options;
    network.send(letter, { from: name, to });
  }

  async #take(from: string, letter: Letter): Promise<void> {
    const { store } = this.#options;
    switch (letter.kind) {
      case "ask":
        return this.#send(from, { kind: "offer", keys: await keysOf(store) });
      case "offer":
        return this.#send(from, { kind: "want", keys: await this.#missing(letter.keys) });
      case "want":
        for (const key of letter.keys) {
          const bytes = await store.get(key);
          if (bytes !== undefined) this.#send(from, { kind: "file", key, bytes });
        }
        return;
      case "file":
        return await this.#keep(letter);
    }
  }

  /** What is offered and not here: orders to forget first. */
  async #missing(offered: readonly ArchiveKey[]): Promise<ArchiveKey[]> {
    const own = new Set(await keysOf(this.#options.store));
    const missing = offered.filter((key) => !own.has(key) && !this.#seen.has(key));
    const isOrder = (key: ArchiveKey) => Number(parseArchiveKey(key)?.kind === "redaction");
    return missing.sort((a, b) => isOrder(b) - isOrder(a)).slice(0, WANTS_MAX);
  }

  async #keep({ key, bytes }: { key: ArchiveKey; bytes: Uint8Array }): Promise<void> {
    const { store, hasher, onStored } = this.#options;
    const digest = parseArchiveKey(key)?.digest;
    if (digest === undefined) return;
    if (toDigestText(hasher.digest(bytes)) !== toDigestText(digest)) return; // Damaged on its way.
    await store.put(key, bytes);
    this.#seen.add(key);
    onStored(key);
  }
}

/** All keys of a store. */
export async function keysOf(store: BatchStore, prefix = ""): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys;
}

/** Flips a bit of a file on its way. */
export function damageLetter(letter: Letter, random: SeededRandom): Letter {
  if (letter.kind !== "file" || letter.bytes.length === 0) return letter;
  const bytes = letter.bytes.slice();
  bytes[Math.floor(random.next() * bytes.length)]! ^= 1 << Math.floor(random.next() * 8);
  return { ...letter, bytes };
}
