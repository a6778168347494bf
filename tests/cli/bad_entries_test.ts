import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { nodeServer } from "../../src/adapters/http/node_server.ts";
import { fileSystemStore } from "../../src/adapters/file_system/file_system_store.ts";
import { apiWorld, said } from "../conformance/api/api_world.ts";
import {
  type BadArchive,
  badArchive,
  type BadEntry,
  inFirstLayout,
  SPOILERS,
} from "../conformance/disk/bad_entries.ts";
import { mountSmallDisk } from "../conformance/disk/small_disk.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { type CliResult, MAIN, runCli } from "./run_cli.ts";

/** What has to run a program so that it is denied what a file's mode denies; none for most users. */
function unprivileged(): { readonly under: readonly string[] } | { readonly reason: string } {
  if (process.getuid?.() !== 0) return { under: [] };
  const under = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
  const { status } = spawnSync(under[0]!, [...under.slice(1), "true"]);
  return status === 0 ? { under } : { reason: "root is denied nothing here, and setpriv fails" };
}

const user = unprivileged();

async function open(
  t: TestContext,
  placeOf?: (key: string) => string,
): Promise<{ root: string; archive: BadArchive }> {
  const { path, close } = tempFolder();
  t.after(close);
  const archive = await badArchive(path, placeOf);
  if (!("reason" in user)) return { root: path, archive };
  // A reader that reads all bytes finds an empty file of the wrong hash there, or an empty tombstone.
  t.diagnostic(user.reason);
  const bad = archive.bad.filter(({ what, kind }) => what !== "denied" || kind !== "tombstone");
  return { root: path, archive: { ...archive, bad } };
}

const cli = (...args: string[]) => runCli(args, "under" in user ? { under: user.under } : {});

/** Asserts that each of these is named once in `text`, on a line that says why. */
function assertNamed(text: string, bad: readonly BadEntry[]): void {
  assert.ok(bad.length > 0);
  for (const { key, what } of bad) {
    const lines = text.split("\n").filter((line) => line.includes(key));
    assert.equal(lines.length, 1, `${what} ${key}:\n${lines.join("\n") || text}`);
    assert.match(lines[0]!, REASONS[what] ?? /./, what);
  }
}

const REASONS: { readonly [what: string]: RegExp } = {
  "a sparse file of 20 GB": /too large: 20000000000 bytes/,
  "a folder": /in its place is a folder/,
  "a link to itself": /a symbolic link/,
  "a link to nowhere": /a symbolic link/,
  "a pipe": /neither a file nor a folder/,
  "a socket": /neither a file nor a folder/,
  "denied": /permission denied|have the hash/,
  "bytes of another hash": /have the hash/,
};

function textsOf(lines: string): string[] {
  return lines.trim().split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line).params[1]);
}

function of(kinds: readonly BadEntry["kind"][], { bad }: BadArchive): BadEntry[] {
  return bad.filter(({ kind }) => kinds.includes(kind));
}

function assertUntouched(root: string, { bad }: BadArchive): void {
  for (const { key, what } of bad) assert.ok(lstatSync(join(root, key)), `${what} is there`);
}

test("verify names each bad entry and looks at all others", async (t) => {
  const { root, archive } = await open(t);
  const { exitCode, stdout, stderr } = await cli("verify", "-a", root);
  assert.equal(exitCode, 1, stderr);
  const findings = stdout.split("\n").filter((line) => !line.startsWith("note: hidden"));
  assertNamed(findings.join("\n"), archive.bad);
  // The five messages of good batches, and the one that a redaction names.
  assert.match(stdout, /^\d+ files with 6 messages: /m);
  assertUntouched(root, archive);
});

test("cat prints what is good and names the bad entries that it meets, each once", async (t) => {
  const { root, archive } = await open(t);
  const { exitCode, stdout, stderr } = await cli("cat", "-a", root, "forsen");
  assert.deepEqual(textsOf(stdout), archive.good);
  assertNamed(stderr, of(["batch", "redaction"], archive));
  assert.match(stderr, /A redaction is there but cannot be applied/);
  assert.equal(exitCode, 1);
});

