import { type ArchiveKey, minutePrefix } from "../../core/archive_key.ts";
import { decodeBatch } from "../../core/batch.ts";
import { contentKey, contentOfFields, sentUs } from "../../core/content.ts";
import type { Message } from "../../core/message.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import {
  type ComparedSource,
  type Comparison,
  EXAMPLES_SHOWN,
  type LonelyMinutes,
  type MinuteProgress,
  RUNS_SHOWN,
} from "./report.ts";
import type { Source } from "./source.ts";

/** What a comparison works with. */
export interface CompareOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MinuteProgress) => void;
}

/**
 * Says what each of `sources` has and lacks beside the others, message by message.
 *
 * Holds three minutes of each at a time: a message whose time is not exact may stand in the next
 * minute elsewhere. Equal files hold equal messages, so where all have the same nothing is read.
 */
export async function compareSources(
  sources: readonly Source[],
  { signal, onProgress }: CompareOptions,
): Promise<Comparison> {
  const tally = new Tally(sources);
  const channels = [...new Set(sources.flatMap((source) => source.channels))].sort();
  const plan = channels.map((channel) => ({ channel, minutes: minutesOf(sources, channel) }));
  const total = plan.reduce((sum, { minutes }) => sum + minutes.length, 0);
  let done = 0;
  for (const { channel, minutes } of plan) {
    const window = new Window(sources, channel);
    for (const minuteUs of minutes) {
      signal.throwIfAborted();
      tally.minute(channel, minuteUs);
      tally.add(await window.at(minuteUs));
      onProgress({ done: ++done, total, key: minutePrefix(channel, minuteUs) });
    }
  }
  return tally.comparison();
}

function minutesOf(sources: readonly Source[], channel: string): Micros[] {
  const minutes = new Set<Micros>();
  for (const source of sources) for (const each of source.minutes(channel)) minutes.add(each);
  return [...minutes].sort((a, b) => a - b);
}

/** What one source has in one minute: by content, whether it is exact and a line to show. */
type Contents = ReadonlyMap<string, { readonly isExact: boolean; readonly message: Message }>;

/** The minutes around one, each source's contents read once. */
class Window {
  readonly #sources: readonly Source[];
  readonly #channel: string;
  readonly #read = new Map<Micros, Promise<readonly Contents[]>>();

  constructor(sources: readonly Source[], channel: string) {
    this.#sources = sources;
    this.#channel = channel;
  }

  async at(minuteUs: Micros): Promise<readonly [Contents[], Contents[], Contents[]]> {
    for (const each of this.#read.keys()) {
      if (each < minuteUs - MINUTE_US) this.#read.delete(each);
    }
    const [before, here, after] = await Promise.all(
      [minuteUs - MINUTE_US, minuteUs, minuteUs + MINUTE_US].map((each) => this.#minute(each)),
    );
    return [[...before!], [...here!], [...after!]];
  }

  #minute(minuteUs: Micros): Promise<readonly Contents[]> {
    let found = this.#read.get(minuteUs);
    if (found === undefined) this.#read.set(minuteUs, found = this.#load(minuteUs));
    return found;
  }

  async #load(minuteUs: Micros): Promise<readonly Contents[]> {
    const lists = await Promise.all(this.#sources.map(async ({ store }) => {
      const keys: ArchiveKey[] = [];
      for await (const key of store.list(minutePrefix(this.#channel, minuteUs))) {
        if (key.endsWith(".json") && !store.has(key.replace(/json$/, "tombstone"))) keys.push(key);
      }
      return keys;
    }));
    const known = new Map<string, Contents>();
    return await Promise.all(lists.map(async (keys, i) => {
      const name = keys.join("\n");
      const same = known.get(name);
      if (same !== undefined) return same;
      const contents = new Map<string, { isExact: boolean; message: Message }>();
      known.set(name, contents); // The same object, so that equal lists are told at a glance.
      for (const key of keys) {
        const bytes = await this.#sources[i]!.store.get(key);
        for (const message of bytes === undefined ? [] : decodeBatch(bytes)) {
          const isExact = sentUs(message.tags) !== undefined;
          contents.set(contentKey(contentOfFields(message)), { isExact, message });
        }
      }
      return contents;
    }));
  }
}

interface Count {
  onlyHere: number;
  missingHere: number;
  minutesOnlyHere: number;
  readonly runs: LonelyMinutes[];
  readonly examples: string[];
}

class Tally {
  readonly #sources: readonly Source[];
  readonly #counts: readonly Count[];
  #common = 0;
  #messages = 0;

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
    this.#counts = sources.map(() => ({
      onlyHere: 0,
      missingHere: 0,
      minutesOnlyHere: 0,
      runs: [],
      examples: [],
    }));
  }

  /** Notes who has the minute at all. */
  minute(channel: string, minuteUs: Micros): void {
    const having = this.#sources.map((source) => source.minutes(channel).has(minuteUs));
    if (having.filter(Boolean).length !== 1) return;
    const count = this.#counts[having.indexOf(true)]!;
    count.minutesOnlyHere++;
    const run = count.runs.at(-1);
    if (run?.channel === channel && run.lastUs === minuteUs - MINUTE_US) {
      count.runs[count.runs.length - 1] = { ...run, lastUs: minuteUs };
    } else if (count.runs.length < RUNS_SHOWN) {
      count.runs.push({ channel, firstUs: minuteUs, lastUs: minuteUs });
    }
  }

  /** Counts the messages of a minute, each once, by who has them there or right beside. */
  add([before, here, after]: readonly [Contents[], Contents[], Contents[]]): void {
    if (new Set(here).size === 1) {
      this.#common += here[0]!.size;
      this.#messages += here[0]!.size;
      return;
    }
    const seen = new Set<string>();
    for (const contents of here) {
      for (const [key, { isExact, message }] of contents) {
        if (seen.has(key)) continue;
        seen.add(key);
        // In the minute before it has been counted already.
        if (!isExact && before.some((each) => each.has(key))) continue;
        const having = here.map((each, i) => each.has(key) || (!isExact && after[i]!.has(key)));
        this.#count(having, message);
      }
    }
  }

  #count(having: readonly boolean[], message: Message): void {
    this.#messages++;
    const holders = having.filter(Boolean).length;
    if (holders === having.length) this.#common++;
    for (const [i, has] of having.entries()) {
      const count = this.#counts[i]!;
      if (!has) count.missingHere++;
      else if (holders === 1) {
        count.onlyHere++;
        if (count.examples.length < EXAMPLES_SHOWN) count.examples.push(JSON.stringify(message));
      }
    }
  }

  comparison(): Comparison {
    return {
      common: this.#common,
      messages: this.#messages,
      sources: this.#sources.map(({ id }, i): ComparedSource => {
        const { runs, ...count } = this.#counts[i]!;
        return { id, ...count, runsOnlyHere: runs };
      }),
    };
  }
}
