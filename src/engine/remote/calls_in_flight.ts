import type { StoreReply } from "../../core/remote/envelope.ts";
import type { Micros } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { AbandonedCalls } from "./abandoned_calls.ts";
import { RefusedFiles } from "./refused_files.ts";
import type { StoreCall } from "./store_call.ts";

/** The calls of a sender that have not ended, and what workers answered to them. */
export class CallsInFlight {
  /** Those whose callers left. */
  readonly abandoned = new AbandonedCalls();
  /** Files that workers refuse. */
  readonly refused: RefusedFiles;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  /** By correlation id: bounded by the callers, who wait. */
  readonly #calls = new Map<string, StoreCall>();
  /** When a worker of a range answered last, and any worker. */
  readonly #answeredUs = new Map<number | "any", Micros>();
  readonly #sentInRange = new Map<number, number>();

  /** None yet. */
  constructor({ clock, reporter }: { readonly clock: Clock; readonly reporter: Reporter }) {
    [this.#clock, this.#reporter] = [clock, reporter];
    this.refused = new RefusedFiles({ clock, reporter });
  }

  /** Adds a call that begins. */
  add(call: StoreCall): void {
    this.#calls.set(call.correlationId, call);
  }

  /** Removes a call that has ended. */
  delete({ correlationId }: StoreCall): void {
    this.#calls.delete(correlationId);
  }

  /** Resolves when all that are there now have ended. */
  async ended(): Promise<void> {
    await Promise.allSettled([...this.#calls.values()].map(({ done }) => done));
  }

  /** Ends all of them. */
  failAll(reason: unknown): void {
    for (const call of [...this.#calls.values()]) call.fail(reason);
  }

  /** A sign that all of them go on. */
  progressAll(): void {
    for (const call of this.#calls.values()) call.progress();
  }

  /** Notes that a call is past the line for the window; returns what notes that it has left. */
  enterRange(call: StoreCall): () => void {
    call.isSent = true;
    this.#sentInRange.set(call.range, this.sentInRange(call.range) + 1);
    return () => void this.#sentInRange.set(call.range, this.sentInRange(call.range) - 1);
  }

  /** How many messages of a range are on their way. */
  sentInRange(range: number): number {
    return this.#sentInRange.get(range) ?? 0;
  }

  /** When an answer came that shows that this call may go on: of its range, or of any while it waits for room. */
  answeredUs(call: StoreCall): Micros {
    return this.#answeredUs.get(call.isSent ? call.range : "any") ?? -Infinity;
  }

  /** Takes a worker's answer. */
  hear(correlationId: string, reply: StoreReply): void {
    const call = this.#calls.get(correlationId);
    if (call === undefined) {
      const isKnown = this.abandoned.answered(correlationId, reply.status === "stored");
      if (!isKnown) this.#reporter.count("remote_replies_unknown");
      return;
    }
    for (const range of [call.range, "any"] as const) {
      this.#answeredUs.set(range, this.#clock.elapsedUs());
    }
    this.#reporter.count("remote_replies", { status: reply.status });
    if (reply.status === "waiting") return call.progress();
    if (reply.status === "refused") return call.fail(this.refused.add(call.key, reply));
    this.refused.delete(call.key);
    call.succeed();
  }
}
