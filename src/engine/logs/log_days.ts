import { collect } from "../../async/collect.ts";
import { redactionPrefix } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { LOGGED_COMMANDS } from "../../core/logs/log_fields.ts";
import type { LogPerson } from "../../core/logs/log_person.ts";
import { Lru } from "../../core/lru.ts";
import { DAY_US, type Micros } from "../../core/time.ts";
import { ALL_TIME, type ChatLog, type LogQuery } from "./chat_log.ts";
import type { TimeSpan } from "./minute_finder.ts";
import type { Room } from "./room_directory.ts";

const DAYS_KNOWN_MAX = 20_000;

/** The conditions on lines, without which and when. */
export interface LogRules extends Pick<LogQuery, "countsGifts" | "signal"> {
  /** @default {@link LOGGED_COMMANDS} */
  readonly commands?: ReadonlySet<string>;
}

/** The UTC day that holds `timeUs`. */
export function dayOf(timeUs: Micros): TimeSpan {
  const fromUs = timeUs - timeUs % DAY_US;
  return { fromUs, untilUs: fromUs + DAY_US };
}

/** The UTC month that holds `timeUs`. */
export function monthOf(timeUs: Micros): TimeSpan {
  const date = new Date(timeUs / 1_000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { fromUs: Date.UTC(year, month) * 1_000, untilUs: Date.UTC(year, month + 1) * 1_000 };
}

/** Tells which days of a room and which months of a user have lines. */
export class LogDays {
  readonly #log: ChatLog;
  readonly #known = new Lru<string, boolean>({ countMax: DAYS_KNOWN_MAX });

  /** For the rooms of `log`. */
  constructor(log: ChatLog) {
    this.#log = log;
  }

  /** The days that have lines, newest first, each by its start. Throws as {@link ChatLog.lines}. */
  async days(room: Room, rules: LogRules): Promise<Micros[]> {
    const { hours, stamp } = await this.#hoursOf(room);
    const days = [...new Set(hours.map((us) => us - us % DAY_US))].sort((a, b) => b - a);
    const counted = await this.#counted(room, rules);
    const found: Micros[] = [];
    for (const dayUs of days) {
      rules.signal?.throwIfAborted();
      if (counted?.has(dayUs) === true || await this.#hasLine(room, dayUs, { rules, stamp })) {
        found.push(dayUs);
      }
    }
    return found;
  }

  /** The newest day that has lines. Throws as {@link ChatLog.lines}. */
  async newestDay(room: Room, rules: LogRules): Promise<Micros | undefined> {
    const line = await this.#log.firstLine(room, { ...ALL_TIME, ...rules, isReversed: true });
    return line && dayOf(line.startUs).fromUs;
  }

  /** The months with lines of a user, newest first, each by its start. Throws as {@link ChatLog.lines}. */
  async *months(room: Room, person: LogPerson, rules: LogRules): AsyncIterable<Micros> {
    for (let { untilUs } = ALL_TIME; untilUs > 0;) {
      const query = { ...rules, person, fromUs: 0, untilUs, isReversed: true };
      const line = await this.#log.firstLine(room, query);
      if (line === undefined) return;
      untilUs = monthOf(line.startUs).fromUs;
      yield untilUs;
    }
  }

  /** The hours that have files, and a text that changes with them and with the redactions. */
  async #hoursOf(room: Room) {
    const { store } = this.#log.source;
    const hours: Micros[] = [];
    let stamp = "";
    for (const { channel, fromUs, untilUs } of room.spans) {
      for (const hourUs of await this.#log.hours(channel)) {
        if (hourUs >= fromUs && hourUs < untilUs) hours.push(hourUs);
      }
      stamp += (await collect(store.list(redactionPrefix(channel)))).join();
    }
    return { hours, stamp };
  }

  /** Days for which an index knows messages; `undefined` without one. */
  async #counted(
    room: Room,
    { commands = LOGGED_COMMANDS }: LogRules,
  ): Promise<Set<Micros> | undefined> {
    const { finder } = this.#log.source;
    // Where a folder holds several rooms, counts do not say whose messages they are.
    if (finder === undefined || room.spans.some(({ fromUs }) => fromUs > 0)) return undefined;
    const days = new Set<Micros>();
    try {
      for (const { channel } of room.spans) {
        for (const { hourUs, counts } of (await finder.counts(channel, ALL_TIME)).found) {
          const has = [...counts].some(([command, count]) => count > 0 && commands.has(command));
          if (has) days.add(hourUs - hourUs % DAY_US);
        }
      }
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error; // The archive knows it too.
    }
    return days;
  }

  async #hasLine(
    room: Room,
    dayUs: Micros,
    { rules, stamp }: { readonly rules: LogRules; readonly stamp: string },
  ): Promise<boolean> {
    const kinds = [...rules.commands ?? []].join();
    const key = JSON.stringify([room.id, room.login, dayUs, kinds, stamp]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const line = await this.#log.firstLine(room, { ...dayOf(dayUs), ...rules });
    // A day without messages may get some for a while, also from peers.
    const isOver = this.#log.clock.wallUs() - dayUs > 3 * DAY_US;
    if (line !== undefined || isOver) this.#known.set(key, line !== undefined);
    return line !== undefined;
  }
}
