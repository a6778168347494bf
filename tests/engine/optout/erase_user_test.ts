import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { eraseUser } from "../../../src/engine/optout/erase_user.ts";
import { OptOutBook } from "../../../src/engine/optout/opt_out_book.ts";
import { OptOutKeeper } from "../../../src/engine/optout/opt_out_keeper.ts";
import type { OptOutNote } from "../../../src/ports/notes/opt_out_notes.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { failNth, type Fault, SimulatedCrash } from "../../../src/testing/faults/faults.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";
import { importedArchive, memoryNotes } from "./imported_archive.ts";

const NOTE: OptOutNote = { kind: "user", id: "777", logins: [], madeUs: 1, isDone: false };

/** An archive of two channels: the user spoke in one, and only JOIN and PART name the user in the other. */
function archive() {
  const at = (second: number) => `tmi-sent-ts=${1_785_587_645_000 + 1_000 * second}`;
  return importedArchive([
    `@id=1;user-id=777;${at(0)} :victim!victim@victim PRIVMSG #one :secretword`,
    `@id=2;user-id=5;${at(1)} :other!other@other PRIVMSG #one :stays`,
    `@id=3;user-id=5;${at(70)} :other!other@other PRIVMSG #two :stays`,
    ":victim!victim@victim JOIN #two",
    `@id=4;user-id=5;${at(80)} :other!other@other PRIVMSG #two :stays too`,
    `@id=5;user-id=5;reply-parent-user-id=777;reply-parent-msg-body=secretword;${at(90)} ` +
    ":other!other@other PRIVMSG #two :a reply",
  ]);
}

test("eraseUser leaves neither login nor text in any channel, and an order with the id in each", async () => {
  const { store, textOf } = await archive();
  assert.match(await textOf(), /victim.*secretword/s);
  const notes = memoryNotes();
  const book = new OptOutBook(notes);
  await book.put(NOTE);
  const options = { book, store, hasher, clock: virtualClock(), reporter: noopReporter };
  assert.equal((await eraseUser(NOTE, options)).messages, 3);
  const text = await textOf();
  assert.doesNotMatch(text, /victim|secretword/i);
  assert.equal(text.match(/"user-id":"777"/g)?.length, 2);
  assert.equal(text.match(/stays/g)?.length, 3);
  assert.equal(notes.kept.get("user 777")?.isDone, true);
  assert.doesNotMatch(JSON.stringify([...notes.kept.values()]), /victim/);
  // Again, it changes nothing.
  assert.equal((await eraseUser(NOTE, options)).messages, 0);
  assert.equal(await textOf(), text);
});

for (const fault of ["crash-before", "crash-after", "full", "lost-answer"] satisfies Fault[]) {
  test(`an opt-out that fails in any call (${fault}) holds at once, and is finished by the next start`, async () => {
    let calls = 0;
    for (let n = 1;; n++) {
      const { store: disk, textOf } = await archive();
      const notes = memoryNotes();
      const store = faultyStore(disk, { plan: failNth(n, fault) });
      const clock = virtualClock();
      const first = new OptOutBook(notes);
      await first.put(NOTE);
      const options = { hasher, clock, reporter: noopReporter };
      const failed = await eraseUser(NOTE, { ...options, store, book: first })
        .then(() => undefined, (error: unknown) => error);
      if (failed === undefined && store.callCount < n) break;
      calls++;
      assert.ok(
        failed === undefined || failed instanceof SimulatedCrash || failed instanceof ChatloomError,
        String(failed),
      );
      // The process starts anew: what is not done is done, and other users have lost nothing.
      store.revive();
      const book = new OptOutBook(notes);
      await book.load();
      assert.ok(book.isUserOptedOut("777"), `call ${n}`);
      const stop = new AbortController();
      const keeper = new OptOutKeeper({ ...options, store, book });
      const running = keeper.run(stop.signal);
      await clock.advance(60_000);
      stop.abort();
      await running;
      assert.equal(keeper.pendingCount, 0);
      const text = await textOf();
      assert.doesNotMatch(text, /victim|secretword/i, `call ${n}`);
      assert.equal(text.match(/stays/g)?.length, 3, `call ${n}`);
    }
    assert.ok(calls > 10, `${calls} calls`);
  });
}

test("an opt-out on a full disk holds in memory at once, and is stored and done when there is room", async () => {
  const { store, textOf } = await archive();
  let isFull = true;
  const notes = memoryNotes(() => {
    if (isFull) throw new ChatloomError("STORE_FULL", "No room");
  });
  const book = new OptOutBook(notes);
  const [clock, reports]: [ReturnType<typeof virtualClock>, string[]] = [virtualClock(), []];
  const reporter = {
    report: (severity: string, message: string) => void reports.push(`${severity}: ${message}`),
    count() {},
  };
  const keeper = new OptOutKeeper({ book, store, hasher, clock, reporter });
  const stop = new AbortController();
  const running = keeper.run(stop.signal);
  keeper.add(NOTE);
  assert.ok(book.isUserOptedOut("777"));
  await clock.advance(30_000);
  assert.ok(book.isUserOptedOut("777"));
  assert.equal(notes.kept.size, 0);
  assert.deepEqual(reports, ["error: Cannot erase users who opted out yet, trying again"]);
  isFull = false;
  await clock.advance(30_000);
  stop.abort();
  await running;
  assert.equal(notes.kept.get("user 777")?.isDone, true);
  assert.doesNotMatch(await textOf(), /victim|secretword/i);
});
