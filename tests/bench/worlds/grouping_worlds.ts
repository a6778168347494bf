import type { Sighting } from "../../../src/core/grouping/sighting.ts";
import { fromSeconds } from "../../../src/core/time.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";

/** How one world behaves. Times are seconds of server time. */
export interface World {
  readonly name: string;
  /** What was measured of the reference, and what is asked of us, in percent of wrong pairs. */
  readonly referencePercent: number;
  readonly wrongMaxPercent: number;
  /** How many different contents there are: users, or rooms. */
  readonly contents: number;
  /** How many equal messages each content has. */
  readonly repeats: number;
  /** Time from one to the next, evenly between these. */
  readonly gapS: readonly [number, number];
  /** Twitch's own delay of a message, the same for all receivers, evenly up to this. */
  readonly delayMaxS: number;
  /** Share of messages that one receiver gets later than the others … */
  readonly strayShare: number;
  /** … evenly up to this. */
  readonly strayMaxS: number;
  /** Share of lines that a receiver does not get. */
  readonly lossShare: number;
  /** Whether ranges have the 45 s that JOIN and PART may come late. */
  readonly isDelayed: boolean;
  /** Mean time between messages that carry a timestamp. */
  readonly chatGapS: number;
}

// What all worlds have in common: one line in twenty is lost to a receiver, and 7 messages in 100
// come to a receiver much later than to the others.
const COMMON = { lossShare: 0.05, strayShare: 0.07 };
const JOINS = { ...COMMON, contents: 300, repeats: 10, chatGapS: 2 };
const LATE = { delayMaxS: 30, strayMaxS: 30, isDelayed: true };
const PROMPT = { delayMaxS: 0.3, strayMaxS: 5, isDelayed: false };

/** The four worlds in which the reference was measured. */
export const WORLDS: readonly World[] = [
  {
    ...JOINS,
    ...LATE,
    name: "joins and parts repeated within 2 min",
    gapS: [2, 120],
    referencePercent: 16.3,
    wrongMaxPercent: 9.5,
  },
  {
    ...JOINS,
    ...LATE,
    name: "joins and parts repeated within 10 min",
    gapS: [2, 400],
    referencePercent: 3.8,
    wrongMaxPercent: 2.1,
  },
  {
    ...JOINS,
    ...PROMPT,
    name: "notices",
    gapS: [0, 65],
    chatGapS: 10,
    referencePercent: 4.4,
    wrongMaxPercent: 3.0,
  },
  {
    ...COMMON,
    ...PROMPT,
    name: "one room setting toggled four times in 20 s",
    contents: 1_500,
    repeats: 2,
    gapS: [0, 18],
    chatGapS: 5,
    referencePercent: 8.3,
    wrongMaxPercent: 8.3,
  },
];

/** A sighting, and the event that it truly belongs to. */
export interface TrueSighting {
  readonly sighting: Sighting;
  readonly event: number;
}

const RECEIVERS = ["alpha.AbCdE.0", "beta.xYz12.0", "gamma.q7Rst.1"];
const START_S = 1_700_000_000;

/** Plays a world: for each content, what three receivers write down about it. */
export function playWorld(world: World, seed: number): TrueSighting[][] {
  const chance = seededRandom(seed);
  const random = () => chance.next();
  const between = ([low, high]: readonly [number, number]) => low + random() * (high - low);
  const heard: TrueSighting[][] = [];
  let event = 0;
  for (let content = 0; content < world.contents; content++) {
    const events: { event: number; atS: number; delayS: number }[] = [];
    let atS = START_S + random() * 60;
    for (let n = 0; n < world.repeats; n++, atS += between(world.gapS)) {
      events.push({ event: event++, atS, delayS: random() * world.delayMaxS });
    }
    const chat = chatTimes(atS + 60, world.chatGapS, random);
    heard.push(RECEIVERS.flatMap((receiver) => listen(receiver, { world, events, chat, random })));
  }
  return heard;
}

function chatTimes(endS: number, gapS: number, random: () => number): number[] {
  const times: number[] = [];
  let atS = START_S - 60;
  while (atS < endS) {
    times.push(atS);
    atS += -Math.log(1 - random()) * gapS;
  }
  return times;
}

/** What one connection makes of it all, by the rules of a recorder. */
function listen(
  receiver: string,
  { world, events, chat, random }: {
    world: World;
    events: readonly { event: number; atS: number; delayS: number }[];
    chat: readonly number[];
    random: () => number;
  },
): TrueSighting[] {
  const skewS = (random() - 0.5) * 240; // Clocks are minutes apart.
  const lagS = 0.05 + random() * 0.25;
  const lines: { arrivalS: number; sentS?: number; event?: number }[] = [];
  for (const sentS of chat) {
    if (random() < world.lossShare) continue;
    lines.push({ arrivalS: sentS + lagS + random() * 0.2, sentS });
  }
  for (const { event, atS, delayS } of events) {
    if (random() < world.lossShare) continue;
    const strayS = random() < world.strayShare ? random() * world.strayMaxS : 0;
    lines.push({ arrivalS: atS + delayS + strayS + lagS + random() * 0.2, event });
  }
  lines.sort((a, b) => a.arrivalS - b.arrivalS);
  return estimate(lines, { receiver, skewS, isDelayed: world.isDelayed });
}

/** Design section 4, without its first seconds: a timestamp was seen before the first event. */
function estimate(
  lines: readonly { arrivalS: number; sentS?: number; event?: number }[],
  { receiver, skewS, isDelayed }: { receiver: string; skewS: number; isDelayed: boolean },
): TrueSighting[] {
  const open: { event: number; arrivalS: number; startS: number; endS: number }[] = [];
  let last = { sentS: lines[0]!.arrivalS, arrivalS: lines[0]!.arrivalS };
  for (const { arrivalS, sentS, event } of lines) {
    if (event !== undefined) {
      const nowS = last.sentS + arrivalS - last.arrivalS;
      const startS = Math.max(nowS - 5, last.sentS - 1) - (isDelayed ? 45 : 0);
      open.push({ event, arrivalS, startS, endS: nowS + 5 });
    }
    if (sentS === undefined) continue;
    last = { sentS, arrivalS };
    for (const range of open) range.endS = Math.min(range.endS, sentS + 1);
  }
  return open.map(({ event, arrivalS, startS, endS }) => {
    const startUs = fromSeconds(startS);
    const endUs = Math.max(startUs, fromSeconds(endS));
    return { event, sighting: { receiver, receivedS: arrivalS + skewS, startUs, endUs } };
  });
}
