import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT_MS = 60_000;
const LOOK_MS = 10;

/** Waits until `isTrue`, and fails after a minute, which only a fault takes, however loaded the machine is. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const startMs = performance.now();
  while (!await isTrue()) {
    assert.ok(performance.now() - startMs < LIMIT_MS, `waited a minute in vain for ${what}`);
    await sleep(LOOK_MS);
  }
}
