import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Reporter } from "../../ports/reporter.ts";

const PAGE_URL = new URL("../../web/dist/page.html", import.meta.url);
const BUILDER_URL = new URL("../../../tools/build_page.ts", import.meta.url);
const BUILD_MAX_MS = 120_000;

/** The page where none is built and none can be built. */
const NO_PAGE = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>chatloom</title>
<p>This node serves an archive, but its page for browsers is not built. To build it, run
<code>npx -y deno task build</code> in the clone of chatloom that this node runs from, then load this
page again. <a href="/openapi.json">/openapi.json</a> lists what else is answered.</p>
</html>
`;

/**
 * Returns a loader of the page for browsers: the one that comes with the package, or in a clone the one that
 * the first call builds. Never rejects for want of a page: then it returns a plain page that
 * says how to build it.
 */
export function pageSource(reporter: Reporter): () => Promise<Uint8Array> {
  let page: Uint8Array | undefined;
  let building: Promise<void> | undefined;
  return async () => {
    page ??= await readBuiltPage();
    if (page !== undefined) return page;
    building ??= build(reporter);
    await building;
    page = await readBuiltPage();
    return page ?? new TextEncoder().encode(NO_PAGE);
  };
}

/** The page as it was built, or `undefined` in a clone where it is not built. */
async function readBuiltPage(): Promise<Uint8Array | undefined> {
  if (PAGE_URL.protocol !== "file:") {
    const response = await fetch(PAGE_URL);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }
  try {
    return new Uint8Array(await readFile(PAGE_URL));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Builds the page with the Deno that runs this, if this is a clone. Resolves in any case. */
async function build(reporter: Reporter): Promise<void> {
  const isPossible = "Deno" in globalThis && BUILDER_URL.protocol === "file:" &&
    await access(BUILDER_URL).then(() => true, () => false);
  if (!isPossible) {
    reporter.report("warning", "The page for browsers is missing and cannot be built here");
    return;
  }
  reporter.report("info", "Building the page for browsers, as this clone has none yet");
  const args = ["run", "--allow-all", "--no-check", fileURLToPath(BUILDER_URL)];
  const failure = await new Promise<string | undefined>((resolve) => {
    execFile(process.execPath, args, { timeout: BUILD_MAX_MS }, (error, stdout, stderr) => {
      resolve(error === null ? undefined : `${stderr}${stdout}`.slice(-1_000) || error.message);
    });
  });
  if (failure === undefined) reporter.report("info", "The page for browsers is built");
  else {
    const fields = { error: failure, command: "deno task build" };
    reporter.report("warning", "Cannot build the page for browsers", fields);
  }
}
