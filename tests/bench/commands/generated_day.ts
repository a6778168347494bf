import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { generatedChat } from "../../../src/testing/generated_chat/generated_chat.ts";
import type { ReceivedLine } from "./record_lines.ts";

/** The channel of the generated day. */
export const CHANNEL = "forsen";

/** How much chat there is. The same size and seed give the same chat. */
export interface DaySize {
  readonly seed: string;
  readonly messages: number;
  readonly minutes: number;
}

/** A line on Twitch's side: when it reached the servers, in microseconds, and its text. */
interface SentLine {
  readonly arrivalUs: number;
  readonly line: string;
}

const START_MS = Date.UTC(2026, 7, 1);
const LOSS_SHARE = 0.01;

/** All lines of the day, in the order in which they arrive. */
function* sentLines({ seed, messages, minutes }: DaySize): Generator<SentLine> {
  const chat = generatedChat(CHANNEL, {
    random: seededRandom(seed),
    roomId: "22484632",
    startUs: START_MS * 1000,
    ratePerSecond: messages / (minutes * 60),
    peopleCount: 3_000,
    mix: { MEMBERSHIP: 25 }, // As many as a channel has that is large, but not so large that Twitch sends none.
  });
  const next = chat.sources.map((source) => ({ source, line: source.next() }));
  for (let count = 0; count < messages; count++) {
    const [first] = next.filter(({ line }) => line !== undefined)
      .sort((a, b) => a.line!.arrivalUs - b.line!.arrivalUs);
    if (first === undefined) return;
    yield first.line!;
    first.line = first.source.next();
  }
}

/** What one recorder hears of the day: one line in a hundred is lost, and each comes a little late. */
export function* heardLines(size: DaySize, recorder: string): Generator<ReceivedLine> {
  const chance = seededRandom(`${size.seed}/${recorder}`);
  let receivedUs = 0;
  for (const { arrivalUs, line } of sentLines(size)) {
    const lagUs = Math.round(20_000 + chance.next() * 80_000);
    const isLost = chance.next() < LOSS_SHARE;
    // A connection keeps its order.
    receivedUs = Math.max(receivedUs + 1, arrivalUs + lagUs);
    if (!isLost) yield { receivedUs, line };
  }
}
