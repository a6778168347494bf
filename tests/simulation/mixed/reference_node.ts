import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { shuffled } from "../../../src/testing/chance/seeded_random.ts";
import { mergeReference, readReferenceFile, writeReferenceFile } from "./reference_merge.ts";

// A model of a node of the reference: its merger, which walks a tree, and its backfiller. Both die on
// names that they do not expect, as the reference's do; here that is an exception.

const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;
const MINUTE_S = 60;

/** A file in a tree. */
interface Place {
  readonly hour: string;
  readonly name: string;
}

/** A node of the reference whose archive is in a folder. */
export class ReferenceNode {
  readonly root: string;
  readonly #random: SeededRandom;

  /** `random` decides in which order folders are listed: any order is the directory's. */
  constructor(root: string, random: SeededRandom) {
    this.root = root;
    this.#random = random;
  }

  /** Writes a batch as its recorder does. */
  async record(channel: string, timeS: number, bytes: Uint8Array): Promise<void> {
    await this.#write(channel, timeS, bytes);
  }

  /**
   * Merges each minute of a channel that has more than one file with its neighbours. Throws where the
   * reference's recorder ends.
   *
   * @returns how many minutes it merged.
   */
  async mergeAll(channel: string): Promise<number> {
    const minutes = await this.#minutes(channel);
    let merged = 0;
    for (const timeS of [...minutes.keys()].sort((a, b) => a - b)) {
      if ((minutes.get(timeS)?.length ?? 0) < 2) continue;
      await this.#merge(channel, timeS, minutes);
      merged++;
    }
    return merged;
  }

  /** Every `.json` in every entry of the channel's folder, hidden ones too, by its minute. */
  async #minutes(channel: string): Promise<Map<number, Place[]>> {
    const minutes = new Map<number, Place[]>();
    const chat = join(this.root, channel, "chat");
    for (const hour of await this.#names(chat)) {
      for (const name of await this.#names(join(chat, hour))) {
        if (!name.endsWith(".json")) continue;
        const timeS = parseTime(`${hour}:${name.slice(0, name.indexOf("-"))}`);
        minutes.set(timeS, [...minutes.get(timeS) ?? [], { hour, name }]);
      }
    }
    return minutes;
  }

  async #merge(channel: string, timeS: number, minutes: Map<number, Place[]>): Promise<void> {
    const old = [timeS - MINUTE_S, timeS, timeS + MINUTE_S].flatMap((at) => minutes.get(at) ?? []);
    let messages: ReturnType<typeof readReferenceFile> = [];
    for (const { hour, name } of old) {
      const bytes = await readFile(join(this.root, channel, "chat", hour, name));
      messages = mergeReference(messages, readReferenceFile(bytes));
    }
    for (const at of [timeS - MINUTE_S, timeS, timeS + MINUTE_S]) minutes.delete(at);
    const byMinute = new Map<number, typeof messages>();
    for (const message of messages) {
      const at = Math.floor(message.time / MINUTE_S) * MINUTE_S;
      byMinute.set(at, [...byMinute.get(at) ?? [], message]);
    }
    const written: Place[] = [];
    for (const [at, some] of byMinute) {
      const place = await this.#write(channel, at, writeReferenceFile(some));
      written.push(place);
      minutes.set(at, [...minutes.get(at) ?? [], place]);
    }
    for (const { hour, name } of old) {
      if (written.some((place) => place.hour === hour && place.name === name)) continue;
      await rm(join(this.root, channel, "chat", hour, name)); // One that has vanished raises.
    }
  }

  /**
   * Pulls from `url` what is not on this disk. Throws where the reference's backfiller ends its pass.
   *
   * @param options.extras folders that it asks for as well, as it does by default
   * @returns how many files it pulled.
   */
  async backfill(
    url: string,
    { extras = [] }: { readonly extras?: readonly string[] } = {},
  ): Promise<number> {
    for (const folder of extras) await listAt(`${url}/extras/${folder}`);
    let pulled = 0;
    for (const channel of await listAt(`${url}/files`)) {
      for (const quality of await listAt(`${url}/files/${channel}`)) {
        const hours = await listAt(`${url}/files/${channel}/${quality}`);
        for (const hour of hours.filter((name) => !name.startsWith("."))) {
          if (!HOUR.test(hour)) throw new RangeError(`no hour: ${hour}`);
          pulled += await this.#backfillHour(url, `${channel}/${quality}/${hour}`);
        }
      }
    }
    return pulled;
  }

  async #backfillHour(url: string, path: string): Promise<number> {
    const own = new Set(await this.#names(join(this.root, path)).catch(() => []));
    let pulled = 0;
    for (const name of await listAt(`${url}/files/${path}?tombstones=true`)) {
      if (name.startsWith(".")) continue;
      if (!/^\d\d:\d\d(\.\d+)?-/.test(name)) throw new RangeError(`no time: ${name}`);
      if (own.has(name)) continue;
      if (name.endsWith(".tombstone")) {
        await writeFile(join(this.root, path, name), ""); // It does not make the hour's folder.
        continue;
      }
      if (own.has(name.replace(/json$/, "tombstone"))) continue;
      const answer = await fetch(`${url}/segments/${path}/${name}`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 200) throw new RangeError(`${answer.status} for ${name}`);
      if (!name.includes(hashOf(bytes))) throw new RangeError(`wrong hash: ${name}`);
      await mkdir(join(this.root, path), { recursive: true });
      await writeFile(join(this.root, path, name), bytes);
      pulled++;
    }
    return pulled;
  }

  /** All files of its tree, by path. */
  async files(): Promise<Map<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(this.root.length + 1), new Uint8Array(await readFile(path)));
    }
    return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
  }

  async #write(channel: string, timeS: number, bytes: Uint8Array): Promise<Place> {
    const iso = new Date(timeS * 1000).toISOString();
    const place = { hour: iso.slice(0, 13), name: `${iso.slice(14, 19)}-${hashOf(bytes)}.json` };
    const folder = join(this.root, channel, "chat", place.hour);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, place.name), bytes);
    return place;
  }

  async #names(folder: string): Promise<string[]> {
    return shuffled(this.#random, (await readdir(folder)).sort());
  }
}

function parseTime(text: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) throw new RangeError(`no time: ${text}`);
  return Date.parse(`${text}Z`) / 1000;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

async function listAt(url: string): Promise<string[]> {
  const answer = await fetch(url);
  const body = await answer.text();
  if (answer.status !== 200) throw new RangeError(`${answer.status} for ${url}`);
  return JSON.parse(body);
}
