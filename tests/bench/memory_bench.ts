/**
 * The memory of a recorder that listens to a thousand quiet channels.
 *
 * On the back of an envelope: a runtime takes some 60 MB before it does anything. Each channel holds
 * a name, a membership and, for the three minutes that are open, as many bytes as its messages are
 * long: at one line in 20 s that is 10 KB. A thousand of them are 10 MB. Twenty connections with
 * their buffers are next to nothing.
 *
 * Measured as the operating system sees it, the whole process. JOINs are paced, so all thousand are
 * joined only after 500 s: `MEMORY_SECONDS=540` waits for that, 90 s show how it grows.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serveSimulatedTwitch } from "../../src/cli/simulation/serve_simulated_twitch.ts";

const CHANNELS = 1_000;
const SECONDS = Number(process.env["MEMORY_SECONDS"] ?? 90);
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

if (process.platform !== "linux") {
  console.log("skipped: memory is read from /proc, which is Linux's");
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), "chatloom-memory-"));
const served = await serveSimulatedTwitch({
  chat: { ratePerSecond: 0.05 },
  truth: { isKept: false },
});
const list = join(folder, "channels.txt");
const names = Array.from({ length: CHANNELS }, (_, i) => `quiet_channel_${i}`);
await writeFile(list, names.map((name) => `${name}\n`).join(""));
const recorder = spawn(process.execPath, [
  ...["run", "--allow-all", "--no-check", MAIN, "record", "--channels", list],
  ...["--archive", join(folder, "archive"), "--url", served.url, "--log-level", "error"],
], { stdio: ["ignore", "ignore", "inherit"] });
try {
  await sleep(5_000);
  const atFirst = residentMb(recorder.pid!);
  await sleep(SECONDS * 1_000);
  const joined = served.twitch.connections.reduce((sum, { channels }) => sum + channels.length, 0);
  const atLast = residentMb(recorder.pid!);
  console.log(
    `recorder of ${CHANNELS} channels: ${atFirst.toFixed(0)} MB after 5 s, ` +
      `${atLast.toFixed(0)} MB after ${SECONDS + 5} s with ${joined} joined`,
  );
  const perChannelKb = 1024 * (atLast - atFirst) / Math.max(1, joined);
  console.log(`grown by ${perChannelKb.toFixed(0)} KB a joined channel`);
} finally {
  process.kill(recorder.pid!, "SIGTERM");
  await once(recorder, "exit");
  await served.close();
  await rm(folder, { recursive: true });
}

/** The resident memory of a process. */
function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1024;
}
