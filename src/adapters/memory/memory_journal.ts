import { ChatloomError } from "../../core/errors/errors.ts";
import { isNodeName } from "../../core/archive/node_name.ts";
import type {
  DeadRun,
  JournalReader,
  JournalRun,
  JournalStore,
  ReadableRun,
} from "../../ports/journal_store.ts";
import type { Random } from "../../ports/random.ts";

/** What {@link MemoryJournal.crash} does. */
export interface CrashOptions {
  /**
   * Cuts the power, not only the process: what was not synced is torn off at a random byte, each
   * segment at its own. Without it nothing that was appended is lost.
   */
  readonly powerCut?: Random;
}

/** Bytes that {@link DeadRun.setAside} put into quarantine. */
export interface AsideBytes {
  /** The run that held them. */
  readonly run: string;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** A journal in memory that outlives the crashes of the processes that write it. */
export interface MemoryJournal extends JournalStore, JournalReader {
  /** Ends the processes that write here, at once: all runs are dead, and appending to them throws. */
  crash(options?: CrashOptions): void;

  /**
   * From now on a run counts as dead, though its process lives: as one that was frozen. The caller that
   * removes it takes it away from that process.
   */
  takeForDead(name: string): void;

  /** The bytes in quarantine, oldest first. */
  readonly aside: readonly AsideBytes[];
}

/**
 * A journal in memory, for simulated worlds. Runs are named in a row, `node.00001` and so on: the
 * same calls give the same names.
 */
export function memoryJournal(): MemoryJournal {
  return new MemoryRuns();
}

interface Segment {
  bytes: Uint8Array;
  length: number;
  syncedLength: number;
}

interface Run {
  readonly name: string;
  readonly segments: Map<number, Segment>;
  state: "alive" | "closed" | "crashed" | "lost";
  isTakenForDead: boolean;
}

class MemoryRuns implements MemoryJournal {
  readonly #runs = new Map<string, Run>();
  readonly aside: AsideBytes[] = [];
  #count = 0;

  async openRun(node: string): Promise<JournalRun> {
    if (!isNodeName(node)) throw new RangeError(`Cannot open a journal for node "${node}"`);
    const name = `${node}.${(++this.#count).toString(36).padStart(5, "0")}`;
    const run: Run = {
      name,
      segments: new Map([[1, emptySegment()]]),
      state: "alive",
      isTakenForDead: false,
    };
    this.#runs.set(name, run);
    return await Promise.resolve(new MemoryRun(run));
  }

  async *deadRuns(): AsyncIterable<DeadRun> {
    await Promise.resolve();
    for (const run of [...this.#runs.values()]) {
      const isDead = run.state !== "alive" || run.isTakenForDead;
      if (isDead && this.#runs.has(run.name)) yield this.#deadRun(run);
    }
  }

  async runs(): Promise<readonly ReadableRun[]> {
    await Promise.resolve();
    return [...this.#runs.values()].map((run) => ({
      name: run.name,
      isOwn: false,
      segments: async () => await Promise.resolve([...run.segments.keys()].sort((a, b) => a - b)),
      async *read(number, fromByte) {
        await Promise.resolve();
        const segment = run.segments.get(number);
        if (segment === undefined || segment.length <= fromByte) return;
        yield segment.bytes.slice(fromByte, segment.length);
      },
    }));
  }

  crash({ powerCut }: CrashOptions = {}): void {
    for (const run of this.#runs.values()) {
      if (run.state === "alive") run.state = "crashed";
      if (powerCut === undefined) continue;
      for (const segment of run.segments.values()) {
        const unsynced = segment.length - segment.syncedLength;
        segment.length -= Math.floor(powerCut.next() * (unsynced + 1));
      }
    }
  }

  takeForDead(name: string): void {
    const run = this.#runs.get(name);
    if (run !== undefined) run.isTakenForDead = true;
  }

  #deadRun(run: Run): DeadRun {
    const lengthThen = lengthOf(run);
    return {
      name: run.name,
      async *segments() {
        await Promise.resolve();
        yield* [...run.segments.keys()].sort((a, b) => a - b);
      },
      async *read(number) {
        await Promise.resolve();
        const segment = run.segments.get(number);
        if (segment !== undefined && segment.length > 0) {
          yield segment.bytes.slice(0, segment.length);
        }
      },
      setAside: async (bytes) => {
        this.aside.push({ run: run.name, bytes: bytes.slice() });
        return await Promise.resolve(`memory, aside ${this.aside.length}`);
      },
      remove: async () => {
        await Promise.resolve();
        if (run.state === "alive" && lengthOf(run) !== lengthThen) return; // It is written after all.
        this.#runs.delete(run.name);
        if (run.state === "alive") run.state = "lost";
        run.segments.clear();
      },
    };
  }
}

class MemoryRun implements JournalRun {
  readonly #run: Run;
  #segment = 1;

  constructor(run: Run) {
    this.#run = run;
  }

  get name(): string {
    return this.#run.name;
  }

  get segment(): number {
    return this.#segment;
  }

  append(bytes: Uint8Array): void {
    this.#checkAlive("append to");
    const segment = this.#run.segments.get(this.#segment)!;
    const length = segment.length + bytes.length;
    if (length > segment.bytes.length) {
      const roomier = new Uint8Array(Math.max(2 * segment.bytes.length, length, 1024));
      roomier.set(segment.bytes.subarray(0, segment.length));
      segment.bytes = roomier;
    }
    segment.bytes.set(bytes, segment.length);
    segment.length = length;
  }

  async sync(): Promise<void> {
    this.#checkAlive("sync");
    for (const segment of this.#run.segments.values()) segment.syncedLength = segment.length;
    await Promise.resolve();
  }

  rotate(): number {
    this.#checkAlive("rotate");
    this.#run.segments.set(++this.#segment, emptySegment());
    return this.#segment;
  }

  async *read(number: number): AsyncIterable<Uint8Array> {
    await Promise.resolve();
    this.#checkAlive("read");
    const segment = this.#run.segments.get(number);
    if (segment !== undefined && segment.length > 0) yield segment.bytes.slice(0, segment.length);
  }

  async release(number: number): Promise<void> {
    this.#checkAlive("release a segment of");
    if (!(Number.isInteger(number) && number >= 1 && number < this.#segment)) {
      throw new RangeError(`Cannot release segment ${number} of ${this.#segment}`);
    }
    this.#run.segments.delete(number);
    await Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#run.state === "alive") {
      for (const segment of this.#run.segments.values()) segment.syncedLength = segment.length;
      this.#run.state = "closed";
    }
    await Promise.resolve();
  }

  #checkAlive(attempt: string): void {
    const { name, state } = this.#run;
    if (state === "closed") {
      throw new TypeError(`Cannot ${attempt} journal "${name}": it is closed`);
    }
    if (state === "alive") return;
    if (state === "lost") {
      const reason = "another process took its recorder for dead";
      throw new ChatloomError("JOURNAL_LOST", `Cannot ${attempt} journal "${name}": ${reason}`);
    }
    throw new ChatloomError(
      "JOURNAL_IO",
      `Cannot ${attempt} journal "${name}": its process is gone`,
    );
  }
}

function lengthOf(run: Run): number {
  return [...run.segments.values()].reduce((sum, { length }) => sum + length, 0);
}

function emptySegment(): Segment {
  return { bytes: new Uint8Array(0), length: 0, syncedLength: 0 };
}
