import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../src/core/irc/irc_line.ts";
import { pick } from "../../src/testing/chance/seeded_random.ts";
import { LINES } from "./corpus.ts";
import { mutateText } from "./mutate.ts";
import { runTarget } from "./run_target.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets.ts";

// Fixed: the same change passes or fails on any day. `deno task fuzz --seed` draws other cases, and
// the nightly run does so with the day.
const seed = "gate";

for (const { target, share } of TARGETS) {
  test(`${target.name} withstand a sample of fuzzing`, async () => {
    await runTarget(target, { seed, cases: Math.round(4000 * share) });
  });
}

test("fuzzing finds a planted bug and says how to replay it", async () => {
  const canary: FuzzTarget = {
    name: "canary",
    check(random) {
      const line = mutateText(random, pick(random, LINES), LINES);
      // A hasty assumption: a line with tags has a sender.
      const parsed = parseIrcLine(line);
      if (parsed.ok && parsed.message.tags !== null) assert.ok(parsed.message.sender !== null);
    },
  };
  await assert.rejects(
    runTarget(canary, { seed: "fixed", cases: 20_000 }),
    /replay with "deno task fuzz --only canary --seed fixed --first \d+ --cases 1"/,
  );
});
