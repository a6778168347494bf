import type { Micros } from "../../../../core/time.ts";

/** Numbers equal lines of the same instant of a log's clock, which nothing else tells apart. */
export class Ordinals {
  #atUs = NaN;
  readonly #counts = new Map<string, number>();

  /** How many equal ones came before it at `atUs`. */
  next(atUs: Micros, text: string): number {
    if (atUs !== this.#atUs) {
      this.#atUs = atUs;
      this.#counts.clear();
    }
    const count = this.#counts.get(text) ?? 0;
    this.#counts.set(text, count + 1);
    return count;
  }
}
