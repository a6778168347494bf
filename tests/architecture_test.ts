import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { VERSION } from "../src/node/wiring/version.ts";
import { type Layer, layerOf, LAYERS } from "./architecture/layers.ts";
import { CONFIG, ENTRIES, moduleGraph, resolveImport } from "./architecture/module_graph.ts";
import {
  parseSource,
  PROJECT,
  readSource,
  type SourceFile,
  sourcePaths,
} from "./architecture/source_file.ts";

const product = ["mod.ts", ...sourcePaths("src"), ...sourcePaths("examples")].map(readSource);
const others = [...sourcePaths("tests"), ...sourcePaths("tools")].map(readSource);
const fileAt = new Map([...product, ...others].map((file) => [file.path, file]));

function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** What is wrong with a file's imports and names, by the rules of its layer. */
function offences(file: SourceFile, layer: Layer): string[] {
  const found: string[] = [];
  const packages = new Set<string>();
  for (const { specifier } of file.imports) {
    const target = resolveImport(file.path, specifier);
    const targetLayer = layerOf(target);
    if (specifier.startsWith("node:")) {
      const isAllowed = layer.runtime.some((name) => name === "node:*" || name === specifier);
      if (!isAllowed) found.push(`imports ${specifier}`);
    } else if (targetLayer !== undefined) {
      const isPublished = layer.imports.includes("published") && ENTRIES.includes(target);
      if (!isPublished && !layer.imports.includes(targetLayer)) found.push(`imports ${target}`);
      if (!existsSync(PROJECT + target)) found.push(`imports ${target}, which is not there`);
    } else if (specifier.startsWith(".") || /^[a-z]+:/.test(specifier)) {
      found.push(`imports ${specifier}`);
    } else {
      packages.add(packageOf(specifier));
    }
  }
  if (packages.size > layer.packagesPerFile) found.push(`imports packages ${[...packages]}`);
  for (const name of packages) {
    if (CONFIG.imports[name] === undefined) found.push(`imports ${name}, unknown to deno.json`);
  }
  for (const name of layer.forbidden) if (file.globals.has(name)) found.push(`uses ${name}`);
  return found;
}

test("every file keeps to its layer", () => {
  assert.ok(product.length > 10, "the sources were not found");
  const found = product.flatMap((file) => {
    const layer = LAYERS[layerOf(file.path) ?? ""];
    if (layer === undefined) return [`${file.path} is in no layer`];
    return offences(file, layer).map((offence) => `${file.path} ${offence}`);
  });
  assert.deepEqual(found, []);
});

test("the layer check sees what it must", () => {
  const bad: Record<string, string> = {
    "imports node:fs": 'import { readFileSync } from "node:fs";',
    "imports src/adapters/memory/memory_store.ts, which is not there":
      'import type { A } from "../adapters/memory/memory_store.ts";',
    "imports packages ws": 'export { WebSocket } from "ws";',
    "uses Deno": "export const x: string = Deno.cwd();",
    "uses Date.now": "export function now(): number { return Date.now(); }",
    "uses Math.random": "export const x: number = Math.random();",
    "uses setTimeout": "setTimeout(() => {}, 1);",
    "uses process": "export const x: string[] = process.argv;",
    "uses globalThis": "const { crypto } = globalThis; crypto.randomUUID();",
    "imports src/engine/a.ts, which is not there":
      'type A = import("../engine/a.ts").A; export type B = A;',
    "imports npm:ws@8": 'await import("npm:ws@8");',
  };
  for (const [offence, text] of Object.entries(bad)) {
    const file = parseSource("src/core/bad.ts", text);
    const found = offences(file, LAYERS["core"]!);
    assert.ok(
      found.some((item) => item === offence.split(",")[0] || item === offence),
      `${offence}: ${found}`,
    );
  }
  const good = "export interface A { process: string; fetch(): void }\n" +
    "export function f({ process }: A, o: { self: number }): A {\n" +
    "  return { process, fetch() { o.self++; } };\n}";
  assert.deepEqual(offences(parseSource("src/core/good.ts", good), LAYERS["core"]!), []);
});

test("core neither waits nor asks for the time", () => {
  const found = product.filter((file) => layerOf(file.path) === "core")
    .flatMap(({ path, marks }) => [...marks].map((mark) => `${path} has ${mark}`));
  assert.deepEqual(found, []);
});

/** Where a test may draw what it does not replay: a moment to kill at, a name that is free. */
const UNSEEDED = [
  "tests/conformance/disk/bad_entries.ts",
  "tests/conformance/journal/file_system_journal_test.ts",
];

test("tests draw the same cases on any day", () => {
  const tests = others.filter(({ path }) => path.startsWith("tests/") && !/bench/.test(path));
  const drawn = tests.filter(({ globals, marks }) =>
    globals.has("Math.random") || marks.has("new Date()")
  );
  assert.deepEqual(drawn.map(({ path }) => path).sort(), UNSEEDED);
  const generated = tests.filter(({ path, imports }) =>
    path.endsWith("_test.ts") && imports.some(({ specifier }) => specifier === "fast-check")
  );
  const unseeded = generated.filter(({ imports }) =>
    !imports.some(({ specifier }) => specifier.endsWith("/fixed_seed.ts"))
  );
  assert.deepEqual(unseeded.map(({ path }) => path), []);
});

