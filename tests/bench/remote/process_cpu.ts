import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Linux counts processor time in hundredths of a second, whatever the machine (`USER_HZ`). */
const TICK_MS = 10;
/** Where user and system time are, and behind them those of children that ended. */
const OWN = 11;

/**
 * What a process, all that it has started, and what of these has ended took of the processors so far, in ms; 0 for
 * one that is not there.
 */
export function treeCpuMs(pid: number): number {
  let ticks = 0;
  for (const each of [pid, ...descendantsOf(pid)]) {
    ticks += fieldsOf(each).slice(OWN, OWN + 4).reduce((sum, field) => sum + field, 0);
  }
  return ticks * TICK_MS;
}

/** What the processes that this one has started took, of those that have ended, in ms. */
export function endedChildrenMs(): number {
  const [user = 0, system = 0] = fieldsOf(process.pid).slice(OWN + 2);
  return (user + system) * TICK_MS;
}

/** What all programs of the machine took of its processors so far, in ms. */
export function machineCpuMs(): number {
  // user, nice, system, idle, waiting for disks, interrupts, soft interrupts, taken by the host
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, stolen = 0] = readFileSync(
    "/proc/stat",
    "utf8",
  ).split("\n")[0]!.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq + stolen) * TICK_MS;
}

/** What Linux says of a process, behind its name, which may hold anything. */
function fieldsOf(pid: number): number[] {
  return read(`${pid}/stat`)?.split(") ").at(-1)?.split(" ").map(Number) ?? [];
}

function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  for (const task of tasksOf(pid)) {
    const children = read(`${pid}/task/${task}/children`)?.split(" ") ?? [];
    for (const child of children) {
      if (child.trim() !== "") found.push(Number(child), ...descendantsOf(Number(child)));
    }
  }
  return found;
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // It has ended.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined; // It has ended.
  }
}
