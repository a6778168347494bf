import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bestHasher } from "../../src/adapters/hashers/web_crypto_hasher.ts";
import { batchKey } from "../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";

/** When a busy archive begins, in seconds since 1970: 2026-08-01T12:00 UTC. */
export const BUSY_START_S = 1785585600;

/** How much chat a busy archive holds. */
export interface BusyArchiveSize {
  /** Minutes in a row from {@link BUSY_START_S} on, a settled file each. */
  readonly minutes: number;
  /** Messages in each minute; one in 40 is a JOIN with a range of 30 s. */
  readonly linesPerMinute: number;
}

/** Writes a settled archive of the channel "forsen" into `folder`. Resolves to its size in bytes. */
export async function writeBusyArchive(
  folder: string,
  { minutes, linesPerMinute }: BusyArchiveSize,
): Promise<number> {
  const hasher = await bestHasher();
  let byteCount = 0;
  for (let minute = 0; minute < minutes; minute++) {
    const bytes = encodeBatch(
      Array.from({ length: linesPerMinute }, (_, i) => message(minute, i, linesPerMinute)),
    );
    byteCount += bytes.length;
    const timeUs = (BUSY_START_S + minute * 60) * 1e6;
    const path = join(folder, batchKey("forsen", { timeUs, digest: await hasher.digest(bytes) }));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes); // Not through a store: that would flush each file to the disk.
  }
  return byteCount;
}

function message(minute: number, i: number, linesPerMinute: number): Message {
  const time = BUSY_START_S + minute * 60 + Math.floor(i * 60_000 / linesPerMinute) / 1000;
  const isJoin = i % 40 === 0;
  const login = `viewer_${(minute * 7919 + i * 104_729) % 50_000}`;
  return {
    command: isJoin ? "JOIN" : "PRIVMSG",
    host: `${login}.tmi.twitch.tv`,
    params: isJoin ? ["#forsen"] : ["#forsen", `message ${i} of minute ${minute} `.repeat(3)],
    receivers: { "alpha.AbCdE.0": time + 0.25 },
    sender: login,
    tags: isJoin ? null : {
      "badge-info": "subscriber/42",
      "badges": "subscriber/36,premium/1",
      "client-nonce": "459e3142897c7a22b7d275178f2259e0",
      "color": "#1E90FF",
      "display-name": login,
      "emotes": "",
      "first-msg": "0",
      "flags": "",
      "id": `${minute}-${i}-b34ccfc7-4977-403a-8a94-33c6bac34fb8`,
      "mod": "0",
      "returning-chatter": "0",
      "room-id": "22484632",
      "subscriber": "1",
      "tmi-sent-ts": `${Math.round(time * 1000)}`,
      "turbo": "0",
      "user-id": `${1_000_000 + i}`,
      "user-type": "",
    },
    time,
    time_range: isJoin ? 30 : 0,
    user: login,
  };
}
