/** One value of a gauge and its labels. */
export interface GaugeReading {
  /** Its labels. */
  readonly labels?: { readonly [label: string]: string };
  /** Its value. */
  readonly value: number;
}

/**
 * Takes measurements that are no plain counts: counts go to a reporter. Measuring never throws
 * and never waits.
 */
export interface Metrics {
  /** Adds `value`, in the unit that ends `name`, to the histogram `name`. */
  observe(name: string, value: number, labels?: { readonly [label: string]: string }): void;

  /**
   * From now on `read` gives the value of the gauge `name`, each time metrics are read. It must not throw.
   * A second function for the same name replaces the first.
   */
  gauge(name: string, read: () => Iterable<GaugeReading>): void;
}

/** Metrics that do nothing. */
export const noopMetrics: Metrics = {
  observe() {},
  gauge() {},
};
