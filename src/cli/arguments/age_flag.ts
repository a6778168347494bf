import { type Command, InvalidArgumentError } from "commander";
import { HOUR_US, type Micros } from "../../core/time.ts";

/** The flag by which a verb that runs for long packs what has grown old. */
export interface PackAfterFlag {
  /** How old an hour is when it is packed. By default none is. */
  readonly packAfter?: Micros;
}

/** Adds {@link PackAfterFlag} to a verb. */
export function addPackAfterFlag(command: Command): Command {
  const description = "pack hours when they are this old, such as 7d, as chatloom pack does";
  return command.option("--pack-after <age>", description, parseAge);
}

const UNITS_US: { readonly [unit: string]: Micros } = {
  h: HOUR_US,
  d: 24 * HOUR_US,
  w: 7 * 24 * HOUR_US,
  y: 365 * 24 * HOUR_US,
};

/**
 * Reads an age, such as `36h`, `30d`, `8w` or `2y`.
 *
 * @throws {InvalidArgumentError} when it is none.
 */
export function parseAge(text: string): Micros {
  const [, count = "", unit = ""] = /^([1-9]\d{0,6})([hdwy])$/.exec(text) ?? [];
  const unitUs = Object.hasOwn(UNITS_US, unit) ? UNITS_US[unit] : undefined;
  if (unitUs === undefined) throw new InvalidArgumentError("It must look like 36h, 30d, 8w or 2y.");
  return Number(count) * unitUs;
}
