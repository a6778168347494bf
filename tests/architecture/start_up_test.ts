import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG, moduleGraph } from "./module_graph.ts";

/** What a runtime loads before the file at `path` runs. */
function loadedFor(path: string): string[] {
  return [...moduleGraph([path], { lazyToo: false })].sort();
}

function packagesOf(modules: readonly string[]): string[] {
  return modules.filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"));
}

test("chatloom --version loads next to nothing", () => {
  assert.deepEqual(loadedFor("src/cli/main.ts"), [
    "node:process",
    "src/cli/main.ts",
    "src/node/wiring/version.ts",
  ]);
  // Without it, Deno reads all that is imported lazily before anything runs: as much as with no import().
  assert.ok(CONFIG.unstable.includes("lazy-dynamic-imports"));
});

test("what all verbs share loads no verb and no engine", () => {
  const shared = loadedFor("src/cli/run_program.ts");
  assert.deepEqual(packagesOf(shared), ["@logtape/logtape", "commander"]);
  assert.deepEqual(
    shared.filter((name) => /^src\/(engine|node\/(?!wiring\/version)|cli\/commands)/.test(name)),
    [],
  );
  assert.ok(shared.length <= 24, `${shared.length} modules`);
});

// A node needs a server, sockets and metrics; what works on files does not.
for (
  const verb of [
    "reading/cat",
    "maintain/copy",
    "reading/coverage",
    "import",
    "maintain/merge",
    "operating/orders",
    "maintain/prune",
    "maintain/settle",
    "maintain/verify",
    "maintain/manifest",
    "maintain/pack",
  ]
) {
  test(`${verb} loads nothing of a server`, () => {
    const loaded = loadedFor(`src/cli/commands/${verb}.ts`);
    assert.deepEqual(packagesOf(loaded), ["commander"]);
    assert.deepEqual(loaded.filter((name) => /^node:(net|http|tls)$/.test(name)), []);
    assert.ok(loaded.length <= 125, `${loaded.length} modules`);
  });
}
