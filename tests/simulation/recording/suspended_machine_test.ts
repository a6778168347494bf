import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineClocks } from "../../../src/adapters/system/sleep_meter.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { type Micros, readRange, SECOND_US } from "../../../src/core/time.ts";
import { Recording } from "../../../src/engine/record/recording.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { between, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import type { Random } from "../../../src/ports/random.ts";

// The recorder's law on a machine that is suspended for five seconds to ten minutes and whose wall
// clock is set, by as much: the true time of what comes afterwards is inside its range.

const SEED = globalThis.process?.env["SIM_SEED"] ?? "suspended";
const SESSIONS = 200;
const LINES = 60;
const START_US = 1_785_587_640 * SECOND_US;

test(`ranges hold the true time in ${SESSIONS} sessions of machines that were suspended`, () => {
  let suspensions = 0;
  for (let i = 0; i < SESSIONS; i++) suspensions += checkSession(`${SEED} ${i}`);
  assert.ok(suspensions > SESSIONS, `only ${suspensions} suspensions`);
});

test("a clock that is set is no suspension, and a suspension is time passed", () => {
  const machine = new Machine();
  const clock = systemClock(machine);
  const startUs = clock.elapsedUs();
  machine.wallErrorUs += 300 * SECOND_US;
  assert.equal(clock.elapsedUs() - startUs, 0);
  machine.suspend(7.5 * SECOND_US);
  assert.equal(clock.elapsedUs() - startUs, 7.5 * SECOND_US);
  machine.pass(2 * SECOND_US);
  assert.equal(clock.elapsedUs() - startUs, 9.5 * SECOND_US);
  machine.wallErrorUs -= 600 * SECOND_US; // Set and suspended at once: to the second.
  machine.suspend(100 * SECOND_US);
  const passedS = (clock.elapsedUs() - startUs) / SECOND_US;
  assert.ok(Math.abs(passedS - 109.5) <= 1, `${passedS} s`);
});

test("a clock whose uptime cannot be read follows the monotonic one", () => {
  const machine = new Machine();
  machine.uptimeMs = () => {
    throw new Error("EPERM");
  };
  const clock = systemClock(machine);
  const startUs = clock.elapsedUs();
  machine.suspend(60 * SECOND_US);
  machine.pass(SECOND_US);
  assert.equal(clock.elapsedUs() - startUs, SECOND_US);
});

/** The clocks of a machine, as Linux has them. */
class Machine implements MachineClocks {
  trueUs: Micros = START_US;
  wallErrorUs: Micros = 0;
  #awakeUs: Micros = 0;

  wallMs = () => (this.trueUs + this.wallErrorUs) / 1000;
  monotonicMs = () => this.#awakeUs / 1000;
  uptimeMs = () => Math.floor((this.trueUs - START_US) / SECOND_US + 1000.7) * 1000;

  pass(us: Micros): void {
    this.trueUs += us;
    this.#awakeUs += us;
  }

  suspend(us: Micros): void {
    this.trueUs += us;
  }
}

/** Returns how often the machine was suspended. */
function checkSession(seed: string): number {
  const random = seededRandom(seed);
  const machine = new Machine();
  const clock = systemClock(machine);
  const recording = new Recording({ run: "node.00000", reporter: noopReporter });
  const trueTimes = new Map<string, Micros>();
  let suspensions = 0;
  const say = (line: string) => {
    machine.pass(1_000); // No two lines come at one time.
    recording.line(0, { receivedUs: clock.wallUs(), elapsedUs: clock.elapsedUs() }, line);
  };
  machine.wallErrorUs = Math.round(between(random, [-4, 4]) * SECOND_US);
  recording.open(0, { receivedUs: clock.wallUs(), elapsedUs: clock.elapsedUs() });
  say("@room-id=1 :tmi.twitch.tv ROOMSTATE #forsen");
  for (let i = 0; i < LINES; i++) {
    machine.pass(Math.round(between(random, [0, 15]) * SECOND_US));
    // Before the first timestamp a wall clock is all there is.
    if (i > 0 && random.next() < 0.1) {
      machine.wallErrorUs += Math.round(between(random, [-600, 600]) * SECOND_US);
    }
    if (i > 0 && random.next() < 0.1) {
      machine.suspend(Math.round(between(random, [5, 600]) * SECOND_US));
      suspensions++;
    }
    const { line, timeUs } = happening(i, { random, nowUs: machine.trueUs });
    trueTimes.set(String(i), timeUs);
    say(line);
  }
  for (const { minuteUs } of recording.openBatches()) {
    const { bytes } = recording.closeBatch("forsen", minuteUs)!.buffer.encode();
    for (const message of decodeBatch(bytes)) {
      const name = message.command === "JOIN" ? message.sender!.slice(4) : message.params[1]!;
      const { startUs, endUs } = readRange(message);
      const timeUs = trueTimes.get(name)!;
      trueTimes.delete(name);
      const off = Math.max(startUs - timeUs, timeUs - endUs) / SECOND_US;
      assert.ok(off <= 0, `${message.command} ${name} off by ${off} s: SIM_SEED="${seed}"`);
    }
  }
  assert.equal(trueTimes.size, 0, `lost some: SIM_SEED="${seed}"`);
  return suspensions;
}

/** Something that happened, and comes now. The first of all tells the time. */
function happening(i: number, { random, nowUs }: {
  readonly random: Random;
  readonly nowUs: Micros;
}): { readonly line: string; readonly timeUs: Micros } {
  const lagUs = Math.floor(between(random, [0, 1]) * 1000) * 1000;
  const kind = i === 0 ? 0 : random.next();
  const timeUs = Math.floor((nowUs - lagUs) / 1000) * 1000;
  if (kind < 0.3) {
    const line = `@tmi-sent-ts=${timeUs / 1000} :a!a@a.tmi.twitch.tv PRIVMSG #forsen ${i}`;
    return { line, timeUs };
  }
  if (kind < 0.6) return { line: `:tmi.twitch.tv NOTICE #forsen ${i}`, timeUs };
  const lateUs = Math.floor(between(random, [0, 40]) * SECOND_US);
  const line = `:user${i}!u@u.tmi.twitch.tv JOIN #forsen`;
  return { line, timeUs: timeUs - lateUs };
}
