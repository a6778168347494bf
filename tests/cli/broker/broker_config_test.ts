import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { runCli } from "../run_cli.ts";

test("a configuration that names no broker, or two, says so with its place", async (t) => {
  const configs = tempFolder();
  t.after(() => configs.close());
  const path = join(configs.path, "chatloom.toml");
  const cases = [
    ["[broker]\n", /:1: broker names no address: set url, url-file or \$CHATLOOM_BROKER_URL/],
    ['[broker]\nurl = "amqp://a"\nurl-file = "b"\n', /:3: broker.url-file cannot stand beside/],
    ['[broker]\nurl-file = "b"\n', /:2: broker.url-file cannot be read/],
    ['[broker]\nurl = "amqp://a"\narchive = "A.b"\n', /:3: broker.archive must be 1 to 64 of/],
    [
      '[broker]\nurl = "amqp://a"\nwaitmin-s = 3\n',
      /:3: broker.waitmin-s is unknown; did you mean/,
    ],
  ] as const;
  for (const [text, words] of cases) {
    writeFileSync(path, text);
    const args = ["import", "none.log", "--archive", configs.path, "--config", path];
    const { exitCode, stderr } = await runCli(args, { env: { CHATLOOM_BROKER_URL: "" } });
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, words);
  }
});

test("topology and dead-letters say what is wrong with the command line and the broker", async (t) => {
  const folder = tempFolder();
  t.after(() => folder.close());
  const config = join(folder.path, "chatloom.toml");
  writeFileSync(config, '[broker]\nurl = "amqp://guest:s3cret@127.0.0.1:1"\n');
  const cases = [
    [["topology"], 2, /name a file with --config that has a table \[broker\]/],
    [["topology", "--config", config], 1, /Cannot reach the broker at 127.0.0.1:1/],
    [["dead-letters", "bury", "--config", config], 2, /"bury" is none of list, show, retry, drop/],
    [["dead-letters", "drop", "--config", config], 2, /name the messages to drop, or say --all/],
    [["dead-letters", "show", "--all", "--config", config], 2, /name the messages to show \(see/],
  ] as const;
  for (const [args, exitCode, words] of cases) {
    const result = await runCli(args);
    assert.equal(result.exitCode, exitCode, result.stderr);
    assert.match(result.stderr, words);
    assert.ok(!result.stderr.includes("s3cret"), result.stderr);
  }
});
