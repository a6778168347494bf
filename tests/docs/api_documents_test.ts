import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatReference, servedDescription } from "../../tools/http_reference.ts";
import { runCli } from "../cli/run_cli.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const description = await servedDescription();

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  /** Names of parameters in the query. */
  readonly query: ReadonlySet<string>;
}

const routes: Route[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [] }]) => ({
    method: method.toUpperCase(),
    segments: path.split("/").slice(1),
    query: new Set(parameters.filter(({ in: place }) => place === "query").map(({ name }) => name)),
  }))
);

/** Routes that `path` may be of, or the beginning of if it `isPrefix`. */
function routesOf(path: string, { isPrefix }: { readonly isPrefix: boolean }): Route[] {
  const segments = path.split("/").slice(1);
  const isLong = ({ segments: own }: Route) =>
    isPrefix ? own.length >= segments.length : own.length === segments.length;
  return routes.filter((route) =>
    isLong(route) && segments.every((segment, i) => {
      const own = route.segments[i]!;
      // A name in capitals stands for any, and `chat` is one of the kinds of recordings.
      return own === segment || own.startsWith("{");
    })
  );
}

/** Words by which a path of the API is told from one of a disk. */
const FIRST = /^\/(?:healthz|metrics|debug|files|segments|digests|extras|openapi\.json)\b/;
const LAST = /\/(?:chat\.json|chat\.ndjson|coverage\.json)$/;

function check(where: string, mention: string, { isPrefix }: { readonly isPrefix: boolean }): void {
  const [path = "", ...queries] = mention.replace(/[[\]]/g, "").split(/[?&]/);
  const found = routesOf(path, { isPrefix });
  assert.ok(found.length > 0, `${where}: there is no route for ${mention}`);
  for (const query of queries) {
    const name = query.split("=")[0]!;
    assert.ok(found.some((route) => route.query.has(name)), `${where}: ${path} takes no ${name}`);
  }
}

test("documents and --help name only routes and parameters that a node has", async () => {
  const docs = readdirSync(`${PROJECT}docs`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md")).map((path) => `docs/${path.replaceAll("\\", "/")}`);
  const texts = new Map(
    ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...docs]
      .map((path) => [path, readFileSync(PROJECT + path, "utf8")]),
  );
  texts.set("chatloom serve --help", (await runCli(["serve", "--help"])).stdout);
  let count = 0;
  for (const [where, text] of texts) {
    for (const [, path = ""] of text.matchAll(/\bhttp:\/\/[\w.-]+:\d+(\/[^\s'"`<>)]+)/g)) {
      check(where, path, { isPrefix: false });
      count++;
    }
    for (const [, path = ""] of text.matchAll(/`(?:GET |PUT )?(\/[^\s`]*)`/g)) {
      const bare = path.split("?")[0]!;
      if (!FIRST.test(bare) && !LAST.test(bare)) continue;
      check(where, path, { isPrefix: true });
      count++;
    }
  }
  assert.ok(count >= 8, `${count} mentions`);
});

test("the module of the API names its routes, and no others", () => {
  const source = readFileSync(`${PROJECT}src/engine/api/node_api.ts`, "utf8");
  const comment = source.slice(0, source.indexOf("*/"));
  const named: Route[] = [];
  for (const [, line = ""] of comment.matchAll(/^ \* {5}(?:GET|POST|DELETE) (.*)$/gm)) {
    for (const [path] of line.matchAll(/\/[^\s,]+/g)) {
      const mention = path.replace(/\[?\?.*$/, "");
      check("node_api.ts", mention, { isPrefix: mention === "/segments/KEY" });
      named.push(...routesOf(mention, { isPrefix: mention === "/segments/KEY" }));
    }
  }
  const missing = routes.filter((route) => route.segments[0] !== "" && !named.includes(route));
  assert.deepEqual(missing, []);
});

test("docs/reference/http_api.md has every route, parameter and answer of the served description", () => {
  const page = readFileSync(`${PROJECT}docs/reference/http_api.md`, "utf8");
  const note = page.split("\n")[2]!;
  assert.equal(page, formatReference(description, { note }), "run deno task docs");
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, { parameters = [], responses }] of Object.entries(methods)) {
      const [, section = ""] = page.split(`### ${method.toUpperCase()} ${path}\n`);
      const own = section.split("\n##")[0]!;
      for (const { name } of parameters) assert.ok(own.includes(`| \`${name}\` |`), path);
      for (const status of Object.keys(responses)) assert.ok(own.includes(`| ${status} |`), path);
    }
  }
});
