import type { Random } from "../../ports/random.ts";
import { ChatloomError, type ErrorCode, UnreadableEntryError } from "../../core/errors/errors.ts";

/**
 * The fault of a call:
 *
 * - `full`, `denied`, `io`: it does nothing and fails with the code for that
 * - `unreadable`: it does nothing and fails with a store's verdict on its subject, which is one
 *   entry of an archive
 * - `lost-answer`: it does its work and fails nevertheless, as when a reply gets lost
 * - `crash-before`, `crash-after`: the process dies before or after the work. The call
 *   and all that follow throw {@link SimulatedCrash}, until the test starts the process anew.
 */
export type Fault =
  | "full"
  | "denied"
  | "io"
  | "unreadable"
  | "lost-answer"
  | "crash-before"
  | "crash-after";

/** One call that may fail. */
export interface FallibleCall {
  /** Counted from 1 since the beginning, over all kinds of calls. */
  readonly number: number;
  /** The name of the method. */
  readonly method: string;
  /** Its subject: a key, a prefix or a run; empty for none. */
  readonly subject: string;
}

/** Decides which calls fail, and how. Called once for each call, in order. */
export type FaultPlan = (call: FallibleCall) => Fault | undefined;

/** The error of every call of a process that is simulated to be dead. No code of chatloom catches it. */
export class SimulatedCrash extends Error {
  /** The end of the process in `call`. */
  constructor(call: FallibleCall) {
    super(`The process crashed in call ${call.number}, ${call.method} "${call.subject}"`);
    this.name = "SimulatedCrash";
  }
}

/** A plan by which only the `n`-th call fails; the `n`-th of one kind, if `method` is given. */
export function failNth(n: number, fault: Fault, method?: string): FaultPlan {
  let count = 0;
  return (call) => {
    if (method !== undefined && call.method !== method) return undefined;
    return ++count === n ? fault : undefined;
  };
}

/** A plan by which each call fails with probability `rate`, by one of `faults`. */
export function seededFaults(
  random: Random,
  { rate, faults }: { readonly rate: number; readonly faults: readonly Fault[] },
): FaultPlan {
  return () => {
    if (random.next() >= rate) return undefined;
    return faults[Math.floor(random.next() * faults.length)];
  };
}

/** The life of a simulated process. All that the process uses shares one object, and dies together. */
export interface ProcessState {
  /** The crash of the process; `undefined` while it lives. Setting it kills the process. */
  crash: SimulatedCrash | undefined;
}

/** Ends a process from outside, between any two of its calls, as `kill -9` does. */
export function killProcess(processState: ProcessState): void {
  processState.crash ??= new SimulatedCrash({ number: 0, method: "kill", subject: "" });
}

/** Carries out a {@link FaultPlan} for the calls of one process. */
export class FaultyCalls {
  readonly #plan: FaultPlan;
  readonly #delay: (call: FallibleCall) => Promise<void> | undefined;
  readonly #ioCode: ErrorCode;
  readonly #processState: ProcessState;
  #count = 0;

  /** Fails calls by `plan`, with `ioCode` for faults other than full and denied. */
  constructor(
    plan: FaultPlan,
    { ioCode, delay = () => undefined, processState = { crash: undefined } }: {
      readonly ioCode: ErrorCode;
      readonly delay?: ((call: FallibleCall) => Promise<void> | undefined) | undefined;
      readonly processState?: ProcessState | undefined;
    },
  ) {
    this.#plan = plan;
    this.#processState = processState;
    this.#ioCode = ioCode;
    this.#delay = delay;
  }

  /** The number of calls. */
  get count(): number {
    return this.#count;
  }

  /** The crash that the process died of, if it is dead. */
  get crash(): SimulatedCrash | undefined {
    return this.#processState.crash;
  }

  /** Starts the process anew. */
  revive(): void {
    this.#processState.crash = undefined;
  }

  /** Runs `work`, unless the plan fails it. */
  doNow<T>(method: string, subject: string, work: () => T): T {
    const [call, fault] = this.#next(method, subject);
    this.#before(call, fault);
    const result = work();
    this.#after(call, fault);
    return result;
  }

  /** As {@link FaultyCalls.doNow}, for work that waits. A process may die while it waits, too. */
  async do<T>(method: string, subject: string, work: () => Promise<T>): Promise<T> {
    const [call, fault] = this.#next(method, subject);
    await this.#delay(call);
    this.#before(call, fault);
    const result = await work();
    this.#after(call, fault);
    return result;
  }

  /** As {@link FaultyCalls.doNow}, for items: a lost answer comes after the last of them. */
  async *each<T>(method: string, subject: string, items: () => AsyncIterable<T>): AsyncIterable<T> {
    const [call, fault] = this.#next(method, subject);
    await this.#delay(call);
    this.#before(call, fault);
    for await (const item of items()) {
      yield item;
      if (this.#processState.crash !== undefined) throw this.#processState.crash;
    }
    this.#after(call, fault);
  }

  #next(method: string, subject: string): [FallibleCall, Fault | undefined] {
    if (this.#processState.crash !== undefined) throw this.#processState.crash;
    const call = { number: ++this.#count, method, subject };
    return [call, this.#plan(call)];
  }

  #before(call: FallibleCall, fault: Fault | undefined): void {
    if (this.#processState.crash !== undefined) throw this.#processState.crash;
    if (fault === "crash-before") throw this.#processState.crash = new SimulatedCrash(call);
    if (fault === "full") throw failure("STORE_FULL", call);
    if (fault === "denied") throw failure("STORE_DENIED", call);
    if (fault === "io") throw failure(this.#ioCode, call);
    if (fault === "unreadable") {
      const reason = `planned failure of call ${call.number}`;
      throw new UnreadableEntryError("STORE_IO", [{ path: call.subject, reason }]);
    }
  }

  #after(call: FallibleCall, fault: Fault | undefined): void {
    if (this.#processState.crash !== undefined) throw this.#processState.crash;
    if (fault === "crash-after") throw this.#processState.crash = new SimulatedCrash(call);
    if (fault === "lost-answer") throw failure(this.#ioCode, call);
  }
}

function failure(code: ErrorCode, { number, method, subject }: FallibleCall): ChatloomError {
  const cause = new Error(`planned failure of call ${number}`);
  return new ChatloomError(code, `Cannot ${method} "${subject}": ${cause.message}`, { cause });
}
