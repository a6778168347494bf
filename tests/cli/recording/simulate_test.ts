import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { wsTransport } from "../../../src/adapters/websocket/ws_transport.ts";
import { outcomeOf } from "../../../src/cli/frame/exit.ts";
import { chatloomProgram } from "../../../src/cli/frame/program.ts";
import {
  simulate,
  simulateCommand,
  type SimulateOptions,
} from "../../../src/cli/commands/simulate.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { TruthRecord } from "../../../src/testing/simulated_twitch/truth.ts";
import { PlainClient } from "../../simulation/twitch/plain_client.ts";
import { until } from "../../waiting/until.ts";

const OPTIONS: SimulateOptions = {
  listen: { hostname: "127.0.0.1", port: 0 },
  seed: "1",
  speed: 1,
  passes: 1,
  probeEvery: 0,
  token: "simulated",
  serverAhead: 0,
};

async function inFolder(story: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-simulate-"));
  try {
    await story(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a simulation with one client in `channel` until it has as many messages, and some milliseconds longer. */
async function listenTo(
  channel: string,
  { messages, thenMs }: { readonly messages: number; readonly thenMs: number },
  options: SimulateOptions,
): Promise<PlainClient> {
  const stop = new AbortController();
  let client: PlainClient | undefined;
  await simulate(options, {
    signal: stop.signal,
    reporter: noopReporter,
    onListening: async ({ url }) => {
      const entered = client = new PlainClient(await wsTransport().connect(url));
      entered.enter(channel);
      await until(() => entered.ofCommand("PRIVMSG").length >= messages, "the messages")
        .finally(() => setTimeout(() => stop.abort(), thenMs));
    },
  });
  return client!;
}

test("simulate writes a truth from which everything can be told", async () => {
  await inFolder(async (folder) => {
    const truth = join(folder, "truth.ndjson");
    const options = { ...OPTIONS, truth, rate: 400, channels: ["a"], probeEvery: 20 };
    const client = await listenTo("a", { messages: 200, thenMs: 100 }, options);
    const records = readFileSync(truth, "utf8").trimEnd().split("\n")
      .map((line) => JSON.parse(line) as TruthRecord);
    const lineOf = new Map<number, string>();
    const delivered: string[] = [];
    let acknowledged = 0;
    for (const record of records) {
      if (record.type === "event") lineOf.set(record.seq, record.line);
      if (record.type === "delivery") delivered.push(lineOf.get(record.event)!);
      if (record.type === "acknowledged") acknowledged = record.count;
    }
    assert.ok(acknowledged >= 20, `${acknowledged} acknowledged`);
    const read = delivered.slice(0, acknowledged);
    const set = new Set(read);
    assert.deepEqual(client.lines.filter((line) => set.has(line)), read);
    const kinds = new Set(records.map(({ type }) => type));
    for (const kind of ["opened", "login", "closed"] as const) assert.ok(kinds.has(kind), kind);
  });
});

test("simulate plays a gzipped file and nothing else, in the channels that were named too", async () => {
  await inFolder(async (folder) => {
    const play = join(folder, "capture.txt.gz");
    const lines = [1, 2, 3].map((n) =>
      `@tmi-sent-ts=${n} :u!u@u.tmi.twitch.tv PRIVMSG #film :${n}`
    );
    writeFileSync(play, gzipSync(lines.join("\n")));
    const client = await listenTo("film", { messages: 3, thenMs: 200 }, {
      ...OPTIONS,
      play,
      channels: ["other"],
    });
    const texts = client.ofCommand("PRIVMSG").map((line) => line.split(" :").at(-1));
    assert.deepEqual(texts, ["1", "2", "3"]);
  });
});

test("simulate ends by itself when its time is over", async () => {
  let isOver = false;
  void simulate({ ...OPTIONS, duration: 0.2 }, {
    signal: new AbortController().signal,
    reporter: noopReporter,
  }).then(() => isOver = true);
  await until(() => isOver, "the end");
});

test("simulate says what it cannot read, play or write, before it listens", async () => {
  const context = { signal: new AbortController().signal, reporter: noopReporter };
  await assert.rejects(
    simulate({ ...OPTIONS, play: "/no/such/file" }, context),
    (error) => error instanceof ChatloomError && error.code === "INPUT_UNREADABLE",
  );
  await inFolder(async (folder) => {
    const play = join(folder, "nothing.txt");
    writeFileSync(play, "PING :x\n\nhello\n");
    await assert.rejects(
      simulate({ ...OPTIONS, play }, context),
      (error) => error instanceof ChatloomError && error.code === "INPUT_UNREADABLE",
    );
  });
  await assert.rejects(
    simulate({ ...OPTIONS, truth: "/no/such/folder/truth" }, context),
    (error) => error instanceof ChatloomError && error.code === "STORE_IO",
  );
});

const WRONG_FLAGS = [
  ["--listen", "nowhere"],
  ["--listen", "127.0.0.1:99999"],
  ["--rate", "many"],
  ["--channels", "a,b c"],
  ["--faults", "drop=2"],
  ["--speed", "0"],
  ["--passes", "-1"],
  ["--server-ahead", "1.5"],
  ["--bogus"],
];

for (const flags of WRONG_FLAGS) {
  test(`chatloom simulate ${flags.join(" ")} is a wrong command line`, async () => {
    let complaint = "";
    const program = chatloomProgram([simulateCommand()], {
      writeOut: () => {},
      writeErr: (text) => complaint += text,
    });
    const failure = await program.parseAsync(["simulate", ...flags], { from: "user" })
      .then(() => undefined, (error: unknown) => error);
    assert.equal(outcomeOf(failure).exitCode, 2);
    assert.match(complaint, /^chatloom: .*\n$/);
  });
}
