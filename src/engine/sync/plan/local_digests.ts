import { type Micros, SECOND_US } from "../../../core/time.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { type ChannelDigest, channelDigest } from "../../api/files/archive_digest.ts";

/** A digest of this age is still used: an outdated one only costs a request. */
const AGE_MAX_US = 5 * SECOND_US;
const DIGESTS_MAX = 4_096;

/** The digests of the own archive, made once for all peers that are asked at about the same time. */
export class LocalDigests {
  readonly #options: {
    readonly store: BatchStore;
    readonly hasher: Hasher;
    readonly clock: Clock;
  };
  readonly #digests = new Map<string, { atUs: Micros; digest: Promise<ChannelDigest> }>();

  /** Digests of `options.store`. */
  constructor(
    options: { readonly store: BatchStore; readonly hasher: Hasher; readonly clock: Clock },
  ) {
    this.#options = options;
  }

  /**
   * The digests of `channel` from the hour `since` on, at most a few seconds old.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async get(channel: string, since: string): Promise<ChannelDigest> {
    const name = `${channel} ${since}`;
    const nowUs = this.#options.clock.elapsedUs();
    const known = this.#digests.get(name);
    if (known !== undefined && nowUs - known.atUs < AGE_MAX_US) return await known.digest;
    if (this.#digests.size >= DIGESTS_MAX) this.#digests.clear();
    const digest = channelDigest(channel, { ...this.#options, since });
    this.#digests.set(name, { atUs: nowUs, digest });
    digest.catch(() => this.#digests.delete(name)); // The next caller tries again.
    return await digest;
  }
}
