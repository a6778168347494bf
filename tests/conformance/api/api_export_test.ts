import assert from "node:assert/strict";
import { test } from "node:test";
import { TEXT_FORMATS } from "../../../src/engine/export/file_types.ts";
import { checkTdJson } from "../../engine/export/td_rules.ts";
import { messageId } from "../../engine/import/formats/invented_chat.ts";
import { apiWorld, said as saidAs } from "./api_world.ts";

const said = (atS: number, text: string) => saidAs(atS, text, { tags: { id: messageId(atS) } });

const RANGE = "start=2026-08-01T12:00&end=2026-08-01T12:10";

test("chat.export gives a range as a file in each format", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "<b>a</b>"), said(2, "b")]);
  await world.put("forsen", [said(61, "c")]);
  for (const format of TEXT_FORMATS) {
    const text = await world.text(`/forsen/chat.export?format=${format}&${RANGE}`);
    for (const word of ["b", "c"]) assert.ok(text.includes(word), `${format}: ${text}`);
  }
  const json = await world.text(`/forsen/chat.export?format=td-json&${RANGE}`);
  assert.equal(checkTdJson(json).length, 3);
  const lines = await world.text(`/forsen/chat.ndjson?${RANGE}`);
  assert.equal(await world.text(`/forsen/chat.export?format=ndjson&${RANGE}`), lines);
  const video = `format=td-text&${RANGE}&video=2026-08-01T12:00:01Z`;
  assert.match(await world.text(`/forsen/chat.export?${video}`), /^\[0:00:00\] .*\n\[0:00:01\] /);
  const part = "format=raw&start=2026-08-01T12:01&end=2026-08-01T12:10";
  assert.equal((await world.text(`/forsen/chat.export?${part}`)).split("\n").length, 2);
});

test("chat.export holds the messages of the users and commands that are asked for", async () => {
  const world = apiWorld();
  const of = (atS: number, login: string, id: string) => ({
    ...said(atS, `by ${login}`),
    sender: login,
    user: login,
    tags: { id: messageId(atS), "user-id": id },
  });
  const joined = { ...of(4, "ada", "7"), command: "JOIN", params: ["#forsen"] };
  await world.put("forsen", [of(1, "ada", "7"), of(2, "bob", "8"), of(3, "lovelace", "7"), joined]);
  const texts = async (filter: string) =>
    (await world.text(`/forsen/chat.export?format=ndjson&${RANGE}&${filter}`)).split("\n")
      .slice(0, -1).map((line) => JSON.parse(line).params[1] ?? "JOIN");
  assert.deepEqual(await texts("user=ADA,bob"), ["by ada", "by bob", "JOIN"]);
  assert.deepEqual(await texts("user=ada&command=privmsg"), ["by ada"]);
  // An id outlives the name.
  assert.deepEqual(await texts("user=id:7&command=PRIVMSG"), ["by ada", "by lovelace"]);
  const chat = await world.text(`/forsen/chat.ndjson?${RANGE}&user=id:7&command=PRIVMSG`);
  assert.deepEqual(chat.match(/by \w+/g), ["by ada", "by lovelace"]);
  // Names change hands: beside an id they are for messages that tell none.
  assert.deepEqual(await texts("user=id:7,bob&command=PRIVMSG"), ["by ada", "by lovelace"]);
  const many = await world.ask(`/forsen/chat.export?format=raw&${RANGE}&user=${"a,".repeat(101)}`);
  assert.equal(many.status, 400);
});

test("chat.export is a download that no browser shows as a page of the node", async () => {
  const world = apiWorld();
  await world.put("forsen", [said(1, "<script>alert(1)</script>")]);
  const response = await world.ask(`/forsen/chat.export?format=html&${RANGE}`);
  assert.match(
    response.headers.get("content-disposition")!,
    /^attachment; filename="forsen.html"$/,
  );
  assert.match(response.headers.get("content-security-policy")!, /default-src 'none'.*sandbox/);
  assert.ok(!(await response.text()).includes("<script"));
});

test("chat.export refuses what it cannot answer, and bounds the range", async () => {
  const world = apiWorld();
  for (
    const [path, reason] of [
      [`/forsen/chat.export?${RANGE}`, /Bad format/],
      [`/forsen/chat.export?format=exe&${RANGE}`, /Bad format/],
      ["/forsen/chat.export?format=raw&start=2026-08-01T12:00", /Bad end: it is missing/],
      ["/forsen/chat.export?format=raw&start=x&end=2026-08-01T12:00", /Bad start/],
      ["/forsen/chat.export?format=raw&start=2026-08-02&end=2026-08-01", /not after start/],
      ["/forsen/chat.export?format=raw&start=2026-01-01&end=2026-08-01", /31 days/],
      [`/${encodeURIComponent("a b")}/chat.export?format=raw&${RANGE}`, /Bad channel/],
    ] as const
  ) {
    const response = await world.ask(path);
    assert.equal(response.status, 400, path);
    assert.match(await response.text(), reason);
  }
});
