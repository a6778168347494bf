/** The programs in the README, as a newcomer would copy them: short, of right types, and working. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { decodeBatch, encodeBatch, type Message } from "../../mod.ts";
import { serveSimulatedTwitch } from "../../src/cli/main.ts";
import { importFile, openArchive, read } from "../../src/node/mod.ts";
import { CONFIG } from "../architecture/module_graph.ts";
import { PROJECT } from "../architecture/source_file.ts";

const LINES_MAX = 8;
const folder = mkdtempSync(join(tmpdir(), "chatloom-programs-"));
const programs = new Map<string, string>();

/** Where this project's entries are, for a program that stands outside of the project. */
function resolved(program: string): string {
  return program.replace(/"@chatloom\/chatloom(\/\w+)?"/g, (_all, entry: string = "") => {
    const path = CONFIG.exports[`.${entry}`];
    assert.ok(path !== undefined, `there is no entry "${entry}"`);
    return `"${pathToFileURL(join(PROJECT, path)).href}"`;
  });
}

/** Replaces what a test cannot wait for or reach; it must be there. */
function adapted(name: string, changes: Readonly<Record<string, string>> = {}): string {
  let program = programs.get(name) ?? assert.fail(`README has no program that calls ${name}`);
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(program.includes(from), `"${from}" is not in:\n${program}`);
    program = program.replace(from, to);
  }
  const path = join(folder, `${name}_run.ts`);
  writeFileSync(path, resolved(program));
  return path;
}

function start(path: string): ChildProcess {
  return spawn(process.execPath, [
    "run",
    "--allow-all",
    "--no-check",
    `--config=${PROJECT}deno.json`,
    path,
  ], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}

/** Runs a program to its end, without standing in the way of what this process serves. */
async function run(path: string): Promise<string> {
  const child = start(path);
  let [stdout, stderr] = ["", ""];
  child.stdout!.setEncoding("utf8").on("data", (more) => stdout += more);
  child.stderr!.setEncoding("utf8").on("data", (more) => stderr += more);
  const status = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(status, 0, stderr);
  return stdout;
}

function heard(receiver: string, text: string): Message {
  const time = 1_785_587_645;
  return {
    command: "PRIVMSG",
    params: ["#forsen", text],
    sender: "ada",
    user: "ada",
    host: "h",
    tags: { id: text, "tmi-sent-ts": `${time}000` },
    receivers: { [receiver]: time + 0.25 },
    time,
    time_range: 0,
  };
}

before(() => {
  const section = /^## Use it as a library$(.*?)^## /ms.exec(
    readFileSync(`${PROJECT}README.md`, "utf8"),
  );
  for (const [, text = ""] of section![1]!.matchAll(/^```ts[^\n]*\n(.*?)^```$/gms)) {
    const name = /\b(parseIrcLine|mergeBatches|record|read|serve)\(/.exec(text)?.[1] ?? text;
    programs.set(name, text);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the five natural programs are short and of right types", () => {
  const names = ["parseIrcLine", "mergeBatches", "record", "read", "serve"];
  assert.deepEqual([...programs.keys()], names);
  const paths = names.map((name) => {
    const lines = programs.get(name)!.split("\n").filter((line) => line.trim() !== "");
    assert.ok(lines.length <= LINES_MAX, `${name} takes ${lines.length} lines`);
    return adapted(name);
  });
  const args = ["check", `--config=${PROJECT}deno.json`, ...paths];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("parse a line", async () => {
  assert.equal(await run(adapted("parseIrcLine")), "ada hello\n");
});

test("merge two files", async () => {
  writeFileSync(join(folder, "alpha.json"), encodeBatch([heard("alpha.AbCdE.0", "one")]));
  writeFileSync(
    join(folder, "beta.json"),
    encodeBatch([heard("beta.xYz12.0", "one"), heard("beta.xYz12.0", "two")]),
  );
  await run(adapted("mergeBatches"));
  const merged = decodeBatch(new Uint8Array(readFileSync(join(folder, "merged.json"))));
  assert.deepEqual(merged.map(({ params, receivers }) => [params[1], Object.keys(receivers)]), [
    ["one", ["alpha.AbCdE.0", "beta.xYz12.0"]],
    ["two", ["beta.xYz12.0"]],
  ]);
});

test("record, read a day, serve", { timeout: 120_000 }, async (t) => {
  const twitch = await serveSimulatedTwitch();
  t.after(() => twitch.close());
  await run(adapted("record", {
    "AbortSignal.timeout(3_600_000)": `AbortSignal.timeout(4_000), url: "${twitch.url}"`,
  }));
  const archive = await openArchive(join(folder, "chat"));
  const recorded: string[] = [];
  for await (const { message } of read(archive, "nymn")) recorded.push(message.command);
  assert.ok(recorded.includes("PRIVMSG"), `only ${recorded}`);

  const capture = join(folder, "capture.log");
  const said = [["1785542399000", "before"], ["1785542401000", "in it"], [
    "1785628800000",
    "after",
  ]];
  writeFileSync(
    capture,
    said.map(([ms, text], id) =>
      `@id=${id};tmi-sent-ts=${ms} :ada!ada@h PRIVMSG #forsen :${text}\n`
    ).join(""),
  );
  await importFile(archive, capture);
  assert.equal(await run(adapted("read")), "2026-08-01T00:00:01.000Z ada in it\n");

  const server = start(adapted("serve", { ":8080": ":0" }));
  t.after(() => server.kill("SIGKILL"));
  const [url] = await new Promise<string[]>((resolve, reject) => {
    server.once("close", () => reject(new Error("it ended")));
    server.stdout!.setEncoding("utf8").once("data", (text: string) => resolve(text.split("\n")));
  });
  assert.deepEqual(await (await fetch(`${url}/files`)).json(), ["forsen", "nymn"]);
});
