/** One value of a gauge and which of them it is. */
export interface GaugeReading {
  /** Which of them it is. */
  readonly labels?: { readonly [label: string]: string };
  /** How it stands. */
  readonly value: number;
}

/**
 * Where measurements go that are no plain counts: those go to a reporter. Measuring never throws
 * and never waits.
 */
export interface Metrics {
  /** Adds `value`, in the unit that ends `name`, to the histogram `name`. */
  observe(name: string, value: number, labels?: { readonly [label: string]: string }): void;

  /**
   * From now on `read` gives the value of the gauge `name`, each time metrics are read. It must not throw.
   * A second one for the same name replaces the first.
   */
  gauge(name: string, read: () => Iterable<GaugeReading>): void;
}

/** Metrics that do nothing. */
export const noopMetrics: Metrics = {
  observe() {},
  gauge() {},
};
