import { dirname, join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { ChatloomError } from "../../../core/errors/errors.ts";
import type { JournalRun } from "../../../ports/journal_store.ts";
import { readSegment } from "./dead_run.ts";
import { errnoError, type FileCalls, type GrowingFile } from "../calls/file_calls.ts";
import { errnoOf, fileError, isAbsence } from "../calls/file_errors.ts";
import { CLOSED_FILE, OWNER_FILE, segmentFile } from "./journal_names.ts";
import type { JournalReserve } from "./journal_reserve.ts";
import { Coalescer } from "../../../async/coalescer.ts";

interface Segment {
  readonly number: number;
  readonly file: GrowingFile;
  /** Whether its file had a name when it began, so that losing it can be noticed. */
  readonly isNamed: boolean;
}

/** A run whose segments are files that grow in one folder, with the owner's file beside them. */
export class FileJournalRun implements JournalRun {
  readonly name: string;
  readonly #calls: FileCalls;
  readonly #folder: string;
  readonly #onClose: () => void;
  readonly #reserve: JournalReserve | undefined;
  readonly #flushes = new Coalescer<void>();
  readonly #heartbeat: ReturnType<typeof setInterval>;

  #current: Segment;
  #lengthBytes = 0;
  #isTailTorn = false;
  /** Segments that are not appended to any more, but not flushed yet either. */
  #retired: Segment[] = [];
  /** Segments that the disk once failed to flush: the kernel does not tell twice. */
  readonly #doubtful = new Set<number>();
  #isFolderFlushed = false;
  #isBeating = false;
  #heartbeatError: unknown;
  /** How the run was lost, once it is known to be. */
  #lostReason: string | undefined;
  #closing: Promise<void> | undefined;

  /** Begins the first segment in `folder`, where the owner's file is already. */
  constructor(
    name: string,
    { calls, folder, heartbeatMs, onClose, reserve }: {
      readonly calls: FileCalls;
      readonly folder: string;
      readonly heartbeatMs: number;
      readonly onClose: () => void;
      /** Room that is given up when the disk is full. The run closes it. */
      readonly reserve?: JournalReserve | undefined;
    },
  ) {
    this.name = name;
    this.#calls = calls;
    this.#folder = folder;
    this.#onClose = onClose;
    this.#reserve = reserve;
    this.#current = this.#begin(1);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref(); // A journal that is not closed keeps no process from ending.
  }

  get segment(): number {
    return this.#current.number;
  }

  append(bytes: Uint8Array): void {
    this.#checkOpen("append to");
    this.#doing("append to", () => {
      this.#mendTail();
      try {
        for (let written = 0; written < bytes.length;) {
          const count = this.#writeNow(bytes, written);
          if (count <= 0) throw errnoError("EIO", this.#folder); // It would refuse every write.
          written += count;
        }
        // Only now: bytes in a file without a name are lost on closing.
        this.#checkNamed("append to");
      } catch (error) {
        this.#isTailTorn = true;
        try {
          this.#mendTail();
        } catch {
          // The first failure is thrown; the next append mends the tail before it writes.
        }
        throw error;
      }
      this.#lengthBytes += bytes.length;
    });
  }

  sync(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closedError("sync"));
    return this.#flush();
  }

  rotate(): number {
    this.#checkOpen("rotate");
    this.#doing("rotate", () => {
      this.#mendTail();
      const next = this.#begin(this.#current.number + 1);
      this.#retired.push(this.#current);
      this.#current = next;
      this.#lengthBytes = 0;
      this.#isFolderFlushed = false;
    });
    return this.segment;
  }

  read(number: number): AsyncIterable<Uint8Array> {
    this.#checkOpen("read");
    return readSegment(this.#calls, { folder: this.#folder, number });
  }

  async release(number: number): Promise<void> {
    this.#checkOpen("release a segment of");
    if (!(Number.isInteger(number) && number >= 1 && number < this.segment)) {
      throw new RangeError(`Cannot release segment ${number} of ${this.segment}: it is in use`);
    }
    try {
      await this.#calls.remove(join(this.#folder, segmentFile(number)));
    } catch (cause) {
      if (!isAbsence(cause)) throw this.#error("release a segment of", cause);
    }
    this.#doubtful.delete(number);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#closeNow();
  }

  async #closeNow(): Promise<void> {
    clearInterval(this.#heartbeat);
    let failure: unknown;
    await this.#reserve?.close();
    await this.#flush().catch((error) => failure = error);
    for (const { file } of [...this.#retired, this.#current]) {
      try {
        file.close();
      } catch (cause) {
        failure ??= this.#error("close", cause);
      }
    }
    try {
      // From here on the run is dead for every process.
      await this.#calls.rename(join(this.#folder, OWNER_FILE), join(this.#folder, CLOSED_FILE));
    } catch (cause) {
      failure ??= this.#error("close", cause);
    }
    this.#onClose();
    if (failure !== undefined) throw failure;
  }

  /** When it resolves, a flush that began after this call has ended. */
  #flush(): Promise<void> {
    return this.#flushes.run("", () => this.#flushNow());
  }

  async #flushNow(): Promise<void> {
    const retired = [...this.#retired];
    let failure: unknown;
    for (const { number, file } of [...retired, this.#current]) {
      await file.sync().catch((error) => {
        this.#doubtful.add(number);
        failure ??= this.#error("sync", error);
      });
    }
    this.#retired = this.#retired.filter((segment) => !retired.includes(segment));
    for (const { file } of retired) file.close();
    if (!this.#isFolderFlushed) {
      this.#isFolderFlushed = true; // Unless a rotation changes that meanwhile.
      await this.#calls.syncFolder(this.#folder).catch((error) => {
        this.#isFolderFlushed = false;
        failure ??= this.#error("sync", error);
      });
    }
    await this.#checkFound();
    if (failure !== undefined) throw failure;
    this.#checkSafe();
  }

  /**
   * Appending works on although the names are gone or lead elsewhere: checks whether a recovery would find
   * the file.
   */
  async #checkFound(): Promise<void> {
    const { file, isNamed, number } = this.#current;
    try {
      if (this.#lostReason === undefined && (!isNamed || file.hasName())) {
        await this.#calls.stat(join(this.#folder, segmentFile(number)));
        return;
      }
    } catch (cause) {
      if (!isAbsence(cause)) throw this.#error("sync", cause);
      if (number !== this.segment) return; // Rotated and released meanwhile.
    }
    this.#lostReason = await this.#whyLost();
    throw this.#lostError("sync");
  }

  /**
   * A process that takes the run for dead removes its folder; a user who deletes by hand removes folders
   * around it too.
   */
  async #whyLost(): Promise<string> {
    const isThere = (path: string) => this.#calls.stat(path).then(() => true, () => false);
    if (await isThere(this.#folder)) return "its files were deleted";
    return await isThere(dirname(this.#folder))
      ? "another process took this one for dead, as after a freeze, and recovered it"
      : "the folder of journals was deleted";
  }

  #lostError(attempt: string): ChatloomError {
    const reason = this.#lostReason ?? "its files are gone";
    return new ChatloomError(
      "JOURNAL_LOST",
      `Cannot ${attempt} journal "${this.#folder}": ${reason}`,
    );
  }

  #checkNamed(attempt: string): void {
    if (!this.#current.isNamed || this.#current.file.hasName()) return;
    this.#lostReason ??= "its files are gone";
    throw this.#lostError(attempt);
  }

  /** Writes as much as the file takes; on a full disk, gives up reserve until a write succeeds. */
  #writeNow(bytes: Uint8Array, offset: number): number {
    for (;;) {
      try {
        return this.#current.file.write(bytes, offset);
      } catch (error) {
        if (errnoOf(error) !== "ENOSPC" || !this.#reserve?.giveUp()) throw error;
      }
    }
  }

  // Any state in which a recovery would miss what is appended, though each call works.
  #checkSafe(): void {
    if (this.#doubtful.size > 0) {
      const numbers = [...this.#doubtful].join(", ");
      const reason = `the disk refused segment ${numbers} before: a power cut may lose it`;
      throw this.#error("sync", new Error(reason));
    }
    if (this.#heartbeatError !== undefined) {
      throw this.#error("show a sign of life of", this.#heartbeatError);
    }
  }

  #begin(number: number): Segment {
    const file = this.#calls.createGrowing(join(this.#folder, segmentFile(number)));
    // Some file systems count no names at all.
    return { number, file, isNamed: file.hasName() };
  }

  #mendTail(): void {
    if (!this.#isTailTorn) return;
    this.#current.file.truncate(this.#lengthBytes);
    this.#isTailTorn = false;
  }

  #beat(): void {
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#reserve?.keep();
    this.#calls.touch(join(this.#folder, OWNER_FILE))
      .then(() => this.#heartbeatError = undefined, (error) => this.#heartbeatError = error)
      .finally(() => this.#isBeating = false);
  }

  #doing(attempt: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      // No new segment can begin where the folder is gone.
      if (attempt === "rotate" && isAbsence(cause)) this.#lostReason ??= "its files are gone";
      if (attempt === "rotate" && this.#lostReason !== undefined) throw this.#lostError(attempt);
      throw this.#error(attempt, cause);
    }
  }

  #error(attempt: string, cause: unknown): ChatloomError {
    return fileError(`${attempt} journal "${this.#folder}"`, { cause, otherwise: "JOURNAL_IO" });
  }

  #checkOpen(attempt: string): void {
    if (this.#closing !== undefined) throw this.#closedError(attempt);
  }

  #closedError(attempt: string): TypeError {
    return new TypeError(`Cannot ${attempt} journal "${this.#folder}": it is closed`);
  }
}