test("settle merges what is good beside bad entries, and leaves them alone", async (t) => {
  const { root, archive } = await open(t);
  const settled = await cli("settle", "-a", root);
  assertNamed(settled.stderr, of(["batch", "redaction", "coverage"], archive));
  assert.match(settled.stdout, /3 batches written, 5 files merged away, \d+ files left alone\n/);
  assert.equal(settled.exitCode, 1);
  assertUntouched(root, archive);
  const { stdout } = await cli("cat", "-a", root, "forsen");
  assert.deepEqual(textsOf(stdout), archive.good);
  const again = await cli("settle", "-a", root);
  assert.match(again.stdout, /0 batches written, 0 files merged away/);
});

test("bad entries where the first version kept them are named, and all others go on", async (t) => {
  const { root, archive } = await open(t, inFirstLayout);
  const verified = await cli("verify", "-a", root);
  for (const { key } of archive.bad) {
    assert.ok(
      verified.stdout.includes(`unreadable: ${key}`) || verified.stdout.includes(`damaged: ${key}`),
      key,
    );
  }
  for (let i = 0; i < 2; i++) {
    const printed = await cli("cat", "-a", root, "forsen");
    assert.deepEqual(textsOf(printed.stdout), archive.good);
    assertNamed(printed.stderr, of(["batch", "redaction"], archive));
    const settled = await cli("settle", "-a", root);
    assertNamed(settled.stderr, of(["batch", "redaction", "coverage"], archive));
    assert.match(
      settled.stdout,
      i === 0 ? /3 batches written, 5 files/ : /0 batches written, 0 files/,
    );
  }
  for (const { key, what } of archive.bad) {
    const isSomewhere = [key, inFirstLayout(key)].some((path) => isThere(join(root, path)));
    assert.ok(isSomewhere, `${what} ${key}`);
  }
});

test("redact forgets in good files and names the others", async (t) => {
  const { root, archive } = await open(t);
  const id = JSON.parse((await cli("cat", "-a", root, "forsen")).stdout.split("\n")[0]!).tags.id;
  const target = ["forsen", "-a", root, "--id", id];
  const preview = await cli("redact", ...target, "--dry-run");
  assert.match(preview.stdout, /1 messages in 1 of \d+ minutes would be forgotten/);
  assertNamed(preview.stderr, of(["batch"], archive));
  const list = await cli("redact", "forsen", "-a", root, "--list");
  for (const { key } of of(["redaction"], archive)) assert.ok(list.stdout.includes(key), key);
  const { exitCode, stdout, stderr } = await cli("redact", ...target, "--reason", "asked");
  // The one that an order of before forgets, and the file that holds it, are found too.
  assert.match(stdout, /2 messages in 2 of \d+ minutes forgotten/);
  for (const { key } of of(["batch", "redaction"], archive)) assert.ok(stderr.includes(key), key);
  assert.equal(exitCode, 1);
  const left = await cli("cat", "-a", root, "forsen");
  assert.deepEqual(textsOf(left.stdout), archive.good.slice(1));
  assertUntouched(root, archive);
});

test("coverage says who listened from good files and names the others", async (t) => {
  const { root, archive } = await open(t);
  const { exitCode, stdout, stderr } = await cli("coverage", "forsen", "-a", root);
  assert.match(stdout, /heard by alpha\.AbCdE\.0, beta\.AbCdE\.0/);
  assert.match(stdout, /60 minutes, 5 messages; /);
  assertNamed(stderr, of(["batch", "redaction", "coverage"], archive));
  assert.equal(exitCode, 1);
});

test("prune deletes what it can and names the rest, strays too", async (t) => {
  const { root, archive } = await open(t);
  const hour = dirname(archive.servable[0]!);
  const stray = join(hour, "notes.txt");
  writeFileSync(join(root, stray), "notes");
  const { exitCode, stdout, stderr } = await cli("prune", "-a", root, "--older-than", "1d");
  assert.match(stdout, /^1 hours, \d+ files deleted$/m);
  assert.match(stderr, new RegExp(`Left alone something that is no file .*path=${stray}`));
  // What is a file goes, whatever is in it: only its age counts.
  const left = of(["batch", "tombstone", "coverage"], archive)
    .filter(({ key }) => existsSync(join(root, key)) || isThere(join(root, key)));
  assert.equal(
    left.length,
    Object.keys(REASONS).filter((what) => IN_ITS_PLACE.test(what)).length * 3,
  );
  assertNamed(stderr, left);
  assert.equal(exitCode, 1);
  for (const key of archive.servable) assert.ok(!existsSync(join(root, key)), key);
  assertUntouched(root, { ...archive, bad: of(["redaction"], archive) });
});

