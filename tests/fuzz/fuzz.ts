/**
 * Throws seeded garbage at everything that takes input: `deno task fuzz --cases 1000000`. Ends with 1
 * at the first case that is not withstood, and says how to replay it.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { FuzzFailure, runTarget } from "./run_target.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now()) },
    first: { type: "string", default: "0" },
    only: { type: "string" },
  },
});
const { seed, only } = values;
const [total, first] = [Number(values.cases), Number(values.first)];
if (!Number.isSafeInteger(total) || !Number.isSafeInteger(first) || total < 1 || first < 0) {
  throw new RangeError(`Cannot try "${values.cases}" cases from "${values.first}" on`);
}
const chosen = TARGETS.filter(({ target }) => only === undefined || target.name === only);
if (chosen.length === 0) throw new RangeError(`Cannot find a target "${only}"`);
const shares = chosen.reduce((sum, { share }) => sum + share, 0);

console.log(`seed ${seed}`);
try {
  let tried = 0;
  for (const { target, share } of chosen) {
    const cases = Math.max(1, Math.round(total * share / shares));
    const startMs = performance.now();
    await runTarget(target, { seed, cases, first });
    const seconds = (performance.now() - startMs) / 1000;
    tried += cases;
    console.log(`${target.name}: ${cases} cases in ${seconds.toFixed(1)} s, all withstood`);
  }
  console.log(`${tried} cases, all withstood`);
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  console.error(`${error.message}\n`, error.cause);
  process.exitCode = 1;
}
