/**
 * The packed npm tarball, installed by npm, under Node: its command, and the very tests that Deno
 * runs, with their types stripped and the sources of the tarball under them.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as moduleTools from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { packForNpm } from "../../tools/pack.ts";
import { packedStore } from "../../src/adapters/file_system/packs/packed_store.ts";
import { CONFIG, moduleGraph } from "../architecture/module_graph.ts";
import { PROJECT, sourcePaths } from "../architecture/source_file.ts";
import { assertHostileMemory, CANNOT_MEASURE } from "../cli/nodes/hostile_memory.ts";
import { PROXY_CASES, proxyCaseSkip, runProxyCase } from "../cli/proxy_cases.ts";
import { findProgram } from "./find_program.ts";

/** Folders of tests that need nothing of Deno. Others start the command line from its source. */
const PORTABLE = ["tests/core", "tests/laws", "tests/conformance", "tests/engine"];

/** Node's own, which Deno has too; not all versions of Node's types know it. */
const { stripTypeScriptTypes } = moduleTools as unknown as {
  stripTypeScriptTypes(text: string): string;
};

/**
 * Wrong implementations test the suites themselves, and once is enough for that; the metrics are held
 * against the sources, where those lie.
 */
const STAY_AT_HOME = /\/wrong_[^/]*$|\/api_metrics_test\.ts$/;

/** What starts processes starts Deno's, but for these, which start a database and their own runtime. */
const STARTS_NO_DENO = /^tests\/conformance\/postgres\//;

/** Sources that only the page uses. */
const PAGE_ONLY = /^src\/(web|adapters\/browser)\//;

const node = findProgram("node");
const skip = node === undefined && process.env["CI"] !== "true" && "Node is not installed here";
if (skip) console.log(`skipped: ${skip}`);

const folder = mkdtempSync(join(tmpdir(), "chatloom-node-"));
const home = join(folder, "project");
const installed = join(home, "node_modules", "@chatloom", "chatloom");

function run(command: string, args: readonly string[]): SpawnSyncReturns<string> {
  // Deno marks its children's environment; Node is to know nothing of it.
  const env = { ...process.env, NO_COLOR: "1" };
  return spawnSync(command, args, { cwd: home, env, encoding: "utf8", timeout: 1_200_000 });
}

function chatloom(...args: readonly string[]): SpawnSyncReturns<string> {
  return run(join(home, "node_modules", ".bin", "chatloom"), args);
}

/** The installed command as it runs. */
interface Started {
  readonly child: ChildProcess;
  /** Waits until it has written `pattern` to either stream, and returns the match. */
  shown(pattern: RegExp): Promise<RegExpExecArray>;
  /** Asks it to stop and returns its exit code. */
  stop(signal: NodeJS.Signals): Promise<unknown>;
}

