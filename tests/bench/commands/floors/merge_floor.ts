/**
 * What settling costs the processor at the least: reads and hashes all files of an archive, merges those
 * of each minute by the core, and hashes what comes out. Writes nothing.
 *
 * Argument: the folder of the inputs.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { mergeBatches } from "../../../../src/core/merge/merge_batches.ts";

const [inputs = ""] = process.argv.slice(2);
const minutes = new Map<string, string[]>();
for (const path of readdirSync(inputs, { recursive: true, encoding: "utf8" })) {
  const minute = /^[^/]+\/chat\/[^/]+\/\d\d(?=:00-.*\.json$)/.exec(path)?.[0];
  if (minute !== undefined) minutes.set(minute, [...minutes.get(minute) ?? [], path]);
}
let byteCount = 0;
for (const paths of minutes.values()) {
  const batches = paths.map((path) => {
    const bytes = readFileSync(join(inputs, path));
    const digest = createHash("sha256").update(bytes).digest("base64url");
    if (!path.endsWith(`-${digest}.json`)) throw new Error(`Cannot measure: ${path} is damaged`);
    return bytes;
  });
  const merged = mergeBatches(batches);
  createHash("sha256").update(merged).digest();
  byteCount += merged.length;
}
console.log(byteCount);
