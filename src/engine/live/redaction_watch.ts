import { collect } from "../../async/collect.ts";
import { redactionPrefix } from "../../core/archive/archive_key.ts";
import { Lru } from "../../core/lru.ts";
import { type RedactionMatcher, redactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import type { Redaction } from "../../core/redaction/redaction.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { loadRedaction } from "../read/files/load_redactions.ts";

interface Watched {
  readonly atUs: Micros;
  readonly names: string;
  readonly matcher: RedactionMatcher | undefined;
}

const FRESH_US = SECOND_US;
const CHANNELS_MAX = 4_096;

/** The redactions of channels, as of a second ago at most. */
export class RedactionWatch {
  readonly #options: {
    readonly store: BatchStore;
    readonly hasher: Hasher;
    readonly clock: Clock;
  };
  readonly #watched = new Lru<string, Watched>({ countMax: CHANNELS_MAX });

  /** Nothing is read before a caller asks. */
  constructor(
    options: { readonly store: BatchStore; readonly hasher: Hasher; readonly clock: Clock },
  ) {
    this.#options = options;
  }

  /**
   * What is redacted in `channel`; `undefined` if nothing is.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async of(channel: string): Promise<RedactionMatcher | undefined> {
    const { store, hasher, clock } = this.#options;
    const atUs = clock.elapsedUs();
    const known = this.#watched.get(channel);
    if (known !== undefined && atUs - known.atUs < FRESH_US) return known.matcher;
    const keys = await collect(store.list(redactionPrefix(channel)));
    const names = keys.join("\n");
    let matcher = known?.matcher;
    if (names !== (known?.names ?? "")) {
      const redactions: Redaction[] = [];
      for (const key of keys) {
        const loaded = await loadRedaction(key, { store, hasher });
        if (loaded?.ok) redactions.push(loaded.redaction);
      }
      matcher = redactions.length === 0 ? undefined : redactionMatcher(redactions);
    }
    this.#watched.set(channel, { atUs, names, matcher });
    return matcher;
  }
}
