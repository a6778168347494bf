import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXIT } from "../src/cli/frame/exit.ts";
import { runCli } from "./cli/run_cli.ts";

const PROJECT = fileURLToPath(new URL("../", import.meta.url));
function read(path: string): string {
  return readFileSync(PROJECT + path, "utf8");
}
const readme = read("README.md");

test("README explains every error code and every exit code", () => {
  const codes = [...read("src/core/errors.ts").matchAll(/^ {2}\| "([A-Z_]+)"/gm)];
  assert.ok(codes.length >= 8);
  for (const [, code] of codes) assert.match(readme, new RegExp(`^\\| \`${code}\` +\\|`, "m"));
  for (const code of Object.values(EXIT)) {
    assert.match(readme, new RegExp(`^\\|.*\\b${code}\\b`, "m"));
  }
});

test("README names only verbs and flags that are there", async () => {
  const { stdout } = await runCli(["--help"]);
  const verbs = new Set([...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]));
  const beside = read("docs/beside_wubloader.md");
  const uses = [
    ...readme.matchAll(/(?:task )?chatloom ([a-z]+)([^`\n#]*)/g),
    ...beside.matchAll(/(?:^ *|`)chatloom ([a-z]+)([^`\n#]*)/gm),
  ];
  assert.ok(uses.length > 3);
  for (const [, verb = "", rest = ""] of uses) {
    assert.ok(verbs.has(verb), `there is no verb "${verb}"`);
    const help = (await runCli([verb, "--help"])).stdout;
    for (const [flag] of rest.matchAll(/--[a-z-]+/g)) {
      assert.match(help, new RegExp(`(^|[ ,])${flag}\\b`, "m"), `${verb} has no ${flag}`);
    }
  }
});

test("README names only tasks that are there", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: object };
  for (const [, task = ""] of readme.matchAll(/deno task ([a-z]+)/g)) {
    assert.ok(Object.hasOwn(tasks, task), `there is no task "${task}"`);
  }
});

test("links in the documents lead somewhere", () => {
  const documents = [
    "README.md",
    "CHANGELOG.md",
    "src/ARCHITECTURE.md",
    "docs/beside_wubloader.md",
  ];
  for (const path of documents) {
    for (const [, target = ""] of read(path).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      assert.ok(
        existsSync(PROJECT + posix.join(posix.dirname(path), target)),
        `${path}: ${target}`,
      );
    }
  }
});

test("ARCHITECTURE shows every layer", () => {
  const layers = read("src/ARCHITECTURE.md");
  for (const layer of ["core", "ports", "engine", "adapters", "testing", "cli"]) {
    assert.match(layers, new RegExp(`^\\| \`${layer}\` +\\|`, "m"));
  }
});
