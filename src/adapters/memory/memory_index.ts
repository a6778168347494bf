import type { PersonFacts } from "../../core/index/hour_facts.ts";
import type { Micros } from "../../core/time.ts";
import type {
  ChatIndex,
  HourToIndex,
  IndexedMinute,
  IndexedPerson,
  IndexedRoom,
  IndexQuery,
  IndexSpan,
} from "../../ports/index/chat_index.ts";

/** An index in memory, for tests and small archives: it looks through all it holds at each question. */
export function memoryIndex(): ChatIndex {
  return new MemoryIndex();
}

class MemoryIndex implements ChatIndex {
  readonly #channels = new Map<string, Map<Micros, HourToIndex>>();
  readonly #revisions = new Map<string, number>();
  #revision = 0;

  putHours: ChatIndex["putHours"] = async (channel, hours, { signal } = {}) => {
    signal?.throwIfAborted();
    await Promise.resolve();
    let known = this.#channels.get(channel);
    if (known === undefined) this.#channels.set(channel, known = new Map());
    for (const hour of hours) known.set(hour.hourUs, hour);
    this.#change(channel);
  };

  restampHours: ChatIndex["restampHours"] = async (channel, hours) => {
    await Promise.resolve();
    const known = this.#channels.get(channel);
    for (const { hourUs, from, to } of hours) {
      const hour = known?.get(hourUs);
      if (hour === undefined || !isSameStamp(hour.stamp, from)) continue;
      known!.set(hourUs, { ...hour, stamp: to });
      this.#change(channel);
    }
  };

  forgetHours: ChatIndex["forgetHours"] = async (channel, span = {}) => {
    span.signal?.throwIfAborted();
    await Promise.resolve();
    const known = this.#channels.get(channel);
    for (const hourUs of known?.keys() ?? []) {
      if (!isInside(hourUs, span)) continue;
      known!.delete(hourUs);
      this.#change(channel);
    }
    if (known?.size === 0) this.#channels.delete(channel);
  };

  purge: ChatIndex["purge"] = async ({ signal } = {}) => {
    signal?.throwIfAborted();
    return await Promise.resolve(true);
  };

  revision: ChatIndex["revision"] = async (channel) => {
    const count = channel === undefined ? this.#revision : this.#revisions.get(channel) ?? 0;
    return await Promise.resolve(`${count}`);
  };

  channels: ChatIndex["channels"] = async ({ signal } = {}) => {
    signal?.throwIfAborted();
    return await Promise.resolve([...this.#channels.keys()].sort());
  };

  hours: ChatIndex["hours"] = async (channel, span = {}) => {
    span.signal?.throwIfAborted();
    return await Promise.resolve(
      this.#hours(channel, span).map(({ hourUs, stamp, facts: { counts } }) => ({
        hourUs,
        stamp,
        counts,
      })),
    );
  };

  rooms: ChatIndex["rooms"] = async ({ counts = allHours, signal } = {}) => {
    signal?.throwIfAborted();
    const rooms = new Map<string, IndexedRoom>();
    for (const channel of await this.channels()) {
      for (const { hourUs, facts } of this.#hours(channel)) {
        if (!counts(channel, hourUs)) continue;
        for (const { roomId, firstUs, lastUs } of facts.rooms) {
          const key = `${channel} ${roomId}`;
          const known = rooms.get(key);
          rooms.set(key, {
            channel,
            roomId,
            firstUs: Math.min(firstUs, known?.firstUs ?? Infinity),
            lastUs: Math.max(lastUs, known?.lastUs ?? -Infinity),
          });
        }
      }
    }
    return sortedBy(rooms.values(), ({ channel, roomId }) => [channel, roomId]);
  };

  people: ChatIndex["people"] = async ({ ids = [], logins = [] }, options = {}) => {
    const { counts = allHours, signal } = options;
    signal?.throwIfAborted();
    const people = new Map<string, IndexedPerson>();
    for (const channel of await this.channels()) {
      for (const { hourUs, facts } of this.#hours(channel)) {
        if (!counts(channel, hourUs)) continue;
        for (const { id, login, minutes } of facts.people) {
          if (!(id !== "" && ids.includes(id)) && !(login !== "" && logins.includes(login))) {
            continue;
          }
          const key = `${channel} ${id} ${login}`;
          const known = people.get(key);
          people.set(key, {
            channel,
            id,
            login,
            firstMinuteUs: Math.min(minutes[0]!.minuteUs, known?.firstMinuteUs ?? Infinity),
            lastMinuteUs: Math.max(minutes.at(-1)!.minuteUs, known?.lastMinuteUs ?? -Infinity),
          });
        }
      }
    }
    return sortedBy(people.values(), ({ channel, id, login }) => [channel, id, login]);
  };

  find: ChatIndex["find"] = async (channel, query) => {
    query.signal?.throwIfAborted();
    await Promise.resolve();
    if (query.person === undefined && query.words === undefined) return [];
    return this.#hours(channel).flatMap((hour) => [...minutesOf(hour, query)])
      .filter(({ minuteUs }) => isInside(minuteUs, query));
  };

  async close(): Promise<void> {}

  #hours(channel: string, span: IndexSpan = {}): HourToIndex[] {
    return [...this.#channels.get(channel)?.values() ?? []]
      .filter(({ hourUs }) => isInside(hourUs, span))
      .sort((a, b) => a.hourUs - b.hourUs);
  }

  #change(channel: string): void {
    this.#revisions.set(channel, ++this.#revision);
  }
}

function* minutesOf(
  { facts }: HourToIndex,
  { person, roles, words }: IndexQuery,
): Iterable<IndexedMinute> {
  const messages = new Map<Micros, number>();
  if (person !== undefined) {
    const isMeant = ({ id, login }: PersonFacts) =>
      person.ids.some((each) => each !== "" && each === id) ||
      person.logins.some((each) => each !== "" && each === login);
    for (const { minutes } of facts.people.filter(isMeant)) {
      for (const minute of minutes) {
        if (roles !== undefined && !minute.roles.some((role) => roles.includes(role))) continue;
        const { minuteUs } = minute;
        messages.set(minuteUs, (messages.get(minuteUs) ?? 0) + minute.messages);
      }
    }
  }
  const found = words === undefined
    ? [...messages.keys()].sort((a, b) => a - b)
    : facts.words.filter((minute) => words.every((word) => minute.words.includes(word)))
      .map(({ minuteUs }) => minuteUs)
      .filter((minuteUs) => person === undefined || messages.has(minuteUs));
  for (const minuteUs of found) yield { minuteUs, messages: messages.get(minuteUs) ?? 0 };
}

function allHours(): boolean {
  return true;
}

function isInside(timeUs: Micros, { fromUs = -Infinity, untilUs = Infinity }: IndexSpan): boolean {
  return timeUs >= fromUs && timeUs < untilUs;
}

function isSameStamp(left: HourToIndex["stamp"], right: HourToIndex["stamp"]): boolean {
  return left.files === right.files && left.orders === right.orders &&
    left.folders === right.folders;
}

function sortedBy<T>(values: Iterable<T>, keysOf: (value: T) => readonly string[]): T[] {
  const compare = (left: T, right: T) => {
    const [one, other] = [keysOf(left), keysOf(right)];
    const at = one.findIndex((key, i) => key !== other[i]);
    return at < 0 ? 0 : one[at]! < other[at]! ? -1 : 1;
  };
  return [...values].sort(compare);
}
