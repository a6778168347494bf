import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../run_step.ts";
import { Fingerprints } from "./fingerprint.ts";
import { type Probes, REACHED_FILE_VARIABLE } from "./probes.ts";
import { runTest } from "./run_test.ts";

/** What a test file does when nothing is wrong. */
export interface TestReach {
  /** Relative to the project. */
  readonly file: string;
  readonly seconds: number;
  /** What it imports itself: it is about these, if about any. */
  readonly imports: ReadonlySet<string>;
  /** Places of mutants that it evaluates, also in processes that it starts. */
  readonly places: ReadonlySet<string>;
}

/** Below the folder for coverage, which git ignores. */
const KEPT = `${PROJECT}coverage/mutants/`;

/** Measures what test files reach, and keeps it on disk for as long as the files stay the same. */
export class ReachMeter {
  readonly #fingerprints = new Fingerprints();
  readonly #root: string;
  readonly #probes: Probes;

  /** `root` is a copy of the project with `probes`. */
  constructor(root: string, probes: Probes) {
    this.#root = root;
    this.#probes = probes;
  }

  /** `undefined` if the test file fails or takes longer than `timeoutSeconds`. */
  async measure(file: string, timeoutSeconds: number): Promise<TestReach | undefined> {
    const imports = new Set(this.#fingerprints.importsOf(file));
    const kept = `${KEPT}${this.#fingerprints.of(file)}.json`;
    if (existsSync(kept)) {
      const { seconds, places } = JSON.parse(readFileSync(kept, "utf8"));
      return { file, seconds, imports, places: new Set(places) };
    }
    const folder = mkdtempSync(join(tmpdir(), "chatloom-reach-"));
    try {
      const reached = join(folder, "reached");
      const environment = { [REACHED_FILE_VARIABLE]: reached };
      const run = await runTest(this.#root, file, { timeoutSeconds, environment });
      if (run.outcome !== "passed") return undefined;
      const places = this.#probes.read(reached);
      mkdirSync(KEPT, { recursive: true });
      writeFileSync(kept, JSON.stringify({ file, seconds: run.seconds, places: [...places] }));
      return { file, seconds: run.seconds, imports, places };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
