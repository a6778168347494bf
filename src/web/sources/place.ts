import {
  type ArchiveKey,
  formatHour,
  minutePrefix,
  parseArchiveKey,
  parseHour,
} from "../../core/archive/archive_key.ts";
import { keyOfFirstPath } from "../../core/archive/first_layout.ts";
import { decodeBatch } from "../../core/batch/batch.ts";
import { minuteOf, readStart } from "../../core/time.ts";

/** Where a file that the user handed over belongs, as far as its path tells. */
export type FilePlace =
  | { readonly kind: "key"; readonly key: ArchiveKey }
  | {
    /** Its name is that of a batch, but channel or hour are missing: its messages tell. */
    readonly kind: "loose";
    /** Its name, with the colon. */
    readonly name: string;
    /** The folder it lay in, if that is named after an hour. */
    readonly hour: string | undefined;
  }
  | { readonly kind: "stray"; readonly reason: string };

// A colon that was written as something else: by a store, by an unpacker, by a browser.
const NAME =
  /^(\d\d)(?::|_|-|%3A|\u{F03A}|\u2236|\uA789)(00-[A-Za-z0-9_-]{43}\.(?:json|tombstone))$/u;

/** Reads as much of a key as the end of `path` holds. The rest of the path does not matter. */
export function placeOf(path: string): FilePlace {
  const [last = "", hour = "", chat = "", channel = ""] = path.split("/").reverse();
  const match = NAME.exec(last);
  const name = match === null ? last : `${match[1]}:${match[2]}`;
  const key = `${channel}/${chat}/${hour}/${name}`;
  const own = keyOfOwnPath(path);
  if (own !== undefined) return { kind: "key", key: own };
  if (parseArchiveKey(key) !== undefined) return { kind: "key", key };
  if (match === null) return { kind: "stray", reason: "its name is not that of a batch" };
  if (!name.endsWith(".json")) {
    return { kind: "stray", reason: "a tombstone outside of a channel's folder" };
  }
  return { kind: "loose", name, hour: parseHour(hour) === undefined ? undefined : hour };
}

/** The key of a redaction or of coverage, in a channel's own room or where the first version kept it. */
function keyOfOwnPath(path: string): ArchiveKey | undefined {
  const parts = path.split("/");
  const tail = (count: number) => parts.slice(-count).join("/");
  const keys = [tail(4), tail(5)].filter((key) => parseArchiveKey(key) !== undefined);
  return keyOfFirstPath(tail(4)) ?? keys[0];
}

/** The key of a loose file, from its first message; `undefined` if that gives none. */
export function keyOfLoose(
  { name, hour }: { readonly name: string; readonly hour: string | undefined },
  bytes: Uint8Array,
): ArchiveKey | undefined {
  const feed = bytes.indexOf(0x0a);
  const [first] = decodeBatch(feed === -1 ? bytes : bytes.subarray(0, feed + 1));
  if (first === undefined) return undefined;
  const minuteUs = minuteOf(readStart(first.time));
  const channel = first.params[0]?.replace(/^#/, "") ?? "";
  const key = `${channel}/chat/${hour ?? formatHour(minuteUs)}/${name}`;
  const isRight = key.startsWith(minutePrefix(channel, minuteUs));
  return isRight && parseArchiveKey(key) !== undefined ? key : undefined;
}