const IN_ITS_PLACE = /^a (?!sparse)/;

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

test("sync names bad entries of its own and fetches all that is good", async (t) => {
  const { root, archive } = await open(t);
  const peer = apiWorld();
  const key = await peer.put("forsen", [said(1800, "from afar")]);
  const listener = await nodeServer(peer.handler, { listen: "127.0.0.1:0" });
  t.after(() => listener.close());
  const { exitCode, stdout, stderr } = await cli(
    ...["sync", "-a", root, "--once", "--peer", listener.url],
  );
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /: 1 files, \d+ bytes: up to date/);
  const readable = archive.bad.filter(({ kind, what }) =>
    kind !== "tombstone" && what !== "garbage"
  );
  for (const { key } of readable) assert.ok(stderr.includes(key), key);
  assert.ok(existsSync(join(root, key)));
});

test("sync puts good files in the place of bad ones, where something can be put there", async (t) => {
  const { root, archive } = await open(t);
  const peer = apiWorld();
  for (const key of archive.servable) {
    await peer.store.put(key, (await fileSystemStore(root).get(key))!);
  }
  const listener = await nodeServer(peer.handler, { listen: "127.0.0.1:0" });
  t.after(() => listener.close());
  const [large, locked, blocked] = archive.servable.map((key) => join(root, key));
  for (const path of [large!, blocked!]) rmSync(path);
  await SPOILERS["a sparse file of 20 GB"]!(large!);
  await SPOILERS["a folder"]!(blocked!);
  chmodSync(locked!, 0);
  const { exitCode, stderr } = await cli("sync", "-a", root, "--once", "--peer", listener.url);
  assert.equal(exitCode, 0, stderr);
  const { stdout } = await cli("cat", "-a", root, "forsen");
  assert.deepEqual(textsOf(stdout), archive.good.filter((text) => text !== "three"));
  assert.ok(stderr.includes(archive.servable[2]!), stderr);
});

test("serve answers all that is good and names each bad entry once, however often it is asked", async (t) => {
  const { root, archive } = await open(t);
  const under = "under" in user ? user.under : [];
  const [program, ...args] = [
    ...under,
    process.execPath,
    ...["run", "--allow-all", "--no-check", MAIN, "serve", "-a", root, "--listen", ":0"],
  ];
  const child = spawn(program!, args, { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      log += text;
      const found = /url=(\S+)/.exec(log);
      if (found !== null) resolve(found[1]!);
    });
    child.on("close", () => reject(new Error(log)));
  });
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, text: await response.text() };
  };
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(textsOf((await get("/forsen/chat.ndjson")).text), archive.good);
    const { status } = await get(
      "/forsen/coverage.json?start=2026-08-01T12:00&end=2026-08-01T12:10",
    );
    assert.equal(status, 200);
    for (const key of archive.servable) assert.equal((await get(`/segments/${key}`)).status, 200);
  }
  process.kill(child.pid!, "SIGTERM");
  await once(child, "close");
  assertNamed(log, of(["batch", "redaction", "coverage"], archive));
  assert.ok(!log.includes("ERROR"), log);
});

test("cat and merge name each file that cannot be read, and cat prints the others", async (t) => {
  const { root, archive } = await open(t);
  const [good, other] = archive.servable.map((key) => join(root, key));
  const bad = archive.bad.find(({ what }) => what === "a folder")!;
  const paths = [good!, join(root, bad.key), join(root, "missing"), other!];
  const printed = await cli("cat", ...paths);
  assert.deepEqual(textsOf(printed.stdout), ["one", "two"]);
  const merged = await cli("merge", ...paths);
  assert.equal(merged.stdout, "");
  for (const { exitCode, stderr } of [printed, merged] as CliResult[]) {
    assert.equal(exitCode, 1);
    assert.match(stderr, /missing/);
    assert.ok(stderr.includes(bad.key));
  }
});

