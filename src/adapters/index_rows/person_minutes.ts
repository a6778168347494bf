import { PERSON_ROLES, type PersonRole } from "../../core/index/hour_facts.ts";
import { DamagedIndexError } from "./damaged_index_error.ts";
import { ByteReader, ByteWriter } from "./varints.ts";

/** A block is 2^16 minutes, about six weeks: what one row holds of a user in a channel. */
export const BLOCK_BITS = 16;

/** The block of a minute since 1970. */
export function blockOf(minute: number): number {
  return Math.floor(minute / 2 ** BLOCK_BITS);
}

/** A user in one minute. */
export interface StoredMinute {
  /** Minutes since 1970. */
  readonly minute: number;
  /** A bit for each of `PERSON_ROLES`. */
  readonly roles: number;
  /** How many messages the user wrote; above 0 exactly if the user spoke. */
  readonly messages: number;
}

/** The bits of roles. */
export function roleBits(roles: readonly PersonRole[]): number {
  let bits = 0;
  for (const role of roles) bits |= 1 << PERSON_ROLES.indexOf(role);
  return bits;
}

const SPOKE = roleBits(["spoke"]);

/**
 * The minutes of one block, ascending, as bytes: a checksum, then for each the distance from the one before,
 * its roles and whether it has a count of its own; most take two bytes.
 */
export function encodeMinutes(block: number, minutes: readonly StoredMinute[]): Uint8Array {
  const writer = new ByteWriter();
  let before = block * 2 ** BLOCK_BITS;
  for (const { minute, roles, messages } of minutes) {
    const isCounted = messages > 1 ? 1 : 0;
    writer.number((minute - before) << 4 | roles << 1 | isCounted);
    if (isCounted === 1) writer.number(messages - 2);
    before = minute;
  }
  return writer.sealed();
}

/**
 * Undoes {@link encodeMinutes}.
 *
 * @throws {DamagedIndexError} when the bytes are not as it wrote them.
 */
export function decodeMinutes(block: number, bytes: Uint8Array): StoredMinute[] {
  const reader = new ByteReader(bytes);
  const minutes: StoredMinute[] = [];
  const endMinute = (block + 1) * 2 ** BLOCK_BITS;
  let minute = block * 2 ** BLOCK_BITS;
  while (!reader.isAtEnd) {
    const head = reader.number();
    const roles = head >> 1 & 7;
    minute += head >> 4;
    if (minute >= endMinute) throw new DamagedIndexError("a minute lies outside its block");
    const spoke = (roles & SPOKE) === 0 ? 0 : 1;
    minutes.push({ minute, roles, messages: (head & 1) === 1 ? reader.number() + 2 : spoke });
  }
  return minutes;
}
