import { decodeBatch } from "../../core/batch/batch.ts";
import { linksIn } from "../../core/text/links.ts";
import { MINUTE_US } from "../../core/time.ts";
import type { MediaPlace, MediaStore } from "../../ports/media/media_store.ts";
import { readMinutes, type ReadMinutesOptions } from "../read/read_minutes.ts";

/**
 * Deletes pictures of links that no message of the archive names any more, as after a redaction; returns how many. An
 * address is forgotten after its bytes: a process that dies in between does it again.
 *
 * @throws {ChatloomError} when a store fails.
 */
export async function dropUnlinked(
  media: MediaStore,
  options: ReadMinutesOptions & {
    /** Looks at what this channel linked to only. @default all */
    readonly channel?: string | undefined;
  },
): Promise<number> {
  const { channel } = options;
  const used = new Set<string>();
  const gone: { readonly url: string; readonly hashes: readonly string[] }[] = [];
  for await (const source of media.sources()) {
    const hashes = source.versions.map(({ hash }) => hash);
    const places: MediaPlace[] = [];
    for (const place of source.places) {
      options.signal?.throwIfAborted();
      const isAsked = channel === undefined || channel === place.channel;
      if (!isAsked || await isNamed(source.url, place, options)) places.push(place);
    }
    if (source.places.length > 0 && places.length === 0) gone.push({ url: source.url, hashes });
    else {
      hashes.forEach((hash) => used.add(hash));
      if (places.length < source.places.length) await media.putSource({ ...source, places });
    }
  }
  for (const { url, hashes } of gone) {
    for (const hash of hashes) if (!used.has(hash)) await media.deleteObject(hash);
    await media.deleteSource(url);
  }
  return gone.length;
}

/** Whether a message names the address where one did; with the minutes beside it, as some messages move there. */
async function isNamed(
  url: string,
  { channel, minuteUs }: MediaPlace,
  options: ReadMinutesOptions,
): Promise<boolean> {
  const fromUs = Math.max(0, minuteUs - MINUTE_US);
  const range = { fromUs, untilUs: minuteUs + 2 * MINUTE_US };
  for await (const { bytes } of readMinutes(channel, { ...options, ...range })) {
    for (const { params } of decodeBatch(bytes)) {
      if (linksIn(params[1] ?? "").some((link) => link.url === url)) return true;
    }
  }
  return false;
}
