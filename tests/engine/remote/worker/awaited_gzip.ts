import { setImmediate as nextTurn } from "node:timers/promises";
import { platformGzip } from "../../../../src/engine/remote/compressed_body.ts";
import type { Gzip } from "../../../../src/ports/remote/gzip.ts";

/**
 * The platform's gzip, and a wait until it is at rest. Runtimes compress on other threads: virtual time must not pass
 * meanwhile, or a call gives up that would have ended at once.
 */
export function awaitedGzip(): { readonly gzip: Gzip; readonly settle: () => Promise<void> } {
  const running = new Set<Promise<unknown>>();
  const counted = <T>(begun: T | Promise<T>): Promise<T> => {
    const work = Promise.resolve(begun);
    running.add(work);
    const done = () => void running.delete(work);
    work.then(done, done);
    return work;
  };
  return {
    gzip: {
      compress: (bytes) => counted(platformGzip.compress(bytes)),
      decompress: (body, lengthBytes) => counted(platformGzip.decompress(body, lengthBytes)),
    },
    async settle() {
      await nextTurn();
      while (running.size > 0) {
        await Promise.allSettled(running);
        await nextTurn();
      }
    },
  };
}
