import { readFileSync } from "node:fs";
import process from "node:process";

const CTRL_C = 0x03;
const CTRL_Z = 0x1a;

/**
 * Reads Ctrl-C as a key of the terminal on standard input and calls `onCtrlC`, instead of letting the
 * terminal signal the whole process group. Returns a function that restores the terminal; calling it twice is
 * fine. Does nothing where there is no terminal, or where another process group has it.
 *
 * A signal to the group also ends the program that started this process: `npx` (npm 10, observed) returns the
 * prompt and exit code 130 at once, while the verb is still finishing its work in the background.
 * Ctrl-Z still suspends the process. All other input is dropped.
 */
export function listenForCtrlC(onCtrlC: () => void): () => void {
  const { stdin } = process;
  // Changing the terminal from the background would suspend this process (SIGTTOU).
  if (!stdin.isTTY || !isInForeground()) return () => {};
  function take(keys: Uint8Array): void {
    for (const key of keys) {
      if (key === CTRL_C) onCtrlC();
      if (key === CTRL_Z) suspend();
    }
  }
  function suspend(): void {
    stdin.setRawMode(false);
    process.kill(0, "SIGTSTP"); // The group, as the terminal does it: also the program that started this one.
  }
  function resume(): void {
    if (isInForeground()) stdin.setRawMode(true);
  }
  function giveBack(): void {
    stdin.off("data", take);
    process.off("SIGCONT", resume);
    process.off("exit", giveBack);
    if (isInForeground()) stdin.setRawMode(false);
    stdin.pause();
  }
  stdin.on("error", () => {}); // The terminal is gone; SIGHUP says so.
  stdin.setRawMode(true);
  stdin.on("data", take);
  process.on("SIGCONT", resume);
  process.on("exit", giveBack);
  return giveBack;
}

/** Whether this process's group has the terminal. `false` where only Linux could tell. */
function isInForeground(): boolean {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "").split(" ");
    const [, , group, , , foregroundGroup] = fields; // proc_pid_stat(5): pgrp and tpgid
    return group === foregroundGroup;
  } catch {
    return false;
  }
}
