import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { ChatloomError } from "../../../core/errors/errors.ts";
import type { Reporter, ReportFields } from "../../../ports/reporter.ts";

/** The counts of files and failures of a peer. */
export interface PeerTotals {
  /** Files that were fetched and stored. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Times that it could not be reached, broke off, or sent an invalid response. */
  readonly errors: number;
  /** Files whose bytes did not match their name. */
  readonly mismatches: number;
  /** Names that name no file, and files that cannot be read. */
  readonly refused: number;
  /** Redactions and tombstones that were too many to be obeyed, and wait for the operator. */
  readonly held: number;
}

/** At most this many files are reported by name. */
const TOLD_MAX = 1_000;

/** Counts what comes from one peer, for the command's summary and for the reporter. */
export class PeerStats {
  readonly #peer: string;
  readonly #reporter: Reporter;
  readonly #told = new Set<string>();
  #totals: PeerTotals = { files: 0, bytes: 0, errors: 0, mismatches: 0, refused: 0, held: 0 };

  /** Counts for the peer called `peer`. */
  constructor(peer: string, reporter: Reporter) {
    this.#peer = peer;
    this.#reporter = reporter;
  }

  /** The counts so far. */
  get totals(): PeerTotals {
    return this.#totals;
  }

  /** Notes that a file was stored. */
  stored(bytes: number): void {
    const { files } = this.#totals;
    this.#totals = { ...this.#totals, files: files + 1, bytes: this.#totals.bytes + bytes };
    this.#reporter.count("sync_files", { peer: this.#peer });
    this.#reporter.count("sync_bytes", { peer: this.#peer }, bytes);
  }

  /** Notes that a call failed. */
  failed({ code, message }: ChatloomError, fields: ReportFields = {}): void {
    this.#totals = { ...this.#totals, errors: this.#totals.errors + 1 };
    this.#reporter.count("sync_errors", { peer: this.#peer, code });
    this.#tell(`${code} ${fields["key"] ?? ""}`, "Cannot fetch from a peer", {
      code,
      error: message,
      ...fields,
    });
  }

  /** Notes that the bytes of a file did not match its name. */
  mismatched(key: ArchiveKey, reason: string): void {
    this.#totals = { ...this.#totals, mismatches: this.#totals.mismatches + 1 };
    this.#reporter.count("sync_mismatches", { peer: this.#peer });
    this.#tell(key, "A peer sent wrong bytes for a file", { key, reason });
  }

  /** Notes a file that matches its name but does not belong into an archive. */
  refused(
    key: ArchiveKey,
    { why, reason }: { readonly why: string; readonly reason: string },
  ): void {
    this.#refuse(why, 1);
    this.#tell(key, "A peer has a file that cannot be read: it was not taken", {
      key,
      why,
      reason,
    });
  }

  /** Notes that orders were held. */
  held(count: number): void {
    this.#totals = { ...this.#totals, held: this.#totals.held + count };
  }

  /** Notes names in a folder's list that name no file. */
  refusedNames(folder: string, count: number): void {
    if (count === 0) return;
    this.#refuse("name", count);
    this.#tell(folder, "A peer lists names that are no files of an archive", { folder, count });
  }

  /** Notes that the peer works again: the next failure is reported anew. */
  forgive(): void {
    this.#told.clear();
  }

  #refuse(why: string, count: number): void {
    this.#totals = { ...this.#totals, refused: this.#totals.refused + count };
    this.#reporter.count("sync_refused", { peer: this.#peer, why }, count);
  }

  #tell(subject: string, message: string, fields: ReportFields): void {
    if (this.#told.has(subject) || this.#told.size >= TOLD_MAX) return;
    this.#told.add(subject);
    this.#reporter.report("warning", message, { peer: this.#peer, ...fields });
  }
}
