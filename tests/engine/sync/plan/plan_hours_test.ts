import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryMarks, memoryNotes } from "../../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { parseHour } from "../../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../../src/core/errors/errors.ts";
import type { ChannelDigest } from "../../../../src/engine/api/files/archive_digest.ts";
import { LocalDigests } from "../../../../src/engine/sync/plan/local_digests.ts";
import { checkFolders, newestHour } from "../../../../src/engine/sync/plan/own_folders.ts";
import { planHours, type PlanHoursOptions } from "../../../../src/engine/sync/plan/plan_hours.ts";
import { wantedFiles } from "../../../../src/engine/sync/plan/wanted_files.ts";
import { DamagedFiles } from "../../../../src/engine/sync/state/damaged_files.ts";
import { SupersededFiles } from "../../../../src/engine/sync/state/superseded_files.ts";
import { PeerStats } from "../../../../src/engine/sync/state/peer_stats.ts";
import type { Peer } from "../../../../src/ports/peer.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import { collect } from "../../../../src/testing/suites/suite.ts";
import { virtualClock } from "../../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../../simulation/settle/settle_world.ts";

type Hours = Readonly<Record<string, string>>;

interface Side {
  readonly digest?: string;
  readonly redactions?: string;
  readonly hours?: Hours;
  readonly coverage?: Hours;
}

const H10 = "2026-08-01T10";
const H11 = "2026-08-01T11";
const H12 = "2026-08-01T12";

/** Plans what to pull from a peer that has `theirs` where we have `ours`, both by channel. */
async function plan(
  theirs: Readonly<Record<string, Side>>,
  ours: Readonly<Record<string, Side>> = {},
  options: Partial<PlanHoursOptions> & { readonly hasDigests?: boolean; readonly fails?: string } =
    {},
) {
  const { hasDigests = true, fails, ...rest } = options;
  const failing = (channel: string): void => {
    if (channel === fails) throw new ChatloomError("CONNECTION_LOST", "Cannot");
  };
  const peer = {
    name: "p",
    channels: () => Promise.resolve(Object.keys(theirs)),
    hours: (channel: string) => {
      failing(channel);
      return Promise.resolve(Object.keys(theirs[channel]!.hours ?? {}));
    },
    digests: () =>
      Promise.resolve(
        hasDigests
          ? new Map(Object.entries(theirs).map(([name, { digest = "?" }]) => [name, digest]))
          : undefined,
      ),
    channelDigest: (channel: string) => {
      failing(channel);
      const { digest = "?", redactions = "", hours = {}, coverage = {} } = theirs[channel]!;
      return Promise.resolve(
        hasDigests
          ? {
            digest,
            redactions,
            hours: new Map(Object.entries(hours)),
            coverage: new Map(Object.entries(coverage)),
          }
          : undefined,
      );
    },
  } as unknown as Peer;
  const tookRedactions: string[] = [];
  const failed: string[] = [];
  const { hours, restUpTo } = await planHours(peer, {
    since: "",
    upTo: undefined,
    channels: undefined,
    marks: memoryMarks(),
    damage: new DamagedFiles(),
    localDigest: (channel) => {
      const { digest = "", redactions = "", hours = {}, coverage = {} } = ours[channel] ?? {};
      return Promise.resolve({ digest, redactions, hours, coverage } as ChannelDigest);
    },
    takeRedactions: (channel) => Promise.resolve(void tookRedactions.push(channel)),
    onFailure: (channel) => void failed.push(channel),
    ...rest,
  });
  const planned = hours.map(({ channel, folder, digests }) => `${channel}/${folder} ${digests}`);
  return { planned, restUpTo, tookRedactions, failed };
}

test("planHours finds the hours of chat and coverage that differ, latest first", async () => {
  const { planned, restUpTo, tookRedactions } = await plan({
    b: { hours: { [H10]: "1", [H12]: "1", "no-hour": "1" } },
    a: { hours: { [H12]: "1", [H11]: "1" }, coverage: { [H12]: "1", [H10]: "2" } },
  }, { a: { hours: { [H11]: "1", [H12]: "0" }, coverage: { [H10]: "2" } } });
  assert.deepEqual(planned, [
    `a/.chatloom/coverage/${H12} 1 `,
    `a/chat/${H12} 1 0`,
    `b/chat/${H12} 1 `,
    `b/chat/${H10} 1 `,
  ]);
  assert.deepEqual([restUpTo, tookRedactions], [undefined, []]);
});

