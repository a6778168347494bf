import { toDigestText } from "../../core/archive/digest_text.ts";
import { pictureType } from "../../core/media/picture_type.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { AbortOptions } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { MediaFetcher } from "../../ports/media/media_fetcher.ts";
import type { MediaPlace, MediaSource, MediaStore } from "../../ports/media/media_store.ts";

/** What a {@link PictureSaver} works with. */
export interface PictureSaverOptions extends AbortOptions {
  readonly media: MediaStore;
  readonly fetcher: MediaFetcher;
  readonly hasher: Hasher;
  readonly clock: Clock;
}

/** What became of an address. */
export type Saved =
  | { readonly outcome: "saved" | "known" | "waiting" }
  | { readonly outcome: "failed"; readonly reason: string };

/** A server that failed is asked again after this. */
const RETRY_US: Micros = 24 * HOUR_US;
/** Of a link that is said a thousand times some places are enough. */
const PLACES_MAX = 16;

/** Fetches pictures, each address once, and keeps them under their hash. */
export class PictureSaver {
  readonly #options: PictureSaverOptions;

  /** A saver. */
  constructor(options: PictureSaverOptions) {
    this.#options = options;
  }

  /**
   * Saves what stands at an address that chat names at `places`, unless it was saved before, or could not be had within the last day. The bytes
   * are stored before anything names them.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async save(
    url: string,
    { maxBytes, places = [] }: {
      readonly maxBytes: number;
      readonly places?: readonly MediaPlace[];
    },
  ): Promise<Saved> {
    const { media, fetcher, hasher, clock, signal } = this.#options;
    const before = await media.source(url) ?? { url, versions: [], places: [] };
    const source = places.reduce(withPlace, before);
    if (source.versions.length > 0) {
      if (source !== before) await media.putSource(source);
      return { outcome: "known" };
    }
    const nowUs = clock.wallUs();
    if (source.failure !== undefined && nowUs - source.failure.atUs < RETRY_US) {
      return { outcome: "waiting" };
    }
    const fetched = await fetcher(url, { maxBytes, signal });
    const type = fetched.ok ? pictureType(fetched.bytes) : undefined;
    if (!fetched.ok || type === undefined) {
      const reason = fetched.ok ? "it is no picture or video that is kept" : fetched.reason;
      await media.putSource({ ...source, failure: { atUs: nowUs, reason } });
      return { outcome: "failed", reason };
    }
    const hash = toDigestText(await hasher.digest(fetched.bytes));
    await media.putObject(hash, fetched.bytes);
    const version = { fetchedUs: nowUs, hash, type };
    await media.putSource({ url, versions: [version], places: source.places });
    return { outcome: "saved" };
  }
}

function withPlace(source: MediaSource, place: MediaPlace): MediaSource {
  const { places } = source;
  if (places.length >= PLACES_MAX) return source;
  const isThere = places.some(({ channel, minuteUs }) =>
    channel === place.channel && minuteUs === place.minuteUs
  );
  return isThere ? source : { ...source, places: [...places, place] };
}
