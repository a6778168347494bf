import {
  type ArchiveKey,
  coveragePrefix,
  hourPrefix,
  redactionPrefix,
} from "../../core/archive/archive_key.ts";
import { decodeBatch } from "../../core/batch/batch.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { LineMarks } from "./line_marks.ts";
import {
  formatEntry,
  formatHead,
  type ManifestEntry,
  type ManifestHead,
  signedText,
} from "../../core/manifest/manifest.ts";
import { MerkleRoot } from "./merkle_root.ts";
import { DAY_US, HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Signer } from "../../ports/crypto/signer.ts";
import { type ReadMinute, readMinutes, type ReadMinutesOptions } from "../read/read_minutes.ts";

/** What {@link makeManifest} lists, and with what it signs. */
export interface ManifestOptions extends ReadMinutesOptions {
  /** The start of the day, in UTC. */
  readonly dayUs: Micros;
  /** Whether the marks of all messages are listed, so that it can be told later what changed in a minute. */
  readonly listsMessages: boolean;
  /** Says when it was made. */
  readonly clock: Clock;
  /** Makes the salt of the marks. */
  readonly random: Random;
  /** Signs. */
  readonly signer: Signer;
}

const UTF8 = new TextEncoder();

/**
 * The lines of a signed manifest of one day of `channel`, each with its line feed: all files of the day's hours and
 * all orders of the channel, in order of their keys; with `listsMessages` minute by minute the marks of the messages;
 * last the signed head. Memory does not grow with the day.
 *
 * @throws {ChatloomError} when the store fails; `STORE_IO` when a file of the day cannot be read: a list without it
 * would call it added later.
 */
export async function* makeManifest(
  channel: string,
  options: ManifestOptions,
): AsyncGenerator<string, void> {
  const { dayUs, hasher, clock, signer } = options;
  const salt = saltOf(options.random);
  const tree = new MerkleRoot((bytes) => hasher.digest(bytes));
  const leftOut = new Set<ArchiveKey>();
  const onLeftOut = (key: ArchiveKey) => leftOut.add(key);
  for await (const entry of entriesOf(channel, salt, { ...options, onLeftOut })) {
    const text = formatEntry(entry);
    await tree.add(UTF8.encode(text));
    yield `${text}\n`;
  }
  if (leftOut.size > 0) {
    const why = `${leftOut.size} files cannot be read, such as "${[...leftOut][0]}"`;
    throw new ChatloomError("STORE_IO", `Cannot sign the day: ${why}`);
  }
  const head: ManifestHead = {
    channel,
    dayUs,
    madeUs: clock.wallUs(),
    entryCount: tree.count,
    root: await tree.root(),
    salt,
    publicKey: signer.publicKey,
  };
  const signature = await signer.sign(UTF8.encode(signedText(head)));
  yield `${formatHead({ head, signature })}\n`;
}

async function* entriesOf(
  channel: string,
  salt: Uint8Array,
  options: ManifestOptions,
): AsyncIterable<ManifestEntry> {
  const { hasher, listsMessages } = options;
  for await (const key of filesOfDay(channel, options)) yield { kind: "file", key };
  if (!listsMessages) return;
  const marks = new LineMarks(salt, (bytes) => hasher.digest(bytes));
  for await (const { minuteUs, bytes } of readDay(channel, options)) {
    const found = [];
    for (const message of decodeBatch(bytes)) found.push(await marks.ofMessage(message));
    yield { kind: "minute", minuteUs, marks: found };
  }
}

/**
 * The minutes of a day, with the last one before it and the first one after it: a message whose time is known as a
 * range may move there, and from there, when another recording of it comes.
 */
export function readDay(
  channel: string,
  { dayUs, ...options }: ReadMinutesOptions & { readonly dayUs: Micros },
): AsyncIterable<ReadMinute> {
  const fromUs = Math.max(0, dayUs - MINUTE_US);
  return readMinutes(channel, { ...options, fromUs, untilUs: dayUs + DAY_US + MINUTE_US });
}

/** The files of a day, in order of their keys: coverage, the channel's orders, chat. */
export async function* filesOfDay(
  channel: string,
  { store, dayUs, signal }: { readonly store: BatchStore; readonly dayUs: Micros } & AbortOptions,
): AsyncIterable<ArchiveKey> {
  const hours = Array.from({ length: DAY_US / HOUR_US }, (_, hour) => dayUs + hour * HOUR_US);
  const prefixes = [
    ...hours.map((hourUs) => coveragePrefix(channel, hourUs)),
    redactionPrefix(channel),
    ...hours.map((hourUs) => hourPrefix(channel, hourUs)),
  ];
  for (const prefix of prefixes) yield* store.list(prefix, { signal });
}

function saltOf(random: Random): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => Math.floor(random.next() * 256));
}
