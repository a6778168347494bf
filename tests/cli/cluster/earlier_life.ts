import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CLOSED_FILE,
  JOURNAL_FOLDER,
  segmentFile,
} from "../../../src/adapters/file_system/journal/journal_names.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import { formatEntry } from "../../../src/engine/journal/entry.ts";
import { between, chance, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { generatedChat } from "../../../src/testing/generated_chat/generated_chat.ts";

/** What the names of such runs end with. */
export const EARLIER_RUN = ".early";

const HEARD = 0.95;

/**
 * Writes the journal of a recorder that died before it had stored anything of `minutes` minutes some hours ago. Recorders
 * with the same seed heard nearly the same.
 *
 * @param options.folder the folder in whose `.chatloom` its journals are
 */
export function writeEarlierLife(
  node: string,
  { folder, channels, minutes, seed }: {
    readonly folder: string;
    readonly channels: readonly string[];
    readonly minutes: number;
    readonly seed: SeededRandom;
  },
): void {
  const startUs = Math.floor((Date.now() * 1_000 - 8 * HOUR_US) / MINUTE_US) * MINUTE_US;
  const own = seed.fork(node);
  const lines = channels.flatMap((channel, at) => {
    const random = seed.fork(channel);
    const chat = { startUs, random, roomId: String(at + 1), ratePerSecond: 0.2, peopleCount: 30 };
    return generatedChat(channel, chat).sources.flatMap((source) => {
      const heard = [];
      for (let line = source.next(); line; line = source.next()) {
        if (line.timeUs > startUs + minutes * MINUTE_US) break;
        if (chance(own, HEARD)) heard.push(line);
      }
      return heard;
    });
  });
  lines.sort((a, b) => a.arrivalUs - b.arrivalUs);
  const run = `${node}${EARLIER_RUN}`;
  const momentAt = (us: number) => ({ receivedUs: us, elapsedUs: us - startUs + MINUTE_US });
  const checkpoint = { run, serverClock: undefined, connections: [] };
  const entries = [
    formatEntry({ kind: "checkpoint", checkpoint }),
    formatEntry({ kind: "open", n: 1, moment: momentAt(startUs) }),
  ];
  let lastUs = startUs;
  for (const { arrivalUs, line } of lines) {
    lastUs = Math.max(lastUs, Math.round(arrivalUs + between(own, [10_000, 80_000])));
    entries.push(formatEntry({ kind: "line", n: 1, moment: momentAt(lastUs), line }));
  }
  const path = join(folder, ...JOURNAL_FOLDER, run);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, segmentFile(1)), entries.join(""));
  writeFileSync(join(path, CLOSED_FILE), "{}\n");
}
