import { type Micros, SECOND_US } from "../../core/time.ts";

/** One report of a message. */
export interface Report {
  /** Its channel and its content: equal for reports that may be of one event. */
  readonly key: string;
  readonly receiver: string;
  /** By the receiver's clock: the same of both is the same report. */
  readonly receivedUs: Micros;
  /** When it came, by the clock of this node. */
  readonly arrivedUs: Micros;
  readonly startUs: Micros;
  readonly endUs: Micros;
  readonly isExact: boolean;
}

interface Emitted {
  readonly seq: number;
  readonly arrivedUs: Micros;
  startUs: Micros;
  endUs: Micros;
  readonly receivers: Map<string, Micros>;
}

/** How many events of one content are compared: a flood of equal ones must not make each slower. */
const SAME_MAX = 32;

/** Over several connections a message comes within this time, unless one of them lags. */
const APART_MAX_US = SECOND_US;

/**
 * Which messages were emitted already, as several receivers report each. An exact content is one event. Of
 * ranged ones a report belongs to the first event that came at about the same time, whose range it overlaps
 * and that its receiver has not reported. Ranges alone cannot tell: those of JOINs are a minute long until
 * later timestamps cut them, and a user may join twice. In doubt a message is emitted again.
 */
export class EmittedEvents {
  readonly #byKey = new Map<string, Emitted[]>();
  readonly #keys = new Map<number, string>();

  /** Whether the report is of an event that was emitted; if so, it is noted there. */
  joins({ key, receiver, receivedUs, arrivedUs, startUs, endUs, isExact }: Report): boolean {
    const known = this.#byKey.get(key) ?? [];
    // Nodes that follow each other give each other's reports back.
    if (known.some(({ receivers }) => receivers.get(receiver) === receivedUs)) return true;
    for (const event of known) {
      if (isExact) return true;
      if (Math.abs(event.arrivedUs - arrivedUs) > APART_MAX_US) continue;
      const fromUs = Math.max(event.startUs, startUs);
      const untilUs = Math.min(event.endUs, endUs);
      if (fromUs > untilUs || event.receivers.has(receiver)) continue;
      event.startUs = fromUs;
      event.endUs = untilUs;
      event.receivers.set(receiver, receivedUs);
      return true;
    }
    return false;
  }

  /** Notes that the report was emitted as event `seq`. */
  add({ key, receiver, receivedUs, arrivedUs, startUs, endUs }: Report, seq: number): void {
    const events = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, events);
    events.push({ seq, arrivedUs, startUs, endUs, receivers: new Map([[receiver, receivedUs]]) });
    if (events.length > SAME_MAX) this.#keys.delete(events.shift()!.seq);
    this.#keys.set(seq, key);
  }

  /** Forgets event `seq`. */
  forget(seq: number): void {
    const key = this.#keys.get(seq);
    if (key === undefined) return;
    this.#keys.delete(seq);
    const left = this.#byKey.get(key)!.filter((event) => event.seq !== seq);
    if (left.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, left);
  }
}
