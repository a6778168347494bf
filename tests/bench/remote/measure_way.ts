import process from "node:process";
import { eachFile, type MadeFile } from "../worlds/made_batches.ts";
import { machineCpuMs, treeCpuMs } from "./process_cpu.ts";
import { type Role, ROLES, type Way } from "./ways.ts";

/** What a number of batches took. */
export interface Taken {
  readonly count: number;
  readonly wallMs: number;
  /** Of the processors, by role. */
  readonly cpuMs: ReadonlyMap<Role, number>;
  /** Of the processors, by all programs of the machine. */
  readonly machineMs: number;
}

/** Stores `files` on a way. The work of others that goes on meanwhile is counted where they share a process. */
export async function measureWay(way: Way, files: readonly MadeFile[]): Promise<Taken> {
  return await taken(way, {
    count: files.length,
    work: () => eachFile(files, way.width, ({ key, bytes }) => way.store.put(key, bytes)),
  });
}

/** What `work` on a way takes. */
export async function taken(
  way: Way,
  { count, work }: { readonly count: number; readonly work: () => Promise<unknown> },
): Promise<Taken> {
  const before = cpuOf(way);
  const [startMs, machineBefore] = [performance.now(), machineCpuMs()];
  await work();
  const [wallMs, machineMs] = [performance.now() - startMs, machineCpuMs() - machineBefore];
  const cpuMs = new Map([...cpuOf(way)].map(([role, ms]) => [role, ms - before.get(role)!]));
  return { count, wallMs, cpuMs, machineMs };
}

function cpuOf({ pids }: Way): ReadonlyMap<Role, number> {
  return new Map(
    ROLES.filter((role) => pids.has(role)).map((role) => {
      // The servers and workers are children of this process.
      if (role === "client") return [role, ownCpuMs()];
      return [role, pids.get(role)!.reduce((sum, pid) => sum + treeCpuMs(pid), 0)];
    }),
  );
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The best of several: the least of each figure, which a busy neighbour disturbs least. */
export function leastOf(rounds: readonly Taken[]): Taken {
  const [first] = rounds;
  const least = (of: (each: Taken) => number) => Math.min(...rounds.map(of));
  return {
    count: first!.count,
    wallMs: least(({ wallMs }) => wallMs),
    machineMs: least(({ machineMs }) => machineMs),
    cpuMs: new Map(
      [...first!.cpuMs.keys()].map((role) => [role, least(({ cpuMs }) => cpuMs.get(role)!)]),
    ),
  };
}

/** What a batch costs a role, in ms of a processor. */
export function perBatchMs({ cpuMs, count }: Taken, role: Role): number {
  return (cpuMs.get(role) ?? 0) / count;
}
