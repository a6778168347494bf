/** A counter and its value. */
export interface CounterReading {
  /** Its name. */
  readonly name: string;
  /** Its labels, such as the reason for which lines were not archived. */
  readonly labels: { readonly [label: string]: string };
  /** Its value. */
  readonly amount: number;
}

/** At most this many counters are kept apart; later ones are added to one with the label `other`. */
const COUNTERS_MAX = 10_000;

/** Counters in memory, for a log, a metrics page or the summary of a command. */
export class Counters {
  readonly #readings = new Map<
    string,
    { -readonly [key in keyof CounterReading]: CounterReading[key] }
  >();

  /** Adds `amount` to the counter `name` with these labels. Never throws. */
  count(name: string, labels: { readonly [label: string]: string } = {}, amount = 1): void {
    const key = keyOf(name, labels);
    const reading = this.#readings.get(key);
    if (reading !== undefined) reading.amount += amount;
    else if (this.#readings.size < COUNTERS_MAX) this.#readings.set(key, { name, labels, amount });
    else if (labels["other"] !== "true") this.count(name, { other: "true" }, amount);
    // Beyond that only new names are added, of which chatloom has a few dozen.
    else this.#readings.set(key, { name, labels, amount });
  }

  /** All counters that were ever added to, by name and labels. The caller owns the array. */
  readings(): CounterReading[] {
    const keys = [...this.#readings.keys()].sort();
    return keys.map((key) => ({ ...this.#readings.get(key)! }));
  }

  /** The sum of the counters called `name`, whatever their labels. */
  total(name: string): number {
    let sum = 0;
    for (const reading of this.#readings.values()) if (reading.name === name) sum += reading.amount;
    return sum;
  }
}

function keyOf(name: string, labels: { readonly [label: string]: string }): string {
  const pairs = Object.keys(labels).sort().map((label) => [label, labels[label]]);
  return JSON.stringify([name, ...pairs]);
}
