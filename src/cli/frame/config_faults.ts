const SHOWN_MAX = 20;

/** What is wrong with a configuration: one sentence for each fault, with file, line and key. */
export class ConfigFaults extends Error {
  /** At most twenty, and one that counts the others. */
  readonly faults: readonly string[];

  /** These faults, at least one. */
  constructor(faults: readonly string[], options?: ErrorOptions) {
    const more = faults.length - SHOWN_MAX;
    const shown = more > 0
      ? [...faults.slice(0, SHOWN_MAX), `… and ${more} more faults`]
      : [...faults];
    super(shown.join("; "), options);
    this.name = "ConfigFaults";
    this.faults = shown;
  }
}
