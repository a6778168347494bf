import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new, empty folder, and how to be rid of it. */
export function tempFolder(): { readonly path: string; close(): void } {
  const path = mkdtempSync(join(tmpdir(), "chatloom-test-"));
  return { path, close: () => rmSync(path, { recursive: true, force: true }) };
}
