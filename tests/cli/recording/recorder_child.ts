import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import type { serveSimulatedTwitch } from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { contentKey, contentOf, contentOfFields } from "../../../src/core/batch/content.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";

/** What recorders of these tests record. */
export const CHANNELS = ["forsen", "ada_lovelace"];

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

/** Starts a recorder of {@link CHANNELS}, as a process of its own, by the command `before`, with `flags`. */
export function record(
  url: string,
  archive: string,
  before: readonly string[] = [],
  flags: readonly string[] = [],
): ChildProcess {
  const args = ["record", ...CHANNELS, "--url", url, "--archive", archive];
  args.push("--log-level", "warning", ...flags);
  const command = [...before, process.execPath, "run", "--allow-all", "--no-check", MAIN, ...args];
  return spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
}

/** Resolves once `isTrue`; fails after half a minute. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !await isTrue(); i++) {
    assert.ok(i < 600, "waited 30 s in vain");
    await sleep(50);
  }
}

/** Content → the receivers that are in the archive for it, once for each sighting. */
async function sightingsByContent(archive: string): Promise<Map<string, string[]>> {
  const store = fileSystemStore(archive);
  const found = new Map<string, string[]>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    for (const message of decodeBatch((await store.get(key))!)) {
      const content = contentKey(contentOfFields(message));
      found.set(content, [...found.get(content) ?? [], ...Object.keys(message.receivers)]);
    }
  }
  return found;
}

type Truth = Awaited<ReturnType<typeof serveSimulatedTwitch>>["twitch"]["truth"];

/** Content → to how many connections it was sent, and how many of them have surely read it. */
function countsOf(truth: Truth) {
  const delivered = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  for (const { connection } of truth.connections) {
    add(delivered, truth.deliveredTo(connection).map(({ line }) => line));
    add(acknowledged, truth.acknowledgedBy(connection).map(({ line }) => line));
  }
  return { delivered, acknowledged };
}

function add(counts: Map<string, number>, lines: readonly string[]): void {
  for (const line of lines) {
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const content = contentKey(contentOf(parsed.message));
    counts.set(content, (counts.get(content) ?? 0) + 1);
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, count) => all + count, 0);
}

/**
 * Checks that an archive has what connections had surely read, and nothing that was not sent to them,
 * each once. Returns how many lines it has, and how many were surely read.
 */
export async function assertNothingLost(
  archive: string,
  { truth, seed }: { readonly truth: Truth; readonly seed: string },
): Promise<{ lines: number; acknowledged: number }> {
  const archived = await sightingsByContent(archive);
  const { delivered, acknowledged } = countsOf(truth);
  let lines = 0;
  for (const [content, receivers] of archived) {
    // A receiver may hear the same JOIN again, but no exact message.
    const isExact = content.includes("tmi-sent-ts");
    if (isExact) assert.equal(new Set(receivers).size, receivers.length, content);
    assert.ok(receivers.length <= (delivered.get(content) ?? 0), `invented or doubled: ${content}`);
    lines += receivers.length;
  }
  for (const [content, count] of acknowledged) {
    const found = archived.get(content)?.length ?? 0;
    assert.ok(found >= count, `${count - found} lost, replay with SIM_SEED=${seed}: ${content}`);
  }
  return { lines, acknowledged: sum(acknowledged) };
}
