import assert from "node:assert/strict";
import { test } from "node:test";
import { loadVerbs } from "../../src/cli/verbs.ts";
import { CONFIG } from "../architecture/module_graph.ts";
import { runCli } from "./run_cli.ts";

/** The names of the verbs that are loaded for `args`. */
async function loaded(...args: readonly string[]): Promise<string[]> {
  return (await loadVerbs(args)).map((verb) => verb.name());
}

test("loadVerbs loads the one verb that is run, also behind flags of the program", async () => {
  assert.deepEqual(await loaded("cat", "verify"), ["cat"]);
  assert.deepEqual(await loaded("settle", "--help"), ["settle"]);
  assert.deepEqual(await loaded("--log-level", "debug", "--log-format=json", "merge"), ["merge"]);
  assert.deepEqual(await loaded("--log-level=debug", "prune"), ["prune"]);
});

test("loadVerbs loads all where no verb is run, each under its own name", async () => {
  const all = await loaded();
  assert.ok(all.length >= 20, all.join(" "));
  assert.equal(new Set(all).size, all.length);
  for (const verb of all) assert.deepEqual(await loaded(verb), [verb]);
  const calls = [["--help"], ["help", "cat"], ["--help", "cat"], ["nonsense"], [
    "--log-level",
    "cat",
  ]];
  for (const args of calls) assert.deepEqual(await loaded(...args), all, args.join(" "));
});

test("a name that is no verb is answered with the one that was meant", async () => {
  const { exitCode, stderr } = await runCli(["--log-level", "debug", "verfy"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /unknown command 'verfy' \(Did you mean verify\?\)/);
});

test("help of the program names all verbs, wherever it is asked for", async () => {
  const { stdout } = await runCli(["--help"]);
  assert.equal((await runCli(["--help", "cat"])).stdout, stdout);
  assert.equal((await runCli(["help"])).stdout, stdout);
  assert.equal((await runCli(["help", "cat"])).stdout, (await runCli(["cat", "--help"])).stdout);
});

test("--version is answered alone and behind other flags", async () => {
  for (const args of [["--version"], ["-V"], ["--log-level", "debug", "--version"]]) {
    const { exitCode, stdout } = await runCli(args);
    assert.equal(exitCode, 0);
    assert.equal(stdout, `${CONFIG.version}\n`);
  }
});
