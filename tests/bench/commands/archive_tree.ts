import { createHash } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The paths of all batch files in `folder`, relative to it, in order. */
export function batchPaths(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes("/chat/") && path.endsWith(".json"))
    .sort();
}

/** What is known of the batch files of an archive. */
export interface TreeFacts {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
  /** SHA-256 of all files one after another, in the order of their paths, in hex. */
  readonly digest: string;
}

/**
 * Reads all batch files of an archive.
 *
 * @throws {Error} when one does not have the hash in its name.
 */
export function readTree(folder: string): TreeFacts {
  const whole = createHash("sha256");
  let [lines, bytes] = [0, 0];
  const paths = batchPaths(folder);
  for (const path of paths) {
    const file = readFileSync(join(folder, path));
    const hash = createHash("sha256").update(file).digest("base64url");
    if (!path.endsWith(`-${hash}.json`)) throw new Error(`Cannot measure: ${path} is damaged`);
    whole.update(file);
    bytes += file.length;
    for (let at = file.indexOf(10); at !== -1; at = file.indexOf(10, at + 1)) lines++;
  }
  return { files: paths.length, lines, bytes, digest: whole.digest("hex") };
}

/** Writes a file, and its folders, without flushing it. */
export function writeFileAt(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** Links the batch files of archives into `to`. A file of an archive never changes, so this is a copy. */
export function linkArchives(to: string, archives: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const archive of archives) {
    for (const path of batchPaths(archive)) {
      mkdirSync(dirname(join(to, path)), { recursive: true });
      linkSync(join(archive, path), join(to, path));
    }
  }
}
