import { collect } from "../../async/collect.ts";
import { type ArchiveKey, minutePrefix } from "../../core/archive/archive_key.ts";
import { splitBatch } from "../../core/batch/batch.ts";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import { contentKey, contentOfFields, sentUs } from "../../core/batch/content.ts";
import { formatFloat } from "../../core/json/canonical_json.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import { ChannelFiles } from "../../engine/read/files/channel_files.ts";
import { listingsOf } from "../../engine/read/files/minute_listing.ts";
import { readMinutes } from "../../engine/read/read_minutes.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import { noopReporter } from "../../ports/reporter.ts";
import {
  type ComparedSource,
  type Comparison,
  EXAMPLES_SHOWN,
  type LonelyMinutes,
  type MinuteProgress,
  RUNS_SHOWN,
} from "./report.ts";
import type { Source } from "./source.ts";

/** The parts of a source that are compared. */
export type Comparable = Pick<Source, "id" | "channels" | "minutes" | "store">;

/** What a comparison works with. */
export interface CompareOptions {
  /** All sources as one archive: what a reader sees. */
  readonly archive: BatchStore;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MinuteProgress) => void;
}

/**
 * Compares `sources` message by message: what each has and lacks beside the others.
 *
 * What is counted and shown are the messages that `readMinutes` gives of all sources together, so
 * nothing that a redaction or a tombstone of any source hides. Equal files hold equal messages:
 * where all sources have the same files, no file is read for the comparison.
 */
export async function compareSources(
  sources: readonly Comparable[],
  { archive, hasher, signal, onProgress }: CompareOptions,
): Promise<Comparison> {
  const tally = new Tally(sources);
  const channels = [...new Set(sources.flatMap((source) => source.channels))].sort();
  const total = channels.reduce((sum, channel) => {
    return sum + new Set(sources.flatMap((source) => [...source.minutes(channel)])).size;
  }, 0);
  let done = 0;
  // Faults were named when the sources were checked.
  const reading = { store: archive, hasher, reporter: noopReporter };
  for (const channel of channels) {
    const holdings = new Holdings(sources, new ChannelFiles(channel, reading));
    for await (const { minuteUs, bytes } of readMinutes(channel, { ...reading, signal })) {
      const lines = splitBatch(bytes);
      tally.add({ channel, minuteUs, lines, holders: await holdings.at(minuteUs) });
      onProgress({ done: ++done, total, key: minutePrefix(channel, minuteUs) });
    }
  }
  return tally.comparison();
}

/** The sightings of one source around a minute, as {@link sightingsIn} names them. */
type Known = ReadonlySet<string>;

/** Which source has which sightings of a channel, minute by minute. */
class Holdings {
  readonly #sources: readonly Comparable[];
  readonly #files: ChannelFiles;
  readonly #listed = new Map<Micros, Promise<readonly ArchiveKey[]>>();
  #hasOrders = false;

  constructor(sources: readonly Comparable[], files: ChannelFiles) {
    this.#sources = sources;
    this.#files = files;
  }

  /**
   * The sightings that each source has of the messages of a minute; `undefined` where all have the same. A
   * sighting of one lies at most a minute away: its range touches the message, and its file.
   */
  async at(minuteUs: Micros): Promise<readonly Known[] | undefined> {
    for (const each of this.#listed.keys()) {
      if (each < minuteUs - MINUTE_US) this.#listed.delete(each);
    }
    const around = [minuteUs - MINUTE_US, minuteUs, minuteUs + MINUTE_US].filter((at) => at >= 0);
    const keys = (await Promise.all(around.map((at) => this.#list(at)))).flat();
    const held = this.#sources.map(({ store }) => keys.filter((key) => store.has(key)));
    if (held.every((each) => each.length === keys.length)) return undefined;
    if (!this.#hasOrders) {
      this.#hasOrders = true;
      await this.#files.refreshRedactions();
    }
    return await Promise.all(held.map((each) => this.#read(each)));
  }

  #list(minuteUs: Micros): Promise<readonly ArchiveKey[]> {
    let found = this.#listed.get(minuteUs);
    if (found === undefined) this.#listed.set(minuteUs, found = this.#listNow(minuteUs));
    return found;
  }

  async #listNow(minuteUs: Micros): Promise<readonly ArchiveKey[]> {
    const { store, channel } = this.#files;
    const keys = await collect(store.list(minutePrefix(channel, minuteUs)));
    return listingsOf(keys).get(minuteUs)?.batches ?? [];
  }

  async #read(keys: readonly ArchiveKey[]): Promise<Known> {
    const known = new Set<string>();
    for (const key of keys) {
      const batch = await this.#files.load(key);
      if (!batch?.ok) continue;
      for (const { text } of batch.sightings.lines()) {
        for (const name of sightingsIn(text)) known.add(name);
      }
    }
    return known;
  }
}

/** Names of the sightings in a line: one for all receivers of an exact message. */
function sightingsIn(line: string): string[] {
  const message = parseCanonicalLine(line);
  const content = contentKey(contentOfFields(message));
  if (sentUs(message.tags) !== undefined) return [content];
  return Object.entries(message.receivers).map(([receiver, sighting]) => {
    const receivedS = typeof sighting === "number" ? sighting : sighting.received;
    return `${content}\n${formatFloat(receivedS)} ${receiver}`;
  });
}

interface Count {
  onlyHere: number;
  missingHere: number;
  minutesOnlyHere: number;
  readonly runs: LonelyMinutes[];
  readonly examples: string[];
}

class Tally {
  readonly #sources: readonly Comparable[];
  readonly #counts: readonly Count[];
  #common = 0;
  #messages = 0;

  constructor(sources: readonly Comparable[]) {
    this.#sources = sources;
    this.#counts = sources.map(() => ({
      onlyHere: 0,
      missingHere: 0,
      minutesOnlyHere: 0,
      runs: [],
      examples: [],
    }));
  }

  /** Counts the messages of a minute by the sources that have them. */
  add({ channel, minuteUs, lines, holders }: {
    readonly channel: string;
    readonly minuteUs: Micros;
    readonly lines: readonly string[];
    readonly holders: readonly Known[] | undefined;
  }): void {
    this.#messages += lines.length;
    const having = this.#sources.map(() => holders === undefined && lines.length > 0);
    if (holders === undefined) this.#common += lines.length;
    else {
      for (const line of lines) {
        const names = sightingsIn(line);
        const has = holders.map((known) => names.some((name) => known.has(name)));
        for (const [i, each] of has.entries()) if (each) having[i] = true;
        this.#count(has, line);
      }
    }
    if (having.filter(Boolean).length === 1 && this.#sources.length > 1) {
      this.#noteLonely(this.#counts[having.indexOf(true)]!, channel, minuteUs);
    }
  }

  #count(having: readonly boolean[], line: string): void {
    const holders = having.filter(Boolean).length;
    if (holders === having.length) this.#common++;
    for (const [i, has] of having.entries()) {
      const count = this.#counts[i]!;
      if (!has) count.missingHere++;
      else if (holders === 1) {
        count.onlyHere++;
        if (count.examples.length < EXAMPLES_SHOWN) count.examples.push(line);
      }
    }
  }

  #noteLonely(count: Count, channel: string, minuteUs: Micros): void {
    count.minutesOnlyHere++;
    const run = count.runs.at(-1);
    if (run?.channel === channel && run.lastUs === minuteUs - MINUTE_US) {
      count.runs[count.runs.length - 1] = { ...run, lastUs: minuteUs };
    } else if (count.runs.length < RUNS_SHOWN) {
      count.runs.push({ channel, firstUs: minuteUs, lastUs: minuteUs });
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
