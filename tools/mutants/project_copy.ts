import { cpSync, existsSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../run_step.ts";

const COPIED = [
  ...["src", "tests", "tools", "examples", "docs", "dashboards"],
  ...["mod.ts", "deno.json", "deno.lock", "README.md", "CHANGELOG.md"],
];

/** Files below `folder` with this end: sorted, relative to the project, with `/`. */
export function filesUnder(folder: string, end: string): string[] {
  return readdirSync(`${PROJECT}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => join(entry.parentPath, entry.name).slice(PROJECT.length).replaceAll("\\", "/"))
    .sort();
}

/**
 * A copy of the project that may be damaged: its path, with a slash at the end. The caller removes the
 * folder around it.
 */
export function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-mutants-"));
  const root = `${folder}/project/`;
  for (const name of COPIED) {
    const path = `${PROJECT}${name}`;
    if (existsSync(path)) cpSync(path, `${root}${name}`, { recursive: true });
  }
  symlinkSync(`${PROJECT}node_modules`, `${root}node_modules`);
  const shared = join(PROJECT, "..", "shared");
  if (existsSync(shared)) symlinkSync(shared, `${folder}/shared`);
  return root;
}
