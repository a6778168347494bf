import { closeSync, openSync, writeSync } from "node:fs";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { TruthRecord } from "../../testing/simulated_twitch/truth.ts";

/** A file of the truth, written as it happens, one JSON record a line. */
export interface TruthFile {
  /** Adds a record; writing begins within 50 ms. */
  write(record: TruthRecord): void;
  /** Rejects when the file cannot be written any more. Never resolves. */
  readonly failed: Promise<never>;
  /** Writes the rest and closes the file. */
  close(): void;
}

const FLUSH_MS = 50;
const FLUSH_LENGTH = 64 * 1024;

/**
 * Begins a truth file. A former one is overwritten.
 *
 * @throws {ChatloomError} `STORE_IO` when it cannot be written.
 */
export function openTruthFile(path: string): TruthFile {
  const file = attempt(path, () => openSync(path, "w"));
  const { promise: failed, reject: fail } = deferred();
  let lines: string[] = [];
  let length = 0;
  function flush(): void {
    if (length === 0) return;
    const text = lines.join("");
    lines = [];
    length = 0;
    attempt(path, () => writeAll(file, text));
  }
  function flushOrFail(): void {
    try {
      flush();
    } catch (error) {
      clearInterval(timer);
      fail(error);
    }
  }
  const timer = setInterval(flushOrFail, FLUSH_MS);
  return {
    failed,
    write(record: TruthRecord): void {
      const line = `${JSON.stringify(record)}\n`;
      lines.push(line);
      length += line.length;
      if (length >= FLUSH_LENGTH) flushOrFail();
    },
    close(): void {
      clearInterval(timer);
      try {
        flush();
      } finally {
        closeSync(file);
      }
    },
  };
}

/** A write may be partial. */
function writeAll(file: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new ChatloomError("STORE_IO", `Cannot write the truth to "${path}"`, { cause });
  }
}

function deferred(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<never>((_resolve, rejectPromise) => reject = rejectPromise);
  promise.catch(() => {}); // A caller that waits for it gets the failure; one that has closed it does not need it.
  return { promise, reject };
}
