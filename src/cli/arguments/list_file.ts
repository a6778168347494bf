import { readFile, stat } from "node:fs/promises";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** The contents of a file of channels or peers. */
export interface ListFile {
  /** Its lines, without line ends. */
  readonly lines: readonly string[];
  /** Whether a line `# none` says that the list is meant to be empty. */
  readonly isNone: boolean;
}

const MAX_BYTES = 1024 * 1024;
const POLL_MS = 2_000;

/**
 * Reads the list in the file `path`: UTF-8, or UTF-16 in either byte order, with or without a byte
 * order mark; lines may end with LF, CR LF or CR.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it cannot be read, is no text or exceeds 1 MiB.
 */
export async function readListFile(path: string, noun: string): Promise<ListFile> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new RangeError(`it has ${size} bytes, more than ${MAX_BYTES}`);
    const lines = decode(await readFile(path)).split(/\r\n|\r|\n/);
    return { lines, isNone: lines.some((line) => /^\s*#\s*none\s*$/i.test(line)) };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const text = `Cannot read the list of ${noun} "${path}": ${found}`;
    throw new ChatloomError("INPUT_UNREADABLE", text, { cause });
  }
}

/** The text of `bytes`. A `TextDecoder` drops the byte order mark of its encoding. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  // In UTF-16, one byte of each pair is 0 for every letter of ASCII, which names consist of.
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const encoding = isLittle ? "utf-16le" : isBig ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

/** How {@link watchListFile} watches. */
export interface WatchListOptions {
  /** What is listed, in the plural. */
  readonly noun: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  /**
   * Called with the changed list. If it throws a {@link ChatloomError}, the old list stays, with a
   * warning.
   */
  readonly onChange: (list: ListFile) => void | Promise<void>;
  /** How many entries a list names. */
  readonly countOf: (list: ListFile) => number;
}

/**
 * Reads the list in the file `path` every two seconds until `signal` aborts, and calls `onChange`
 * when it has changed. A list that cannot be read, or names nothing without saying `# none`, changes
 * nothing and is logged once: an editor that empties the file before it writes, or a full disk,
 * must not stop the recording.
 */
export async function watchListFile(path: string, options: WatchListOptions): Promise<void> {
  const { noun, clock, signal, reporter, onChange, countOf } = options;
  const warn = (why: string, fields: { readonly error?: string } = {}): void =>
    reporter.report("warning", `The list of ${noun} ${why}; the old one stays in use`, {
      path,
      ...fields,
    });
  let known: string | undefined;
  while (!signal.aborted) {
    const found = await readListFile(path, noun).catch((error: Error) => error);
    const now = found instanceof Error ? found.message : found.lines.join("\n");
    if (now !== known && known !== undefined) {
      try {
        if (found instanceof Error) throw found;
        const count = countOf(found);
        if (count === 0 && !found.isNone) {
          warn('names nothing and does not say "# none"');
        } else {
          await onChange(found);
          reporter.report("info", `The list of ${noun} has changed`, { path, [noun]: count });
        }
      } catch (error) {
        if (!(error instanceof ChatloomError)) throw error;
        warn("cannot be read", { error: error.message });
      }
    }
    known = now;
    await clock.sleep(POLL_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
}
