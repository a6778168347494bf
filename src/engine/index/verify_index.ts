import { formatHour } from "../../core/archive/archive_key.ts";
import { FactsCollector } from "../../core/index/facts_collector.ts";
import type { HourFacts } from "../../core/index/hour_facts.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { ChatIndex, IndexedHour } from "../../ports/index/chat_index.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { runWithRests } from "../read/work_breaks.ts";
import { readMinutes } from "../read/read_minutes.ts";
import type { Finding } from "../verify/finding.ts";
import type { HourStamps } from "./hour_stamps.ts";

/** What {@link verifyIndex} compares. */
export interface VerifyIndexOptions extends AbortOptions {
  readonly index: ChatIndex;
  readonly store: BatchStore;
  readonly stamps: HourStamps;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  /** Called after each hour that was compared. */
  readonly onProgress?: (hours: number, hour: string) => void;
}

/**
 * Compares what an index says of a channel with the archive: for each hour that it claims to know, whether it names
 * the minutes of each user and each word, and counts the messages. Yields the hours of which it does not. Returns how
 * many hours were compared; hours that it does not claim to know are none of them.
 *
 * @throws {ChatloomError} when the store or the index fails.
 */
export async function* verifyIndex(
  channel: string,
  options: VerifyIndexOptions,
): AsyncGenerator<Finding, number> {
  const { index, stamps, signal } = options;
  const hours = await index.hours(channel, { signal });
  const orders = await stamps.orders(channel, { signal });
  const claimed = (await stamps.unchanged(channel, hours, { signal }))
    .filter(({ stamp }) => stamp.orders === orders);
  let compared = 0;
  for (const hour of claimed) {
    signal?.throwIfAborted();
    const facts = await readFacts(channel, hour.hourUs, options);
    const reason = await differenceOf(channel, hour, { facts, index, signal });
    compared++;
    options.onProgress?.(compared, `${channel} ${formatHour(hour.hourUs)}`);
    if (reason === undefined) continue;
    // Of files that changed meanwhile the index has to know nothing.
    const [now] = await stamps.unchanged(channel, [hour], { signal });
    if (now === undefined) continue;
    yield { kind: "index-differs", path: `${channel}/chat/${formatHour(hour.hourUs)}`, reason };
  }
  return compared;
}

async function readFacts(
  channel: string,
  hourUs: Micros,
  { store, hasher, reporter, signal }: VerifyIndexOptions,
): Promise<HourFacts> {
  const collector = new FactsCollector();
  const span = { fromUs: hourUs, untilUs: hourUs + HOUR_US };
  for await (const minute of readMinutes(channel, { store, hasher, reporter, signal, ...span })) {
    await runWithRests(collector.adding(minute));
  }
  return collector.facts();
}

async function differenceOf(
  channel: string,
  { hourUs, counts }: IndexedHour,
  { facts, index, signal }: AbortOptions & { readonly facts: HourFacts; readonly index: ChatIndex },
): Promise<string | undefined> {
  const span = { fromUs: hourUs, untilUs: hourUs + HOUR_US, signal };
  for (const command of new Set([...counts.keys(), ...facts.counts.keys()])) {
    const [told, found] = [counts.get(command) ?? 0, facts.counts.get(command) ?? 0];
    if (told !== found) return `the index counts ${told} ${command}, the files hold ${found}`;
  }
  for (const { id, login, minutes } of facts.people) {
    const person = id === "" ? { ids: [], logins: [login] } : { ids: [id], logins: [] };
    const found = new Set((await index.find(channel, { ...span, person })).map(minuteOf));
    const missed = minutes.find(({ minuteUs }) => !found.has(minuteUs));
    if (missed !== undefined) {
      return `the index does not name user "${id || login}" at ${clockTime(missed.minuteUs)}`;
    }
  }
  const minutesBy = new Map<string, Micros[]>();
  for (const { minuteUs, words } of facts.words) {
    for (const word of words) {
      const known = minutesBy.get(word);
      if (known === undefined) minutesBy.set(word, [minuteUs]);
      else known.push(minuteUs);
    }
  }
  for (const [word, minutes] of minutesBy) {
    const found = new Set((await index.find(channel, { ...span, words: [word] })).map(minuteOf));
    const missed = minutes.find((minuteUs) => !found.has(minuteUs));
    if (missed !== undefined) return `the index misses a word at ${clockTime(missed)}`;
  }
  return undefined;
}

function minuteOf({ minuteUs }: { readonly minuteUs: Micros }): Micros {
  return minuteUs;
}

function clockTime(minuteUs: Micros): string {
  return `${`${minuteUs % HOUR_US / MINUTE_US}`.padStart(2, "0")} min past the hour`;
}
