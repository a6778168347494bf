import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { configKeys } from "../../../src/adapters/config/config_schema.ts";
import { parseTomlText } from "../../../src/adapters/config/toml_text.ts";
import { recordCommand } from "../../../src/cli/commands/record.ts";
import { serveCommand } from "../../../src/cli/commands/serve.ts";
import { syncCommand } from "../../../src/cli/commands/sync.ts";
import { applyConfig, configKeyOf, configurable } from "../../../src/cli/config/apply_config.ts";
import { parseConfig, readConfigText } from "../../../src/cli/config/config_file.ts";
import { ConfigFaults } from "../../../src/cli/frame/config_faults.ts";
import { loadedConfig } from "../../../src/cli/config/loaded_config.ts";
import { chatloomProgram } from "../../../src/cli/frame/program.ts";

const VERBS = { record: recordCommand, serve: serveCommand, sync: syncCommand } as const;

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "chatloom-config-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

function faultsOf(text: string): readonly string[] {
  try {
    parseConfig(text, "c.toml");
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigFaults, String(error));
    return error.faults;
  }
}

/** The flags with which a verb's action runs, given a file and a command line. */
async function flagsOf(
  name: keyof typeof VERBS,
  { path, args }: { readonly path: string; readonly args: readonly string[] },
) {
  const verb = VERBS[name]();
  verb.action(() => {});
  const silent = { writeOut: () => {}, writeErr: () => {} };
  const program = chatloomProgram([verb], silent);
  await applyConfig(verb, path);
  await program.parseAsync([name, "--config", path, ...args], { from: "user" });
  return { flags: verb.opts(), loaded: loadedConfig(verb)!, program: program.opts() };
}

test("a configuration has a key for each flag of record, serve and sync, and no other", () => {
  for (const [name, make] of Object.entries(VERBS)) {
    const keys = configurable(make()).map(configKeyOf).filter((key) => key !== "archive");
    const names = name === "record" ? ["channels"] : [];
    assert.deepEqual(
      configKeys(name as keyof typeof VERBS).sort(),
      [...keys, ...names].sort(),
      `add a flag of ${name} to config_schema.ts`,
    );
  }
});

test("all mistakes are told, each with file, line, key and what is allowed", () => {
  const text = [
    'archiv = "x"',
    "[record]",
    "join_rate = 5",
    "connections = 99",
    'listen = ":80"',
    "channels = [",
    '  "ok",',
    "  3,",
    "]",
    "[serve]",
    'rate = "a"',
    "[serve.x]",
    "[workers]",
  ].join("\n");
  assert.deepEqual(faultsOf(text), [
    'c.toml:1: archiv is unknown; did you mean "archive"?',
    'c.toml:3: record.join_rate is unknown; did you mean "join-rate"?',
    "c.toml:4: record.connections must be a whole number from 1 to 16",
    "c.toml:5: record.listen is unknown here; it belongs to [serve] or [worker]",
    "c.toml:8: record.channels[1] must be a text",
    "c.toml:11: serve.rate must be a whole number from 1 to 1000000",
    `c.toml:12: serve.x is unknown; allowed are ${configKeys("serve").sort().join(", ")}`,
    'c.toml:13: workers is unknown; did you mean "worker"?',
  ]);
});

test("what is no TOML is told with its line, and names are data", () => {
  assert.deepEqual(faultsOf("a = 1\na = 2"), [
    "c.toml:2: Defining a key multiple times is invalid",
  ]);
  assert.match(faultsOf("archive = ")[0]!, /^c\.toml:1: /);
  assert.match(faultsOf("x = '''abc")[0]!, /^c\.toml:1: /);
  assert.match(
    faultsOf("__proto__ = 1\nconstructor = 2").join(),
    /:1: __proto__ .*:2: constructor /,
  );
  assert.match(faultsOf("record = 3").join(), /:1: record must be a table/);
  assert.match(faultsOf("[[record]]\nconnections = 1").join(), /:1: record must be a table/);
});

test("hostile files end in an error, soon", () => {
  for (const text of ["a = " + "[".repeat(60_000), "a" + ".a".repeat(50_000) + " = 1"]) {
    assert.ok(faultsOf(text).length > 0);
  }
  const nested = parseTomlText("a = " + "[".repeat(20_000) + "]".repeat(20_000));
  if (!nested.ok) assert.match(nested.reason, /nested too deep/);
  const many = Array.from({ length: 3_000 }, (_, i) => `k${i} = ${i}`).join("\n");
  assert.equal(faultsOf(many).length, 21); // Bounded, and the rest is counted.
  assert.match(faultsOf(many).at(-1)!, /and 2980 more/);
});

