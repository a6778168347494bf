import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { PROJECT } from "../run_step.ts";
import { filesUnder } from "./project_copy.ts";

/** Says whether what a test file runs has changed since an earlier run. */
export class Fingerprints {
  readonly #texts = new Map<string, string>();
  readonly #imports = new Map<string, readonly string[]>();
  readonly #sources = filesUnder("src", ".ts");
  /** What decides where probes stand. */
  readonly #tool = ["find_mutants", "probes"].map((name) => `tools/mutants/${name}.ts`);

  /** A digest of the test file, of all files that it imports, and of this tool. */
  of(testFile: string): string {
    let files = this.#graph([testFile]);
    // A test that starts processes runs files that it does not import.
    if ([...files].some((file) => this.#text(file).includes('"node:child_process"'))) {
      const helpers = filesUnder(posix.dirname(testFile), ".ts");
      files = this.#graph([...files, ...this.#sources, ...helpers]);
    }
    const digest = createHash("sha256").update(testFile);
    for (const file of [...this.#tool, ...[...files].sort()]) {
      digest.update(`\0${file}\0${this.#text(file)}`);
    }
    return digest.digest("hex");
  }

  /** The files of the project that `file` imports itself. */
  importsOf(file: string): readonly string[] {
    const known = this.#imports.get(file);
    if (known !== undefined) return known;
    const paths = ts.preProcessFile(this.#text(file), true, true).importedFiles
      .map(({ fileName }) => fileName)
      .flatMap((name) => {
        if (name.startsWith(".")) return [posix.join(posix.dirname(file), name)];
        // By the package's own name: any part of it.
        return name.startsWith("@chatloom/chatloom") ? this.#sources : [];
      });
    this.#imports.set(file, paths);
    return paths;
  }

  #graph(files: readonly string[]): Set<string> {
    const seen = new Set(files);
    for (const file of seen) for (const imported of this.importsOf(file)) seen.add(imported);
    return seen;
  }

  #text(file: string): string {
    let text = this.#texts.get(file);
    if (text === undefined) {
      text = existsSync(PROJECT + file) ? readFileSync(PROJECT + file, "utf8") : "";
      this.#texts.set(file, text);
    }
    return text;
  }
}
