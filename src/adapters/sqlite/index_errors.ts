import { ChatloomError, type ErrorCode } from "../../core/errors/errors.ts";
import { DamagedIndexError } from "../index_rows/damaged_index_error.ts";

/** SQLite's result codes. @see {@link https://www.sqlite.org/rescode.html | Result and Error Codes} */
const CODES = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  noDatabase: 26,
} as const;

/** How errors without a code begin: Deno gives none for `exec` and for opening (2.9). */
const MESSAGES: readonly (readonly [string, number])[] = [
  ["database is locked", CODES.busy],
  ["database table is locked", CODES.locked],
  ["attempt to write a readonly", CODES.readOnly],
  ["database disk image is malformed", CODES.corrupt],
  ["database or disk is full", CODES.full],
  ["unable to open database file", CODES.cannotOpen],
  ["file is not a database", CODES.noDatabase],
];

/** The primary code of an error of SQLite. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  if (code !== "ERR_SQLITE_ERROR") return undefined;
  return MESSAGES.find(([text]) => error.message.startsWith(text))?.[1] ?? CODES.error;
}

/** Whether another connection has what is needed, for a moment. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === CODES.busy || code === CODES.locked;
}

/** Whether an error says that the file does not hold what was written: a torn page, a lost table. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedIndexError) return true;
  const code = codeOf(error);
  if (code === CODES.corrupt || code === CODES.noDatabase) return true;
  // Our statements are right for our tables: one that cannot be prepared lacks a table or a column.
  return code === CODES.error && /no such|malformed|schema|corrupt/.test((error as Error).message);
}

/** An error of SQLite or of the file system as chatloom's, with its cause. Others are given back. */
export function indexError(attempt: string, cause: unknown): unknown {
  if (cause instanceof ChatloomError) return cause;
  const code = errorCodeOf(cause);
  if (code === undefined) return cause;
  return new ChatloomError(code, `Cannot ${attempt}: ${(cause as Error).message}`, { cause });
}

function errorCodeOf(cause: unknown): ErrorCode | undefined {
  if (isDamage(cause)) return "STORE_IO";
  const code = codeOf(cause);
  if (code !== undefined) {
    if (code === CODES.full) return "STORE_FULL";
    return code === CODES.readOnly || code === CODES.cannotOpen ? "STORE_DENIED" : "STORE_IO";
  }
  const system = (cause as { code?: unknown } | undefined)?.code;
  if (system === "ENOSPC" || system === "EDQUOT") return "STORE_FULL";
  if (system === "EACCES" || system === "EPERM" || system === "EROFS") return "STORE_DENIED";
  return typeof system === "string" && /^E[A-Z]+$/.test(system) ? "STORE_IO" : undefined;
}
