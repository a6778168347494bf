/** Waits to be interrupted; then ends as it was told, or with `slow` goes on as if it had not been. */
import process from "node:process";
import type { QuietExit } from "../../../src/cli/frame/exit.ts";
import { interruption } from "../../../src/cli/frame/interruption.ts";

const { signal } = interruption({ onImpatience: () => console.log("last words") });
const timer = setTimeout(() => {}, 60_000);
signal.addEventListener("abort", () => {
  console.log("asked to stop");
  if (process.argv[2] === "slow") return;
  process.exitCode = (signal.reason as QuietExit).exitCode;
  clearTimeout(timer);
});
console.log("ready");
