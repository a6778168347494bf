import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The root of the repository, where the README's commands are run. */
export const REPOSITORY: string = fileURLToPath(new URL("../../../", import.meta.url));

/** The key Ctrl-C as a terminal sends it. */
export const CTRL_C = "\x03";

/** A command in a real pseudo-terminal, which `script` of util-linux opens. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #shown = "";

  /** Runs `command` as a shell reads it, in the repository, and waits at most 90 s for its end. */
  constructor(command: string, environment: { readonly [name: string]: string } = {}) {
    this.#child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      cwd: REPOSITORY,
      env: { ...process.env, NO_COLOR: "1", SHELL: "/bin/sh", ...environment },
      stdio: ["pipe", "pipe", "inherit"],
      timeout: 90_000,
      killSignal: "SIGKILL",
    });
    this.#child.stdin!.on("error", () => {}); // It may end before all keys are taken.
    this.#child.stdout!.setEncoding("utf8").on("data", (text) => this.#shown += text);
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", resolve);
    });
    this.#ended.catch(() => {});
  }

  /** What the screen was sent so far. */
  get shown(): string {
    return this.#shown;
  }

  /** Types `keys`. */
  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** Closes the terminal: the kernel sends SIGHUP to what runs in it. */
  close(): void {
    this.#child.kill("SIGKILL");
  }

  /** The command's exit code. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Resolves when the screen was sent `text`; rejects when the command ends without it. */
  async untilShown(text: string | RegExp): Promise<void> {
    let isOver = false;
    const noteEnd = () => void (isOver = true);
    this.#ended.then(noteEnd, noteEnd);
    while (this.#shown.search(text) < 0) {
      if (isOver) throw new Error(`The command ended without showing ${text}:\n${this.#shown}`);
      await sleep(50);
    }
  }
}

/** Why tests in a terminal cannot run here, or `false` if they can. */
export async function terminalTrouble(): Promise<string | false> {
  const probe = spawn("script", ["--quiet", "--return", "--command", "true", "/dev/null"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  return await new Promise((resolve) => {
    probe.once("error", () => resolve("there is no script(1) of util-linux"));
    probe.once("close", (code) => resolve(code === 0 ? false : "script(1) opens no terminal here"));
  });
}
