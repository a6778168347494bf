import process from "node:process";
import fc from "fast-check";

/**
 * What generated cases are drawn with. Fixed, so that the same change passes or fails on any day;
 * `LAWS_SEED` draws others, as the nightly run does.
 */
export const LAWS_SEED = Number(process.env["LAWS_SEED"] ?? 1);

fc.configureGlobal({ seed: LAWS_SEED });
