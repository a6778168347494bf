import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import {
  type ArchiveKey,
  formatArchiveKey,
  parseHour,
} from "../../../src/core/archive/archive_key.ts";
import { encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { firstPathOf } from "../../../src/core/archive/first_layout.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";

const hasher = await wasmHasher();

/** A file by its key. */
export interface KeyedFile {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
}

/** The order to forget the message `id` in `channel`. */
export function redactionFile(channel: string, id: string): KeyedFile {
  const bytes = encodeRedaction({ target: { kind: "message", id }, madeUs: 0, reason: "test" });
  return {
    key: formatArchiveKey({ kind: "redaction", channel, digest: hasher.digest(bytes) }),
    bytes,
  };
}

/** That `receiver` listened to `channel` in the whole hour. */
export function coverageFile(channel: string, hour: string, receiver = "a.AAAAA.0"): KeyedFile {
  const hourUs = parseHour(hour)!;
  const bytes = encodeCoverage(hourUs, new Map([[receiver, [[0, 3600]]]]));
  return {
    key: formatArchiveKey({ kind: "coverage", channel, hourUs, digest: hasher.digest(bytes) }),
    bytes,
  };
}

/** Writes a file where the first version of chatloom put it; returns its path. */
export function plantFirst(root: string, { key, bytes }: KeyedFile): string {
  const path = join(root, firstPathOf(key) ?? key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** The paths of all files under `root`, relative to it, sorted; folders without files end with a slash. */
export function treeOf(root: string): string[] {
  const paths: string[] = [];
  const walk = (folder: string) => {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.length === 0) paths.push(`${relative(root, folder)}/`);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else paths.push(relative(root, path));
    }
  };
  walk(root);
  return paths.sort();
}
