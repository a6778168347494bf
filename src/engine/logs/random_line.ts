import type { LogPerson } from "../../core/logs/log_person.ts";
import { HOUR_US, type Micros, MINUTE_US } from "../../core/time.ts";
import type { ChatLog } from "./chat_log.ts";
import type { LogRules } from "./log_days.ts";
import type { TimeSpan } from "./minute_finder.ts";
import type { LogLine } from "./pick_lines.ts";
import type { Room } from "./room_directory.ts";
import { stretches } from "./room_lines.ts";

/** At most this many stretches are chosen among: the hours of 20 years. */
const STRETCHES_MAX = 200_000;

/**
 * A random line of a room, or of a user in it; `undefined` if there is none. A stretch of time is drawn first, an
 * hour, or with an index a minute in which the user is named, then a line in it: quiet hours count as much as
 * busy ones, and reading stays as short as that.
 *
 * @throws {ScanTimeoutError} when it reads for too long without finding any.
 * @throws {ChatloomError} when the store fails.
 */
export async function randomLine(
  log: ChatLog,
  room: Room,
  { person, ...rules }: LogRules & { readonly person: LogPerson | undefined },
): Promise<LogLine | undefined> {
  const spans = await spansOf(log, room, person);
  const budget = log.budget();
  for (let left = spans.length; left > 0; left--) {
    const at = Math.floor(log.random.next() * left);
    const span = spans[at]!;
    spans[at] = spans[left - 1]!;
    for (const part of partsOf(span, person === undefined ? log.random.next() : 0)) {
      const line = await drawLine(log, room, { ...rules, ...part, person, budget });
      if (line !== undefined) return line;
      budget.check();
    }
  }
  return undefined;
}

async function spansOf(
  log: ChatLog,
  room: Room,
  person: LogPerson | undefined,
): Promise<TimeSpan[]> {
  const spans: TimeSpan[] = [];
  for (const { channel, fromUs, untilUs } of room.spans) {
    const question = { fromUs, untilUs, isReversed: false };
    const asked = person === undefined ? question : {
      ...question,
      person: {
        ids: person.id === "" ? [] : [person.id],
        logins: person.login === "" ? [] : [person.login],
      },
    };
    for await (const span of stretches(channel, asked, { source: log.source })) {
      spans.push(span);
      if (spans.length >= STRETCHES_MAX) return spans;
    }
  }
  return spans;
}

/** Of a whole hour of all users the time from a random minute on is enough, unless it is empty. */
function partsOf({ fromUs, untilUs }: TimeSpan, chance: number): TimeSpan[] {
  if (untilUs - fromUs < HOUR_US || chance === 0) return [{ fromUs, untilUs }];
  const middleUs: Micros = fromUs + Math.floor(chance * 60) * MINUTE_US;
  return [{ fromUs: middleUs, untilUs }, { fromUs, untilUs: middleUs }]
    .filter((part) => part.fromUs < part.untilUs);
}

/** One of the first lines that are found together: of a minute. */
async function drawLine(
  log: ChatLog,
  room: Room,
  query: Parameters<ChatLog["lines"]>[1],
): Promise<LogLine | undefined> {
  // Of a user all lines of the stretch are few; of a room those of the first minute that has some are enough.
  const found: LogLine[] = [];
  for await (const lines of log.lines(room, query)) {
    found.push(...lines);
    if (query.person === undefined || found.length > 1_000) break;
  }
  return found[Math.floor(log.random.next() * found.length)];
}
