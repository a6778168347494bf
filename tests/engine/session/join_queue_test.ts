import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import type { ChatConnection } from "../../../src/engine/session/chat_connection.ts";
import type { ConnectionSlot } from "../../../src/engine/session/connection_slot.ts";
import { JoinQueue } from "../../../src/engine/session/join_queue.ts";
import { Membership } from "../../../src/engine/session/membership.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

test("JoinQueue does not go through all channels for each that is refused", async () => {
  const clock = virtualClock();
  const memberships = new Map<string, Membership>();
  for (let i = 0; i < 500; i++) {
    const channel = { name: `c${i}`, isImportant: false };
    memberships.set(channel.name, new Membership(channel, clock.elapsedUs()));
  }
  let joins = 0;
  const connection = {
    phase: "welcomed",
    memberships,
    heardUs: clock.elapsedUs(),
    isReplaced: false,
    join: (names: readonly string[]) => void (joins += names.length),
    send: () => {},
  } as unknown as ChatConnection;
  const slot = { active: connection, connections: [connection] } as unknown as ConnectionSlot;
  let looks = 0;
  const slots = (): ConnectionSlot[] => {
    looks++;
    return [slot];
  };
  const queue = new JoinQueue({ clock, reporter: noopReporter, slots, joinRate: 2_000 });
  const running = queue.run();
  await clock.advance(100);
  assert.equal(joins, 500);
  const looksBefore = looks;
  for (const name of memberships.keys()) {
    const line = `@msg-id=msg_banned :tmi.twitch.tv NOTICE #${name} :You are banned.`;
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    queue.heard(connection, parsed.message);
    await clock.advance(1);
  }
  assert.ok(looks - looksBefore <= 4, `${looks - looksBefore} looks`);
  await clock.advance(62_000);
  assert.equal(joins, 1_000, "each is asked for again after a minute");
  queue.stop();
  await clock.run(running);
  assert.equal(clock.sleeperCount, 0);
});
