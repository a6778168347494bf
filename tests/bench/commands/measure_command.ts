import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** What a command took, and what it printed. */
export interface Measured {
  readonly wallMs: number;
  /** In user and system mode, of the process and its children. */
  readonly cpuMs: number;
  /** The most memory that the process held, in bytes. */
  readonly peakBytes: number;
  readonly stdout: string;
}

/** How a command is run. */
export interface MeasureOptions {
  /** A command that reads what the first one prints; it is timed with it. */
  readonly into?: readonly string[];
  /** The exit code that is expected. */
  readonly exitCode?: number;
}

// The shell's own clock counts neither this process nor the start of the shell.
const SCRIPT = `
set -o pipefail
TIMEFORMAT='%3R %3U %3S'
count=$1; shift
reader=("\${@:1:count}"); shift "$count"
if ((count == 0)); then { time "$@" 2>&4; } 4>&2 2>"$CHATLOOM_BENCH_TIMES"
else { time { "$@" 2>&4 | "\${reader[@]}"; }; } 4>&2 2>"$CHATLOOM_BENCH_TIMES"
fi`;

const POLL_MS = 10;

/**
 * Runs a command and measures it.
 *
 * @throws {Error} when it ends with another exit code than is expected, with what it wrote on stderr.
 */
export async function measureCommand(
  command: readonly string[],
  { into = [], exitCode = 0 }: MeasureOptions = {},
): Promise<Measured> {
  const scratch = mkdtempSync(join(tmpdir(), "chatloom-measure-"));
  const times = join(scratch, "times");
  const child = spawn("bash", ["-c", SCRIPT, "bash", String(into.length), ...into, ...command], {
    env: { ...process.env, NO_COLOR: "1", CHATLOOM_BENCH_TIMES: times },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text) => stderr = (stderr + text).slice(-16_384));
  let peakBytes = 0;
  const look = () => peakBytes = Math.max(peakBytes, ...childrenOf(child.pid!).map(peakOf));
  const poll = setInterval(look, POLL_MS);
  try {
    const [code] = await once(child, "close");
    if (code !== exitCode) {
      throw new Error(`Cannot measure: "${command.slice(0, 8).join(" ")}" gave ${code}: ${stderr}`);
    }
    const [wallS, userS, systemS] = readFileSync(times, "utf8").trim().split(" ").map(Number);
    return { wallMs: wallS! * 1000, cpuMs: (userS! + systemS!) * 1000, peakBytes, stdout };
  } finally {
    clearInterval(poll);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function childrenOf(pid: number): number[] {
  return (readProc(`${pid}/task/${pid}/children`) ?? "").split(" ").filter((each) => each !== "")
    .map(Number);
}

/** The most memory that a process ever held, in bytes, as Linux counts it; 0 if it is gone. */
function peakOf(pid: number): number {
  const kb = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`) ?? "")?.[1] ?? 0;
  return 1024 * Number(kb);
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

/** The best of several runs: the least time, and the most memory. */
export class BestOf {
  wallMs = Infinity;
  cpuMs = Infinity;
  peakBytes = 0;

  /** Takes in one more run, and returns it. */
  add(measured: Measured): Measured {
    this.wallMs = Math.min(this.wallMs, measured.wallMs);
    this.cpuMs = Math.min(this.cpuMs, measured.cpuMs);
    this.peakBytes = Math.max(this.peakBytes, measured.peakBytes);
    return measured;
  }
}
