import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import {
  type ServedTwitch,
  serveSimulatedTwitch,
  type ServeSimulatedTwitchOptions,
} from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import type { TrueEvent } from "../../../src/testing/simulated_twitch/truth.ts";
import { until } from "../../waiting/until.ts";
import { runCli } from "../run_cli.ts";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

interface RunningRecorder {
  readonly process: ChildProcess;
  /** All it has written to stderr. */
  readonly log: () => string;
  /** Waits until it ends by itself and returns its exit code. */
  ended(): Promise<number | null>;
  /** Asks it to stop and returns its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

function record(args: readonly string[], env: Record<string, string> = {}): RunningRecorder {
  const child = spawn(process.execPath, [
    ...["run", "--allow-all", "--no-check", MAIN, "record"],
    ...args,
  ], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NO_COLOR: "1", ...env } });
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text) => log += text);
  const ended = once(child, "exit").then(([exitCode]) => exitCode as number | null);
  return {
    process: child,
    log: () => log,
    ended: () => ended,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null) process.kill(child.pid!, signal);
      return await ended;
    },
  };
}

async function workspace(
  t: { after(end: () => Promise<void>): void },
  options: ServeSimulatedTwitchOptions = { chat: { ratePerSecond: 20 }, probeEvery: 10 },
) {
  const folder = await mkdtemp(join(tmpdir(), "chatloom-record-"));
  const served = await serveSimulatedTwitch(options);
  t.after(async () => {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, served, archive: join(folder, "archive") };
}

/** The messages that the recorder has surely received. */
function received({ twitch: { truth } }: ServedTwitch): readonly TrueEvent[] {
  return truth.connections.flatMap(({ connection }) => truth.acknowledgedBy(connection))
    .filter(({ command }) => command === "PRIVMSG");
}

/** The ids of all messages. */
async function archivedIds(archive: string): Promise<Set<string>> {
  const store = fileSystemStore(archive);
  const ids = new Set<string>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    for (const { tags } of decodeBatch((await store.get(key))!)) if (tags?.id) ids.add(tags.id);
  }
  return ids;
}

test("record follows its list of channels while it runs, and stops with all messages archived", async (t) => {
  const { folder, served, archive } = await workspace(t);
  const list = join(folder, "channels.txt");
  await writeFile(list, "# ours\nforsen!\n");
  const recorder = record(["--channels", list, "-a", archive, "--url", served.url]);
  t.after(async () => void await recorder.stop("SIGKILL"));
  const joined = () => served.twitch.connections.flatMap(({ channels }) => channels).sort().join();
  await until(() => joined() === "forsen", "forsen");
  await writeFile(list, "forsen\n#NymN // a friend\nno such thing!\n");
  await until(() => joined() === "forsen,nymn", "nymn");
  await until(() => recorder.log().includes("no such thing"), "a warning");
  await unlink(list);
  await until(() => recorder.log().includes("cannot be read"), "another warning");
  assert.equal(joined(), "forsen,nymn");
  await writeFile(list, ""); // As an editor does before it writes.
  await until(() => recorder.log().includes("names nothing"), "a third warning");
  assert.equal(joined(), "forsen,nymn");
  await writeFile(list, "nymn\n");
  await until(() => joined() === "nymn", "forsen to be left");
  await writeFile(list, "# none\n");
  await until(() => joined() === "", "all to be left");
  await writeFile(list, "\ufeffforsen # back\r\nnymn\r\n");
  await until(() => joined() === "forsen,nymn", "both to be joined again");
  const backUs = served.twitch.nowUs;
  for (const name of ["forsen", "nymn"]) {
    const isNew = ({ channel, timeUs }: TrueEvent) => channel === name && timeUs > backUs;
    await until(() => received(served).some(isNew), `a message of ${name}`);
  }
  const owed = received(served).map(({ line }) => /[@;]id=([^;]+)/.exec(line)![1]!);
  assert.equal(await recorder.stop("SIGINT"), 0, recorder.log());
  assert.deepEqual((await readdir(join(archive))).sort(), [".chatloom", "forsen", "nymn"]);
  assert.deepEqual(await readdir(join(archive, ".chatloom", "journal")), []);
  assert.equal((await runCli(["verify", "-a", archive])).exitCode, 0);
  const archived = await archivedIds(archive);
  assert.deepEqual(owed.filter((id) => !archived.has(id)), []);
});

test("record joins as many channels at once as --join-rate says", async (t) => {
  const { archive, served } = await workspace(t, { account: "verified", chat: false });
  const joinedMs: number[] = [];
  const names = Array.from({ length: 120 }, (_, i) => `channel_${i}`);
  const recorder = record(
    [...names, "-a", archive, "--url", served.url, "--nick", "mybot", "--join-rate", "2000"],
    { CHATLOOM_TOKEN: "simulated" },
  );
  t.after(async () => void await recorder.stop("SIGKILL"));
  await until(() => {
    const joined = served.twitch.connections.flatMap(({ channels }) => channels).length;
    if (joined > 0) joinedMs.push(performance.now());
    return joined === names.length;
  }, "120 channels");
  // At the default rate that takes 51 s from the first JOIN.
  assert.ok(performance.now() - joinedMs[0]! < 25_000);
  assert.deepEqual(served.twitch.truth.violations, []);
  assert.equal(await recorder.stop("SIGTERM"), 0, recorder.log());
});

