/**
 * Memory and CPU of a recorder that listens to a thousand and to ten thousand quiet channels.
 *
 * On the back of an envelope: a runtime takes some 60 MB before it does anything, the command 40 MB more.
 * Each channel holds a name, a membership, a room and, for the three minutes that are open, as many bytes
 * as its messages are long: at one line in 100 s that is 2 KB. Ten thousand of them are 20 MB. The 200
 * connections with their buffers take 50 KB each: 10 MB. CPU goes with lines and with minutes that have
 * any: what goes with channels alone is what a recorder does that nobody says anything to.
 *
 * JOINs are sent at a verified bot's rate: ten thousand take 41 s. Then the recorder idles, then lines
 * come, the same number a second however many channels there are, spread over all of them. Measured as the
 * operating system sees it, the whole process of the real command; the simulated Twitch is in this one.
 *
 * `MEMORY_SECONDS` says how long lines come, 200 by default: minutes are stored after two. `MEMORY_RATE`
 * is lines a second, `MEMORY_CHANNELS` the sizes, with commas. `MEMORY_INSPECT=127.0.0.1:9229` lets an
 * inspector in, for a CPU profile.
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
import {
  type ServedTwitch,
  serveSimulatedTwitch,
} from "../../src/cli/simulation/serve_simulated_twitch.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { tellRow } from "./bench_row.ts";

const { env } = process;
const SIZES = (env["MEMORY_CHANNELS"] ?? "1000,10000").split(",").map(Number);
const SECONDS = Number(env["MEMORY_SECONDS"] ?? 200);
const RATE = Number(env["MEMORY_RATE"] ?? 100);
const SEED = env["SIM_SEED"] ?? "memory";
const INSPECT = env["MEMORY_INSPECT"];
const IDLE_S = 20;
const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

if (process.platform !== "linux") {
  console.log("skipped: memory is read from /proc, which is Linux's");
  process.exit(0);
}

const figures = [];
for (const size of SIZES) figures.push(await measure(size));
const [small, large] = figures;
if (small !== undefined && large !== undefined) {
  tellRow({
    name: `memory a channel, from ${SIZES[0]} to ${SIZES[1]}`,
    figure: 1024 * (large.memoryMb - small.memoryMb) / (SIZES[1]! - SIZES[0]!),
    unit: "KB",
    atMost: 30,
  });
  tellRow({
    name: `CPU a file, at ${SIZES[1]} channels`,
    figure: large.cpuPerFileMs / small.cpuPerFileMs,
    unit: `× CPU a file at ${SIZES[0]}`,
    // What goes through all channels for each file or each second shows here.
    atMost: 1.5,
    detail: `${large.cpuPerFileMs.toFixed(1)} ms against ${small.cpuPerFileMs.toFixed(1)} ms`,
  });
}

async function measure(
  size: number,
): Promise<{ readonly memoryMb: number; readonly cpuPerFileMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), "chatloom-memory-"));
  const served = await serveSimulatedTwitch({
    account: "verified",
    chat: false,
    truth: { isKept: false },
  });
  const names = Array.from({ length: size }, (_, i) => `quiet_channel_${i}`);
  const list = join(folder, "channels.txt");
  await writeFile(list, names.map((name) => `${name}\n`).join(""));
  const inspect = INSPECT === undefined ? [] : [`--inspect=${INSPECT}`];
  const recorder = spawn(process.execPath, [
    ...["run", "--allow-all", "--no-check", ...inspect, MAIN, "record", "--channels", list],
    ...["--archive", join(folder, "archive"), "--url", served.url, "--log-level", "error"],
    ...["--nick", "bench", "--join-rate", "2000"],
  ], { stdio: ["ignore", "ignore", "inherit"], env: { ...env, CHATLOOM_TOKEN: "simulated" } });
  try {
    const pid = recorder.pid!;
    const joinedS = await untilJoined(served, size);
    tellRow({
      name: `${size} channels: all joined`,
      figure: joinedS,
      unit: "s after the start",
      // A window for each 2,000, the start of the process, and a busy machine.
      atMost: 1.5 * 10.25 * (Math.ceil(size / 2_000) - 1) + 20,
    });
    const joiningCpuS = cpuSeconds(pid);
    tellRow({ name: `${size} channels: joining`, figure: joiningCpuS, unit: "s of CPU" });
    const idle = await cpuShare(pid, () => sleep(IDLE_S * 1_000));
    tellRow({ name: `${size} channels: idle`, figure: idle, unit: "% of a core" });
    await say(served, { names, seconds: SECONDS * 0.6 });
    const busy = await cpuShare(pid, () => say(served, { names, seconds: SECONDS * 0.4 }));
    tellRow({
      name: `${size} channels: ${RATE} lines/s`,
      figure: busy,
      unit: "% of a core",
    });
    const memoryMb = residentMb(pid);
    tellRow({
      name: `${size} channels: memory`,
      figure: memoryMb,
      unit: "MB resident",
      detail: `${residentMb(pid, "VmHWM").toFixed(0)} MB at the peak`,
    });
    return { memoryMb, cpuPerFileMs: 10 * busy / filesPerSecond(size) };
  } finally {
    process.kill(recorder.pid!, "SIGTERM");
    await once(recorder, "exit");
    await served.close();
    await rm(folder, { recursive: true });
  }
}

/** How many channels have a line in a minute, and so a file, as chance has it; for each second. */
function filesPerSecond(size: number): number {
  return size * (1 - Math.exp(-RATE * 60 / size)) / 60;
}

/** Waits until all channels are joined; returns how long that took, in seconds. */
async function untilJoined({ twitch }: ServedTwitch, size: number): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const joined = twitch.connections.reduce((sum, { channels }) => sum + channels.length, 0);
    const seconds = (performance.now() - beganMs) / 1_000;
    if (joined >= size) return seconds;
    if (seconds > 600) throw new Error(`only ${joined} of ${size} joined after ${seconds} s`);
    await sleep(250);
  }
}

/** Has {@link RATE} lines a second said, each in a channel that chance picks. */
async function say(
  { twitch }: ServedTwitch,
  { names, seconds }: { readonly names: readonly string[]; readonly seconds: number },
): Promise<void> {
  const random = seededRandom(SEED);
  const beganMs = performance.now();
  for (let said = 0; said < RATE * seconds;) {
    for (const due = RATE * (performance.now() - beganMs) / 1_000; said < due; said++) {
      const channel = names[intBelow(random, names.length)]!;
      const login = `user${intBelow(random, 50_000)}`;
      twitch.say(channel, { login, text: "so much to say ".repeat(1 + intBelow(random, 8)) });
    }
    await sleep(50);
  }
}

/** How much of a core the process takes during `work`, in per cent. */
async function cpuShare(pid: number, work: () => Promise<unknown>): Promise<number> {
  const [beganMs, beganS] = [performance.now(), cpuSeconds(pid)];
  await work();
  return 100 * (cpuSeconds(pid) - beganS) / ((performance.now() - beganMs) / 1_000);
}

/** What a process has taken so far of all cores together, in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100; // utime and stime, in USER_HZ
}

function residentMb(pid: number, field: "VmRSS" | "VmHWM" = "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}
