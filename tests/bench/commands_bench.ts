/**
 * The commands that people wait for, each beside the least that the same work must take.
 *
 * On the back of an envelope: a busy channel sends 400,000 messages a day, 600 bytes each as stored:
 * 240 MB a recorder, in 1,440 files. `sha256sum` reads them in a second, the core merges two recordings
 * in two, a disk flushes 1,440 files and their folders, 16 at a time, in a few. A command adds the start
 * of its runtime, listings, checks, and whatever it does twice.
 *
 * Two recorders and a capture of the same generated day, each with a hundredth lost. Commands and floors
 * run as processes of their own, one after another, round by round; the least time of each counts, and
 * the most memory. What commands print and write is checked.
 *
 * Flags: `--messages`, `--minutes`, `--seed` choose the day; `--quick` is a quarter of it; `--rounds`;
 * `--folder DIR` keeps the recordings there for the next run; `--keep` keeps the folder that was made;
 * `--node` measures the packed package in Node too; `--days 10` measures the memory of each command over one
 * day and over ten, each with a quarter of the day's messages.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { tellRow } from "./bench_row.ts";
import { openWorld } from "./commands/bench_world.ts";
import { denoRuntime, nodeRuntime } from "./commands/bench_runtime.ts";
import { CommandRounds } from "./commands/command_rounds.ts";
import { commandRows, daysRows } from "./commands/command_rows.ts";

const { values: flags } = parseArgs({
  options: {
    messages: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string" },
    keep: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    node: { type: "boolean", default: false },
    days: { type: "string" },
  },
});

if (process.platform !== "linux") {
  console.log("skipped: memory is read from /proc, which is Linux's");
  process.exit(0);
}

const size = {
  seed: flags.seed,
  messages: Number(flags.messages ?? (flags.quick ? 100_000 : 400_000)),
  minutes: Number(flags.minutes ?? (flags.quick ? 360 : 1_440)),
};
const busyLines = flags.quick ? 300 : 1_200;
const folder = flags.folder ?? mkdtempSync(join(tmpdir(), "chatloom-commands-bench-"));
mkdirSync(folder, { recursive: true });
try {
  const deno = denoRuntime(folder);
  const world = await openWorld(folder, {
    size,
    runtime: deno,
    busyLines,
  });
  const { sides, settled } = world.facts;
  const megabytes = [...sides, settled].map(({ bytes }) => `${(bytes / 1e6).toFixed(0)} MB`);
  console.log(
    `${size.messages} messages in ${size.minutes} minutes: ${megabytes[0]} and ${megabytes[1]} ` +
      `in ${sides[0]!.files} and ${sides[1]!.files} files, settled ${megabytes[2]}`,
  );
  const runtimes = flags.node ? [deno, await nodeRuntime(folder)] : [deno];
  const scratch = join(folder, "scratch");
  const all = runtimes.map((runtime) => ({
    runtime,
    rounds: new CommandRounds(world, { runtime, folder: scratch }),
  }));
  rmSync(scratch, { recursive: true, force: true });
  for (const { rounds } of all) await rounds.check();
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const { rounds } of all) await rounds.round();
  }
  for (const { runtime, rounds } of all) {
    for (const row of commandRows(rounds.bests, runtime.name)) tellRow(row);
  }
  if (flags.days !== undefined) {
    const days = Number(flags.days);
    const day = { ...size, messages: Math.round(size.messages / 4) };
    const many = { ...day, messages: day.messages * days, minutes: day.minutes * days };
    const [one, more] = [
      await openWorld(folder, { size: day, runtime: deno, busyLines }),
      await openWorld(folder, { size: many, runtime: deno, busyLines }),
    ];
    for (const runtime of runtimes) {
      const peaks = [];
      for (const each of [one, more]) {
        const rounds = new CommandRounds(each, { runtime, folder: scratch });
        await rounds.roundWithoutFloors();
        peaks.push(rounds.bests);
      }
      for (const row of daysRows(peaks[0]!, peaks[1]!, { days, runtime: runtime.name })) {
        tellRow(row);
      }
    }
  }
} finally {
  if (flags.folder === undefined && !flags.keep) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
}
