/**
 * Makes the npm tarball in `dist/`: what `deno pack` makes, with the `chatloom` command and the exact
 * versions that were tested.
 *
 * `deno pack` writes neither: it has no notion of commands, and turns a pinned `1.2.3` into `^1.2.3`.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage } from "./build_page.ts";
import { PROJECT, runStep } from "./run_step.ts";

const COMMAND = `#!/usr/bin/env node
import { runProcess } from "../src/cli/main.js";

await runProcess();
`;

interface PackageJson {
  version: string;
  dependencies?: Record<string, string>;
  [field: string]: unknown;
}

/**
 * Makes the tarball in `folder`, which is made if need be, and returns its path.
 *
 * @throws {Error} when a tool fails; what it said is on the screen by then.
 */
export async function packForNpm(folder: string): Promise<string> {
  const raw = join(folder, "raw.tgz");
  const staging = join(folder, "package");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run("deno", "pack", "--allow-dirty", "--no-source-maps", "--output", raw);
  await run("tar", "-xzf", raw, "-C", folder);
  rmSync(raw);
  removeSources(staging);

  mkdirSync(join(staging, "bin"));
  writeFileSync(join(staging, "bin", "chatloom.js"), COMMAND, { mode: 0o755 });
  mkdirSync(join(staging, "src/web/dist"), { recursive: true });
  writeFileSync(join(staging, "src/web/dist/page.html"), await buildPage());
  copyFileSync(`${PROJECT}CHANGELOG.md`, join(staging, "CHANGELOG.md"));
  const path = join(staging, "package.json");
  const description = JSON.parse(readFileSync(path, "utf8")) as PackageJson;
  writeFileSync(path, `${JSON.stringify(complete(description), undefined, 2)}\n`);

  await run("npm", "pack", "--silent", "--pack-destination", folder, staging);
  rmSync(staging, { recursive: true });
  return join(folder, `chatloom-chatloom-${description.version}.tgz`);
}

/** `deno pack` adds what no entry imports as it is: sources of the page, which is packed as built. */
function removeSources(folder: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const path of files) {
    if (path.endsWith(".ts") && !path.endsWith(".d.ts")) rmSync(join(folder, path));
  }
}

function complete(description: PackageJson): PackageJson {
  return {
    ...description,
    description: "Records Twitch chat so that nothing is lost",
    repository: { type: "git", url: "git+https://github.com/chatloom/chatloom.git" },
    homepage: "https://github.com/chatloom/chatloom#readme",
    bugs: "https://github.com/chatloom/chatloom/issues",
    keywords: ["twitch", "chat", "irc", "archive", "recorder", "crdt"],
    engines: { node: ">=20" },
    bin: { chatloom: "bin/chatloom.js" },
    sideEffects: ["./src/cli/main.js", "./bin/chatloom.js"],
    dependencies: pinned(Object.keys(description.dependencies ?? {})),
  };
}

/** Each package with the one version that `deno.json` names. */
function pinned(names: readonly string[]): Record<string, string> {
  const { imports } = JSON.parse(readFileSync(`${PROJECT}deno.json`, "utf8")) as {
    imports: Record<string, string>;
  };
  return Object.fromEntries(names.map((name) => {
    const target = imports[name] ?? "";
    const version = target.slice(target.lastIndexOf("@") + 1);
    if (!/^\d+\.\d+\.\d+$/.test(version)) {
      throw new Error(`Cannot pin "${name}": found "${target}"`);
    }
    return [name, version];
  }));
}

async function run(...command: string[]): Promise<void> {
  const { exitCode } = await runStep(command.join(" "), command, {
    isQuiet: true,
    timeoutSeconds: 300,
  });
  if (exitCode !== 0) throw new Error(`Cannot pack: "${command.join(" ")}" failed`);
}

if (import.meta.main) console.log(await packForNpm(join(PROJECT, "dist")));
