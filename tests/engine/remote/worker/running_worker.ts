import { wasmHasher } from "../../../../src/adapters/hashers/wasm_hasher.ts";
import { systemClock } from "../../../../src/adapters/system/system_clock.ts";
import { systemRandom } from "../../../../src/adapters/system/system_random.ts";
import { inProcessLock } from "../../../../src/engine/settle/in_process_lock.ts";
import { Worker } from "../../../../src/engine/remote/worker/worker.ts";
import type { WorkerOptions } from "../../../../src/engine/remote/worker/worker_options.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import type { SuspectNotes } from "../../../../src/ports/remote/suspect_notes.ts";

const hasher = await wasmHasher();

/** Notes that outlive simulated processes. */
export function memorySuspects(): SuspectNotes {
  const counts = new Map<string, number>();
  return {
    add(id) {
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      return Promise.resolve(count);
    },
    remove(id) {
      counts.delete(id);
      return Promise.resolve();
    },
  };
}

/** A worker that runs until `stop`. */
export interface RunningWorker {
  /** Lets it finish what is in hand. */
  stop(): Promise<void>;
}

/** Runs a worker for `store`; what is left out of its options is that of a real process. */
export function runWorker(
  options: Partial<WorkerOptions> & Pick<WorkerOptions, "broker" | "store">,
): RunningWorker {
  const stopper = new AbortController();
  const worker = new Worker({
    ...{ archive: "main", name: "worker", hasher, lock: inProcessLock(options.store) },
    ...{ clock: systemClock(), random: systemRandom(), reporter: noopReporter },
    suspects: memorySuspects(),
    ...options,
  });
  const ended = worker.run(stopper.signal);
  return {
    async stop() {
      stopper.abort();
      await ended;
    },
  };
}
