import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertHostileMemory, CANNOT_MEASURE as skip } from "./hostile_memory.ts";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

test(
  "sync stays below 250 MB while peers send bombs, endless bodies and lists",
  { skip },
  () => assertHostileMemory("Deno", [process.execPath, "run", "--allow-all", "--no-check", MAIN]),
);
