import { collect } from "../../async/collect.ts";
import { fileSystemStore } from "../../adapters/file_system/file_system_store.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import { parseArchiveKey } from "../../core/archive/archive_key.ts";
import { decodeBatch } from "../../core/batch/batch.ts";
import { sentUs } from "../../core/batch/content.ts";
import { parseIrcLine } from "../../core/irc/irc_line.ts";
import type { Micros } from "../../core/time.ts";
import { settleArchive } from "../../engine/settle/settle_archive.ts";
import { verifyArchive } from "../../engine/verify/verify_archive.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Truth } from "../../testing/simulated_twitch/truth.ts";
import type { VerbContext } from "../frame/context.ts";

/** One recorder of the demo. */
export interface DemoNode {
  readonly name: string;
  readonly archive: string;
}

/** What really happened, and the time in which both recorders were connected. */
export interface DemoTruth {
  readonly truth: Truth;
  readonly sinceUs: Micros;
  readonly untilUs: Micros;
}

/** Prints what each recorder has, merges and verifies. Returns whether all is well. */
export async function reportDemo(
  nodes: readonly [DemoNode, DemoNode],
  happened: DemoTruth,
  { print, reporter, signal }: VerbContext,
): Promise<boolean> {
  const hasher = await bestHasher();
  const sent = sentIds(happened);
  const first = fileSystemStore(nodes[0].archive);
  const second = fileSystemStore(nodes[1].archive);
  const stores = [first, second];
  await print(`Twitch sent ${sent.size} messages with an id meanwhile.\n`);
  for (const [i, { name }] of nodes.entries()) {
    await print(`  ${name.padEnd(9)} ${tell(await archivedIds(stores[i]!), sent)}\n`);
  }
  await copyAll(first, second);
  await copyAll(second, first);
  for (const store of stores) await settleArchive({ store, hasher, reporter, signal });
  const merged = await archivedIds(first);
  await print(`  merged    ${tell(merged, sent)}\n\n`);

  const isSame = JSON.stringify(await collect(first.list(""))) ===
    JSON.stringify(await collect(second.list("")));
  await print(
    isSame
      ? "Copied to each other and merged, the two archives are the same, byte for byte.\n"
      : "The two archives differ after copying and merging.\n",
  );
  let isFine = isSame;
  for (const [i, { name, archive }] of nodes.entries()) {
    const findings = [];
    for await (const finding of verifyArchive({ store: stores[i]!, hasher, signal })) {
      findings.push(finding);
    }
    isFine &&= findings.length === 0;
    const outcome = findings.length === 0 ? "nothing wrong" : `${findings.length} found wrong`;
    await print(`verify ${name}: ${outcome} (${archive})\n`);
  }
  return isFine;
}

/** The ids of messages that were sent while both were connected. */
function sentIds({ truth, sinceUs, untilUs }: DemoTruth): Set<string> {
  const ids = new Set<string>();
  for (const { line, timeUs } of truth.events) {
    if (timeUs < sinceUs || timeUs >= untilUs) continue;
    const parsed = parseIrcLine(line);
    if (!parsed.ok || sentUs(parsed.message.tags) === undefined) continue;
    const id = parsed.message.tags?.["id"];
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

async function archivedIds(store: BatchStore): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const key of await collect(store.list(""))) {
    const bytes = parseArchiveKey(key)?.kind === "batch" ? await store.get(key) : undefined;
    if (bytes === undefined) continue;
    for (const { tags } of decodeBatch(bytes)) if (tags?.["id"] !== undefined) ids.add(tags["id"]);
  }
  return ids;
}

function tell(archived: ReadonlySet<string>, sent: ReadonlySet<string>): string {
  const heard = [...sent].filter((id) => archived.has(id)).length;
  const missing = sent.size - heard;
  return `has ${heard}${missing === 0 ? ": all of them" : `, missed ${missing}`}`;
}

async function copyAll(from: BatchStore, to: BatchStore): Promise<void> {
  for (const key of await collect(from.list(""))) {
    const bytes = await from.get(key);
    if (bytes !== undefined) await to.put(key, bytes);
  }
}
