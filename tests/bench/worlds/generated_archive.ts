import { type ArchiveKey, batchKey, formatHour } from "../../../src/core/archive/archive_key.ts";
import { contentOf } from "../../../src/core/batch/content.ts";
import type { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { HOUR_US, type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

/** When the archive begins: a full hour. */
export const BEGIN_US: Micros = 1_704_067_200 * SECOND_US;

/** The channel of a generated archive. */
export const GENERATED_CHANNEL = "forsen";

const UTF8 = new TextEncoder();

/** The batch of a minute: a few messages, and a JOIN that hangs over into the next one. */
export function generatedBatch(minuteUs: Micros): readonly [ArchiveKey, Uint8Array] {
  const second = minuteUs / SECOND_US;
  // Written by hand, as making it must not cost more than settling it.
  let text = "";
  for (const offset of [0, 10, 20, 30]) text += messageLine(second + offset);
  const name = `user${second / 60 % 97}`;
  text += `{"command":"JOIN","host":"${name}.tmi.twitch.tv","params":["#forsen"],` +
    `"receivers":{"alpha.AbCdE.0":${second + 40}.25},"sender":"${name}","tags":null,` +
    `"time":${second + 31}.0,"time_range":49.0,"user":"${name}"}\n`;
  const bytes = UTF8.encode(text);
  return [batchKey("forsen", { timeUs: minuteUs, digest: hasher.digest(bytes) }), bytes];
}

function messageLine(second: number): string {
  return `{"command":"PRIVMSG","host":"nymn.tmi.twitch.tv","params":["#forsen","forsenE hello"],` +
    `"receivers":{"alpha.AbCdE.0":${second}.25},"sender":"nymn",` +
    `"tags":{"id":"${second}","tmi-sent-ts":"${second}000","user-id":"62300805"},` +
    `"time":${second}.0,"time_range":0.0,"user":"nymn"}\n`;
}

/** Adds a message at `timeUs`. */
export function addMessage(set: SightingSet, timeUs: Micros): void {
  const content = contentOf({
    command: "PRIVMSG",
    params: ["#forsen", "forsenE hello there, how is it going"],
    sender: "nymn",
    user: "nymn",
    host: "nymn.tmi.twitch.tv",
    tags: { id: String(timeUs), "tmi-sent-ts": String(timeUs / 1000), "user-id": "62300805" },
  });
  const heard = { receiver: "alpha.AbCdE.0", receivedS: timeUs / SECOND_US + 0.25 };
  set.addSighting(content, { ...heard, startUs: timeUs, endUs: timeUs, sentUs: timeUs });
}

/**
 * A settled archive of `batchCount` minutes in a row that is nowhere: each file is made when it is
 * asked for. Takes no changes.
 */
export function generatedArchive(batchCount: number): BatchStore {
  const endUs = BEGIN_US + batchCount * MINUTE_US;
  return {
    async *folders(folder) {
      await Promise.resolve();
      if (folder === "") yield GENERATED_CHANNEL;
      if (folder !== `${GENERATED_CHANNEL}/chat`) return;
      for (let hourUs = BEGIN_US; hourUs < endUs; hourUs += HOUR_US) yield formatHour(hourUs);
    },
    async *list(prefix) {
      await Promise.resolve();
      const [, hour, minute] = /\/(\d{4}-\d\d-\d\dT\d\d)\/(?:(\d\d):00-)?$/.exec(prefix) ?? [];
      if (hour === undefined) return;
      const hourUs = Date.parse(`${hour}:00:00Z`) * 1000;
      const fromUs = hourUs + Number(minute ?? 0) * MINUTE_US;
      const toUs = minute === undefined ? hourUs + HOUR_US : fromUs + MINUTE_US;
      for (let at = fromUs; at < toUs; at += MINUTE_US) {
        if (at >= BEGIN_US && at < endUs) yield generatedBatch(at)[0];
      }
    },
    async get(key) {
      const [, hour, minute] = /\/(\d{4}-\d\d-\d\dT\d\d)\/(\d\d):/.exec(key)!;
      const [found, bytes] = generatedBatch(Date.parse(`${hour}:${minute}:00Z`) * 1000);
      return await Promise.resolve(found === key ? bytes : undefined);
    },
    put: (key) => Promise.reject(new Error(`Cannot put "${key}": this archive is settled`)),
    delete: (key) => Promise.reject(new Error(`Cannot delete "${key}": this archive is settled`)),
    async *strays() {},
  };
}
