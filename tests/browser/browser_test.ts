/**
 * The portable library in headless Chromium: those of the tests of core and laws that need nothing
 * but the library, in a bundle, with a stand-in for `node:test` and `node:assert`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { CONFIG, moduleGraph } from "../architecture/module_graph.ts";
import { PROJECT, sourcePaths } from "../architecture/source_file.ts";
import { launchChromium, skipBrowser } from "./chromium.ts";
import type { PageReport } from "./page_test_runner.ts";

const STAND_INS: Record<string, string> = {
  "node:test": "tests/browser/page_test_runner.ts",
  "node:assert/strict": "tests/browser/page/page_assert.ts",
  "node:assert": "tests/browser/page/page_assert.ts",
};
const skip = skipBrowser;
if (skip) console.log(`skipped: ${skip}`);

const folder = mkdtempSync(join(tmpdir(), "chatloom-browser-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Tests whose every import is there in a page, too. */
function portableTests(): string[] {
  return ["tests/core", "tests/laws", "tests/conformance"]
    .filter((path) => existsSync(PROJECT + path)).flatMap(sourcePaths)
    .filter((path) => path.endsWith("_test.ts"))
    .filter((path) =>
      [...moduleGraph([path])].every((module) =>
        (!module.startsWith("node:") || STAND_INS[module] !== undefined) &&
        // A page is never a server: browsers do not even let it make up such requests.
        !module.startsWith("src/engine/api/")
      )
    );
}

/** Bundles `tests` into one script that runs them and leaves a {@link PageReport}. */
function bundle(tests: readonly string[]): string {
  const entry = join(folder, "entry.ts");
  const output = join(folder, "bundle.js");
  const config = join(folder, "deno.json");
  const at = (path: string): string => new URL(path, `file://${PROJECT}`).href;
  const imports = Object.fromEntries([
    ...Object.entries(STAND_INS).map(([name, path]) => [name, at(path)]),
    ...Object.entries(CONFIG.exports).map((
      [name, path],
    ) => [CONFIG.name + name.slice(1), at(path)]),
    ...Object.entries(CONFIG.imports),
  ]);
  writeFileSync(config, JSON.stringify({ imports }));
  writeFileSync(
    entry,
    `import { runAll } from "node:test";\n` +
      tests.map((path) => `import ${JSON.stringify(at(path))};\n`).join("") +
      `globalThis.pageReport = runAll();\n`,
  );
  const args = ["bundle", "--quiet", "--platform=browser", "--config", config, "-o", output, entry];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return readFileSync(output, "utf8");
}

/** Opens a page with `script` in a fresh browser, and returns what `pageReport` settles to. */
async function runInPage(script: string, host = "127.0.0.1"): Promise<PageReport> {
  const server = createServer(({ url }, response) => {
    const isScript = url === "/bundle.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(
      isScript ? script : '<!doctype html><script type="module" src="bundle.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
    await page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
    const report = await page.evaluate(async () =>
      await (globalThis as unknown as { pageReport?: Promise<PageReport> }).pageReport
    );
    assert.deepEqual(errors, []);
    assert.ok(report, "the page ran nothing");
    return report;
  } finally {
    await browser.close();
    await new Promise((resolve) => server.close(resolve));
  }
}

function failuresOf({ failures }: PageReport): string {
  return failures.map(({ name, error }) => `${name}: ${error}`).join("\n");
}

test("the portable tests pass in Chromium", { skip }, async () => {
  const tests = portableTests();
  assert.ok(tests.length > 0, "no tests were found");
  const report = await runInPage(bundle(tests));
  const { passed, skipped, failures } = report;
  console.log(`browser: ${passed} passed, ${failures.length} failed, ${skipped} skipped`);
  assert.equal(failuresOf(report), "");
  assert.ok(passed >= tests.length, "hardly any test ran");
});

test("a failing test fails in Chromium too", { skip }, async () => {
  const path = join(folder, "canary_test.ts");
  writeFileSync(
    path,
    'import assert from "node:assert/strict";\nimport { test } from "node:test";\n' +
      'test("canary", () => assert.deepEqual([new Uint8Array([1])], [new Uint8Array([2])]));\n' +
      'test("late canary", async () => { await 0; throw new Error("late"); });\n' +
      'test("fine", () => assert.throws(() => { throw new TypeError("x"); }, TypeError));\n',
  );
  const report = await runInPage(bundle([path]));
  assert.deepEqual(report.failures.map(({ name }) => name), ["canary", "late canary"]);
  assert.equal(report.passed, 1);
});

test("a page over plain http hashes, though it has no Web Crypto", { skip }, async () => {
  const report = await runInPage(bundle(["tests/browser/plain_http_cases.ts"]), "plain.test");
  assert.equal(failuresOf(report), "");
  assert.equal(report.passed, 1);
});
