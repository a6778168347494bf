import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { MAIN } from "../run_cli.ts";

/** A record of a process's log. */
export interface LogRecord {
  readonly timeMs: number;
  readonly level: string;
  readonly message: string;
  readonly channel?: string;
  readonly range?: number;
  readonly code?: string;
  readonly run?: string;
}

const KEPT_TEXT = 60;

/** A verb in a process of its own, whose log is read as it comes. */
export class ChatloomProcess {
  readonly name: string;
  readonly log: LogRecord[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  readonly #last: string[] = [];
  #waiting: (() => void)[] = [];
  #peakKib = 0;

  /** Starts `chatloom ARGS`; `home` is where it keeps what it keeps for its user. */
  constructor(
    name: string,
    { args, home, level = "info" }: {
      readonly args: readonly string[];
      readonly home: string;
      readonly level?: "info" | "debug";
    },
  ) {
    this.name = name;
    const isDeno = process.versions["deno"] !== undefined;
    const runtime = isDeno ? ["run", "--allow-all", "--no-check"] : [];
    const log = ["--log-format", "json", "--log-level", level];
    const child = spawn(process.execPath, [...runtime, MAIN, ...args, ...log], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, NO_COLOR: "1", HOME: home, XDG_STATE_HOME: home },
    });
    this.#child = child;
    this.#ended = once(child, "exit");
    void this.#ended.then(() => this.#tell());
    createInterface({ input: child.stderr! }).on("line", (line) => this.#read(line));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it said last, to print when a test fails. */
  get lastWords(): string {
    return `${this.name}:\n${this.#last.join("\n")}`;
  }

  /** The most memory that it had, in MiB, as far as it was looked at. */
  get peakMib(): number {
    if (!this.hasEnded) {
      try {
        const text = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
        this.#peakKib = Number(/^VmHWM:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0);
      } catch {
        // It has just ended.
      }
    }
    return Math.round(this.#peakKib / 1024);
  }

  /** Resolves when it has said `message`, at `sinceMs` or later, in a record that is as `isMeant` says. */
  async said(
    message: string,
    sinceMs = 0,
    isMeant: (record: LogRecord) => boolean = () => true,
  ): Promise<void> {
    const isIt = (each: LogRecord) =>
      each.message === message && each.timeMs >= sinceMs && isMeant(each);
    while (this.log.findLast(isIt) === undefined) {
      assert.ok(!this.hasEnded, this.lastWords);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Sends it a signal; `child.kill` would hide the exit code in Deno. */
  signal(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    void this.peakMib;
    if (!this.hasEnded) process.kill(this.#child.pid!, signal);
  }

  /** Waits until it has ended; returns its exit code. */
  async ended(): Promise<unknown> {
    const [exitCode] = await this.#ended;
    return exitCode;
  }

  /** Ends it, if it has not ended, whatever it does. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  #read(line: string): void {
    this.#last.push(line);
    if (this.#last.length > KEPT_TEXT) this.#last.shift();
    try {
      const { time, level, message, ...fields } = JSON.parse(line);
      this.log.push({ ...fields, timeMs: Date.parse(time), level, message });
    } catch {
      // A runtime's own complaint is among the last words.
    }
    this.#tell();
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
