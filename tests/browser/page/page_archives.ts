/** Archives on disk for tests of the page, and what settling them on the command line gives. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { fromSeconds, minuteOf } from "../../../src/core/time.ts";
import { importCapture } from "../../../src/engine/import/import_capture.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { generatedChat } from "../../../src/testing/generated_chat/generated_chat.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { runCli } from "../../cli/run_cli.ts";

/** Where the reference's files are, if they are here. */
export const GOLDEN: string = fileURLToPath(
  new URL("../../../../shared/data/golden/", import.meta.url),
);

const hasher = await wasmHasher();

/** Files by their path in a folder, with `/`. */
export type Tree = ReadonlyMap<string, Uint8Array>;

/** Reads all files in `folder`. */
export function readTree(folder: string): Tree {
  return new Map(
    (readdirSync(folder, { recursive: true }) as string[]).sort()
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => [path, new Uint8Array(readFileSync(join(folder, path)))]),
  );
}

/** The same without the notes that settling keeps for itself. */
export function readBatches(folder: string): Tree {
  return new Map([...readTree(folder)].filter(([path]) => path.endsWith(".json")));
}

/** Asserts that two trees hold the same files with the same bytes; fast, unlike `deepEqual`. */
export function assertSameTree(actual: Tree, expected: Tree): void {
  assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort());
  for (const [path, bytes] of expected) {
    assert.ok(Buffer.compare(actual.get(path)!, bytes) === 0, `${path} has other bytes`);
  }
}

/** Writes files into `folder`. */
export function writeTree(folder: string, tree: Tree): void {
  for (const [path, bytes] of tree) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}

/** What `chatloom settle` leaves of archives that were copied into one folder. */
export async function settledTogether(folder: string, archives: readonly string[]): Promise<Tree> {
  for (const archive of archives) cpSync(archive, folder, { recursive: true });
  const { exitCode, stderr } = await runCli(["settle", "--archive", folder]);
  assert.equal(exitCode, 0, stderr);
  return readBatches(folder);
}

/** How generated chat is made. */
export interface GeneratedOptions {
  readonly channel: string;
  /** @default 1 */
  readonly roomId?: string;
  readonly seed: string;
  readonly startMs: number;
  readonly messages: number;
  readonly ratePerSecond: number;
  /** Who heard it: their names stand in the receivers' ids by way of the capture's bytes. */
  readonly name?: string;
  /** Which lines it did not hear. */
  readonly isMissed?: (line: number) => boolean;
}

/** A capture of generated chat: a line each, with its received time in front. */
export function* generatedLines(options: GeneratedOptions): Generator<string> {
  const { channel, seed, startMs, messages, ratePerSecond } = options;
  const chat = generatedChat(channel, {
    random: seededRandom(seed),
    roomId: options.roomId ?? "1",
    startUs: startMs * 1000,
    ratePerSecond,
    mix: { MEMBERSHIP: 40 },
  });
  const next = chat.sources.map((source) => ({ source, line: source.next() }));
  for (let count = 0; count < messages; count++) {
    const [first] = next.filter(({ line }) => line !== undefined)
      .sort((a, b) => a.line!.arrivalUs - b.line!.arrivalUs);
    if (first === undefined) return;
    const { arrivalUs, line } = first.line!;
    first.line = first.source.next();
    if (options.isMissed?.(count)) continue;
    const receivedS = (arrivalUs / 1e6 + (options.name?.length ?? 0) / 100).toFixed(6);
    yield `${receivedS} ${line}\n`;
  }
}

/** Generated chat as an archive in memory, as importing it gives. */
export async function generatedArchive(options: GeneratedOptions): Promise<BatchStore> {
  const store = memoryStore();
  const capture = {
    name: options.name ?? "generated",
    async *open() {
      const encoder = new TextEncoder();
      let text = `# ${options.name}\n`; // Another name, other bytes, another receiver.
      for (const line of generatedLines(options)) {
        text += line;
        if (text.length < 1 << 20) continue;
        yield encoder.encode(text);
        text = "";
        await Promise.resolve();
      }
      yield encoder.encode(text);
    },
  };
  await importCapture(capture, { store, hasher, reporter: noopReporter });
  return store;
}

/** All files of a store. */
export async function storeTree(store: BatchStore): Promise<Tree> {
  const tree = new Map<string, Uint8Array>();
  for await (const key of store.list("")) tree.set(key, (await store.get(key))!);
  return tree;
}

/** Stores messages of one minute as one batch. */
export async function putMessages(
  store: BatchStore,
  channel: string,
  messages: readonly Message[],
): Promise<void> {
  const bytes = encodeBatch(messages);
  const timeUs = minuteOf(fromSeconds(messages[0]!.time));
  await store.put(batchKey(channel, { timeUs, digest: hasher.digest(bytes) }), bytes);
}

/** A message of 2026-08-02, 12:00 UTC. */
export function said(text: string, { second = 0, tags = {} }: {
  readonly second?: number;
  readonly tags?: Record<string, string>;
} = {}): Message {
  const ms = Date.UTC(2026, 7, 2, 12, 0, second);
  return {
    command: "PRIVMSG",
    params: ["#search", text],
    sender: `user${second}`,
    user: `user${second}`,
    host: "x",
    tags: { "tmi-sent-ts": `${ms}`, id: `id${second}`, ...tags },
    receivers: { "a.AAAAA.0": ms / 1000 + 0.5 },
    time: ms / 1000,
    time_range: 0,
  };
}

/** What `login` said at `timeS`, in seconds since 1970, as one receiver heard it half a second later. */
export function lineAt(
  timeS: number,
  { login, text, tags, ...more }:
    & { readonly login: string; readonly text: string }
    & Partial<Message>,
): Message {
  return {
    ...said(text),
    sender: login,
    user: login,
    time: timeS,
    receivers: { "a.AAAAA.0": timeS + 0.5 },
    ...more,
    tags: { "tmi-sent-ts": `${timeS * 1_000}`, id: `${login}-${timeS}`, ...tags },
  };
}
