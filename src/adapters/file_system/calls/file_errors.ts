import {
  ChatloomError,
  type ErrorCode,
  UnreadableEntryError,
} from "../../../core/errors/errors.ts";

// What the error says, and what the user can do about it.
const EXPLANATIONS: { readonly [errno: string]: readonly [ErrorCode | undefined, string] } = {
  ENOSPC: ["STORE_FULL", "no space is left on the file system (ENOSPC): make room there"],
  EDQUOT: ["STORE_FULL", "the disk quota is used up (EDQUOT): make room or raise the quota"],
  EACCES: ["STORE_DENIED", "permission denied (EACCES): give this user access to it"],
  EPERM: ["STORE_DENIED", "the operation is not permitted (EPERM): give this user access to it"],
  EROFS: ["STORE_DENIED", "the file system is read-only (EROFS): mount it writable"],
  ELOOP: [undefined, "a symbolic link is in the way (ELOOP): put what it points to in its place"],
  ENOTDIR: [undefined, "something that is no folder is in the way (ENOTDIR): move it elsewhere"],
  EIO: [undefined, "an input/output error (EIO): the disk may be failing"],
  EMFILE: [undefined, "too many files are open (EMFILE): raise the limit of this user"],
};

/** The runtime's short name of what went wrong, as `ENOSPC`; empty if it has none. */
export function errnoOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** Whether `error` says that nothing is there. */
export function isAbsence(error: unknown): boolean {
  // ENOTDIR: a file stands where a folder of the path should be, so nothing can be inside.
  return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
}

// Errors that concern one file or folder and not its neighbours. All other errors, as of too
// many open files, are the store's.
const OF_ONE_ENTRY: ReadonlySet<string> = new Set([
  ...["EACCES", "EPERM", "EIO", "EREMOTEIO", "EUCLEAN", "EBADMSG", "ENODATA", "ESTALE", "EILSEQ"],
  // A link, a socket, a folder, a device that is not there; larger than this runtime can count.
  ...["ELOOP", "ENXIO", "EISDIR", "ENODEV", "EOPNOTSUPP", "EOVERFLOW", "EFBIG", "ENAMETOOLONG"],
]);

/** An entry is there and cannot be read, for a reason that is not an error of the file system. */
export class EntryFault extends Error {}

/**
 * The store's verdict on the entry `path` if `cause` speaks of it alone; `undefined` if the whole
 * store is in trouble. `attempt` goes on from "Cannot".
 */
export function entryError(
  path: string,
  { attempt, cause }: { readonly attempt: string; readonly cause: unknown },
): UnreadableEntryError | undefined {
  if (cause instanceof UnreadableEntryError) return cause;
  if (!(cause instanceof EntryFault) && !OF_ONE_ENTRY.has(errnoOf(cause))) return undefined;
  const [code, reason] = explain(cause);
  return new UnreadableEntryError(
    code === "STORE_DENIED" ? code : "STORE_IO",
    [{ path, reason }],
    { attempt, cause },
  );
}

/** Whether `error` says that this process lacks the permission. */
export function isDenial(error: unknown): boolean {
  return explain(error)[0] === "STORE_DENIED";
}

/**
 * The runtime's `cause` as an error of chatloom's: full and denied have codes of their own, the
 * rest gets `otherwise`. `attempt` goes on from "Cannot".
 */
export function fileError(
  attempt: string,
  { cause, otherwise }: { readonly cause: unknown; readonly otherwise: ErrorCode },
): ChatloomError {
  if (cause instanceof ChatloomError) return cause;
  const [code, found] = explain(cause);
  return new ChatloomError(code ?? otherwise, `Cannot ${attempt}: ${found}`, { cause });
}

function explain(cause: unknown): readonly [ErrorCode | undefined, string] {
  if ((cause as Error | undefined)?.name === "NotCapable") {
    return ["STORE_DENIED", "the runtime was started without the permission for it"];
  }
  const known = Object.hasOwn(EXPLANATIONS, errnoOf(cause))
    ? EXPLANATIONS[errnoOf(cause)]
    : undefined;
  return known ?? [undefined, cause instanceof Error ? cause.message : String(cause)];
}
