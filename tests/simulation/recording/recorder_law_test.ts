import assert from "node:assert/strict";
import { test } from "node:test";
import { sentUs } from "../../../src/core/batch/content.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import type { IrcMessage, Message } from "../../../src/core/batch/message.ts";
import { type Micros, readRange, SECOND_US } from "../../../src/core/time.ts";
import { between, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import type { Transport } from "../../../src/ports/transport.ts";
import type { TrueEvent } from "../../../src/testing/simulated_twitch/truth.ts";
import { RecordingWorld } from "./recording_world.ts";

// The recorder's law (design, section 4): the true time of an event is always inside its range, as
// long as lag and delay stay within the constants; and no range is wider than the reference's rules
// make it, plus the second by which Twitch delivers out of order.

const SEED = globalThis.process?.env["SIM_SEED"] ?? "law";
// All thousand where time matters less: in CI.
const { CI, LAW_SESSIONS } = globalThis.process?.env ?? {};
const SESSIONS = Number(LAW_SESSIONS ?? (CI ? 1_000 : 150));
const SECONDS = 100;

for (const [kind, wildChance] of [["", 0], [", wild timestamps among them", 0.3]] as const) {
  test(`a recorder's ranges hold the true time in ${SESSIONS} simulated sessions${kind}`, async () => {
    await checkSessions(wildChance);
  });
}

async function checkSessions(wildChance: number): Promise<void> {
  let ranged = 0;
  let cut = 0;
  for (let i = 0; i < SESSIONS; i++) {
    const found = await checkSession(`${SEED} ${i}`, wildChance);
    ranged += found.ranged;
    cut += found.cut;
  }
  console.log(`${SESSIONS} sessions: ${ranged} ranged messages, ${cut} of them cut by a timestamp`);
  assert.ok(ranged > SESSIONS * 5 && cut > SESSIONS);
}

/** Puts lines between those of Twitch whose timestamps are from another time. */
function withWildLines(transport: Transport, { seed, wildChance }: {
  readonly seed: string;
  readonly wildChance: number;
}): Transport {
  const random = seededRandom(`${seed} wild`);
  const wild = () => pick(random, [0, 1, 1_785_587_640_000 - 3.2e10, 1_785_587_640_000 + 3.2e10]);
  let id = 0;
  return {
    connect: async (url, options) => {
      const connection = await transport.connect(url, options);
      return {
        send: (text) => connection.send(text),
        close: () => connection.close(),
        incoming: (async function* () {
          for await (const chunk of connection.incoming) {
            yield chunk;
            const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
            if (!text.endsWith("\n") || random.next() >= wildChance) continue;
            yield `@id=w${id++};tmi-sent-ts=${wild()} :wild!w@w PRIVMSG #forsen :hi\r\n`;
          }
        })(),
      };
    },
  };
}

async function checkSession(
  seed: string,
  wildChance: number,
): Promise<{ ranged: number; cut: number }> {
  // From a channel that is silent for half a minute to one that never is.
  const ratePerSecond = pick(seededRandom(seed), [0.1, 0.5, 1, 3]);
  const world = new RecordingWorld({
    seed,
    channels: ["forsen"],
    wrapTransport: (transport) => withWildLines(transport, { seed, wildChance }),
    twitch: {
      chat: { ratePerSecond },
      quantumMs: 50,
      faults: { perSecond: { stall: 0.01, drop: 0.005 } },
    },
  });
  const arrivals: Arrival[] = [];
  // Within the constants: a wall clock up to 4 s off, as before any timestamp it must serve.
  await world.start({ wallOffsetUs: Math.round(between(world.random, [-4, 4]) * SECOND_US) });
  world.onReceived = (receiver, lines) => {
    for (const line of lines) {
      arrivals.push({ receiver, line, elapsedUs: world.clock.elapsedUs() });
    }
  };
  await world.pass(SECONDS, (second) => {
    // Whatever the wall clock does later must not bend a range.
    if (second === 40) {
      world.hostClock.stepWall(Math.round(between(world.random, [-600, 600]) * SECOND_US));
    }
  });
  await world.stop();
  await world.end();
  return compare(world, { arrivals, archived: await world.archived(), seed });
}

interface Arrival {
  readonly receiver: string;
  readonly line: string;
  readonly elapsedUs: Micros;
}

function compare(
  world: RecordingWorld,
  { arrivals, archived, seed }: {
    readonly arrivals: readonly Arrival[];
    readonly archived: readonly Message[];
    readonly seed: string;
  },
): { ranged: number; cut: number } {
  let ranged = 0;
  let cut = 0;
  for (const receiver of world.heard.keys()) {
    const found = archived.filter((message) => Object.hasOwn(message.receivers, receiver))
      .filter((message) => sentUs(message.tags) === undefined)
      .map((message) => sightingOf(message, receiver))
      .sort((a, b) => a.received - b.received);
    const told = reference(arrivals.filter((each) => each.receiver === receiver));
    const events = eventsOf(world, receiver);
    assert.equal(found.length, told.length, `replay with SIM_SEED=${seed}`);
    for (const [i, message] of found.entries()) {
      const { message: heard, range, isCut, line } = told[i]!;
      const where = `${line}, replay with SIM_SEED=${seed}`;
      assert.equal(message.command, heard.command, where);
      const { startUs, endUs } = message;
      const event = events.get(line)?.shift();
      assert.ok(event !== undefined, where);
      assert.ok(startUs <= event.timeUs, `sent ${startUs - event.timeUs} µs too early: ${where}`);
      assert.ok(event.timeUs <= endUs, `sent ${event.timeUs - endUs} µs too late: ${where}`);
      assert.ok(startUs >= range.startUs - SECOND_US, `starts too early: ${where}`);
      assert.ok(endUs <= range.endUs + SECOND_US, `ends too late: ${where}`);
      ranged++;
      if (isCut) cut++;
    }
  }
  return { ranged, cut };
}

/** What one receiver says of a message, whatever others made of its event. */
function sightingOf(message: Message, receiver: string) {
  const said = message.receivers[receiver]!;
  const own = typeof said === "number" ? { ...message, received: said } : said;
  return { command: message.command, received: own.received, ...readRange(own) };
}

/** The true events that a receiver was sent, by line, those of one line in order. */
function eventsOf(world: RecordingWorld, receiver: string): Map<string, TrueEvent[]> {
  const nick = world.heard.get(receiver)!.map((line) => / 001 (\S+) /.exec(line)?.[1])
    .find((found) => found !== undefined);
  const record = world.twitch.truth.connections.find((one) => one.nick === nick);
  const events = new Map<string, TrueEvent[]>();
  if (record === undefined) return events; // It died before it was let in.
  for (const event of world.twitch.truth.deliveredTo(record.connection)) {
    events.set(event.line, [...events.get(event.line) ?? [], event]);
  }
  return events;
}

interface Told {
  readonly line: string;
  readonly message: IrcMessage;
  readonly range: { startUs: Micros; endUs: Micros };
  isCut: boolean;
}

/**
 * What the reference's rules make of the ranged messages of one connection, written down once more,
 * with 45 s for what comes late. Its wall clock is not known here, so before the first timestamp
 * only the length can be held against ours: such ranges are as wide as they like.
 */
function reference(arrivals: readonly Arrival[]): Told[] {
  const told: Told[] = [];
  let last: { sentUs: Micros; elapsedUs: Micros } | undefined;
  let isReady = false;
  for (const { line, elapsedUs } of arrivals) {
    const parsed = parseIrcLine(line);
    if (!parsed.ok || !KEPT.test(parsed.message.command)) continue;
    const { message } = parsed;
    if (message.sender === "wild") continue;
    const exactUs = sentUs(message.tags);
    if (exactUs !== undefined) last = { sentUs: exactUs, elapsedUs };
    if (!isReady) {
      isReady = message.command === "ROOMSTATE";
    } else if (exactUs !== undefined) {
      for (const each of told) {
        if (exactUs >= each.range.endUs || exactUs < each.range.startUs) continue;
        each.range.endUs = exactUs;
        each.isCut = true;
      }
    } else {
      const range = { startUs: -Infinity, endUs: Infinity };
      if (last !== undefined) {
        const nowUs = last.sentUs + elapsedUs - last.elapsedUs;
        range.startUs = Math.max(nowUs - 5 * SECOND_US, last.sentUs);
        range.endUs = nowUs + 5 * SECOND_US;
      }
      if (/^(JOIN|PART)$/.test(message.command)) range.startUs -= 45 * SECOND_US;
      told.push({ line, message, range, isCut: false });
    }
  }
  return told;
}

const KEPT = /^(PRIVMSG|USERNOTICE|CLEAR(CHAT|MSG)|NOTICE|(ROOM|USER)STATE|HOSTTARGET|JOIN|PART)$/;
