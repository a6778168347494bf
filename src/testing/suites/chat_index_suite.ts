import assert from "node:assert/strict";
import type { HourFacts, PersonMinute } from "../../core/index/hour_facts.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, minuteOf, TIME_END_US } from "../../core/time.ts";
import type { ChatIndex, HourToIndex, IndexQuery } from "../../ports/index/chat_index.ts";
import { assertRejectsWith, type TestFunction } from "./suite.ts";

/** An index that is being tested. */
export interface OpenChatIndex {
  /** Empty at first. */
  readonly index: ChatIndex;
  /** Another view of the same index, as another process has it; the same where there is but one. */
  readonly other: ChatIndex;
  /** Cleans up after the test. */
  close?(): void | Promise<void>;
}

/** What {@link chatIndexSuite} needs. */
export interface ChatIndexSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Makes an empty index. */
  open(): OpenChatIndex | Promise<OpenChatIndex>;
}

const T: Micros = 1_785_585_600_000_000; // 2026-08-01T12:00Z
const STAMP = { files: "files", orders: "orders", folders: "folders" };
const SPOKE = ["spoke"] as const;

/** Checks that a {@link ChatIndex} keeps every promise of its port. */
export function chatIndexSuite({ test, open }: ChatIndexSuiteOptions): void {
  function check(name: string, body: (open: OpenChatIndex) => Promise<void>): void {
    test(`ChatIndex ${name}`, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close?.();
      }
    });
  }

  check("is empty at first", async ({ index }) => {
    assert.deepEqual(await index.channels(), []);
    assert.deepEqual(await index.hours("forsen"), []);
    assert.deepEqual(await index.rooms(), []);
    assert.deepEqual(await index.people({ ids: ["1"], logins: ["ada"] }), []);
    assert.deepEqual(await find(index, byId("1")), []);
    await index.forgetHours("forsen");
  });

  check("gives back hours with stamps and counts, in order, by span", async ({ index, other }) => {
    const later = hour(2, { counts: new Map([["JOIN", 1], ["PRIVMSG", 70_000]]) });
    const stamp = { files: "a", orders: "", folders: "x y\nz" };
    await index.putHours("forsen", [later]);
    await index.putHours("forsen", [{ ...hour(0), stamp }, hour(1)]);
    const all = await other.hours("forsen");
    assert.deepEqual(all.map(({ hourUs }) => hourUs), [T, T + HOUR_US, T + 2 * HOUR_US]);
    assert.deepEqual(all[0]!.stamp, stamp);
    assert.deepEqual(Object.fromEntries(all[2]!.counts), { JOIN: 1, PRIVMSG: 70_000 });
    const span = { fromUs: T + HOUR_US, untilUs: T + 2 * HOUR_US };
    assert.deepEqual((await other.hours("forsen", span)).map(({ hourUs }) => hourUs), [
      T + HOUR_US,
    ]);
  });

  check("finds minutes by id and by login, whatever the other is", async ({ index, other }) => {
    await index.putHours("forsen", [hour(0, {
      people: [
        person("1", "ada", [0, 7]),
        person("1", "lovelace", [3]),
        person("2", "ada", [5]),
        person("", "ada", [6]),
        person("12", "adam", [9]),
      ],
    })]);
    assert.deepEqual(await find(other, byId("1")), [0, 3, 7]);
    assert.deepEqual(await find(other, byLogin("ada")), [0, 5, 6, 7]);
    assert.deepEqual(await find(other, { person: { ids: ["2"], logins: ["adam"] } }), [5, 9]);
    assert.deepEqual(await find(other, { person: { ids: [""], logins: [""] } }), []);
    assert.deepEqual(await find(other, {}), []);
    assert.deepEqual(await other.find("forse", byId("1")), []);
    assert.deepEqual(await other.find("forsenx", byId("1")), []);
  });

  check("counts what a user wrote in a minute under all names", async ({ index }) => {
    await index.putHours("forsen", [hour(0, {
      people: [
        { id: "1", login: "ada", minutes: [minute(4, SPOKE, 2)] },
        { id: "1", login: "lovelace", minutes: [minute(4, SPOKE, 300), minute(5, ["named"], 0)] },
      ],
    })]);
    const found = await index.find("forsen", byId("1"));
    assert.deepEqual(found, [
      { minuteUs: T + 4 * MINUTE_US, messages: 302 },
      { minuteUs: T + 5 * MINUTE_US, messages: 0 },
    ]);
  });

  check("tells roles apart", async ({ index }) => {
    await index.putHours("forsen", [hour(0, {
      people: [{
        id: "1",
        login: "ada",
        minutes: [
          minute(0, SPOKE, 1),
          minute(1, ["dealtWith"], 0),
          minute(2, ["named"], 0),
          minute(3, ["spoke", "dealtWith", "named"], 5),
        ],
      }],
    })]);
    for (
      const [roles, expected] of [
        [["spoke"], [0, 3]],
        [["dealtWith"], [1, 3]],
        [["named", "dealtWith"], [1, 2, 3]],
        [[], []],
      ] as const
    ) {
      assert.deepEqual(await find(index, { ...byId("1"), roles }), expected, roles.join());
    }
  });

  check("keeps spans to the minute, over years", async ({ index }) => {
    const hours = [-30_000, -1_093, -1_092, -1, 0, 1, 1_092, 1_093, 30_000].map((at) =>
      hour(at, {
        people: [person("1", "ada", [60 * at, 60 * at + 59])],
        words: [said(60 * at, "kappa")],
      })
    );
    await index.putHours("forsen", hours);
    const all = hours.flatMap(({ facts }) =>
      facts.people[0]!.minutes.map(({ minuteUs }) => minuteUs)
    );
    const minutes = async (query: IndexQuery) =>
      (await index.find("forsen", query)).map(({ minuteUs }) => minuteUs);
    assert.deepEqual(await minutes(byId("1")), all);
    for (const fromUs of all) {
      for (const untilUs of [fromUs, fromUs + MINUTE_US, fromUs + 1_093 * HOUR_US]) {
        const inside = all.filter((us) => us >= fromUs && us < untilUs);
        assert.deepEqual(await minutes({ ...byId("1"), fromUs, untilUs }), inside);
        const spoken = inside.filter((us) => us % HOUR_US === 0);
        assert.deepEqual(await minutes({ words: ["kappa"], fromUs, untilUs }), spoken);
      }
    }
  });

  check("takes the first minute there is and the last", async ({ index }) => {
    for (const hourUs of [0, hourOf(TIME_END_US - 1)]) {
      const minuteUs = hourUs === 0 ? 0 : minuteOf(TIME_END_US - 1);
      const facts = {
        ...hour(0).facts,
        people: [{ id: "1", login: "ada", minutes: [{ minuteUs, roles: SPOKE, messages: 1 }] }],
        words: [{ minuteUs, words: ["kappa"] }],
      };
      await index.putHours("forsen", [{ hourUs, stamp: STAMP, facts }]);
    }
    const ends = [0, minuteOf(TIME_END_US - 1)];
    for (const query of [byId("1"), { words: ["kappa"] }]) {
      const found = await index.find("forsen", query);
      assert.deepEqual(found.map(({ minuteUs }) => minuteUs), ends);
    }
  });

  check("finds minutes that hold all words, of this channel only", async ({ index }) => {
    await index.putHours("forsen", [hour(0, {
      words: [said(0, "hello", "world"), said(1, "hello"), said(2, "world", "hello", "again")],
    })]);
    await index.putHours("nymn", [hour(0, { words: [said(5, "hello")] })]);
    assert.deepEqual(await find(index, { words: ["hello", "world"] }), [0, 2]);
    assert.deepEqual(await find(index, { words: ["world", "hello", "world"] }), [0, 2]);
    assert.deepEqual(await find(index, { words: ["hell"] }), []);
    assert.deepEqual(await find(index, { words: ["hello", "absent"] }), []);
  });

  check("takes any word as it stands", async ({ index }) => {
    const words = [
      "and",
      "not",
      "near",
      "日",
      "über",
      "😂",
      "x".repeat(64),
      "_",
      "0",
      "a_b",
      "ｘ",
      "é",
    ];
    await index.putHours("forsen", [hour(0, { words: words.map((word, at) => said(at, word)) })]);
    for (const [at, word] of words.entries()) {
      assert.deepEqual(await find(index, { words: [word] }), [at], word);
    }
    for (const word of ['"', "*", "OR 1", "a b", "'; --", "", "\u0000", "\ud800"]) {
      assert.deepEqual(await find(index, { words: [word] }), [], JSON.stringify(word));
    }
  });

  check("finds minutes that name a user and hold words", async ({ index }) => {
    await index.putHours("forsen", [hour(0, {
      people: [{ id: "1", login: "ada", minutes: [minute(0, SPOKE, 2), minute(2, ["named"], 0)] }],
      words: [said(0, "hello"), said(1, "hello"), said(2, "hello")],
    })]);
    const query = { ...byId("1"), words: ["hello"] };
    assert.deepEqual((await index.find("forsen", query)).map(({ messages }) => messages), [2, 0]);
    assert.deepEqual(await find(index, { ...query, roles: SPOKE }), [0]);
    assert.deepEqual(await find(index, { ...query, words: ["absent"] }), []);
  });

  check(
    "puts an hour in place of what it had, and leaves its neighbours",
    async ({ index, other }) => {
      const first = {
        people: [person("1", "ada", [0, 59]), person("2", "bob", [1])],
        words: [said(0, "old"), said(1, "both")],
        rooms: [room("22", 0, 9)],
      };
      const next = {
        people: [person("1", "ada", [60])],
        words: [said(60, "old")],
        rooms: [room("22", 60, 61)],
      };
      await index.putHours("forsen", [hour(0, first), hour(1, next)]);
      await other.putHours("forsen", [hour(0, {
        people: [person("1", "ada", [30]), person("3", "eve", [2])],
        words: [said(1, "new", "both"), said(2, "both")],
        rooms: [room("23", 5, 6)],
      })]);
      assert.deepEqual(await find(index, byId("1")), [30, 60]);
      assert.deepEqual(await find(index, byId("2")), []);
      assert.deepEqual(await find(index, byId("3")), [2]);
      assert.deepEqual(await find(index, { words: ["old"] }), [60]);
      assert.deepEqual(await find(index, { words: ["both"] }), [1, 2]);
      assert.deepEqual(await index.people({ logins: ["bob"] }), []);
      assert.deepEqual(
        (await index.rooms()).map(({ roomId, firstUs }) => [roomId, (firstUs - T) / MINUTE_US]),
        [["22", 60], ["23", 5]],
      );
      assert.equal((await index.hours("forsen")).length, 2);
    },
  );

  check("forgets hours, then and whole channels", async ({ index, other }) => {
    const said4 = [0, 60, 120].map((at) => ({
      people: [person("1", "ada", [at])],
      words: [said(at, "hi")],
    }));
    for (const channel of ["forsen", "forsen2"]) {
      await index.putHours(channel, said4.map((facts, at) => hour(at, facts)));
    }
    await index.forgetHours("forsen", { fromUs: T + HOUR_US, untilUs: T + 2 * HOUR_US });
    assert.deepEqual(await find(other, byId("1")), [0, 120]);
    assert.deepEqual(await find(other, { words: ["hi"] }), [0, 120]);
    await index.forgetHours("forsen");
    await index.forgetHours("forsen");
    assert.deepEqual(await find(other, byId("1")), []);
    assert.deepEqual(await find(other, { words: ["hi"] }), []);
    assert.deepEqual(await other.channels(), ["forsen2"]);
    assert.equal((await other.find("forsen2", byId("1"))).length, 3);
    assert.equal((await other.find("forsen2", { words: ["hi"] })).length, 3);
    await index.putHours("forsen", [hour(0, said4[0])]);
    assert.deepEqual(await find(other, byId("1")), [0]);
  });

  check("knows rooms and names with first and last, also after forgetting", async ({ index }) => {
    await index.putHours(
      "forsen",
      [0, 1, 2].map((at) =>
        hour(at, {
          rooms: [room("22", 60 * at + 1, 60 * at + 2)],
          people: [person("1", "ada", [60 * at + 3, 60 * at + 4])],
        })
      ),
    );
    await index.putHours("nymn", [
      hour(0, { rooms: [room("62", 8, 8)], people: [person("1", "lovelace", [8])] }),
    ]);
    const names = async () =>
      (await index.people({ ids: ["1"] })).map((
        { channel, login, firstMinuteUs, lastMinuteUs },
      ) => [channel, login, (firstMinuteUs - T) / MINUTE_US, (lastMinuteUs - T) / MINUTE_US]);
    const rooms = async () =>
      (await index.rooms()).map((
        { channel, roomId, firstUs, lastUs },
      ) => [channel, roomId, (firstUs - T) / MINUTE_US, (lastUs - T) / MINUTE_US]);
    assert.deepEqual(await names(), [["forsen", "ada", 3, 124], ["nymn", "lovelace", 8, 8]]);
    assert.deepEqual(await rooms(), [["forsen", "22", 1, 122], ["nymn", "62", 8, 8]]);
    const counts = (channel: string, hourUs: Micros) =>
      channel === "forsen" && hourUs === T + HOUR_US;
    const inside = [
      ...(await index.rooms({ counts })).map(({ firstUs, lastUs }) => [firstUs, lastUs]),
      ...(await index.people({ ids: ["1"] }, { counts })).map((
        each,
      ) => [each.firstMinuteUs, each.lastMinuteUs]),
    ];
    assert.deepEqual(inside.flat().map((us) => (us - T) / MINUTE_US), [61, 62, 63, 64]);
    await index.forgetHours("forsen", { untilUs: T + HOUR_US });
    await index.putHours("forsen", [hour(2)]);
    assert.deepEqual(await names(), [["forsen", "ada", 63, 64], ["nymn", "lovelace", 8, 8]]);
    assert.deepEqual(await rooms(), [["forsen", "22", 61, 62], ["nymn", "62", 8, 8]]);
    assert.deepEqual(
      await index.people({ logins: ["ada", "lovelace", "ada"], ids: ["1"] }),
      await index.people({ ids: ["1"] }),
    );
  });

  check("names its state: the same name, the same answers", async ({ index, other }) => {
    const seen = new Set<string>();
    const changes: (() => Promise<void>)[] = [
      () => index.putHours("forsen", [hour(0)]),
      () => other.putHours("forsen", [hour(0)]),
      () =>
        index.restampHours("forsen", [{ hourUs: T, from: STAMP, to: { ...STAMP, orders: "2" } }]),
      () => index.forgetHours("forsen"),
      () => index.putHours("forsen", [hour(0)]),
    ];
    for (const change of changes) {
      const name = `${await index.revision("forsen")} ${await index.revision()}`;
      assert.equal(`${await other.revision("forsen")} ${await other.revision()}`, name);
      assert.ok(!seen.has(name), `${name} again`);
      seen.add(name);
      await change();
    }
    const [ours, all] = [await index.revision("forsen"), await index.revision()];
    await other.putHours("nymn", [hour(0)]);
    assert.equal(await index.revision("forsen"), ours);
    assert.notEqual(await index.revision(), all);
  });

  check("gives another stamp to an hour only in place of the known one", async ({ index }) => {
    await index.putHours("forsen", [hour(0, { people: [person("1", "ada", [0])] })]);
    const to = { files: "f2", orders: "o2", folders: "d2" };
    const stamps = async () => (await index.hours("forsen")).map(({ stamp }) => stamp);
    await index.restampHours("forsen", [{ hourUs: T, from: { ...STAMP, orders: "other" }, to }]);
    await index.restampHours("forsen", [{ hourUs: T + HOUR_US, from: STAMP, to }]);
    await index.restampHours("nymn", [{ hourUs: T, from: STAMP, to }]);
    assert.deepEqual(await stamps(), [STAMP]);
    await index.restampHours("forsen", [{ hourUs: T, from: STAMP, to }]);
    assert.deepEqual(await stamps(), [to]);
    assert.deepEqual(await find(index, byId("1")), [0]);
  });

  check("answers the same after a purge", async ({ index, other }) => {
    await index.putHours("forsen", [
      hour(0, { people: [person("1", "ada", [0])], words: [said(0, "hi")] }),
    ]);
    await index.putHours("forsen", [
      hour(0, { people: [person("1", "ada", [1])], words: [said(1, "hi")] }),
    ]);
    assert.equal(await index.purge(), true);
    assert.deepEqual(await find(other, byId("1")), [1]);
    assert.deepEqual(await find(other, { words: ["hi"] }), [1]);
  });

  check("lets many callers put at once", async ({ index, other }) => {
    await Promise.all(
      Array.from(
        { length: 12 },
        (_, at) =>
          (at % 2 === 0 ? index : other).putHours(at % 3 === 0 ? "nymn" : "forsen", [
            hour(at, { people: [person("1", "ada", [60 * at])], words: [said(60 * at, "hi")] }),
          ]),
      ),
    );
    const expected = [60, 120, 240, 300, 420, 480, 600, 660];
    assert.deepEqual(await find(index, byId("1")), expected);
    assert.deepEqual(await find(other, { words: ["hi"] }), expected);
  });

  check("rejects with the reason of an aborted signal, and changes nothing", async ({ index }) => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assertRejectsWith(index.putHours("forsen", [hour(0)], { signal }), reason);
    await assertRejectsWith(index.hours("forsen", { signal }), reason);
    await assertRejectsWith(index.find("forsen", { ...byId("1"), signal }), reason);
    await assertRejectsWith(index.rooms({ signal }), reason);
    await assertRejectsWith(index.people({}, { signal }), reason);
    assert.deepEqual(await index.channels(), []);
  });
}

