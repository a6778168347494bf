/**
 * Writes the parts of `docs/reference` that are made from the code: the command line from `--help`, the
 * HTTP API from `/openapi.json`. With `--check` it writes nothing and fails where a file says something else.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { formatReference, servedDescription } from "./http_reference.ts";
import { PROJECT } from "./run_step.ts";

const NOTE = "<!-- Written by `deno task docs`. Change the code instead. -->";

/** What the command line prints, 80 columns wide and without colours. */
function chatloom(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["run", "--allow-all", "--no-check", `${PROJECT}src/cli/main.ts`, ...args],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1", COLUMNS: "80" } },
  );
  if (status !== 0) throw new Error(`Cannot run chatloom ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** The verbs of the program and those below them, such as `orders list`, in the order of its help. */
function verbsBelow(path: readonly string[]): string[][] {
  const help = chatloom(...path, "--help");
  const commands = /^Commands:\n((?: {2}.*\n?)+)/m.exec(help)?.[1] ?? "";
  const names = [...commands.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name]) => name!);
  return names.filter((name) => name !== "help")
    .flatMap((name) => [[...path, name], ...verbsBelow([...path, name])]);
}

function commandLine(): string {
  const sections = [[], ...verbsBelow([])].map((path) => {
    const title = ["chatloom", ...path].join(" ");
    const level = path.length < 2 ? "##" : "###";
    return `${level} ${title}\n\n\`\`\`text\n${chatloom(...path, "--help").trim()}\n\`\`\`\n`;
  });
  return `# The command line\n\n${NOTE}\n\n${sections.join("\n")}`;
}

const FILES: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/reference/command_line.md": commandLine,
  "docs/reference/http_api.md": async () =>
    formatReference(await servedDescription(), { note: NOTE }),
};

const isCheck = process.argv.includes("--check");
for (const [path, write] of Object.entries(FILES)) {
  const text = await write();
  const file = `${PROJECT}${path}`;
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (before === text) continue;
  if (isCheck) {
    console.log(`${path} is not what the code says: run deno task docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`${path} written`);
  }
}