/** Where `JSON.parse` reads no line of a batch, and why. */
const PARSES_OTHER_JSON: Readonly<Record<string, string>> = {
  "src/core/json/parse_json.ts": "is what stands in for it",
  "src/core/merge/receiver_list.ts": "a receiver's id: one string",
  "src/engine/verify/repeated_receiver.ts": "a key: one string",
  "src/adapters/file_system/journal/journal_owner.ts": "who writes a journal",
  "src/adapters/file_system/journal/process_identity.ts": "what the system says of a process",
  "src/adapters/http_peer/http_peer.ts": "lists of names",
  "src/web/start/start_worker.ts": "the page's own script: one string",
};

test("no stored line is read with JSON.parse, which takes some keys for others", () => {
  const found = product.filter(({ globals }) => globals.has("JSON.parse")).map(({ path }) => path);
  assert.deepEqual(found.sort(), Object.keys(PARSES_OTHER_JSON).sort());
});

test("engine does not ask for the time", () => {
  const found = product.filter(({ path, marks }) =>
    layerOf(path) === "engine" && marks.has("new Date()")
  );
  assert.deepEqual(found.map(({ path }) => path), []);
});

/** They stand in for modules of Node that have one. */
const STAND_INS = ["tests/browser/page/page_assert.ts", "tests/browser/page_test_runner.ts"];

test("no default export, enum, index.ts or camelCase file name", () => {
  const found = [...product, ...others].filter(({ path, marks }) =>
    (marks.has("default export") && !STAND_INS.includes(path)) || marks.has("enum") ||
    !/^[a-z0-9_/]+\.ts$/.test(path) ||
    /(?:^|\/)index\.ts$/.test(path)
  );
  assert.deepEqual(found.map(({ path }) => path), []);
});

/** Every name that a program can import, as `path#name`: imports, and what published files export. */
function wanted(files: readonly SourceFile[]): Set<string> {
  const names = new Set<string>();
  for (const file of files) {
    for (const taken of file.imports) {
      const target = resolveImport(file.path, taken.specifier);
      for (const name of taken.names) names.add(`${target}#${name}`);
    }
  }
  return names;
}

/** What the page is built from: its first script, its main script, and its worker. */
const PAGE = ["src/web/early.ts", "src/web/page.ts", "src/web/worker.ts"];

test("every file of the product is used or published", () => {
  const seen = moduleGraph([...ENTRIES, ...PAGE], { typesToo: true });
  const found = product.filter(({ path }) => path.startsWith("src/") && !seen.has(path));
  assert.deepEqual(found.map(({ path }) => path), []);
});

test("every export is used or published", () => {
  const byProduct = wanted(product);
  const byTests = wanted(others);
  const found: string[] = [];
  for (const { path, exports, exportedTypes, mentions } of product) {
    if (ENTRIES.includes(path) || !path.startsWith("src/")) continue;
    if (byProduct.has(`${path}#*`)) continue;
    for (const name of exports) {
      const isUsedHere = (mentions.get(name) ?? 0) > 1;
      if (byProduct.has(`${path}#${name}`)) continue;
      // A type is there for the signature that names it; every other name needs an importer.
      const isAskedFor = byTests.has(`${path}#${name}`) || exportedTypes.has(name);
      if (isAskedFor && isUsedHere) continue;
      found.push(`${path} exports ${name}, which no module imports`);
    }
  }
  assert.deepEqual(found, []);
});

test("no file of the product imports itself by way of others", () => {
  const cycles: string[] = [];
  const done = new Set<string>();
  function visit(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (trail.includes(path) || done.has(path)) return;
    for (const { specifier, isTypeOnly } of fileAt.get(path)?.imports ?? []) {
      if (!isTypeOnly) visit(resolveImport(path, specifier), [...trail, path]);
    }
    done.add(path);
  }
  for (const { path } of product) visit(path, []);
  assert.deepEqual(cycles, []);
});

test("no folder of the product has outgrown an idea", () => {
  const sizes = new Map<string, number>();
  for (const { path } of product) {
    const folder = posix.dirname(path);
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  }
  const found = [...sizes].filter(([folder, size]) => folder !== "." && size > FOLDER_FILES_MAX);
  assert.deepEqual(found, [], "look for the idea that splits it");
});
/** A dozen is the habit; verbs of the command line are one idea. */
const FOLDER_FILES_MAX = 14;

test("folders of the product import in one direction", () => {
  const imports = new Map<string, Set<string>>();
  // An entry gathers what it publishes, so it stands above its own folder.
  for (const { path, imports: all } of product.filter(({ path }) => !ENTRIES.includes(path))) {
    const folder = posix.dirname(path);
    const others = imports.get(folder) ?? new Set();
    imports.set(folder, others);
    for (const { specifier } of all) {
      const target = resolveImport(path, specifier);
      const other = posix.dirname(target);
      if (target.endsWith(".ts") && other !== folder) others.add(other);
    }
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (folder: string, above: readonly string[]): void => {
    if (above.includes(folder)) {
      cycles.push([...above.slice(above.indexOf(folder)), folder].join(" → "));
      return;
    }
    if (done.has(folder)) return;
    for (const other of imports.get(folder) ?? []) visit(other, [...above, folder]);
    done.add(folder);
  };
  for (const folder of imports.keys()) visit(folder, []);
  assert.deepEqual(cycles, []);
});

test("VERSION is the package's", () => {
  assert.equal(VERSION, CONFIG.version);
});

test("imports of deno.json are pinned", () => {
  for (const [name, target] of Object.entries(CONFIG.imports)) {
    assert.match(target, new RegExp(`^npm:${name}@\\d+\\.\\d+\\.\\d+$`));
  }
});
