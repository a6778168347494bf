import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXIT } from "../src/cli/frame/exit.ts";
import { MERGE_SHOT, SHOTS } from "../tools/screenshots/shots.ts";
import { KnownCommands } from "./docs/known_commands.ts";

const PROJECT = fileURLToPath(new URL("../", import.meta.url));
function read(path: string): string {
  return readFileSync(PROJECT + path, "utf8");
}
const readme = read("README.md");
const errors = read("docs/reference/errors.md");

test("docs/reference/errors.md explains every error code and every exit code", () => {
  const codes = [...read("src/core/errors/errors.ts").matchAll(/^ {2}\| "([A-Z_]+)"/gm)];
  assert.ok(codes.length >= 8);
  for (const [, code] of codes) assert.match(errors, new RegExp(`^\\| \`${code}\` +\\|`, "m"));
  for (const code of Object.values(EXIT)) {
    assert.match(errors, new RegExp(`^\\|.*\\b${code}\\b`, "m"));
  }
});

test("the documents name only verbs and flags that are there", async () => {
  const commands = new KnownCommands();
  for (const path of DOCUMENTS.filter((path) => !path.startsWith("tests"))) {
    // Of prose only what stands as code is a command.
    const code = [...read(path).matchAll(/```(?:sh|text)?\n([^]*?)```|`([^`\n]+)`/g)]
      .map(([, block, inline]) => (block ?? inline!).replaceAll("\\\n", " ")).join("\n");
    await commands.checkAll(path, code);
  }
  assert.ok(commands.verbCount > 10, `${commands.verbCount} verbs`);
});

test("README names only tasks that are there", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: object };
  for (const [, task = ""] of readme.matchAll(/deno task ([a-z]+)/g)) {
    assert.ok(Object.hasOwn(tasks, task), `there is no task "${task}"`);
  }
});

test("documents show the pictures that `deno task screenshots` takes, and no others are kept", () => {
  const taken = [...SHOTS.map(({ name }) => name), MERGE_SHOT].map((name) => `${name}.png`).sort();
  assert.deepEqual(readdirSync(`${PROJECT}docs/screenshots`).sort(), taken);
  const shown = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/screenshots\/([\w.-]+)\)/g)].map(([, name]) => name!)
  );
  assert.deepEqual([...new Set(shown)].sort(), taken);
  const inReadme = [...readme.matchAll(/docs\/screenshots\/(\w+)\.png/g)].map(([, name]) => name);
  const shownThere = "home search person calendar phone dark compare video german";
  for (const name of shownThere.split(" ")) {
    assert.ok(inReadme.includes(name), `README shows no ${name}`);
  }
});

/** Every document of the project: Markdown that git would take. */
const DOCUMENTS = ["", "docs", "src", "tests", ".github"].flatMap((folder) =>
  readdirSync(PROJECT + folder, { recursive: folder !== "", encoding: "utf8" })
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".md") && !path.includes("node_modules"))
);

/** The anchors of a document, as hosts of Git make them from headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-")
    ),
  );
}

test("links in the documents lead somewhere, to a heading that is there", () => {
  assert.ok(DOCUMENTS.length > 12, DOCUMENTS.join());
  for (const path of DOCUMENTS) {
    for (const [, link = ""] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [target = "", anchor] = link.split("#");
      const found = target === "" ? path : posix.join(posix.dirname(path), target);
      assert.ok(existsSync(PROJECT + found), `${path}: ${link}`);
      if (anchor === undefined) continue;
      assert.ok(anchorsOf(read(found)).has(anchor), `${path}: no heading for ${link}`);
    }
  }
});

test("the unit for systemd is valid", (t) => {
  const { error, status, stderr } = spawnSync("systemd-analyze", [
    "verify",
    `${PROJECT}docs/deploy/chatloom.service`,
  ], { encoding: "utf8" });
  if (error !== undefined) return t.skip("systemd-analyze is not installed");
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
});

test("ARCHITECTURE shows every layer", () => {
  const layers = read("src/ARCHITECTURE.md");
  for (const layer of ["core", "ports", "engine", "adapters", "testing", "node", "cli"]) {
    assert.match(layers, new RegExp(`^\\| \`${layer}\` +\\|`, "m"));
  }
});
