import { availableParallelism } from "node:os";
import type { Taken } from "./measure_way.ts";
import type { Role } from "./ways.ts";

/** A process that uses so much of one core is busy: most of its work is on one thread. */
const BUSY_SHARE = 0.85;

/**
 * What limits a way, in words. It is the role that has no more of a core to use, or all of them together where the
 * machine has none left, or else waiting: for flushes of the disk and for each other. Where other programs took the
 * cores, it says so.
 */
export function bottleneckOf(
  { wallMs, cpuMs, machineMs }: Taken,
  { processCounts }: { readonly processCounts: ReadonlyMap<Role, number> },
): string {
  const cores = availableParallelism();
  const shares = [...cpuMs].map(([role, ms]) => ({ role, share: ms / wallMs }))
    .sort((a, b) => b.share - a.share);
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  const [most] = shares;
  const told = shares.map(({ role, share }) => `${role} ${share.toFixed(2)}`).join(", ");
  const single = shares.find(({ role, share }) =>
    (role === "client" || role === "workers") &&
    share / (processCounts.get(role) ?? 1) >= BUSY_SHARE
  );
  if (total >= BUSY_SHARE * cores) {
    return `the ${cores} cores, most of all the ${most!.role} (${told})`;
  }
  if (single !== undefined) return `the ${single.role}, a core each (${told})`;
  // Then the figures of this run say nothing of the way.
  const others = machineMs / wallMs - total;
  if (others >= total && machineMs / wallMs >= BUSY_SHARE * cores) {
    return `other programs on this machine, which take ${others.toFixed(2)} cores (${told})`;
  }
  return `waiting for the disk and each other (${told})`;
}
