/**
 * Many readers of the same busy two hours at once: how much memory the server takes at its peak, and
 * how long `/healthz` waits meanwhile and while a single minute of 60,000 lines is asked for.
 *
 * On the back of an envelope: 40 readers hold a slice of 128 KiB each beside what is shared, which is
 * the cache of chat, a few minutes in work, and the runtime.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { writeBusyArchive } from "./busy_archive.ts";
import { drain, longestWait, startServe } from "./serve_memory.ts";

const READERS = Number(process.env["READERS"] ?? 40);
const MINUTES = Number(process.env["MINUTES"] ?? 120);
const LINES_PER_MINUTE = Number(process.env["LINES"] ?? 3_600);
const BIG_MINUTE_LINES = 60_000;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

async function measure(
  what: string,
  { folder, paths }: { readonly folder: string; readonly paths: readonly string[] },
): Promise<void> {
  const server = await startServe(folder);
  const stop = new AbortController();
  try {
    await drain(`${server.url}/healthz`);
    const before = server.peakBytes();
    const waiting = longestWait(server.url, stop.signal);
    const startMs = performance.now();
    const sizes = await Promise.all(paths.map((path) => drain(server.url + path)));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    stop.abort();
    const waitMs = (await waiting).toFixed(0);
    const sent = megabytes(sizes.reduce((sum, size) => sum + size, 0));
    console.log(
      `${what.padEnd(30)} ${sent} in ${seconds} s; memory ${megabytes(before)} at the start, ` +
        `${megabytes(server.peakBytes())} at the peak; longest wait ${waitMs} ms`,
    );
  } finally {
    stop.abort();
    await server.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), "chatloom-crowd-bench-"));
try {
  const range = "start=2026-08-01T12:00&end=2026-08-01T14:00";
  const crowd = join(folder, "crowd");
  const size = { minutes: MINUTES, linesPerMinute: LINES_PER_MINUTE };
  console.log(`${MINUTES} minutes, ${megabytes(await writeBusyArchive(crowd, size))}`);
  for (const form of ["json", "ndjson"]) {
    const paths = Array.from({ length: READERS }, () => `/forsen/chat.${form}?${range}`);
    await measure(`${READERS} readers of chat.${form}`, { folder: crowd, paths });
  }
  const big = join(folder, "big");
  await writeBusyArchive(big, { minutes: 1, linesPerMinute: BIG_MINUTE_LINES });
  for (const query of ["", "&user=viewer_1", "&format=text"]) {
    const paths = [`/forsen/chat.ndjson?${range}${query}`];
    await measure(`60,000 lines${query}`, { folder: big, paths });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
