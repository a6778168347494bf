/**
 * Builds the page: one HTML file that holds all it needs, so that it works from a disk, from a node
 * and without a network. Its policy lets in just the scripts and styles that are in it.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PROJECT, runStep } from "./run_step.ts";

/** Where the page stands when it is built. Not in the repository, but in the packages. */
export const PAGE_PATH: string = join(PROJECT, "src/web/dist/page.html");

/**
 * Builds the page and returns it. The same sources give the same bytes.
 *
 * @throws {Error} when it cannot be bundled; what the bundler said is on the screen by then.
 */
export async function buildPage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-page-"));
  try {
    const early = await bundle("src/web/early.ts", join(folder, "early.js"));
    const script = await bundle("src/web/page.ts", join(folder, "page.js"));
    const worker = await bundle("src/web/worker.ts", join(folder, "worker.js"));
    const style = ["node_modules/uplot/dist/uPlot.min.css", "src/web/page.css"]
      .map((path) => squeeze(readFileSync(join(PROJECT, path), "utf8"))).join("\n");
    return shell({
      policy: policyOf({ scripts: [early, script], style }),
      style,
      early,
      worker,
      script,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundle(entry: string, output: string): Promise<string> {
  const { exitCode } = await runStep(`bundle ${entry}`, [
    "deno",
    "bundle",
    "--quiet",
    "--platform=browser",
    "--format=iife",
    "--minify",
    "--output",
    output,
    join(PROJECT, entry),
  ], { isQuiet: true, timeoutSeconds: 120 });
  if (exitCode !== 0) throw new Error(`Cannot bundle "${entry}"`);
  const script = readFileSync(output, "utf8").trim();
  // These would end or hide the element. In strings and templates, where they can stand in a valid
  // script, a backslash before the letter changes nothing.
  return script.replace(/<(\/script|script|!--)/gi, (found) => `\\x3c${found.slice(1)}`);
}

/** Drops comments, and spaces that mean nothing: enough for a file of this size. */
function squeeze(style: string): string {
  return style.replace(/\/\*[^]*?\*\//g, "")
    .replace(/\s*\n\s*/g, "\n")
    // Each declaration begins a line; in selectors a space before a colon means something.
    .replace(/^([\w-]+): /gm, "$1:")
    .replace(/ \{$/gm, "{")
    .replace(/(?<=[{};,:(])\n|\n(?=[})])/g, "")
    .replaceAll(";}", "}")
    .trim();
}

/**
 * What the page may do: run its own scripts, start its own worker, compile the hash function, talk to
 * where it came from, and show the emotes that its reader asked for: as blobs, which are fetched from where the
 * page came from with the reader's token, or from Twitch.
 */
function policyOf(
  { scripts, style }: { readonly scripts: readonly string[]; readonly style: string },
): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(" ")} 'wasm-unsafe-eval'`,
    "worker-src blob:",
    `style-src ${hashOf(style)}`,
    "img-src data: blob: https://static-cdn.jtvnw.net/emoticons/",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types chatloom",
  ].join("; ");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

interface Parts {
  readonly policy: string;
  readonly style: string;
  /** Runs first: it starts the worker. */
  readonly early: string;
  readonly worker: string;
  readonly script: string;
}

/** The page around its parts. */
function shell({ policy, style, early, worker, script }: Parts): string {
  // JSON may write `<` in another way, so nothing in it can end the element.
  const workerJson = JSON.stringify(worker).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>chatloom</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page merges and shows chat archives with a script, which is switched off.</noscript>
<script type="application/json" id="worker">${workerJson}</script>
<script>${early}</script>
<script>${script}</script>
</body>
</html>
`;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">` +
  `<path d="M3 2v12M8 2v12M13 2v12" stroke="#4353b8" stroke-width="2"/>` +
  `<path d="M1 5h14M1 11h14" stroke="#d08a1d" stroke-width="2"/></svg>`;

if (import.meta.main) {
  const page = await buildPage();
  mkdirSync(join(PAGE_PATH, ".."), { recursive: true });
  // Renamed into place, as a node may be reading it.
  const scratch = `${PAGE_PATH}.${process.pid}`;
  writeFileSync(scratch, page);
  renameSync(scratch, PAGE_PATH);
  console.log(`${PAGE_PATH}: ${(page.length / 1000).toFixed(0)} kB`);
}
