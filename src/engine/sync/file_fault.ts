import type { ArchiveKeyParts } from "../../core/archive/archive_key.ts";
import { COVERAGE_MAX_BYTES, parseCoverage } from "../../core/coverage/coverage.ts";
import { BatchSyntaxError } from "../../core/errors/errors.ts";
import { readBatch } from "../../core/merge/read_batch.ts";
import { parseRedaction, REDACTION_MAX_BYTES } from "../../core/redaction/redaction.ts";

/** Why bytes that match their name still do not go into the archive. */
export interface FileFault {
  readonly kind: "unreadable" | "misplaced";
  /** The details, in words. */
  readonly reason: string;
}

/** How long a file of that kind can be, where a batch can have `batchMaxBytes`. */
export function maxBytesOf(kind: ArchiveKeyParts["kind"], batchMaxBytes: number): number {
  switch (kind) {
    case "batch":
      return batchMaxBytes;
    case "redaction":
      return REDACTION_MAX_BYTES;
    case "coverage":
      return COVERAGE_MAX_BYTES;
    case "tombstone":
      return 0; // Its name holds all of its meaning.
  }
}

/** What is wrong with the bytes of a file, or `undefined` if they can be read and belong there. */
export function findFileFault(parts: ArchiveKeyParts, bytes: Uint8Array): FileFault | undefined {
  switch (parts.kind) {
    case "batch":
      return findBatchFault(parts.minuteUs, bytes);
    case "redaction": {
      const parsed = parseRedaction(bytes);
      return parsed.ok ? undefined : { kind: "unreadable", reason: parsed.reason };
    }
    case "coverage": {
      const parsed = parseCoverage(bytes);
      if (!parsed.ok) return { kind: "unreadable", reason: parsed.reason };
      if (parsed.hourUs === parts.hourUs) return undefined;
      return { kind: "misplaced", reason: "it is of another hour" };
    }
    case "tombstone":
      return undefined;
  }
}

function findBatchFault(minuteUs: number, bytes: Uint8Array): FileFault | undefined {
  try {
    if (readBatch(bytes).fitsMinute(minuteUs)) return undefined;
    return { kind: "misplaced", reason: "it holds a message of another minute" };
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    return { kind: "unreadable", reason: `line ${error.line}: ${error.reason}` };
  }
}