test("planHours asks nothing of a channel that is equal, unless something of it is damaged", async () => {
  const both = { c: { digest: "same", hours: { [H12]: "1", [H11]: "1" } } };
  assert.deepEqual((await plan(both, both)).planned, []);
  const damage = new DamagedFiles();
  damage.add(`c/chat/${H11}/x`);
  assert.deepEqual((await plan(both, both, { damage })).planned, [`c/chat/${H11} undefined`]);
  const orders = new DamagedFiles();
  orders.add("c/.chatloom/redactions/x");
  const { planned, tookRedactions } = await plan(both, both, { damage: orders });
  assert.deepEqual([planned, tookRedactions], [[], ["c"]]);
});

test("planHours takes redactions first where they differ, or where the peer knows no digests", async () => {
  const theirs = { c: { redactions: "new", hours: { [H12]: "1", [H11]: "1" } } };
  assert.deepEqual((await plan(theirs)).tookRedactions, ["c"]);
  assert.deepEqual((await plan(theirs, { c: { redactions: "new" } })).tookRedactions, []);
  const plain = await plan(theirs, theirs, { hasDigests: false });
  assert.deepEqual(plain.tookRedactions, ["c"]);
  assert.deepEqual(plain.planned, [`c/chat/${H12} undefined`, `c/chat/${H11} undefined`]);
});

test("planHours keeps within the hours that are wanted, and those that were not pruned", async () => {
  const hours = { [H10]: "1", [H11]: "1", [H12]: "1" };
  const of = async (options: Partial<PlanHoursOptions>): Promise<string[]> =>
    (await plan({ c: { hours } }, {}, options)).planned.map((text) => text.slice(7, 20));
  assert.deepEqual(await of({}), [H12, H11, H10]);
  assert.deepEqual(await of({ since: H11 }), [H12, H11]);
  assert.deepEqual(await of({ upTo: H11 }), [H11, H10]);
  const marks = memoryMarks();
  await marks.set("c", H11);
  assert.deepEqual(await of({ marks }), [H12, H11]);
  assert.deepEqual(await of({ marks, since: H12 }), [H12]);
  assert.deepEqual(await of({ marks, since: H10 }), [H12, H11]);
});

test("planHours goes on with other channels where the peer fails, and takes those that are wanted only", async () => {
  const theirs = { a: { hours: { [H12]: "1" } }, b: { hours: { [H12]: "1" } }, "../up": {} };
  const { planned, failed } = await plan(theirs, {}, { fails: "a" });
  assert.deepEqual([planned, failed], [[`b/chat/${H12} 1 `], ["a"]]);
  const wanted = await plan(theirs, { b: { digest: "?" } }, { channels: ["b"] });
  assert.deepEqual(wanted.planned, [`b/chat/${H12} 1 `]);
});

test("planHours refuses a peer that claims more than 10,000 channels", async () => {
  const peer = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, { digest: "" }]));
  assert.deepEqual((await plan(peer(10_000))).planned, []);
  await assert.rejects(plan(peer(10_001)), { code: "PEER_REFUSED" });
});

test("planHours plans 20,000 hours at a time, and says where the next plan goes on", async () => {
  const hourOf = (i: number): string => new Date(i * 3_600_000).toISOString().slice(0, 13);
  const hours = (count: number): Hours =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [hourOf(i), "1"]));
  const whole = await plan({ c: { hours: hours(20_000) } });
  assert.deepEqual([whole.planned.length, whole.restUpTo], [20_000, undefined]);
  const cut = await plan({ c: { hours: hours(20_001) } });
  assert.deepEqual([cut.planned.length, cut.restUpTo], [20_000, hourOf(1)]);
  const many = { a: { hours: hours(19_000) }, b: { hours: hours(22_000) }, d: { hours: hours(5) } };
  const { planned, restUpTo } = await plan(many);
  assert.equal(planned.length, 20_000);
  assert.equal(planned[0], `b/chat/${hourOf(21_999)} 1 `);
  assert.equal(parseHour(restUpTo!), parseHour(planned.at(-1)!.slice(7, 20)));
});

const HASH = "A".repeat(43);
const nameOf = (minute: string, end = "json"): string => `${minute}:00-${HASH}.${end}`;

