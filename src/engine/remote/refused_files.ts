import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { Lru } from "../../core/lru.ts";
import type { StoreReply } from "../../core/remote/envelope.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** How often a file was refused, and when last. */
interface Refusal {
  readonly count: number;
  readonly atUs: Micros;
  readonly error: ChatloomError;
}

const REFUSALS_MAX = 3;
const REMEMBERED_US = 600 * SECOND_US;
const FILES_MAX = 1_024;

/**
 * Files that workers refuse. One that is refused three times is not sent again for ten minutes: each time would
 * make another dead letter.
 */
export class RefusedFiles {
  readonly #files = new Lru<ArchiveKey, Refusal>({ countMax: FILES_MAX });
  readonly #clock: Clock;
  readonly #reporter: Reporter;

  /** None yet. */
  constructor({ clock, reporter }: { readonly clock: Clock; readonly reporter: Reporter }) {
    [this.#clock, this.#reporter] = [clock, reporter];
  }

  /** Notes that a worker refused a file. Returns what its caller is told. */
  add(key: ArchiveKey, { reason = "it does not say why", worker }: StoreReply): ChatloomError {
    const who = worker === undefined ? "a worker" : `the worker "${worker}"`;
    const message = `Cannot store "${key}": ${who} refuses it: ${reason}`;
    const error = new ChatloomError("STORE_REFUSED", message);
    const count = (this.#files.get(key)?.count ?? 0) + 1;
    this.#files.set(key, { count, atUs: this.#clock.elapsedUs(), error });
    if (count === REFUSALS_MAX) {
      this.#reporter.report("error", "Workers refuse a file: it is kept here", { key, reason });
    }
    return error;
  }

  /** Forgets a file, which a worker took. */
  delete(key: ArchiveKey): void {
    this.#files.delete(key);
  }

  /** Why a file is not to be sent now, if it is not. */
  find(key: ArchiveKey): ChatloomError | undefined {
    const refusal = this.#files.get(key);
    if (refusal === undefined || refusal.count < REFUSALS_MAX) return undefined;
    if (this.#clock.elapsedUs() - refusal.atUs < REMEMBERED_US) return refusal.error;
    this.#files.delete(key);
    return undefined;
  }
}
