import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import { errnoOf } from "../calls/file_errors.ts";

/** Which process it is, in a way that another process can check. Unknown parts are `""`. */
export interface ProcessIdentity {
  readonly host: string;
  /** Linux's id of this boot of the machine: the same kernel runs as long as it is the same. */
  readonly bootId: string;
  /** The namespace in which {@link ProcessIdentity.pid} counts, as containers have their own. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot: tells it from a later one with its pid. */
  readonly startTicks: string;
}

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [bootId, pidNamespace, stat] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(unknown),
    readlink("/proc/self/ns/pid").catch(unknown),
    readFile("/proc/self/stat", "utf8").catch(unknown),
  ]);
  return {
    host: hostname(),
    bootId: bootId.trim(),
    pidNamespace: String(pidNamespace),
    pid: process.pid,
    startTicks: parseStat(stat).startTicks,
  };
}

/** The identity in a text of JSON, or `undefined` if there is none in it. */
export function decodeIdentity(text: string): ProcessIdentity | undefined {
  let fields: Partial<Record<keyof ProcessIdentity, unknown>> | null;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { host, bootId, pidNamespace, pid, startTicks } = fields ?? {};
  const areTexts = typeof host === "string" && typeof bootId === "string" &&
    typeof pidNamespace === "string" && typeof startTicks === "string";
  if (!areTexts || typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) {
    return undefined;
  }
  return { host, bootId, pidNamespace, pid, startTicks };
}

/** Whether the process that `identity` names lives; `undefined` if that cannot be told from here. */
export async function isProcessAlive(identity: ProcessIdentity): Promise<boolean | undefined> {
  const own = await ownIdentity();
  const isSameKernel = own.bootId !== "" && identity.bootId === own.bootId;
  const isSameCount = own.pidNamespace !== "" && identity.pidNamespace === own.pidNamespace;
  if (!isSameKernel || !isSameCount) return undefined;
  const exists = doesPidExist(identity.pid);
  if (exists !== true) return exists;
  const { state, startTicks } = parseStat(
    await readFile(`/proc/${identity.pid}/stat`, "utf8").catch(unknown),
  );
  // A process whose parent has not waited for it yet has a pid, but it does nothing any more.
  if (state === "Z" || state === "X") return false;
  if (startTicks === "" || identity.startTicks === "") return undefined; // /proc is hidden.
  return startTicks === identity.startTicks;
}

function doesPidExist(pid: number): boolean | undefined {
  try {
    process.kill(pid, 0); // Signal 0 only asks.
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    return errnoOf(error) === "EPERM" ? true : undefined;
  }
}

// `pid (name) state ppid …`, see proc_pid_stat(5). The name may hold blanks and parentheses.
function parseStat(stat: string): { state: string; startTicks: string } {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTicks: fields[19] ?? "" };
}

// Not on Linux, or /proc is not readable: the heartbeat decides.
function unknown(): string {
  return "";
}
