import assert from "node:assert/strict";
import { test } from "node:test";
import { Membership } from "../../../src/engine/session/membership.ts";
import { MINUTE_US, SECOND_US } from "../../../src/core/time.ts";

const CHANNEL = { name: "c", isImportant: false };

test("Membership waits longer each time that it is refused", () => {
  const membership = new Membership(CHANNEL, 5);
  assert.deepEqual([membership.state, membership.sinceUs, membership.failures], ["queued", 5, 0]);
  for (const [failures, waitS] of [[1, 60], [2, 120], [3, 300]] as const) {
    membership.ask(10);
    assert.deepEqual([membership.state, membership.sinceUs], ["asked", 10]);
    membership.refuse("why", 20);
    assert.deepEqual([membership.state, membership.sinceUs], ["refused", 20]);
    assert.deepEqual([membership.failures, membership.reason], [failures, "why"]);
    assert.equal(membership.retryUs, 20 + waitS * SECOND_US);
  }
  membership.channel = { ...CHANNEL, isImportant: true };
  membership.refuse("why", 0);
  assert.equal(membership.retryUs, 10 * SECOND_US);
  membership.queue(30);
  assert.deepEqual([membership.state, membership.sinceUs, membership.ageMs(2_030)], [
    "queued",
    30,
    2,
  ]);
});

test("Membership begins anew with its retries after a minute in the channel", () => {
  for (const [ageUs, failures] of [[MINUTE_US, 1], [MINUTE_US - 1, 4]] as const) {
    const membership = new Membership(CHANNEL, 0);
    for (let i = 0; i < 3; i++) membership.refuse("why", 0);
    membership.confirm(100);
    assert.deepEqual([membership.reason, membership.isHalfIn, membership.state], [
      undefined,
      true,
      "joined",
    ]);
    membership.refuse("banned", 100 + ageUs);
    assert.equal(membership.failures, failures);
  }
  // To wait for long is not to be in.
  const membership = new Membership(CHANNEL, 0);
  membership.refuse("why", 0);
  membership.refuse("why", 2 * MINUTE_US);
  assert.equal(membership.failures, 2);
});

test("Membership asks again at once if it ends after a minute, and waits if it ends before", () => {
  for (
    const [ageUs, failures, waitUs] of [
      [MINUTE_US, 0, 0],
      [MINUTE_US - 1, 1, MINUTE_US],
    ] as const
  ) {
    const membership = new Membership(CHANNEL, 0);
    membership.confirm(7);
    membership.leave("parted", 7 + ageUs);
    assert.deepEqual([membership.state, membership.failures, membership.isHalfIn], [
      "refused",
      failures,
      false,
    ]);
    assert.equal(membership.retryUs, 7 + ageUs + waitUs);
  }
});

test("Membership takes over the failures of an earlier one that was not in", () => {
  const earlier = new Membership(CHANNEL, 0);
  earlier.refuse("why", 0);
  earlier.refuse("why", 0);
  assert.equal(new Membership(CHANNEL, 0, earlier).failures, 2);
  earlier.confirm(0);
  assert.equal(new Membership(CHANNEL, 0, earlier).failures, 0);
});

test("Membership.ask forgets that it was half in", () => {
  const membership = new Membership(CHANNEL, 0);
  membership.isHalfIn = true;
  membership.ask(0);
  assert.equal(membership.isHalfIn, false);
});