test("readConfigText refuses what is no file, is too long, unreadable or no text", async (t) => {
  const at = await folder(t);
  const refused = (name: string, why: RegExp) =>
    assert.rejects(readConfigText(join(at, name)), why);
  await mkdir(join(at, "d"));
  await refused("d", /it is no file/);
  execFileSync("mkfifo", [join(at, "pipe")]);
  await refused("pipe", /it is no file/); // Reading it would wait for ever.
  await symlink("/dev/zero", join(at, "endless"));
  await refused("endless", /it is no file/);
  await symlink(join(at, "loop"), join(at, "loop"));
  await refused("loop", /ELOOP|symbolic links/i);
  await writeFile(join(at, "long"), " ".repeat(128 * 1024 + 1));
  await refused("long", /more than 131072/);
  await writeFile(join(at, "binary"), Uint8Array.of(0xff, 0xfe, 0xfd));
  await refused("binary", /Cannot read the configuration/);
  await refused("nowhere", /ENOENT/);
  await writeFile(join(at, "good"), "archive = 'x'");
  await symlink(join(at, "good"), join(at, "link"));
  assert.equal(await readConfigText(join(at, "link")), "archive = 'x'");
});

test("flags come from the file, paths from its folder, and the command line wins", async (t) => {
  const at = await folder(t);
  const path = join(at, "c.toml");
  await writeFile(
    path,
    'archive = "a"\nlog-level = "warning"\n[record]\nchannels = ["forsen", "#NymN!"]\n' +
      'connections = 3\njournal = false\npeer = ["http://a:1", "http://b:2"]\ntoken-file = "t"\n' +
      'peers-file = "/p"\nserve = ":9"\nopen-metrics = true\ntrust-proxy = ["loopback"]\n',
  );
  const { flags, loaded, program } = await flagsOf("record", { path, args: [] });
  assert.equal(flags["archive"], join(at, "a"));
  assert.equal(flags["connections"], 3);
  assert.equal(flags["journal"], false);
  assert.deepEqual(flags["peer"], ["http://a:1", "http://b:2"]);
  assert.equal(flags["tokenFile"], join(at, "t"));
  assert.equal(flags["peers"], "/p");
  assert.equal(flags["openMetrics"], true);
  assert.equal(flags["joinRate"], 20);
  assert.equal(program["logLevel"], "warning");
  assert.deepEqual(loaded.channels, [
    { name: "forsen", isImportant: false },
    { name: "nymn", isImportant: true },
  ]);

  const args = ["xqc", "--connections", "1", "--peer", "http://c:3", "--peer", "http://d:4"];
  const won = await flagsOf("record", { path, args: ["--archive", "b", ...args] });
  assert.equal(won.flags["archive"], "b");
  assert.equal(won.flags["connections"], 1);
  assert.deepEqual(won.flags["peer"], ["http://c:3", "http://d:4"]);
  // Also when the file changes later.
  const later = won.loaded.parse(
    'archive = "z"\n[record]\npeer = ["http://e:5"]\nconnections = 2\n',
  );
  assert.equal(later.flags["archive"], "b");
  assert.equal(later.flags["connections"], 1);
  assert.deepEqual(later.flags["peer"], ["http://c:3", "http://d:4"]);
  assert.equal(later.flags["journal"], true); // What the file leaves out is the default again.
  assert.deepEqual(later.channels, []); // The command line names channels.
});

test("values are checked as flags are, with the line of each in a list", async (t) => {
  const at = await folder(t);
  const path = join(at, "c.toml");
  await writeFile(
    path,
    '[record]\nchannels = ["a b"]\nurl = "http://x"\npeer = [\n  "http://a:1",\n  "ftp://b",\n]\n',
  );
  const error = await applyConfig(recordCommand(), path).then(() => undefined, (error) => error);
  assert.ok(error instanceof ConfigFaults);
  const faults = error.faults.map((fault) => fault.replace(path, "F"));
  assert.equal(faults.length, 3);
  assert.ok(
    faults.some((each) => each === "F:2: record.channels[0] must be the name of a channel"),
  );
  assert.ok(faults.some((each) => /^F:3: record\.url: It must begin with ws:/.test(each)));
  assert.ok(faults.some((each) => /^F:6: record\.peer\[1\]: It must look like/.test(each)));
});

test("the example in docs is right, and names each verb", async () => {
  const path = new URL("../../../docs/deploy/chatloom.toml", import.meta.url).pathname;
  const { config } = parseConfig(await readConfigText(path), path);
  for (const [name, make] of Object.entries(VERBS)) {
    assert.ok(name in config, name);
    await applyConfig(make(), path);
  }
});
