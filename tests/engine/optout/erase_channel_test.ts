import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { loginDigest } from "../../../src/core/redaction/login_digest.ts";
import { WantedChannels } from "../../../src/engine/admin/wanted_channels.ts";
import { eraseChannel, newestRoomOf } from "../../../src/engine/optout/erase_channel.ts";
import { OptOutBook } from "../../../src/engine/optout/opt_out_book.ts";
import { OptOutKeeper } from "../../../src/engine/optout/opt_out_keeper.ts";
import { redact } from "../../../src/engine/redact/redact.ts";
import type { OptOutNote } from "../../../src/ports/notes/opt_out_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { failNth, type Fault, SimulatedCrash } from "../../../src/testing/faults/faults.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";
import { importedArchive, memoryNotes } from "./imported_archive.ts";

const NOTE: OptOutNote = { kind: "channel", id: "11", logins: [], madeUs: 1, isDone: false };

/** Room 11 was `oldname`, which room 22 took, and is `shy`; room 33 is `other` and shows words of the room's tag. */
async function archive() {
  const say = (n: number, room: string, channel: string, text: string) =>
    `@id=${n};room-id=${room};user-id=5;tmi-sent-ts=${1_785_587_645_000 + 100_000 * n} ` +
    `:ada!ada@ada PRIVMSG #${channel} :${text}`;
  const { store, textOf } = await importedArchive([
    say(1, "11", "oldname", "secretword"),
    say(2, "22", "oldname", "stays"),
    say(3, "11", "shy", "secretword"),
    ":ada!ada@ada JOIN #shy",
    say(4, "33", "other", 'stays with "room-id":"11"'),
  ]);
  const order = { target: { kind: "message", id: "gone" }, reason: "asked" } as const;
  await redact("shy", order, { store, hasher, clock: virtualClock(), reporter: noopReporter });
  return { store, textOf };
}

test("eraseChannel deletes what a room said under all of its logins, and nothing of another", async () => {
  const { store, textOf } = await archive();
  const book = new OptOutBook(memoryNotes());
  await book.put(NOTE);
  const options = { book, store, hasher, clock: virtualClock(), reporter: noopReporter };
  assert.equal(await newestRoomOf("shy", options), "11");
  assert.equal(await newestRoomOf("oldname", options), "22");
  let cleared = 0;
  await eraseChannel(NOTE, { ...options, onErased: () => Promise.resolve(void cleared++) });
  const text = await textOf();
  assert.doesNotMatch(text, /secretword|shy\/chat|coverage\/.*shy/);
  assert.equal(text.match(/"[^"]*stays/g)?.length, 2);
  // The order to forget another message stays.
  assert.match(text, /shy\/\.chatloom\/redactions\/.*\n.*"gone"/);
  assert.equal(cleared, 1);
  assert.deepEqual(book.notes, [{ ...NOTE, logins: [loginDigest("shy")], isDone: true }]);
  assert.ok(book.isChannelNameOptedOut("shy"));
  assert.ok(!book.isChannelNameOptedOut("oldname"));
  assert.deepEqual(await eraseChannel(book.notes[0]!, options), { files: 0, unseen: 0 });
});

test("lines of a channel that has opted out are not recorded, by its id or by its name", async () => {
  const book = new OptOutBook(memoryNotes());
  assert.equal(book.matcher, undefined);
  await book.put({ ...NOTE, logins: [loginDigest("shy")] });
  const line = { command: "PRIVMSG", sender: "ada", user: "ada", host: "ada" };
  const isDropped = (channel: string, tags?: Record<string, string>) =>
    book.matcher?.({ ...line, params: [channel, "x"], tags: tags ?? null }, undefined);
  assert.equal(isDropped("#shy"), true);
  assert.equal(isDropped("#newname", { "room-id": "11" }), true);
  assert.equal(isDropped("#other", { "room-id": "33" }), false);
  await book.delete(NOTE);
  assert.equal(book.matcher, undefined);
});

test("a channel that opts out is wanted no more, whatever names it, until that is undone", async () => {
  const book = new OptOutBook(memoryNotes());
  const wanted = new WantedChannels();
  wanted.setNamed([{ name: "shy", isImportant: true }, { name: "other", isImportant: false }]);
  wanted.setChanges({ added: ["shy"], removed: [] });
  const joined: string[][] = [];
  wanted.watch((channels) => joined.push(channels.map(({ name }) => name)));
  book.watch(() => wanted.setRefused((name) => book.isChannelNameOptedOut(name)));
  const note = { ...NOTE, logins: [loginDigest("shy")] };
  await book.put(note);
  await book.load(); // Nothing changed: channels are not set again.
  await book.delete(note);
  assert.deepEqual(joined, [["other"], ["shy", "other", "shy"]]);
});

for (const fault of ["crash-before", "crash-after", "full", "lost-answer"] satisfies Fault[]) {
  test(`a channel's opt-out that fails in any call (${fault}) is finished by the next start`, async () => {
    let calls = 0;
    for (let n = 1;; n++) {
      const { store: disk, textOf } = await archive();
      const notes = memoryNotes();
      const store = faultyStore(disk, { plan: failNth(n, fault) });
      const clock = virtualClock();
      const first = new OptOutBook(notes);
      await first.put(NOTE);
      const options = { hasher, clock, reporter: noopReporter };
      const failed = await eraseChannel(NOTE, { ...options, store, book: first })
        .then(() => undefined, (error: unknown) => error);
      if (failed === undefined && store.callCount < n) break;
      calls++;
      assert.ok(
        failed === undefined || failed instanceof SimulatedCrash || failed instanceof ChatloomError,
        String(failed),
      );
      store.revive();
      const book = new OptOutBook(notes);
      await book.load();
      const stop = new AbortController();
      const running = new OptOutKeeper({ ...options, store, book }).run(stop.signal);
      await clock.advance(60_000);
      stop.abort();
      await running;
      const text = await textOf();
      assert.doesNotMatch(text, /secretword|shy\/chat/, `call ${n}`);
      assert.equal(text.match(/"[^"]*stays/g)?.length, 2, `call ${n}`);
      assert.ok(book.isChannelNameOptedOut("shy"), `call ${n}`);
    }
    assert.ok(calls > 10, `${calls} calls`);
  });
}

test("what a fetch brings that began before a channel opted out is deleted soon after", async () => {
  const { store, textOf } = await archive();
  const late = (await archive()).store;
  const book = new OptOutBook(memoryNotes());
  await book.put(NOTE);
  const clock = virtualClock();
  const options = { book, store, hasher, clock, reporter: noopReporter };
  const stop = new AbortController();
  const running = new OptOutKeeper(options).run(stop.signal);
  await clock.advance(5_000);
  assert.doesNotMatch(await textOf(), /secretword/);
  for await (const key of late.list("shy/chat/")) await store.put(key, (await late.get(key))!);
  assert.match(await textOf(), /secretword/);
  await clock.advance(60_000);
  stop.abort();
  await running;
  assert.doesNotMatch(await textOf(), /secretword|shy\/chat/);
});
