import { type BenchRow, formatAsked, formatFigure, isReached } from "../tests/bench/bench_row.ts";

/** What one bench measured. */
export interface BenchSection {
  /** What it is called on the command line. */
  readonly name: string;
  /** When, on what, with which flags: a sentence without its full stop. */
  readonly circumstances: string;
  /** At least one. */
  readonly rows: readonly BenchRow[];
}

const HEAD = `# Benchmarks

<!-- Written by \`deno task bench --write\`. -->

Each figure is a ratio to something that is measured in the same run, for times do not travel between
machines: the same bytes hashed by \`sha256sum\`, the same lines parsed by \`JSON.parse\`. \`deno task bench\`
measures all of this again, \`deno task bench commands --quick\` one bench with a smaller day. What is
asked is what the bench fails without; a figure that falls short of it stands here as it was measured.
`;

/**
 * The page of results: that of before with \`sections\` in the place of those of the same name. Sections
 * are in the order of their names.
 */
export function writeReport(before: string, sections: readonly BenchSection[]): string {
  const texts = new Map(
    before.split(/^(?=## )/m).slice(1).map((text) => [/^## (.*)/.exec(text)![1]!, text.trim()]),
  );
  for (const section of sections) texts.set(section.name, formatSection(section));
  const sorted = [...texts].sort(([a], [b]) => a < b ? -1 : 1).map(([, text]) => text);
  return `${[HEAD.trim(), ...sorted].join("\n\n")}\n`;
}

function formatSection({ name, circumstances, rows }: BenchSection): string {
  const lines = rows.map((row) => {
    const reached = isReached(row);
    const verdict = reached === undefined ? "" : reached ? "ok" : "**short**";
    return [row.name, formatFigure(row.figure), row.unit, formatAsked(row), verdict];
  });
  const table = [
    ["What", "Measured", "", "Asked", ""],
    ["---", "---:", "---", "---", "---"],
    ...lines,
  ]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`## ${name}`, `${circumstances}.`, table.join("\n")].join("\n\n");
}
