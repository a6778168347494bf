import { ChatloomError } from "../../core/errors/errors.ts";
import { ownWorker } from "../rpc/own_script.ts";

// A pattern of a few letters can keep a machine busy for years, and a link can carry a pattern.
const PATIENCE_MS = 3_000;

interface Question {
  readonly pattern: string;
  readonly texts: readonly string[];
}

/** The matcher's worker. Its text becomes a script, so it may name nothing from outside. */
function serveMatches(): void {
  const port = globalThis as unknown as Worker;
  port.addEventListener("message", ({ data }: MessageEvent<Question>) => {
    const pattern = new RegExp(data.pattern, "iu");
    port.postMessage(data.texts.map((text) => pattern.test(text)));
  });
}

/** Starts a worker that does nothing but match. */
function startMatcherWorker(): Worker {
  // Its own script: on a page from a disk a worker may not start another from the page's.
  const script = new Blob([`(${serveMatches})()`], { type: "text/javascript" });
  return ownWorker(URL.createObjectURL(script));
}

/** Matches a regular expression in a worker that can be stopped. */
export class Matcher {
  readonly #pattern: string;
  #worker: Worker | undefined;

  /**
   * A matcher of `pattern`, in any case.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when it is no regular expression.
   */
  constructor(pattern: string) {
    try {
      new RegExp(pattern, "iu");
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : "";
      throw new ChatloomError("INPUT_UNREADABLE", `Cannot search: ${found}`, { cause });
    }
    this.#pattern = pattern;
  }

  /**
   * Returns for each of `texts` whether it matches the pattern.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when it takes too long.
   */
  match(texts: readonly string[]): Promise<readonly boolean[]> {
    const worker = this.#worker ??= startMatcherWorker();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.stop();
        const message = "Cannot search: the pattern takes too long";
        reject(new ChatloomError("INPUT_UNREADABLE", message));
      }, PATIENCE_MS);
      worker.addEventListener("message", ({ data }: MessageEvent<readonly boolean[]>) => {
        clearTimeout(timer);
        resolve(data);
      }, { once: true });
      worker.postMessage({ pattern: this.#pattern, texts } satisfies Question);
    });
  }

  /** Ends the worker. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
