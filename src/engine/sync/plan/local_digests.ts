import { type Micros, SECOND_US } from "../../../core/time.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { type ChannelDigest, channelDigest } from "../../api/files/archive_digest.ts";

/** So old a digest still serves: what is a little behind costs a request, nothing else. */
const AGE_MAX_US = 5 * SECOND_US;
const DIGESTS_MAX = 4_096;

/** What an archive holds, made once for all the peers that are asked at about the same time. */
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
   * What `channel` holds from the hour `since` on, not older than a few seconds.
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
    digest.catch(() => this.#digests.delete(name)); // Whoever asks next tries again.
    return await digest;
  }
}
