import { type ArchiveKey, hourPrefix } from "../../../core/archive/archive_key.ts";
import { Lru } from "../../../core/lru.ts";
import { hourOf, type Micros, MINUTE_US, SECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { SettledNotes } from "../../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../../ports/reporter.ts";
import { SettledHours } from "../../notes/settled_hours.ts";
import { listingsOf } from "../../read/files/minute_listing.ts";

/** What a {@link KnownSettled} works with. */
export interface KnownSettledOptions {
  readonly notes: SettledNotes;
  readonly hasher: Hasher;
  /** Tells how old notes are. */
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** A minute, and the file that holds just its lines; `undefined` for no lines. */
export type PlainMinute = readonly [minuteUs: Micros, key: ArchiveKey | undefined];

const CHANNELS_MAX = 64;

/** How soon notes are read again when they do not tell of an hour. A year of notes is half a megabyte. */
const AGAIN_US = 5 * SECOND_US;

/**
 * Remembers the notes of settled hours. A note names the files for which it holds, so an old one is as good as
 * when it was read.
 */
export class KnownSettled {
  readonly #options: KnownSettledOptions;
  readonly #channels = new Lru<
    string,
    { readonly hours: Promise<SettledHours>; readonly atUs: Micros }
  >({ countMax: CHANNELS_MAX });

  /** Reads nothing before it is asked. */
  constructor(options: KnownSettledOptions) {
    this.#options = options;
  }

  /**
   * The minutes of an hour that need no merge, in order: those with one file, or none, if the hour is noted as
   * settled; of an hour without files all that are not beside one. Never throws.
   *
   * @param listed.around the batches and tombstones of the hour and of those beside it, in order.
   * @param listed.hasOrders whether the channel has redactions.
   */
  async plainMinutes(
    channel: string,
    hourUs: Micros,
    { around, hasOrders }: {
      readonly around: readonly ArchiveKey[];
      readonly hasOrders: boolean;
    },
  ): Promise<PlainMinute[]> {
    const listings = listingsOf(around);
    const isEmpty = !around.some((key) => key.startsWith(hourPrefix(channel, hourUs)));
    if (!isEmpty && (hasOrders || !await this.#isSettled(channel, hourUs, around))) return [];
    const plain: PlainMinute[] = [];
    for (let minuteUs = hourUs; hourOf(minuteUs) === hourUs; minuteUs += MINUTE_US) {
      // A message stands in the file of its minute or of one beside it.
      const isBeside = listings.has(minuteUs - MINUTE_US) || listings.has(minuteUs + MINUTE_US);
      if (isEmpty && isBeside) continue;
      const listing = listings.get(minuteUs);
      if (listing === undefined) plain.push([minuteUs, undefined]);
      else if (listing.batches.length === 1) plain.push([minuteUs, listing.batches[0]]);
    }
    return plain;
  }

  async #isSettled(
    channel: string,
    hourUs: Micros,
    around: readonly ArchiveKey[],
  ): Promise<boolean> {
    const { clock } = this.#options;
    const known = this.#channels.get(channel);
    if (known !== undefined) {
      if (await (await known.hours).has(hourUs, around)) return true;
      if (clock.elapsedUs() - known.atUs < AGAIN_US) return false;
    }
    const hours = SettledHours.open(channel, [], this.#options);
    this.#channels.set(channel, { hours, atUs: clock.elapsedUs() });
    return await (await hours).has(hourUs, around);
  }
}
