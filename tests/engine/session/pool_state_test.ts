import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatConnection } from "../../../src/engine/session/chat_connection.ts";
import type { ConnectionSlot } from "../../../src/engine/session/connection_slot.ts";
import { Membership } from "../../../src/engine/session/membership.ts";
import { describePool } from "../../../src/engine/session/pool_state.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

test("describePool looks at each connection once, however many channels there are", () => {
  let looks = 0;
  const wanted = new Map<string, { name: string; isImportant: boolean }>();
  const slots = Array.from({ length: 20 }, (_, number) => {
    const memberships = new Map<string, Membership>();
    for (let i = 0; i < 50; i++) {
      const channel = { name: `c${number}_${i}`, isImportant: false };
      wanted.set(channel.name, channel);
      const membership = new Membership(channel, 0);
      if (i > 0) membership.confirm(1);
      memberships.set(channel.name, membership);
    }
    const connection = {
      receiver: `r${number}`,
      get memberships() {
        looks++;
        return memberships;
      },
    } as unknown as ChatConnection;
    return { active: connection, connections: [connection] } as unknown as ConnectionSlot;
  });
  const { channels } = describePool(slots, { wanted, clock: virtualClock() });
  assert.equal(looks, 20);
  assert.equal(channels.length, 1_000);
  const [queued, joined] = channels;
  assert.deepEqual([queued?.joinedBy, queued?.memberships], [[], ["queued"]]);
  assert.deepEqual([joined?.joinedBy, joined?.memberships], [["r0"], ["joined"]]);
});
