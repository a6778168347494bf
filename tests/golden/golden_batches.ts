import { existsSync, readdirSync, readFileSync } from "node:fs";

const GOLDEN = new URL("../../../shared/data/golden/", import.meta.url);

/** Why tests that need the reference's own files skip, or `false` if they can run. */
export const goldenMissing: string | false = existsSync(GOLDEN)
  ? false
  : "the reference's files are not here";

/** All batches the reference wrote, by node: `node-alpha`, `node-beta`, or `merged` from both. */
export function goldenBatches(
  folder?: "node-alpha" | "node-beta" | "merged",
): { readonly name: string; readonly bytes: Uint8Array }[] {
  const folders = folder === undefined ? ["node-alpha", "node-beta", "merged"] : [folder];
  return folders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, GOLDEN)).sort().flatMap((hour) =>
      readdirSync(new URL(`${folder}/${hour}/`, GOLDEN)).sort().map((name) => ({
        name: `${folder}/${hour}/${name}`,
        bytes: new Uint8Array(readFileSync(new URL(`${folder}/${hour}/${name}`, GOLDEN))),
      }))
    )
  );
}

/** Lines of the reference as its own merge prints them: its recorder writes whole ranges as integers. */
export function withFloatRanges(text: string): string {
  return text.replace(/,"time_range":(\d+),/g, ',"time_range":$1.0,');
}
