/**
 * The memory of a recorder of busy channels: 2,000 lines a second for ten minutes.
 *
 * On the back of an envelope: a runtime takes some 100 MB. A line of chat makes a line of some 560
 * bytes in a file, and is in memory for up to 130 s: its minute, the minute that Twitch may lag, and
 * some seconds until it is stored and settled. At 2,000 lines a second that is 145 MB, compressed 25 MB.
 * A batch that is stored or settled takes 17 MB, twice for a while, and a collector comes late. So 350 MB
 * are enough, and the last third of the run needs no more than the part before it.
 *
 * Measured as the operating system sees it, the whole process of the real command. `MEMORY_MINUTES`,
 * `MEMORY_RATE` (lines a second, all channels together), `MEMORY_CHANNELS` and `SIM_SEED` ask for
 * another run: three minutes at 500 lines a second show how it grows.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const { env } = process;
const MINUTES = Number(env["MEMORY_MINUTES"] ?? 10);
const RATE = Number(env["MEMORY_RATE"] ?? 2_000);
const CHANNELS = Number(env["MEMORY_CHANNELS"] ?? 4);
const SEED = env["SIM_SEED"] ?? "memory";
/** Further flags for the recorder's V8, as `--trace-gc`, to look into what it holds. */
const V8_FLAGS = env["MEMORY_V8_FLAGS"] ? [`--v8-flags=${env["MEMORY_V8_FLAGS"]}`] : [];
const PEAK_MAX_MB = 350;
/** Later peaks may be this much above earlier ones: what chance and the garbage collector make. */
const GROWTH_MAX = 1.1;
const SAMPLE_MS = 30_000;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

if (process.platform !== "linux") {
  console.log("skipped: memory is read from /proc, which is Linux's");
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), "chatloom-memory-"));
const names = Array.from({ length: CHANNELS }, (_, i) => `busy_channel_${i}`);
// In a process of its own, so that making chat up does not slow down the recorder's measurement.
const twitch = spawn(process.execPath, [
  ...["run", "--allow-all", "--no-check", MAIN, "simulate", "--seed", SEED],
  ...["--rate", String(RATE / CHANNELS), "--channels", names.join(",")],
], { stdio: ["ignore", "pipe", "inherit"] });
const [greeting] = await once(twitch.stdout!, "data");
const url = /ws:\/\/[\d.:]+/.exec(String(greeting))![0];
const recorder = spawn(process.execPath, [
  ...["run", "--allow-all", "--no-check", ...V8_FLAGS, MAIN, "record", ...names],
  ...["--archive", join(folder, "archive"), "--url", url, "--log-level", "warning"],
], { stdio: ["ignore", V8_FLAGS.length > 0 ? "inherit" : "ignore", "inherit"] });
const peaks: number[] = [];
try {
  for (let at = 1; at <= MINUTES * 60_000 / SAMPLE_MS; at++) {
    let peak = 0;
    for (let ms = 0; ms < SAMPLE_MS; ms += 250) {
      await sleep(250);
      peak = Math.max(peak, residentMb(recorder.pid!, "VmRSS"));
    }
    peaks.push(peak);
    const now = residentMb(recorder.pid!, "VmRSS");
    console.log(
      `${(at * SAMPLE_MS / 1000).toFixed(0).padStart(5)} s: ${mb(now)}, peak ${mb(peak)}`,
    );
  }
  const highest = residentMb(recorder.pid!, "VmHWM");
  const settled = peaks.slice(6); // The first three minutes fill what stays open.
  const third = Math.floor(settled.length / 3);
  const growth = median(settled.slice(-third)) / median(settled.slice(0, third));
  const isFlat = third === 0 || growth <= GROWTH_MAX;
  const isSmall = highest <= PEAK_MAX_MB;
  console.log(
    `${RATE} lines/s in ${CHANNELS} channels for ${MINUTES} min: highest ${mb(highest)} ` +
      `(at most ${PEAK_MAX_MB} MB: ${isSmall ? "yes" : "NO"}), last third ${
        growth.toFixed(2)
      } of ` +
      `what came before (flat: ${isFlat ? "yes" : "NO"})`,
  );
  if (!isSmall || !isFlat) process.exitCode = 1;
} finally {
  process.kill(recorder.pid!, "SIGTERM");
  await once(recorder, "exit");
  process.kill(twitch.pid!, "SIGTERM");
  await once(twitch, "exit");
  await rm(folder, { recursive: true });
}

function residentMb(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function mb(value: number): string {
  return `${value.toFixed(0).padStart(4)} MB`;
}
