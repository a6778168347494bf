import assert from "node:assert/strict";
import type { HourFacts, PersonRole } from "../../../src/core/index/hour_facts.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import type { ChatIndex, IndexQuery } from "../../../src/ports/index/chat_index.ts";
import { intBelow, pick, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";

/** The first hour of a random index. */
export const T = 1_785_585_600_000_000;
export const STAMP = { files: "f", orders: "", folders: "" };
const WORDS = ["hello", "kappa", "lul", "straße", "日", "zxcvbnm"];

/** Facts of an hour, of a few users and words. */
export function randomFacts(random: SeededRandom, hourUs: number): HourFacts {
  const minuteUs = () => hourUs + intBelow(random, 60) * MINUTE_US;
  const roles: readonly PersonRole[][] = [["spoke"], ["dealtWith"], ["named"], ["spoke", "named"]];
  const people = new Map<string, HourFacts["people"][number]>();
  for (let i = 0; i < 6; i++) {
    const [id, login] = [
      pick(random, ["1", "2", "30", "x-1", ""]),
      pick(random, ["ada", "bob", "eve", ""]),
    ];
    if (id === "" && login === "") continue;
    const starts = [...new Set([minuteUs(), minuteUs(), minuteUs()])].sort((a, b) => a - b);
    people.set(`${id} ${login}`, {
      id,
      login,
      minutes: starts.map((us) => {
        const each = pick(random, roles);
        return {
          minuteUs: us,
          roles: each,
          messages: each.includes("spoke") ? 1 + intBelow(random, 400) : 0,
        };
      }),
    });
  }
  const minutes = [...new Set([minuteUs(), minuteUs(), minuteUs()])].sort((a, b) => a - b);
  const words = minutes.map((us) => ({
    minuteUs: us,
    words: [...new Set([pick(random, WORDS), pick(random, WORDS)])],
  }));
  const rooms = random.next() < 0.8
    ? [{ roomId: pick(random, ["22", "23"]), firstUs: hourUs + 5, lastUs: hourUs + 7 }]
    : [];
  return {
    counts: new Map([["PRIVMSG", 1 + intBelow(random, 9)]]),
    rooms,
    people: [...people.values()],
    words,
  };
}

/** The answers to random questions, with the questions. */
export async function askAll(index: ChatIndex, random: SeededRandom): Promise<unknown[]> {
  const answers: unknown[] = [await index.channels(), await index.rooms()];
  for (const channel of ["forsen", "nymn"]) {
    answers.push(
      (await index.hours(channel)).map((hour) => ({ ...hour, counts: [...hour.counts] })),
    );
    for (let i = 0; i < 6; i++) {
      const fromUs = T + intBelow(random, 4_000) * HOUR_US;
      const query: IndexQuery = {
        ...(random.next() < 0.5
          ? { fromUs, untilUs: fromUs + intBelow(random, 2_000) * HOUR_US }
          : {}),
        ...(random.next() < 0.6
          ? {
            person: {
              ids: [pick(random, ["1", "30", "x-1"])],
              logins: [pick(random, ["ada", "eve"])],
            },
          }
          : {}),
        ...(random.next() < 0.3 ? { roles: ["spoke" as const] } : {}),
        ...(random.next() < 0.5 ? { words: [pick(random, WORDS)] } : {}),
      };
      answers.push(query, await index.find(channel, query));
    }
  }
  answers.push(await index.people({ ids: ["1", "x-1"], logins: ["bob"] }));
  return answers;
}

/** Changes both indexes in the same random way, and compares all they answer. */
export async function compareIndexes(
  index: ChatIndex,
  oracle: ChatIndex,
  random: SeededRandom,
  rounds = 25,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const channel = pick(random, ["forsen", "nymn"]);
    // Few hours, some of them at the edges of what one row holds.
    const some = [
      ...new Set([0, 0, 0].map(() => pick(random, [0, 1, 2, 1_091, 1_092, 1_093, 3_000]))),
    ].sort((a, b) => a - b);
    const hours = some.map((at) => T + at * HOUR_US);
    if (random.next() < 0.75) {
      const puts = hours.map((hourUs) => ({
        hourUs,
        stamp: STAMP,
        facts: randomFacts(random, hourUs),
      }));
      for (const each of [index, oracle]) await each.putHours(channel, puts);
    } else {
      const span = { fromUs: hours[0]!, untilUs: hours.at(-1)! + HOUR_US };
      for (const each of [index, oracle]) await each.forgetHours(channel, span);
    }
    if (random.next() < 0.1) await index.purge();
    const label = `round ${round}`;
    const [left, right] = [random.fork(round), random.fork(round)];
    assert.deepEqual(await askAll(index, left), await askAll(oracle, right), label);
  }
}