test("record refuses what makes no sense with one line and exit 2", async () => {
  for (
    const args of [
      ["forsen"],
      ["-a", "x"],
      ["for/sen", "-a", "x"],
      ["forsen", "-a", "x", "--connections", "0"],
      ["forsen", "-a", "x", "--join-rate", "0"],
      ["forsen", "-a", "x", "--join-rate", "2001"],
      ["forsen", "-a", "x", "--url", "http://x"],
      ["forsen", "-a", "x", "--token-file", "x"],
      ["forsen", "-a", "x", "--nick", "no nick"],
      ["forsen", "-a", "x", "--node", "a/b"],
      ["forsen", "-a", "x", "--bogus"],
    ]
  ) {
    const { exitCode, stderr, stdout } = await runCli(["record", ...args]);
    assert.equal(exitCode, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^[^\n]+\n$/, args.join(" "));
  }
});

test("record ends with exit 1 before it connects when the archive cannot be written", async (t) => {
  const { folder, served } = await workspace(t);
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const archive of [file, join(file, "x"), "/proc/chatloom"]) {
    const run = await runCli(["record", "forsen", "-a", archive, "--url", served.url]);
    assert.equal(run.exitCode, 1, run.stderr);
    assert.match(run.stderr, /^chatloom: Cannot [^\n]+\n$/);
  }
  assert.equal(served.twitch.truth.connections.length, 0);
});

test("record ends with exit 1 when the login is refused, and shows the token nowhere", async (t) => {
  const { folder, served, archive } = await workspace(t);
  const token = "s3cr3t0123456789";
  const args = ["forsen", "-a", archive, "--url", served.url, "--nick", "ada"];
  const file = join(folder, "token");
  await writeFile(file, `${token}\n`);
  const recorders = [
    record([...args, "--token-file", file]),
    record(args, { CHATLOOM_TOKEN: `oauth:${token}` }),
  ];
  for (const recorder of recorders) {
    assert.equal(await recorder.ended(), 1, recorder.log());
    assert.match(recorder.log(), /Cannot log in/);
    assert.ok(!recorder.log().includes("s3cr3t"));
  }
  for (const entry of await readdir(archive, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    assert.ok(!(await readFile(path, "utf8")).includes("s3cr3t"), path);
  }
});

const isRoot = process.getuid?.() === 0;

test("record goes on while its disk is full, and archives everything once there is room", {
  skip: isRoot && process.platform === "linux" ? false : "only root can mount a small disk",
}, async (t) => {
  const { folder, served } = await workspace(t);
  const disk = await mkdtemp(join(folder, "disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "chatloom", disk], { stdio: "pipe" });
  } catch {
    return t.skip("this machine does not let the test mount");
  }
  let recorder: RunningRecorder | undefined;
  try {
    const archive = join(disk, "archive");
    // What else is on the disk leaves it room for a few seconds of chat.
    await writeFile(join(disk, "ballast"), new Uint8Array(4_000_000));
    recorder = record(["forsen", "nymn", "-a", archive, "--url", served.url]);
    await until(() => recorder!.log().includes("cannot be written"), "a full disk");
    const fullUs = served.twitch.nowUs;
    await sleep(3_000);
    await rm(join(disk, "ballast"));
    await until(() => recorder!.log().includes("can be written again"), "room");
    const untilUs = served.twitch.nowUs;
    // Twitch delivers out of order: what was sent until then is received when what is later by some seconds is.
    await until(
      () => received(served).some(({ timeUs }) => timeUs > untilUs + 3_000_000),
      "what was sent until then",
    );
    assert.equal(await recorder.stop(), 0, recorder.log());
    const archived = await archivedIds(archive);
    const sent = served.twitch.truth.events.filter(({ timeUs }) => timeUs < untilUs)
      .flatMap(({ line, timeUs }) => ({ id: /;id=([^;]+)/.exec(line)?.[1], timeUs }))
      .filter(({ id }) => id !== undefined);
    assert.ok(sent.some(({ timeUs }) => timeUs > fullUs));
    const joinedUs = served.twitch.truth.connections[0]!.openedUs + 1_000_000;
    const missing = sent.filter(({ id, timeUs }) => timeUs > joinedUs && !archived.has(id!));
    assert.deepEqual(missing, []);
  } finally {
    await recorder?.stop("SIGKILL");
    execFileSync("umount", ["-l", disk]);
  }
});
