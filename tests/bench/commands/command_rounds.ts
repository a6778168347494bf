import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { batchPaths, linkArchives, readTree } from "./archive_tree.ts";
import type { BenchRuntime } from "./bench_runtime.ts";
import type { BenchWorld } from "./bench_world.ts";
import { BestOf, measureCommand, type MeasureOptions } from "./measure_command.ts";
import { serveRound } from "./serve_round.ts";

/** What is measured: commands, and what they are held against. */
export type Subject =
  | "sha256sum"
  | "verify"
  | "settle floor"
  | "merge floor"
  | "settle"
  | "settle again"
  | "import floor"
  | "import"
  | "cat of files"
  | "cat"
  | "serve floor"
  | "serve"
  | "empty script"
  | "version";

/** The best run of each. */
export type Bests = Readonly<Record<Subject, BestOf>>;

/**
 * Measures the commands of one runtime over `world`, round by round: one run of each, a command right
 * behind its floor. Each command's output is checked, so that none wins by leaving work out.
 */
export class CommandRounds {
  readonly #world: BenchWorld;
  readonly #runtime: BenchRuntime;
  readonly #folder: string;
  readonly #settledFiles: readonly string[];
  readonly #bests = new Map<Subject, BestOf>();
  #imported: string | undefined;
  #hasFloors = true;

  /** Scratch files go to `folder`. */
  constructor(
    world: BenchWorld,
    { runtime, folder }: { readonly runtime: BenchRuntime; readonly folder: string },
  ) {
    this.#world = world;
    this.#runtime = runtime;
    this.#folder = folder;
    this.#settledFiles = batchPaths(world.settled).map((path) => join(world.settled, path));
  }

