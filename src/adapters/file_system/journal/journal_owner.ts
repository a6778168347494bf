import { join } from "node:path";
import { closing, readWhole } from "../calls/durable_files.ts";
import type { FileCalls } from "../calls/file_calls.ts";
import { isAbsence } from "../calls/file_errors.ts";
import { CLOSED_FILE, OWNER_FILE } from "./journal_names.ts";
import { decodeIdentity, isProcessAlive, type ProcessIdentity } from "./process_identity.ts";

const OWNER_MAX_BYTES = 64 * 1024;

/** Who writes or wrote a run. */
export interface Owner extends ProcessIdentity {
  /** When the run began, in ms since 1970 by the owner's wall clock. */
  readonly startedMs: number;
}

/** What a run's folder tells about its owner. */
export interface OwnerRecord {
  /** `undefined` where the file is missing or says nothing of use, as after a crash of the disk. */
  readonly owner: Owner | undefined;
  readonly isClosed: boolean;
}

/** The owner's file as bytes. Undone by {@link readOwner}. */
export function encodeOwner(owner: Owner): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(owner)}\n`);
}

/** Reads who owns the run in `folder`. */
export async function readOwner(calls: FileCalls, folder: string): Promise<OwnerRecord> {
  const open = await readIfThere(calls, join(folder, OWNER_FILE));
  if (open !== undefined) return { owner: decodeOwner(open), isClosed: false };
  const closed = await readIfThere(calls, join(folder, CLOSED_FILE));
  if (closed === undefined) return { owner: undefined, isClosed: false };
  return { owner: decodeOwner(closed), isClosed: true };
}

/**
 * Whether no process writes the run in `folder` any more.
 *
 * Where the owner's process can be looked up, that decides. Elsewhere, as on another machine or in
 * another container, it does if nothing in the folder was written in the last `deadAfterMs`, by
 * the file system's own clock, which `nowMs` asks.
 */
export async function isRunDead(
  calls: FileCalls,
  folder: string,
  { record, deadAfterMs, nowMs }: {
    readonly record: OwnerRecord;
    readonly deadAfterMs: number;
    nowMs(): Promise<number>;
  },
): Promise<boolean> {
  if (record.isClosed) return true;
  const isAlive = record.owner && await isProcessAlive(record.owner);
  if (isAlive !== undefined) return !isAlive;
  try {
    let newestMs = (await calls.stat(folder)).modifiedMs;
    for (const { name } of await calls.names(folder)) {
      newestMs = Math.max(newestMs, (await calls.stat(join(folder, name))).modifiedMs);
    }
    return await nowMs() - newestMs > deadAfterMs;
  } catch (error) {
    // Something came or went just now: a process is at work there.
    if (isAbsence(error)) return false;
    throw error;
  }
}

function decodeOwner(bytes: Uint8Array): Owner | undefined {
  const text = new TextDecoder().decode(bytes);
  const identity = decodeIdentity(text);
  if (identity === undefined) return undefined; // The heartbeat decides.
  const { startedMs }: { startedMs?: unknown } = JSON.parse(text);
  return typeof startedMs === "number" ? { ...identity, startedMs } : undefined;
}

async function readIfThere(calls: FileCalls, path: string): Promise<Uint8Array | undefined> {
  try {
    if ((await calls.stat(path)).kind !== "file") return undefined;
    const file = await calls.open(path);
    return await closing(file, () => readWhole(file, OWNER_MAX_BYTES));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