test("a denied folder is named, and the hours beside it go on, in every verb", async (t) => {
  if ("reason" in user) return t.skip(user.reason);
  const { path: root, close } = tempFolder();
  const world = apiWorld({ store: fileSystemStore(root) });
  const [first, second] = [
    await world.put("forsen", [said(0, "one")]),
    await world.put("forsen", [said(7200, "two")]),
  ];
  const hour = dirname(first);
  chmodSync(join(root, hour), 0);
  t.after(() => {
    chmodSync(join(root, hour), 0o755);
    close();
  });
  for (
    const args of [
      ["verify", "-a", root],
      ["cat", "-a", root, "forsen"],
      ["settle", "-a", root],
      ["coverage", "-a", root, "forsen", "--from", "2026-08-01T12:00", "--to", "2026-08-01T15:00"],
      ["redact", "-a", root, "forsen", "--id", "nobody's", "--dry-run"],
      ["prune", "-a", root, "--older-than", "1d"],
    ]
  ) {
    const { exitCode, stdout, stderr } = await cli(...args);
    assert.equal(exitCode, 1, `${args[0]}: ${stderr}`);
    const text = `${stdout}${stderr}`;
    const lines = text.split("\n").filter((line) => line.includes(hour));
    assert.ok(lines.some((line) => line.includes("permission denied")), `${args[0]}: ${text}`);
    if (args[0] === "cat") assert.deepEqual(textsOf(stdout), ["two"]);
    if (args[0] === "prune") assert.ok(!existsSync(join(root, second)));
    else assert.ok(existsSync(join(root, second)));
  }
});

test("verify calls a wubloader tree's other files foreign, a note", async (t) => {
  const { path: root, close } = tempFolder();
  t.after(close);
  const key = await apiWorld({ store: fileSystemStore(root) }).put("forsen", [said(0, "one")]);
  const put = (path: string) => {
    const full = join(root, path);
    spawnSync("mkdir", ["-p", dirname(full)]);
    writeFileSync(full, "x");
  };
  put("forsen/emotes/25/dark-2.0");
  put("forsen/media/aa/image.png");
  put("forsen/source/2026-08-01T12/00:00.123-2.0-full-AAAA.ts");
  put("thumbnails/fancy/template.png");
  put(`${dirname(key)}/00:00-${"A".repeat(43)}.5d2a.temp`);
  const { exitCode, stdout } = await cli("verify", "-a", root, "--strict");
  assert.equal(exitCode, 0, stdout);
  for (const path of ["forsen/emotes", "forsen/media", "forsen/source", "thumbnails"]) {
    assert.match(stdout, new RegExp(`^note: foreign: ${path}: `, "m"));
  }
  assert.match(stdout, /^note: unfinished: .*\.temp: /m);
  assert.match(stdout, /^1 files with 1 messages: nothing wrong, 5 worth knowing$/m);
  put("forsen/chat/notes.txt");
  assert.equal((await cli("verify", "-a", root)).exitCode, 1);
});

test("settle on a read-only disk is content with nothing to do, and else says EROFS", async (t) => {
  const mounted = mountSmallDisk(4_000);
  if ("reason" in mounted) return t.skip(mounted.reason);
  t.after(mounted.disk.close);
  const root = mounted.disk.path;
  const world = apiWorld({ store: fileSystemStore(root) });
  await world.put("forsen", [said(0, "one")]);
  const mount = (how: string) => spawnSync("mount", ["-o", `remount,${how}`, root]).status;
  assert.equal(mount("ro"), 0);
  const calm = await cli("settle", "-a", root);
  assert.equal(calm.exitCode, 0, calm.stderr);
  assert.match(calm.stdout, /^1 minutes: 0 batches written, 0 files merged away$/m);
  assert.equal(mount("rw"), 0);
  await world.put("forsen", [said(1, "two")]);
  assert.equal(mount("ro"), 0);
  const busy = await cli("settle", "-a", root);
  assert.equal(busy.exitCode, 1);
  assert.match(busy.stderr, /read-only \(EROFS\): mount it writable/);
  assert.match(busy.stdout, /1 minutes failed/);
});