function start(...args: readonly string[]): Started {
  const child = spawn(join(home, "node_modules", ".bin", "chatloom"), args, {
    cwd: home,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  let text = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (more) => text += more);
  }
  const ended = once(child, "close");
  ended.catch(() => {});
  let isOver = false;
  child.once("close", () => isOver = true);
  return {
    child,
    async shown(pattern) {
      for (;;) {
        const found = pattern.exec(text);
        if (found !== null) return found;
        if (isOver) throw new Error(`ended without ${pattern}:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop(signal) {
      if (!isOver && child.pid !== undefined) process.kill(child.pid, signal);
      const [exitCode] = await ended;
      return exitCode;
    },
  };
}

before(async () => {
  if (skip) return;
  const tarball = await packForNpm(folder);
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{"private":true,"type":"module"}');
  // What tests need beside the package: the same versions that Deno has.
  const forTests = ["fast-check", "ws"].map((name) => CONFIG.imports[name]!.slice("npm:".length));
  const { status, stderr } = run("npm", [
    "install",
    "--silent",
    "--prefer-offline",
    tarball,
    ...forTests,
  ]);
  assert.equal(status, 0, stderr);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball holds the package and nothing else", { skip }, () => {
  const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md", "mod.js", "mod.d.ts"]) {
    assert.ok(files.includes(name), `${name} is missing`);
  }
  assert.deepEqual(
    files.filter((path) => /(^|\/)(tests|tools|examples|node_modules)\//.test(path)),
    [],
  );
  assert.deepEqual(files.filter((path) => /(?<!\.d)\.ts$/.test(path)), []);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const version of Object.values(dependencies)) {
    assert.match(String(version), /^\d+\.\d+\.\d+$/);
  }
});

test("chatloom --help names the verbs", { skip }, () => {
  const { status, stdout } = chatloom("--help");
  assert.equal(status, 0);
  for (const verb of ["cat", "verify"]) assert.match(stdout, new RegExp(`^  ${verb} `, "m"));
});

test("chatloom --version", { skip }, () => {
  assert.equal(chatloom("--version").stdout, `${CONFIG.version}\n`);
});

test("chatloom verify finds a stray file and exits with 1", { skip }, () => {
  const archive = join(folder, "archive");
  mkdirSync(join(archive, "forsen", "chat"), { recursive: true });
  assert.equal(chatloom("verify", "--archive", archive).status, 0);
  writeFileSync(join(archive, "forsen", "chat", "notes.txt"), "");
  const { status, stdout } = chatloom("verify", "--archive", archive);
  assert.equal(status, 1);
  assert.match(stdout, /^stray: forsen\/chat\/notes\.txt: /m);
});

test("reading a packed archive with Node 20 says plainly what to do", { skip }, async (t) => {
  if (!run("node", ["--version"]).stdout.startsWith("v20.")) return t.skip("it is another Node");
  const archive = join(folder, "packed");
  cpSync(join(PROJECT, "tests/golden/synthetic/settled"), archive, { recursive: true });
  const store = packedStore(archive);
  await store.pack("loomtest", "2026-08-01T12");
  for (const verb of [["cat", "loomtest"], ["verify"], ["unpack"]]) {
    const { status, stderr } = chatloom(...verb, "--archive", archive);
    assert.equal(status, 1, verb[0]);
    assert.match(
      stderr,
      /it is packed with zstd.*Run chatloom with Deno, or with Node 22\.15/,
      verb[0],
    );
  }
  await store.unpack("loomtest", "2026-08-01T12");
  const { status, stderr } = chatloom("pack", "--archive", archive);
  assert.equal(status, 1);
  assert.match(stderr, /Cannot pack .*Run chatloom with Deno, or with Node 22\.15/);
  assert.equal(chatloom("verify", "--archive", archive).status, 0, "nothing was changed");
});

test(
  "sync stays below 250 MB while peers send bombs, endless bodies and lists",
  { skip: skip || CANNOT_MEASURE },
  () => assertHostileMemory("Node", [join(home, "node_modules", ".bin", "chatloom")]),
);

for (const name of Object.keys(PROXY_CASES)) {
  test(
    `in Node, ${name}`,
    { skip: skip || proxyCaseSkip(name), timeout: 120_000 },
    () => runProxyCase(name, [join(home, "node_modules", ".bin", "chatloom")]),
  );
}

test("chatloom demo ends well", { skip }, () => {
  const { status, stdout, stderr } = chatloom("demo");
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /Stopped both/);
});

test("chatloom record archives what simulate says, and serve shows it", {
  skip,
  timeout: 120_000,
}, async (t) => {
  const archive = join(folder, "recorded");
  const simulated = start("simulate", "--listen", "127.0.0.1:0", "--rate", "20");
  t.after(() => simulated.stop("SIGKILL"));
  const [url] = await simulated.shown(/ws:\/\/127\.0\.0\.1:\d+/);
  const servingFlags = ["--serve", ":0", "--operator-listen", ":0"];
  const recorder = start("record", "forsen", "-a", archive, "--url", url, ...servingFlags);
  t.after(() => recorder.stop("SIGKILL"));
  const [, operator] = await recorder.shown(/operatorUrl=(\S+)/);
  await recorder.shown(/Serving the archive url=(\S+)/);
  for (;;) { // The test's own limit ends this.
    const metrics = await (await fetch(`${operator}/metrics`)).text();
    const count = /^chatloom_lines_received_total(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1];
    if (Number(count ?? 0) > 60) break; // Some of them are of the login.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(await recorder.stop("SIGINT"), 0);
  assert.equal(chatloom("verify", "-a", archive).status, 0);
  const said = chatloom("cat", "-a", archive, "forsen").stdout.split("\n").length;
  assert.ok(said > 10, `only ${said} messages`);

  const server = start("serve", "-a", archive, "--listen", ":0");
  t.after(() => server.stop("SIGKILL"));
  const [, serving] = await server.shown(/Serving the archive url=(\S+)/);
  const page = await (await fetch(`${serving}/`)).text();
  assert.match(page, /<div id="app">/);
  assert.deepEqual(await (await fetch(`${serving}/files`)).json(), ["forsen"]);
  assert.equal(await server.stop("SIGTERM"), 0);
  assert.equal(await simulated.stop("SIGTERM"), 0);
});

const FRONT_DOOR = `
import { writeFileSync } from "node:fs";
import { importFile, openArchive, read, record, serve, verify } from "@chatloom/chatloom/node";

const [, , folder, url] = process.argv;
await openArchive(folder).then(() => { throw new Error("no error"); }, (error) => {
  if (error.code !== "INPUT_UNREADABLE") throw error;
});
const archive = await openArchive(folder, { create: true });
await record(archive, ["nymn"], { url, signal: AbortSignal.timeout(4_000) });
writeFileSync("front.log", "@id=1;tmi-sent-ts=1785542401000 :ada!ada@h PRIVMSG #forsen :in it\\n");
await importFile(archive, "front.log");
const said = [];
for await (const { message } of read(archive, "forsen", { from: new Date("2026-08-01") })) {
  said.push(message.params[1]);
}
let recorded = 0;
for await (const _ of read(archive, "nymn")) recorded++;
for await (const finding of verify(archive)) throw new Error(finding.reason);
const server = await serve(archive, { listen: ":0" });
const files = await (await fetch(server.url + "/files")).json();
const page = await (await fetch(server.url)).text();
await server[Symbol.asyncDispose]();
console.log(JSON.stringify({ said, recorded: recorded > 0, files, page: page.includes('id="app"') }));
`;

test("programs open, record, read, verify and serve by the front door", { skip }, async (t) => {
  const simulated = start("simulate", "--listen", "127.0.0.1:0", "--rate", "20");
  t.after(() => simulated.stop("SIGKILL"));
  const [url] = await simulated.shown(/ws:\/\/127\.0\.0\.1:\d+/);
  writeFileSync(join(home, "front_door.mjs"), FRONT_DOOR);
  const archive = join(folder, "front-door");
  const { status, stdout, stderr } = run(node ?? "node", ["front_door.mjs", archive, url]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    said: ["in it"],
    recorded: true,
    files: ["forsen", "nymn"],
    page: true,
  });
});

/** The portable tests, as JavaScript beside the installed package, and what they need. */
let portable: string[] | undefined;
function preparePortable(): string[] {
  if (portable !== undefined) return portable;
  const tests = PORTABLE.filter((path) => existsSync(PROJECT + path))
    .flatMap(sourcePaths).filter((path) => path.endsWith("_test.ts"))
    .filter((path) => !STAY_AT_HOME.test(path))
    .filter((path) => STARTS_NO_DENO.test(path) || !moduleGraph([path]).has("node:child_process"))
    // The package holds the page as it is built.
    .filter((path) => ![...moduleGraph([path])].some((used) => PAGE_ONLY.test(used)));
  assert.ok(tests.length > 0, "no tests were found");
  const helpers = [...moduleGraph(tests)].filter((path) => /^tests\/.*\.ts$/.test(path));
  for (const path of helpers) writeStripped(path);
  symlinkSync(join(installed, "src"), join(home, "src"));
  symlinkSync(join(installed, "mod.js"), join(home, "mod.js"));
  const shared = join(PROJECT, "..", "shared");
  if (existsSync(shared)) symlinkSync(shared, join(folder, "shared"));
  return portable = tests.map((path) => path.replace(/\.ts$/, ".js"));
}

/** Runs tests under the Node at `binary` and checks that all pass. */
function assertPass(binary: string, tests: readonly string[]): void {
  const { status, stdout, stderr } = run(binary, [
    "--test",
    "--test-reporter=tap",
    "--test-timeout=600000",
    ...tests,
  ]);
  const [passed, failed, skipped] = ["pass", "fail", "skipped"].map((what) =>
    Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1] ?? NaN)
  );
  console.log(`node: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.equal(failed, 0);
  assert.ok(Number(passed) > tests.length, "hardly any test ran"); // Each file counts as one, too.
}

test("the portable tests pass on the tarball", { skip }, () => {
  assertPass(node ?? "node", preparePortable());
});

/** Newer Nodes, as the npm registry has them. The oldest is the one that is installed here. */
const NEWER = ["22", "24"];
/** What differs between versions of Node is in the engine's corners: numbers, text, bytes, streams. */
const TRIED_EVERYWHERE = /^tests\/(core|laws|engine)\//;

for (const version of NEWER) {
  test(`the command and the portable tests of core run on Node ${version}`, { skip }, (t) => {
    const found = run("npx", ["-y", "-p", `node@${version}`, "node", "-p", "process.execPath"]);
    if (found.status !== 0 && process.env["CI"] !== "true") {
      return t.skip(`npx cannot bring Node ${version}`);
    }
    const binary = found.stdout.trim();
    assert.equal(found.status, 0, found.stderr);
    assert.match(run(binary, ["--version"]).stdout, new RegExp(`^v${version}\\.`));
    const command = join(installed, "bin", "chatloom.js");
    assert.equal(run(binary, [command, "--version"]).stdout, `${CONFIG.version}\n`);
    const archive = join(folder, `archive-${version}`);
    mkdirSync(archive);
    const verified = run(binary, [command, "verify", "--archive", archive]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    cpSync(join(PROJECT, "tests/golden/synthetic/settled"), archive, { recursive: true });
    for (const verb of ["pack", "verify", "unpack"]) {
      const { status, stdout, stderr } = run(binary, [command, verb, "--archive", archive]);
      assert.equal(status, 0, `${verb}: ${stdout}${stderr}`);
      assert.match(stdout, /3 files/);
    }
    assertPass(binary, preparePortable().filter((path) => TRIED_EVERYWHERE.test(path)));
  });
}

/** Writes a file of the tests as JavaScript that imports JavaScript. Line numbers stay. */
function writeStripped(path: string): void {
  const text = stripTypeScriptTypes(readFileSync(PROJECT + path, "utf8"));
  const target = join(home, path.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text.replace(/(["'])(\.\.?\/[^"'\n]+)\.ts\1/g, "$1$2.js$1"));
}