function byId(
  id: string,
): { readonly person: { readonly ids: string[]; readonly logins: string[] } } {
  return { person: { ids: [id], logins: [] } };
}

function byLogin(login: string): ReturnType<typeof byId> {
  return { person: { ids: [], logins: [login] } };
}

/** The minutes after T that are found in forsen. */
async function find(index: ChatIndex, query: IndexQuery): Promise<number[]> {
  const found = await index.find("forsen", query);
  return found.map(({ minuteUs }) => (minuteUs - T) / MINUTE_US);
}

/** The hour `at` hours after T. */
function hour(at: number, facts: Partial<HourFacts> = {}): HourToIndex {
  const all = { counts: new Map(), rooms: [], people: [], words: [], ...facts };
  return { hourUs: T + at * HOUR_US, stamp: STAMP, facts: all };
}

/** A user who spoke once in some minutes after T. */
function person(
  id: string,
  login: string,
  minutes: readonly number[],
): HourFacts["people"][number] {
  return { id, login, minutes: minutes.map((at) => minute(at, SPOKE, 1)) };
}

function minute(at: number, roles: PersonMinute["roles"], messages: number): PersonMinute {
  return { minuteUs: T + at * MINUTE_US, roles, messages };
}

function said(at: number, ...words: string[]): HourFacts["words"][number] {
  return { minuteUs: T + at * MINUTE_US, words };
}

function room(roomId: string, first: number, last: number): HourFacts["rooms"][number] {
  return { roomId, firstUs: T + first * MINUTE_US, lastUs: T + last * MINUTE_US };
}