  /** The best run of each so far. */
  get bests(): Bests {
    return Object.fromEntries(this.#bests) as Bests;
  }

  /** What is checked once, untimed: that the commands see what is wrong, and print what is there. */
  async check(): Promise<void> {
    const { settled, facts } = this.#world;
    const cat = ["cat", "--archive", settled, "--format", "json", "forsen"];
    const { stdout } = await measureCommand([...this.#runtime.chatloom, ...cat], {
      into: ["sha256sum"],
    });
    expect("cat prints the files", stdout.split(" ")[0], facts.settled.digest);
    await this.#checkVerify();
    // What an older version settled may lack what this one remembers.
    await this.#chatloom("settle again", ["settle", "--archive", settled]);
    this.#bests.clear();
  }

  /** Measures each once. */
  async round(): Promise<void> {
    await this.#run("empty script", this.#runtime.emptyScript);
    await this.#chatloom("version", ["--version"]);
    await this.#verify();
    await this.#settle();
    await this.#import();
    await this.#cat();
    await this.#serve();
  }

  /** Runs each command once that goes through an archive or a capture, without what it is held against. */
  async roundWithoutFloors(): Promise<void> {
    this.#hasFloors = false;
    try {
      await this.#verify();
      await this.#settle();
      await this.#import();
      await this.#cat();
    } finally {
      this.#hasFloors = true;
    }
  }

  async #verify(): Promise<void> {
    const { settled, facts } = this.#world;
    if (this.#hasFloors) await this.#run("sha256sum", ["sha256sum", ...this.#settledFiles]);
    const verified = await this.#chatloom("verify", ["verify", "--archive", settled]);
    const { files, lines } = facts.settled;
    const said = `${files} files with ${lines} messages: nothing wrong`;
    expect("verify finds nothing wrong", verified.startsWith(said), true);
    const again = await this.#chatloom("settle again", ["settle", "--archive", settled]);
    expect("settle has nothing to do", /: 0 batches written, 0 files merged/.test(again), true);
    expect("settling again changes nothing", readTree(settled).digest, facts.settled.digest);
  }

  async #settle(): Promise<void> {
    const { sides, settled, facts } = this.#world;
    const { floor } = this.#runtime;
    await this.#withFresh("inputs", async (inputs) => {
      linkArchives(inputs, sides);
      if (this.#hasFloors) {
        await this.#withFresh("floor", async (to) => {
          await this.#run("settle floor", [...floor("settle_floor"), inputs, settled, to]);
          expect("the floor wrote all", readTree(to).digest, facts.settled.digest);
        });
        await this.#run("merge floor", [...floor("merge_floor"), inputs]);
      }
      spawnSync("sync");
      await this.#chatloom("settle", ["settle", "--archive", inputs]);
      expect("settling gives the same bytes", readTree(inputs).digest, facts.settled.digest);
    });
  }

  async #import(): Promise<void> {
    const { capture } = this.#world;
    const floor = [...this.#runtime.floor("import_floor"), capture];
    const counted = this.#hasFloors ? (await this.#run("import floor", floor)).trim() : undefined;
    await this.#withFresh("imported", async (archive) => {
      const said = await this.#chatloom("import", ["import", capture, "--archive", archive]);
      const { digest, lines } = readTree(archive);
      const messages = counted ?? String(lines);
      expect("import archives all", said.includes(`, ${messages} messages in `), true);
      expect("import writes all", lines, Number(messages));
      expect("import gives the same bytes", digest, this.#imported ??= digest);
    });
  }

  async #cat(): Promise<void> {
    const { settled, facts } = this.#world;
    const into = ["wc", "-c"];
    if (this.#hasFloors) await this.#run("cat of files", ["cat", ...this.#settledFiles], { into });
    const cat = ["cat", "--archive", settled, "--format", "json", "forsen"];
    const count = await this.#chatloom("cat", cat, { into });
    expect("cat prints all", Number(count), facts.settled.bytes);
  }

  async #serve(): Promise<void> {
    const { floor, served } = await serveRound(this.#world.busy, this.#runtime);
    this.#best("serve floor").add(floor);
    this.#best("serve").add(served);
  }

  /** Verify must see one byte that was changed, and one line out of order under a right name. */
  async #checkVerify(): Promise<void> {
    const { settled } = this.#world;
    await this.#withFresh("bad", async (archive) => {
      linkArchives(archive, [settled]);
      const [changed, unsorted] = batchPaths(archive);
      const bytes = readFileSync(join(archive, changed!));
      unlinkSync(join(archive, changed!)); // It is a link to the good one.
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(join(archive, changed!), bytes);
      const lines = readFileSync(join(archive, unsorted!), "latin1").split("\n");
      const swapped = [lines[1], lines[0], ...lines.slice(2)].join("\n");
      const hash = createHash("sha256").update(swapped).digest("base64url");
      const name = unsorted!.replace(/-[^/]*\.json$/, `-${hash}.json`);
      unlinkSync(join(archive, unsorted!));
      writeFileSync(join(archive, name), swapped);
      const verify = ["verify", "--archive", archive];
      const options = { exitCode: 1 };
      const said = await this.#chatloom("verify", verify, options);
      expect("verify sees a changed byte", said.includes(`: ${changed}`), true);
      expect("verify sees a line out of order", said.includes(`unsorted: ${name}`), true);
    });
  }

  async #withFresh(name: string, work: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.#folder, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    spawnSync("sync"); // What others have written must not weigh on the flushes that are timed.
    await work(folder);
    rmSync(folder, { recursive: true });
  }

  #chatloom(subject: Subject, args: readonly string[], options?: MeasureOptions): Promise<string> {
    return this.#run(subject, [...this.#runtime.chatloom, ...args], options);
  }

  async #run(
    subject: Subject,
    command: readonly string[],
    options?: MeasureOptions,
  ): Promise<string> {
    const measured = await measureCommand(command, options);
    return this.#best(subject).add(measured).stdout;
  }

  #best(subject: Subject): BestOf {
    const best = this.#bests.get(subject) ?? new BestOf();
    this.#bests.set(subject, best);
    return best;
  }
}

function expect(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new Error(`Cannot measure: that ${what} is not true: ${actual} instead of ${expected}`);
}
