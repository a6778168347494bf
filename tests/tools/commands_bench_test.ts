import assert from "node:assert/strict";
import process from "node:process";
import { after, test } from "node:test";
import { denoRuntime } from "../bench/commands/bench_runtime.ts";
import { openWorld } from "../bench/commands/bench_world.ts";
import { CommandRounds } from "../bench/commands/command_rounds.ts";
import { commandRows } from "../bench/commands/command_rows.ts";
import { heardLines } from "../bench/commands/generated_day.ts";
import { measureCommand } from "../bench/commands/measure_command.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";

const skip = process.platform !== "linux" && "memory is read from /proc, which is Linux's";
const folder = tempFolder();
after(() => folder.close());

const SIZE = { seed: "1", messages: 600, minutes: 3 };
const runtime = denoRuntime(folder.path);

test("measureCommand says what a command took and printed", { skip }, async () => {
  const slept = await measureCommand(["sleep", "0.2"]);
  assert.ok(slept.wallMs >= 190 && slept.cpuMs < slept.wallMs, JSON.stringify(slept));
  const busy = await measureCommand(["bash", "-c", "for ((i = 0; i < 200000; i++)); do :; done"]);
  assert.ok(busy.cpuMs > 20 && busy.peakBytes > 1e6, JSON.stringify(busy));
  const piped = await measureCommand(["head", "-c", "1000", "/dev/zero"], { into: ["wc", "-c"] });
  assert.equal(piped.stdout.trim(), "1000");
});

test(
  "measureCommand refuses an exit code that is not expected, also behind a pipe",
  { skip },
  async () => {
    const command = ["bash", "-c", "echo reason >&2; exit 3"];
    await assert.rejects(measureCommand(command), /gave 3: reason/);
    await assert.rejects(measureCommand(command, { into: ["cat"] }), /gave 3: reason/);
    await measureCommand(command, { exitCode: 3 });
  },
);

test("heardLines are the same for a seed, and each recorder loses other lines", () => {
  const size = { seed: "7", messages: 5_000, minutes: 10 };
  const [alpha, again, beta] = ["alpha", "alpha", "beta"].map((name) => [
    ...heardLines(size, name),
  ]);
  assert.deepEqual(alpha, again);
  const texts = new Set(alpha!.map(({ line }) => line));
  const others = beta!.filter(({ line }) => !texts.has(line));
  assert.ok(others.length > 10 && others.length < 100, `${others.length}`);
  assert.ok(alpha!.length > 4_900 && alpha!.length < 5_000, `${alpha!.length}`);
});

test("a round measures all commands, and none that leaves work out", { skip }, async () => {
  const world = await openWorld(folder.path, { size: SIZE, runtime, busyLines: 2 });
  const options = { runtime, folder: `${folder.path}/scratch` };
  const rounds = new CommandRounds(world, options);
  await rounds.check();
  await rounds.round();
  for (const { name, figure } of commandRows(rounds.bests, "Deno")) {
    assert.ok(figure > 0 && Number.isFinite(figure), `${name}: ${figure}`);
  }
  const { files, lines } = world.facts.settled;
  const lies: Record<string, [said: string, complaint: RegExp]> = {
    cat: ["", /cat prints/],
    verify: [`${files} files with ${lines} messages: nothing wrong`, /gave 0/],
    settle: ["3 minutes: 0 batches written, 0 files merged away", /settling gives the same bytes/],
    import: [", 594 messages in 3 batches", /import (archives|writes) all/],
  };
  for (const [verb, [said, complaint]] of Object.entries(lies)) {
    const script = `if [ "$1" = ${verb} ]; then echo "$SAID"; else exec "\${REAL[@]}" "$@"; fi`;
    const real = `REAL=(${runtime.chatloom.join(" ")}); SAID="${said}"; ${script}`;
    const lying = { ...runtime, chatloom: ["bash", "-c", real, "bash"] };
    const rounds = new CommandRounds(world, { ...options, runtime: lying });
    await assert.rejects(
      async () => {
        await rounds.check();
        await rounds.round();
      },
      complaint,
    );
  }
});
