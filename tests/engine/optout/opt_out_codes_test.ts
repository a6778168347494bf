import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { OptOutCodes } from "../../../src/engine/optout/opt_out_codes.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";

function codes() {
  const clock = {
    nowUs: 0,
    wallUs: () => 0,
    elapsedUs: () => clock.nowUs,
    sleep: () => Promise.resolve(),
  };
  return { clock, codes: new OptOutCodes({ clock, random: seededRandom("codes") }) };
}

function said(text: string, { id = "7", login = "ada" } = {}) {
  const parsed = parseIrcLine(
    `@user-id=${id};display-name=${login.toUpperCase()} :${login}!a@b PRIVMSG #forsen :${text}`,
  );
  assert.ok(parsed.ok);
  return parsed.message;
}

test("a code opts its speaker out, once, in any case, also with what clients append", () => {
  const { codes: book } = codes();
  const code = book.make()!;
  assert.match(code, /^[a-z0-9]{6}$/);
  assert.equal(book.speaker(said("!chatloom optout abcdef")), undefined);
  assert.equal(book.speaker(said(`!chatloom optout ${code}x`)), undefined);
  assert.equal(book.speaker(said(`look: !chatloom optout ${code}`)), undefined);
  assert.deepEqual(book.speaker(said(`!chatloom optout ${code.toUpperCase()} \u{e0000}`)), {
    id: "7",
    logins: ["ada"],
  });
  assert.equal(book.speaker(said(`!chatloom optout ${code}`)), undefined);
});

test("who says a code of another caller opts out, not the other", () => {
  const { codes: book } = codes();
  const code = book.make()!;
  assert.equal(book.speaker(said(`!chatloom optout ${code}`, { id: "8", login: "bob" }))?.id, "8");
});

test("a message without a user's id, or with none that can be, says nothing and leaves the code", () => {
  const { codes: book } = codes();
  const code = book.make()!;
  for (const id of ["", "x/../y", "1".repeat(21)]) {
    assert.equal(book.speaker(said(`!chatloom optout ${code}`, { id })), undefined);
  }
  assert.equal(book.speaker(said(`!chatloom optout ${code}`))?.id, "7");
});

test("codes end after a minute, and a bounded number waits", () => {
  const { clock, codes: book } = codes();
  const code = book.make()!;
  const all = Array.from({ length: 1_200 }, () => book.make());
  assert.equal(new Set(all.filter((each) => each !== undefined)).size, 999);
  clock.nowUs = 60_000_000;
  assert.equal(book.speaker(said(`!chatloom optout ${code}`)), undefined);
  assert.notEqual(book.make(), undefined);
});
