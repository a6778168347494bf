import assert from "node:assert/strict";
import { test } from "node:test";
import { LINES, logWorld } from "./log_world.ts";

const world = await logWorld({ api: "justlog" });
const DAY = "/channel/forsen/2026/7/30";

async function refused(path: string): Promise<string> {
  const response = await world.ask(path);
  return `${response.status} ${await response.text()}`;
}

test("justlog's text has days without zeros in front, LF, and no name in front of notices", async () => {
  assert.deepEqual((await world.text("/channel/forsen/2026/8/1")).split("\n").slice(0, 1), [
    "[2026-08-1 12:00:00] #forsen ada: Straße to the MOON",
  ]);
  assert.deepEqual((await world.text(DAY)).split("\n"), [
    "[2026-07-30 10:00:00] #forsen ada: hello forsen",
    "[2026-07-30 10:00:01] #forsen bob: waves",
    "[2026-07-30 10:00:02] #forsen ",
    "[2026-07-30 10:00:03] #forsen have fun",
    "[2026-07-30 10:00:05] #forsen ",
    "",
  ]);
});

test("justlog's json splits Twitch's text from the user's and has whole seconds", async () => {
  const response = await world.ask(`${DAY}?json`);
  assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
  const { messages } = await response.json() as { messages: Record<string, unknown>[] };
  const parts = messages.map(({ text, systemText, timestamp }) => [text, systemText, timestamp]);
  assert.deepEqual(parts, [
    ["hello forsen", "", "2026-07-30T10:00:00Z"],
    ["waves", "", "2026-07-30T10:00:01Z"],
    ["", "bob has been timed out for 600 seconds", "2026-07-30T10:00:02Z"],
    ["have fun", "Cy gifted a sub!", "2026-07-30T10:00:03Z"],
    ["", "Chat has been cleared", "2026-07-30T10:00:05Z"],
  ]);
});

test("justlog's json goes before raw, also by type and by the request's media type", async () => {
  const isJson = async (query: string, headers: Record<string, string> = {}) =>
    (await (await world.ask(`${DAY}${query}`, { headers })).text()).startsWith("{");
  assert.equal(await isJson("?json&raw"), true);
  assert.equal(await isJson("?type=json"), true);
  assert.equal(await isJson("", { "content-type": "application/json" }), true);
  assert.equal(await isJson("?jsonBasic"), false);
  assert.equal((await world.text(`${DAY}?type=raw`)).split("\n")[0], LINES[2]);
});

test("justlog knows no limit, and leads to today whether there is a log or not", async () => {
  assert.equal((await world.text(`${DAY}?limit=x`)).split("\n").length, 6);
  const response = await world.ask("/channel/forsen?json=1");
  assert.equal(response.status, 302);
  assert.equal(response.headers.get("location"), "/channel/forsen/2026/8/1?json=1");
  const user = await world.ask("/channel/forsen/user/cy");
  assert.deepEqual([user.status, user.headers.get("location")], [
    302,
    "/channel/forsen/user/cy/2026/7",
  ]);
});

test("justlog's capitals in a path lead to lower case", async () => {
  const response = await world.ask("/channel/Forsen/2026/7/30?json");
  assert.deepEqual([response.status, response.headers.get("location")], [
    302,
    "/channel/forsen/2026/7/30?json",
  ]);
  const bare = await world.ask("/channel/Forsen/user/ADA");
  assert.equal(bare.headers.get("location"), "/channel/forsen/user/ada?");
});

test("justlog's range is in seconds, has both ends, and takes the place of the path's date", async () => {
  const at = (time: string) => Date.parse(time) / 1000;
  const range = `from=${at("2026-08-01T12:00:00Z")}&to=${at("2026-08-01T12:10:00Z")}`;
  const lines = (await world.text(`${DAY}?raw&${range}`)).split("\n");
  assert.deepEqual(lines, [LINES[8], LINES[9], ""]);
  // A missing end is now.
  const open = await world.text(`${DAY}?raw&from=${at("2026-08-01T12:10:01Z")}`);
  assert.deepEqual(open.split("\n"), [LINES[10], ""]);
  const long = `from=${at("2026-07-30T00:00:00Z")}&to=${at("2026-08-01T00:00:01Z")}`;
  assert.equal(await refused(`${DAY}?${long}`), "404 could not load logs\n");
  assert.equal(await refused(`${DAY}?from=x`), "404 could not load logs\n");
  assert.equal(
    (await world.ask(`/channel/forsen/user/ada/2026/7?${long}`)).status,
    200,
    "a user's range is a month",
  );
});

test("justlog's log of a user has the gifts that the user got", async () => {
  const { messages } = await world.json("/channel/forsen/user/ada/2026/7?json") as {
    messages: { type: number }[];
  };
  assert.deepEqual(messages.map(({ type }) => type), [1, 4]);
});

test("justlog's refusals end in a line feed and have its words", async () => {
  assert.equal(await refused("/channel/shy/2026/8/1"), "403 User or channel has opted out\n");
  assert.equal(
    await refused("/channel/forsen/userid/9/2026/8"),
    "403 User or channel has opted out\n",
  );
  assert.equal(await refused("/channel/forsen/2026/7/29"), "404 could not load logs\n");
  assert.equal(await refused("/list?channel=stranger"), "422 could not find users\n");
  for (const path of ["/capabilities", "/namehistory/1", "/channel/forsen/stats"]) {
    assert.equal((await world.ask(path)).status, 404, path);
  }
  assert.equal((await world.ask("/channels")).headers.get("x-rustlog-capabilities"), null);
});
