import type { FileKind } from "./file_calls.ts";

/** What stands on disk for the colon of a key. */
export type Colon = ":" | "_";

const STORED = /^(\d\d)[:_](00-.*)$/;
// The first version wrote all of its scratch files with the period.
const SCRATCH = /^(?:\d\d[:_]00-|\.)chatloom-([a-z0-9]{12})-\d+\.tmp$/;
const MINUTE = /^\d\d[:_]00-/;

/** A key's last part as it is named on disk. Only the colon differs, if anything does. */
export function toStoredName(name: string, colon: Colon): string {
  return colon === ":" ? name : name.replace(":", colon);
}

/** A name on disk as it stands in a key. Takes names with and without the colon. */
export function fromStoredName(name: string): string {
  return name.replace(STORED, "$1:$2");
}

/**
 * A file that is being written has this name, until it gets its own, which is `name` on disk. A batch's
 * scratch file begins with its minute: other software that walks the hour's folder reads the minute of
 * every name in it, and takes those that end with `.json` for batches.
 */
export function scratchName(
  { writer, count, name }: {
    readonly writer: string;
    readonly count: number;
    readonly name: string | undefined;
  },
): string {
  const start = MINUTE.exec(name ?? "")?.[0] ?? ".";
  return `${start}chatloom-${writer}-${count}.tmp`;
}

/** Who wrote the unfinished file of that name; `undefined` if it is none. */
export function scratchWriter(name: string): string | undefined {
  return SCRATCH.exec(name)?.[1];
}

/** Letters and digits that no other writer has, fit for {@link scratchName}. */
export function newWriterName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** Why a thing of the wrong kind does not count, in words. */
export function kindReason(kind: FileKind, wanted: "file" | "folder"): string {
  if (kind === "link") return "a symbolic link, which is never followed";
  if (kind === "other") return "neither a file nor a folder";
  return kind === "folder"
    ? "a folder where only files belong"
    : `a file where ${wanted === "folder" ? "only folders belong" : "none of that name belongs"}`;
}
