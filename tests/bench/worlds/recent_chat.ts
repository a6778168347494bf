import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import type { Hasher } from "../../../src/ports/hasher.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";

/** How much chat the minutes of a channel hold. */
export interface RecentChat {
  /** Messages of users in a minute, on average. */
  readonly spokenPerMinute: number;
  /** JOINs and PARTs in a minute. */
  readonly membersPerMinute: number;
}

/**
 * Writes the minutes of [`fromUs`, `untilUs`) of `channel` into the archive `folder`, a file for each that holds
 * any, as one receiver stores them. Resolves to the number of files.
 */
export async function writeRecentChat(
  folder: string,
  { channel, fromUs, untilUs, spokenPerMinute, membersPerMinute, hasher }: RecentChat & {
    readonly channel: string;
    readonly fromUs: Micros;
    readonly untilUs: Micros;
    readonly hasher: Hasher;
  },
): Promise<number> {
  const random = seededRandom(channel);
  let files = 0;
  for (let minuteUs = fromUs; minuteUs < untilUs; minuteUs += MINUTE_US) {
    const whole = Math.floor(spokenPerMinute);
    const spoken = whole + (random.next() < spokenPerMinute - whole ? 1 : 0);
    const messages = Array.from({ length: spoken + membersPerMinute }, (_, i) => {
      const timeUs = minuteUs + Math.floor(random.next() * 60_000) * 1_000;
      const who = Math.floor(random.next() * 1_000_000);
      return i < spoken ? spokenLine(channel, timeUs, who) : memberLine(channel, timeUs, who);
    });
    if (messages.length === 0) continue;
    const bytes = encodeBatch(messages);
    const key = batchKey(channel, { timeUs: minuteUs, digest: await hasher.digest(bytes) });
    const path = join(folder, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes); // Not through a store: that would flush each file to the disk.
    files++;
  }
  return files;
}

function spokenLine(channel: string, timeUs: Micros, who: number): Message {
  const login = `viewer_${who}`;
  return {
    command: "PRIVMSG",
    host: `${login}.tmi.twitch.tv`,
    params: [`#${channel}`, `what ${login} says about it `.repeat(1 + who % 3)],
    receivers: { "alpha.AbCdE.0": timeUs / SECOND_US + 0.125 },
    sender: login,
    tags: {
      "badge-info": "subscriber/42",
      "badges": "subscriber/36,premium/1",
      "color": "#1E90FF",
      "display-name": login,
      "emotes": "",
      "id": `${who}-${timeUs}-a34c-b34ccfc7`,
      "room-id": "22484632",
      "tmi-sent-ts": `${timeUs / 1_000}`,
      "user-id": `${1_000_000 + who}`,
      "user-type": "",
    },
    time: timeUs / SECOND_US,
    time_range: 0,
    user: login,
  };
}

function memberLine(channel: string, timeUs: Micros, who: number): Message {
  const login = `viewer_${who}`;
  return {
    command: who % 2 === 0 ? "JOIN" : "PART",
    host: `${login}.tmi.twitch.tv`,
    params: [`#${channel}`],
    receivers: { "alpha.AbCdE.0": timeUs / SECOND_US + 5 },
    sender: login,
    tags: null,
    time: timeUs / SECOND_US,
    time_range: 5,
    user: login,
  };
}
