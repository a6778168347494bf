import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeBusyArchive } from "../../bench/busy_archive.ts";
import { drain, startServe } from "../../bench/serve_memory.ts";
import { CANNOT_MEASURE as skip } from "./hostile_memory.ts";

const READERS = 16;
/** It takes up to 580 MB; with a copy of each minute for each reader, or with hours read apart, over 800 MB. */
const MEMORY_MAX_BYTES = 700e6;

test("many readers of the same busy minutes share their memory", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-crowd-"));
  try {
    const byteCount = await writeBusyArchive(folder, { minutes: 8, linesPerMinute: 20_000 });
    const server = await startServe(folder);
    try {
      const url = `${server.url}/forsen/chat.json?start=2026-08-01T12&end=2026-08-01T14`;
      const sizes = await Promise.all(Array.from({ length: READERS }, () => drain(url)));
      // Each line feed becomes a comma or the last bracket; the first bracket comes on top.
      assert.deepEqual(new Set(sizes), new Set([byteCount + 1]));
      const peakBytes = server.peakBytes();
      assert.ok(peakBytes < MEMORY_MAX_BYTES, `${(peakBytes / 1e6).toFixed(0)} MB at the peak`);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
