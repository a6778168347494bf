import {
  type ArchiveKey,
  formatArchiveKey,
  redactionPrefix,
} from "../../core/archive/archive_key.ts";
import {
  encodeRedaction,
  type RedactedMessage,
  type RedactedUser,
  type Redaction,
} from "../../core/redaction/redaction.ts";
import { redactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import type { Micros } from "../../core/time.ts";
import { namedUsers } from "../../core/users/named_users.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { type LoadedRedaction, loadRedaction } from "../read/files/load_redactions.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { addTotals, ChannelSettler, NOTHING_SETTLED } from "../settle/settle_channel.ts";
import type { SettleOptions, SettleTotals } from "../settle/settle_channel.ts";
import { scanChannel, type ScannedMinute } from "./scan_channel.ts";

/** What {@link redact} works with. */
export interface RedactOptions extends SettleOptions, AbortOptions {
  /** Says when the order was made. */
  readonly clock: Clock;
  /** Called for every minute that was searched. */
  readonly onScanned?: (minute: ScannedMinute) => void;
}

/** The result of an order. */
export interface Redacted {
  /** Where it is stored: under one key, or several for a user of more names than one order holds. */
  readonly orders: readonly {
    readonly key: ArchiveKey;
    /** False if an order that covers this one was there already. */
    readonly isNew: boolean;
  }[];
  /** Messages that were removed from files; one that stands in two minutes counts twice. */
  readonly messages: number;
  /** Minutes that had such messages. */
  readonly minutes: number;
  /** Files that could not be read, and are unchanged. No reader gets any of them. */
  readonly unseen: ScannedMinute["faults"];
  /** The totals of settling the minutes. */
  readonly settled: SettleTotals;
}

/**
 * Makes an order to forget `target` in `channel`, and obeys it: stores the order first, then rewrites
 * the files that hold a match. Redacting again, as after a crash, finishes the work.
 *
 * @throws {ChatloomError} when the store fails. If the order is stored by then, it is in force for
 * readers and settlers, and only the old files remain.
 */
export async function redact(
  channel: string,
  order: { readonly target: RedactedMessage | RedactedUser; readonly reason: string },
  options: RedactOptions,
): Promise<Redacted> {
  const { store, hasher, clock, onScanned, signal } = options;
  const before = await listRedactions(channel, options);
  for (const each of before) {
    if (!each.ok) faultsOf(options.reporter).tellRedaction(each.key, each.reason);
  }
  const known = before.flatMap((each) => each.ok ? [each] : []);
  const orders: { key: ArchiveKey; isNew: boolean }[] = [];
  for (const target of splitTarget(order.target)) {
    const stored = known.find(({ redaction }) => doesCover(redaction.target, target));
    if (stored !== undefined) {
      orders.push({ key: stored.key, isNew: false });
      continue;
    }
    const redaction: Redaction = { target, reason: order.reason, madeUs: clock.wallUs() };
    const bytes = encodeRedaction(redaction);
    const digest = await hasher.digest(bytes);
    const key = formatArchiveKey({ kind: "redaction", channel, digest });
    await store.put(key, bytes, { signal });
    known.push({ ok: true, key, redaction, bytes });
    orders.push({ key, isNew: true });
  }
  const settler = new ChannelSettler(channel, options);
  const isRedacted = redactionMatcher(known.map(({ redaction }) => redaction));
  const unseen: ScannedMinute["faults"][number][] = [];
  let [messages, minutes, settled] = [0, 0, NOTHING_SETTLED];
  for await (const minute of scanChannel(channel, { store, hasher, isRedacted, signal })) {
    unseen.push(...minute.faults);
    onScanned?.(minute);
    if (minute.matches.length === 0) continue;
    messages += minute.matches.length;
    minutes++;
    const { minuteUs } = minute;
    settled = addTotals(settled, await settler.settle({ minuteUs, isAlone: false }, { signal }));
  }
  return { orders, messages, minutes, unseen, settled };
}

// One order has room for this many names of at most this many characters, however they are escaped.
const NAMES_AN_ORDER = 128;
const NAME_MAX_LENGTH = 64;

/** Targets that fit into an order each, and together forget what `target` does. */
function splitTarget(
  target: RedactedMessage | RedactedUser,
): (RedactedMessage | RedactedUser)[] {
  if (target.kind === "message" || target.logins.length <= NAMES_AN_ORDER) return [target];
  const parts: RedactedUser[] = [];
  for (let at = 0; at < target.logins.length; at += NAMES_AN_ORDER) {
    parts.push({ ...target, logins: target.logins.slice(at, at + NAMES_AN_ORDER) });
  }
  return parts;
}

/** Whether an order for `old` forgets all that one for `target` would. */
function doesCover(
  old: RedactedMessage | RedactedUser,
  target: RedactedMessage | RedactedUser,
): boolean {
  if (old.kind === "message" || target.kind === "message") {
    return old.kind === "message" && target.kind === "message" && old.id === target.id;
  }
  return old.userId === target.userId &&
    target.logins.every((login) => old.logins.includes(login)) &&
    (old.beforeUs ?? Infinity) >= (target.beforeUs ?? Infinity);
}

/**
 * Yields, minute by minute, the messages that an order to forget `target` would remove; changes nothing.
 *
 * @throws {ChatloomError} when the store fails.
 */
export function previewRedaction(
  channel: string,
  target: RedactedMessage | RedactedUser,
  options: AbortOptions & { readonly store: BatchStore; readonly hasher: Hasher },
): AsyncIterable<ScannedMinute> {
  const isRedacted = redactionMatcher([{ target, madeUs: 0, reason: "" }]);
  return scanChannel(channel, { ...options, isRedacted });
}

/**
 * The names that a user had in `channel`, in any role, in lower case and ascending: the names by which JOIN,
 * PART and Twitch's sentences name them. A display name that differs from the login is one of them.
 *
 * @param options.onScanned called for every minute that was searched.
 * @throws {ChatloomError} when the store fails.
 */
export async function findLogins(
  channel: string,
  user: { readonly userId: string; readonly beforeUs: Micros | undefined },
  options: AbortOptions & {
    readonly store: BatchStore;
    readonly hasher: Hasher;
    readonly onScanned?: (minute: ScannedMinute) => void;
  },
): Promise<string[]> {
  const logins = new Set<string>();
  const target: RedactedUser = { kind: "user", logins: [], ...user };
  for await (const minute of previewRedaction(channel, target, options)) {
    for (const { ids, names } of minute.matches.flatMap(namedUsers)) {
      // For several users in one role the message does not say which name is whose.
      if (ids.length !== 1 || ids[0] !== user.userId) continue;
      for (const name of names) if (name.length <= NAME_MAX_LENGTH) logins.add(name);
    }
    options.onScanned?.(minute);
  }
  return [...logins].sort();
}

/**
 * The redactions of `channel`, read or not, in the order of their keys. A folder that cannot be read
 * comes last, as one that was not read.
 *
 * @throws {ChatloomError} when the store fails.
 */
export async function listRedactions(
  channel: string,
  { store, hasher, signal }: AbortOptions & {
    readonly store: BatchStore;
    readonly hasher: Hasher;
  },
): Promise<LoadedRedaction[]> {
  const list: LoadedRedaction[] = [];
  const unread: LoadedRedaction[] = [];
  const listed = tolerantStore(store, ({ path, reason }) => {
    unread.push({ ok: false, key: path, fault: "unreadable", reason });
  });
  for await (const key of listed.list(redactionPrefix(channel), { signal })) {
    const loaded = await loadRedaction(key, { store, hasher, signal });
    if (loaded !== undefined) list.push(loaded);
  }
  return [...list, ...unread];
}