test("wantedFiles are those that the peer has and we lack, latest minute first", async () => {
  const store = memoryStore();
  const folder = `chat/${H12}`;
  const keyOf = (name: string): string => `c/${folder}/${name}`;
  for (const name of [nameOf("10"), nameOf("11"), nameOf("30", "tombstone")]) {
    await store.put(keyOf(name), new Uint8Array());
  }
  const superseded = new SupersededFiles(memoryNotes(), noopReporter);
  await superseded.noteDeleted(keyOf(nameOf("40")));
  await superseded.noteUnreadable(keyOf(nameOf("41")));
  const damage = new DamagedFiles();
  damage.add(keyOf(nameOf("11")));
  const other = nameOf("20").replace("AA", "BB");
  const names = [
    ...["10", "11", "20", "30", "40", "41", "50"].map((minute) => nameOf(minute)),
    other,
    nameOf("50", "tombstone"),
    nameOf("51", "tombstone"),
    "nonsense",
  ];
  const asked: string[][] = [];
  const stats = new PeerStats("p", noopReporter);
  const wanted = await wantedFiles({ channel: "c", folder, hour: H12 }, {
    name: "p",
    files: () => Promise.resolve(names),
  } as unknown as Peer, {
    store,
    superseded,
    damage,
    stats,
    reporter: noopReporter,
    takeTombstones: (keys) => {
      asked.push([...keys]);
      return Promise.resolve(keys.slice(0, 1)); // The other is held.
    },
  });
  assert.deepEqual(asked, [[nameOf("50", "tombstone"), nameOf("51", "tombstone")].map(keyOf)]);
  assert.deepEqual(wanted, [nameOf("20"), other, nameOf("11")].map(keyOf));
  assert.equal(stats.totals.refused, 1);
});

test("LocalDigests serve for five seconds, and a failure for none", async () => {
  const clock = virtualClock();
  const store = memoryStore();
  let [lists, isFailing] = [0, false];
  const folders = store.folders.bind(store);
  store.folders = (...args) => {
    lists++;
    if (isFailing) throw new ChatloomError("STORE_IO", "Cannot list");
    return folders(...args);
  };
  const digests = new LocalDigests({ store, hasher, clock });
  const looks = async (since = ""): Promise<number> => {
    const before = lists;
    await digests.get("c", since).catch(() => {});
    return lists - before;
  };
  const once = await looks();
  assert.ok(once > 0);
  await clock.advance(4_999);
  assert.equal(await looks(), 0);
  assert.ok(await looks(H12) > 0, "from another hour on");
  await clock.advance(1);
  isFailing = true;
  assert.ok(await looks() > 0);
  await clock.advance(0);
  assert.ok(await looks() > 0);
  isFailing = false;
  assert.equal(await looks(), once);
  assert.equal(await looks(), 0);
});

test("newestHour and checkFolders go by hours, of all channels or of those that are wanted", async () => {
  const store = memoryStore();
  for (const [channel, hour] of [["a", H10], ["b", H12], ["b", H11]] as const) {
    await store.put(`${channel}/chat/${hour}/${nameOf("10")}`, new Uint8Array());
  }
  assert.equal(await newestHour({ store }), H12);
  assert.equal(await newestHour({ store, channels: ["a"] }), H10);
  assert.equal(await newestHour({ store, channels: ["x"] }), "");
  const checked = async (options: object): Promise<string[]> => {
    const superseded = new SupersededFiles(memoryNotes(), noopReporter);
    const own = {
      store,
      hasher,
      reporter: noopReporter,
      superseded,
      damage: new DamagedFiles(),
      ...options,
    };
    return (await collect(checkFolders(own))).map(({ folder, files }) => `${folder} ${files}`);
  };
  assert.deepEqual(await checked({ channels: ["b"] }), [
    "b/.chatloom/redactions 0",
    `b/chat/${H12} 1`,
    `b/.chatloom/coverage/${H12} 0`,
    `b/chat/${H11} 1`,
    `b/.chatloom/coverage/${H11} 0`,
  ]);
  assert.deepEqual(await checked({ since: H12 }), [
    "a/.chatloom/redactions 0",
    "b/.chatloom/redactions 0",
    `b/chat/${H12} 1`,
    `b/.chatloom/coverage/${H12} 0`,
  ]);
});

test("planHours asks a peer for nothing of a channel that has opted out here", async () => {
  const side = { redactions: "1", hours: { [H12]: "1" } };
  const theirs = { a: side, b: side };
  const isRefused = (channel: string) => channel === "a";
  for (const channels of [undefined, ["a", "b"]]) {
    const { planned, tookRedactions } = await plan(theirs, {}, { channels, isRefused });
    assert.deepEqual(planned, [`b/chat/${H12} 1 `]);
    assert.deepEqual(tookRedactions, ["b"]);
  }
});
