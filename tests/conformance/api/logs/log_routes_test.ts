import assert from "node:assert/strict";
import { test } from "node:test";
import { LINES, logWorld, record, say } from "./log_world.ts";

const world = await logWorld();
const DAY = "/channel/forsen/2026/7/30";

interface JsonLine {
  readonly text: string;
  readonly systemText?: string;
  readonly displayName: string;
  readonly timestamp: string;
  readonly id: string;
  readonly tags: Record<string, string>;
  readonly username: string;
  readonly channel: string;
  readonly raw: string;
  readonly type: number;
}

async function messages(path: string, from = world): Promise<JsonLine[]> {
  return (await from.json(path) as { messages: JsonLine[] }).messages;
}

async function refused(path: string, from = world): Promise<string> {
  const response = await from.ask(path);
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain/, path);
  return `${response.status} ${await response.text()}`;
}

test("/channels names each room once, by its newest login and id", async () => {
  const response = await world.ask("/channels");
  assert.equal(response.headers.get("cache-control"), "public, max-age=600");
  assert.equal(
    response.headers.get("x-rustlog-capabilities"),
    "arbitrary-range-query,search,stats",
  );
  assert.deepEqual(await response.json(), {
    channels: [{ name: "forsen", userID: "11" }, { name: "nani", userID: "22" }],
  });
});

test("/list gives days of a room over its logins, newest first, without zeros in front", async () => {
  const days = { availableLogs: [["2026", "8", "1"], ["2026", "7", "30"], ["2026", "5", "3"]] };
  for (const asked of ["channel=forsen", "channelid=11", "channel=FORSEN"]) {
    const response = await world.ask(`/list?${asked}`);
    assert.equal(response.headers.get("cache-control"), "public, max-age=600");
    const { availableLogs } = await response.json() as { availableLogs: Record<string, string>[] };
    assert.deepEqual(availableLogs.map(Object.values), [
      ...days.availableLogs,
      ["2026", "5", "2"],
    ]);
    assert.deepEqual(Object.keys(availableLogs[0]!), ["year", "month", "day"]);
  }
  assert.deepEqual(await world.json("/list?channel=forsen&userid=1"), {
    availableLogs: [{ year: "2026", month: "8" }, { year: "2026", month: "7" }, {
      year: "2026",
      month: "5",
    }],
  });
});

test("/list says who has opted out, what is not there, and what is missing", async () => {
  assert.equal(await refused("/list"), "400 Invalid param: channel or channelid is missing");
  assert.equal(await refused("/list?channel=stranger"), "404 Not found");
  assert.equal(await refused("/list?channel=forsen&user=stranger"), "404 Not found");
  const channel = "403 The requested channel has opted out of being logged";
  assert.equal(await refused("/list?channel=shy"), channel);
  assert.equal(await refused("/list?channelid=33"), channel);
  const user = "403 The requested user has opted out of being logged";
  assert.equal(await refused("/list?channel=forsen&userid=9"), user);
});

test("text has the login, UTC, CR LF, bans in place of a sender, and no mark of actions", async () => {
  const text = await world.text(DAY);
  assert.deepEqual(text.split("\r\n"), [
    "[2026-07-30 10:00:00] #forsen ada: hello forsen",
    "[2026-07-30 10:00:01] #forsen bob: waves",
    "[2026-07-30 10:00:02] #forsen bob: bob has been timed out for 600 seconds",
    "[2026-07-30 10:00:03] #forsen cy: Cy gifted a sub! have fun",
    "[2026-07-30 10:00:04] #forsen ada: ",
    "[2026-07-30 10:00:05] #forsen Chat has been cleared",
    "",
  ]);
});

test("json has rustlog's fields in rustlog's order", async () => {
  const all = await messages(`${DAY}?json`);
  assert.equal(all.length, 6);
  assert.deepEqual(Object.keys(all[0]!), [
    "text",
    "displayName",
    "timestamp",
    "id",
    "tags",
    "username",
    "channel",
    "raw",
    "type",
  ]);
  assert.deepEqual(all.map(({ type }) => type), [1, 1, 2, 4, 13, 2]);
  assert.deepEqual(all.map(({ timestamp }) => timestamp).slice(0, 3), [
    "2026-07-30T10:00:00.500Z",
    "2026-07-30T10:00:01.250Z",
    "2026-07-30T10:00:02Z",
  ]);
  const [said, , ban, gift, deletion, clear] = all;
  assert.equal(said!.raw, LINES[2]);
  assert.deepEqual([said!.displayName, said!.username, said!.channel], ["Ada", "ada", "forsen"]);
  assert.deepEqual([ban!.username, ban!.displayName, ban!.id], ["bob", "bob", ""]);
  assert.equal(gift!.text, "Cy gifted a sub! have fun");
  assert.equal(gift!.tags["system-msg"], "Cy gifted a sub!");
  assert.deepEqual([deletion!.username, deletion!.text], ["ada", ""]);
  assert.deepEqual([clear!.username, clear!.text], ["", "Chat has been cleared"]);
});

test("jsonBasic and ndjson have the small object; ndjson has CR LF between", async () => {
  const small = ["text", "displayName", "timestamp", "id", "tags"];
  const [first] = await messages(`${DAY}?jsonBasic=0`);
  assert.deepEqual(Object.keys(first!), small);
  const lines = (await world.text(`${DAY}?ndjson`)).split("\r\n");
  assert.equal(lines.length, 6);
  assert.deepEqual(lines.map((line) => JSON.parse(line)), await messages(`${DAY}?jsonBasic`));
});

test("a flag counts by being there, and raw goes before jsonBasic before json before ndjson", async () => {
  const type = async (query: string) => {
    const response = await world.ask(`${DAY}?${query}`);
    const text = await response.text();
    return text.startsWith("@")
      ? "raw"
      : text.startsWith("[")
      ? "text"
      : text.startsWith('{"m')
      ? (text.includes('"raw"') ? "json" : "jsonBasic")
      : "ndjson";
  };
  assert.equal(await type("json=false"), "json");
  assert.equal(await type("json"), "json");
  assert.equal(await type("json=0&raw=0"), "raw");
  assert.equal(await type("json&jsonBasic"), "jsonBasic");
  assert.equal(await type("ndjson&json"), "json");
  assert.equal(await type("ndjson"), "ndjson");
  assert.equal(await type(""), "text");
});

test("reverse, limit and offset apply in this order; what is no number is refused", async () => {
  const ids = async (query: string) => (await messages(`${DAY}?json&${query}`)).map((m) => m.type);
  assert.deepEqual(await ids("limit=2"), [1, 1]);
  assert.deepEqual(await ids("reverse&limit=2"), [2, 13]);
  assert.deepEqual(await ids("reverse=1&limit=2&offset=1"), [13, 4]);
  assert.deepEqual(await ids("offset=4"), [13, 2]);
  for (const query of ["limit=x", "offset=-1", "limit=1.5", "limit="]) {
    assert.match(await refused(`${DAY}?${query}`), /^400 /, query);
  }
  assert.equal(await refused(`${DAY}?offset=6`), "404 Not found");
  assert.equal(await refused(`${DAY}?limit=0`), "404 Not found");
});

test("a raw body ends in a line end", async () => {
  const text = await world.text(`${DAY}?raw&reverse`);
  assert.ok(text.endsWith("\r\n"));
  assert.equal(text.split("\r\n").length, 7);
});

test("a channel without a range leads to its newest day, a user to the newest month, query kept", async () => {
  const cases = [
    ["/channel/forsen?json&limit=3", 303, "/channel/forsen/2026/8/1?json&limit=3"],
    ["/channelid/11", 303, "/channelid/11/2026/8/1"],
    ["/channel/forsen/user/bob?raw", 303, "/channel/forsen/user/bob/2026/8?raw"],
    ["/channelid/11/userid/3/", 303, "/channelid/11/userid/3/2026/7"],
    // One end alone is ignored.
    [
      "/channel/forsen?from=2026-07-30T00:00:00Z",
      303,
      "/channel/forsen/2026/8/1?from=2026-07-30T00:00:00Z",
    ],
  ] as const;
  for (const [path, status, location] of cases) {
    const response = await world.ask(path);
    assert.deepEqual([response.status, response.headers.get("location")], [status, location], path);
    assert.equal((await world.ask(location)).status, 200, location);
  }
  assert.equal(await refused("/channel/stranger"), "404 Not found");
});

test("a range is [from, to), in RFC 3339 or in seconds", async () => {
  const texts = async (from: string, to: string, who = "") => {
    const path = `/channel/forsen${who}?json&from=${encodeURIComponent(from)}&to=${
      encodeURIComponent(to)
    }`;
    return (await messages(path)).map(({ text }) => text);
  };
  assert.deepEqual(await texts("2026-08-01T12:00:00.125Z", "2026-08-01T12:20:00Z"), [
    "Straße to the MOON",
    "moon again",
  ]);
  assert.deepEqual(await texts("2026-08-01T14:10:00+02:00", "2026-08-01T12:20:01Z"), [
    "moon again",
    "last words",
  ]);
  const at = (time: string) => `${Date.parse(time) / 1000}`;
  assert.deepEqual(await texts(at("2026-08-01T12:10:00Z"), at("2026-08-01T12:20:00Z")), [
    "moon again",
  ]);
  assert.deepEqual(
    await texts("2026-05-01T00:00:00Z", "2026-08-02T00:00:00Z", "/user/bob"),
    ["from bob", "waves", "bob has been timed out for 600 seconds", "moon again"],
    "over years and logins",
  );
  for (const path of ["/channel/forsen", "/channel/forsen/user/ada", "/channel/forsen/stats"]) {
    assert.match(await refused(`${path}?from=yesterday&to=2026-08-01T12:00:00Z`), /^400 /, path);
    // A bare plus is a space.
    const plus = `${path}?from=2026-08-01T12:00:00+02:00&to=2026-08-02T12:00:00Z`;
    assert.match(await refused(plus), /^400 /);
  }
});

test("offset works on a range of months", async () => {
  const range = "from=2026-05-01T00:00:00Z&to=2026-08-02T00:00:00Z";
  const all = await messages(`/channelid/11?json&${range}`);
  assert.equal(all.length, 11);
  assert.deepEqual(await messages(`/channelid/11?json&${range}&offset=3`), all.slice(3));
  assert.deepEqual(
    await messages(`/channelid/11?json&${range}&reverse`),
    [...all].reverse(),
  );
});

test("numbers in paths take zeros in front; what is no number or no date is refused", async () => {
  assert.equal(await world.text("/channel/forsen/2026/07/30"), await world.text(DAY));
  const month = await world.text("/channel/forsen/user/bob/2026/7");
  assert.equal(await world.text("/channel/forsen/user/bob/2026/07"), month);
  assert.equal(
    await refused("/channel/forsen/2026/x/1"),
    "400 Int parse error: invalid digit found in string",
  );
  for (const date of ["2026/2/30", "2026/13/1", "2026/0/1", "999999/1/1"]) {
    assert.equal(await refused(`/channel/forsen/${date}`), "400 Invalid param: Invalid date");
  }
  assert.equal(
    await refused("/channel/forsen/user/bob/2026/13"),
    "400 Invalid param: Invalid date",
  );
  assert.equal(await refused("/channel/forsen/2026/7/29"), "404 Not found");
});

test("capitals and a slash at the end make no difference; an unknown path is 404 without a page", async () => {
  for (const path of ["/channel/FORSEN/2026/7/30", "/channel/forsen/2026/7/30/", `${DAY}/?raw`]) {
    assert.equal((await world.ask(path)).status, 200, path);
  }
  assert.equal((await world.ask("/channels/")).status, 200);
  assert.equal((await world.ask("/list/?channel=forsen")).status, 200);
  for (const path of ["/foo/bar/2026/7", "/foo/forsen/search", "/channelx/forsen"]) {
    assert.equal((await world.ask(path)).status, 404, path);
  }
});

test("a wrong word in the path of a log is 400 with the words that are right, as rustlog has it", async () => {
  const channel = "must be channel or channelid";
  const user = "must be user or userid";
  for (
    const [path, reason] of [
      ["/foo/forsen/2026/7/30", `"foo" ${channel}`],
      ["/foo/forsen/2026/7/30/", `"foo" ${channel}`],
      ["/foo/forsen/user/ada", `"foo" ${channel}`],
      ["/foo/forsen/userid/1/2026/7", `"foo" ${channel}`],
      ["/channel/forsen/foo/ada/2026/7", `"foo" ${user}`],
      ["/channel/forsen/foo/ada", `"foo" ${user}`],
      ["/channel/forsen/2026/7", `"2026" ${user}`],
    ] as const
  ) {
    assert.equal(await refused(path), `400 Invalid URL: ${reason}`);
  }
  const justlog = await logWorld({ api: "justlog" });
  assert.equal((await justlog.ask("/foo/forsen/2026/7/30")).status, 404);
});

test("what is over may be cached, today may not", async () => {
  const cached = async (path: string) => (await world.ask(path)).headers.get("cache-control");
  assert.equal(await cached(DAY), "public, max-age=36000");
  assert.equal(await cached("/channel/forsen/2026/8/1"), "no-cache");
  assert.equal(await cached("/channel/forsen/user/bob/2026/7"), "public, max-age=36000");
  assert.equal(await cached("/channel/forsen/user/bob/2026/8"), "no-cache");
  assert.equal(await cached("/channel/forsen/random"), "no-cache");
});

test("what only callers with a token may read is in no shared cache", async () => {
  const closed = await logWorld({}, {
    access: { readers: { kind: "token", token: "secret-token" } },
  });
  const response = await closed.ask(DAY, { headers: { authorization: "Bearer secret-token" } });
  assert.equal(response.headers.get("cache-control"), "private, max-age=36000");
  assert.equal((await closed.ask(DAY)).status, 401);
});

test("a name that is too long for any login is not looked for", async () => {
  const long = "a".repeat(2_000);
  for (const path of [`/channel/${long}`, `/channelid/${long}`, `/channel/forsen/userid/${long}`]) {
    assert.equal(await refused(path), "404 Not found");
  }
});

test("a user is found by id and by login, over renames, with bans and deletions", async () => {
  const texts = async (path: string) => (await messages(path)).map(({ raw }) => raw);
  const may = await texts("/channel/forsen/user/ada/2026/5?json");
  assert.deepEqual(may, [LINES[0]]);
  // An old login leads to the same user, in the room that bore the login then.
  assert.deepEqual(await texts("/channelid/11/user/adalove/2026/5?json"), may);
  assert.deepEqual(await texts("/channelid/11/userid/1/2026/5?json"), may);
  const july = ["hello forsen", ""];
  assert.deepEqual(
    (await messages("/channel/forsen/user/ada/2026/7?json")).map(({ text }) => text),
    july,
  );
  assert.deepEqual(
    (await messages("/channel/forsen/user/bob/2026/7?json")).map(({ type }) => type),
    [1, 2],
  );
  assert.equal(await refused("/channel/forsen/user/stranger/2026/7"), "404 Not found");
});

test("a login that changed hands is its last bearer's", async () => {
  assert.deepEqual(
    (await messages("/channel/nani/2026/8/1?json")).map(({ text }) => text),
    ["another room"],
  );
  // The lines of the room before belong to that room.
  assert.equal(await refused("/channel/nani/2026/5/2"), "404 Not found");
});

test("a user's search finds a text in any case, also in system messages, over all time", async () => {
  const found = async (who: string, q: string, more = "") =>
    (await messages(`/channel/forsen/user/${who}/search?json&q=${encodeURIComponent(q)}${more}`))
      .map(({ text }) => text);
  assert.deepEqual(await found("ada", "O F"), ["hello forsen"]);
  assert.deepEqual(await found("ada", "STRASSE"), ["Straße to the MOON"]);
  assert.deepEqual(await found("cy", "gifted"), ["Cy gifted a sub! have fun"]);
  assert.deepEqual(await found("ada", "o", "&reverse&limit=2"), [
    "last words",
    "Straße to the MOON",
  ]);
  assert.match(await refused("/channel/forsen/user/ada/search"), /^400 /);
  assert.equal(await refused("/channel/forsen/user/ada/search?q=nowhere"), "404 Not found");
});

test("random gives a list of one, of all lines sooner or later", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const [line, ...others] = await messages("/channel/forsen/random?json");
    assert.equal(others.length, 0);
    seen.add(line!.raw);
  }
  assert.equal(seen.size, 11);
  const of = new Set<number>();
  for (let i = 0; i < 60; i++) {
    for (const { type } of await messages("/channel/forsen/user/bob/random?json")) of.add(type);
  }
  assert.deepEqual([...of].sort(), [1, 2]);
  assert.equal(await refused("/channel/stranger/random"), "404 Not found");
  assert.match(await refused("/channel/shy/random"), /^403 /);
});

test("stats count what users wrote", async () => {
  const stats = await world.json("/channel/forsen/stats") as Record<string, unknown>;
  assert.equal(stats["messageCount"], 8);
  assert.deepEqual(stats["topChatters"], [
    { userId: "1", userLogin: "ada", messageCount: 4 },
    { userId: "2", userLogin: "bob", messageCount: 3 },
    { userId: "3", userLogin: "cy", messageCount: 1 },
  ]);
  const range = "from=2026-08-01T00:00:00Z&to=2026-08-01T12:10:00Z";
  assert.equal(
    (await world.json(`/channel/forsen/stats?${range}`) as Record<string, unknown>)["messageCount"],
    1,
  );
  const { unlistenedMinutes: _, ...own } = await world.json("/channel/forsen/user/ada/stats") as {
    unlistenedMinutes: number;
  };
  assert.deepEqual(own, { userId: "1", userLogin: "ada", messageCount: 4 });
});

test("name history is off unless the operator wants it", async () => {
  assert.equal((await world.ask("/namehistory/1")).status, 404);
  const open = await logWorld({ nameHistory: true });
  assert.deepEqual(await open.json("/namehistory/1"), [
    {
      user_login: "adalove",
      last_timestamp: "2026-05-02T08:00:00Z",
      first_timestamp: "2026-05-02T08:00:00Z",
    },
    {
      user_login: "ada",
      last_timestamp: "2026-08-01T12:20:00Z",
      first_timestamp: "2026-07-30T10:00:00.500Z",
    },
  ]);
  assert.deepEqual(await open.json("/namehistory/404"), []);
  assert.equal((await open.ask("/namehistory/9")).status, 403);
  assert.deepEqual(await open.json("/capabilities"), [
    "arbitrary-range-query",
    "search",
    "stats",
    "namehistory",
  ]);
});

test("each log says how many minutes of its range no receiver listened", async () => {
  const header = async (path: string) =>
    (await world.ask(path)).headers.get("x-chatloom-unlistened-minutes");
  const field = async (path: string) =>
    (await world.json(path) as { unlistenedMinutes: number }).unlistenedMinutes;
  assert.equal(await header(DAY), "1440");
  // Of today until now, 12:34:05.678901, half an hour was listened to.
  assert.equal(await header("/channel/forsen/2026/8/1?raw"), "725");
  assert.equal(await field("/channel/forsen/2026/8/1?json"), 725);
  const range = "from=2026-08-01T12:00:00Z&to=2026-08-01T12:30:00Z";
  assert.equal(await header(`/channel/forsen?${range}`), "0");
  assert.equal(await field(`/channel/forsen/user/ada?jsonBasic&${range}`), 0);
  assert.equal(await field(`/channel/forsen/stats?${range}`), 0);
});

test("the lines of a user who has opted out are in no log", async () => {
  for (
    const path of ["/channel/forsen/2026/8/1?raw", "/channel/forsen/search?regex=.", DAY]
  ) assert.doesNotMatch(await world.text(path), /hidden/, path);
  assert.equal(
    await refused("/channel/forsen/user/shyuser/2026/8"),
    "404 Not found",
    "no line names the user any more",
  );
});

test("a page of any origin may read a log, its headers, and a redirect", async () => {
  const response = await world.ask(DAY, { headers: { origin: "https://logs.example" } });
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  const exposed = response.headers.get("access-control-expose-headers") ?? "";
  for (const name of ["x-rustlog-capabilities", "x-chatloom-unlistened-minutes"]) {
    assert.ok(exposed.includes(name), name);
    assert.ok(response.headers.has(name), name);
  }
  const preflight = await world.ask(DAY, { method: "OPTIONS" });
  assert.equal(preflight.status, 204);
  const redirect = await world.ask("/channel/forsen");
  assert.equal(redirect.headers.get("access-control-allow-origin"), "*");
});

test("a message without Twitch's time gets the start of its range, by which clients sort", async () => {
  const old = await logWorld();
  const [message] = [say("2026-08-01T12:05:00Z", "old")];
  await record(old, [message!]);
  const { parseIrcLine } = await import("../../../../src/core/irc/irc_line.ts");
  const parsed = parseIrcLine(":ada!ada@ada.tmi.twitch.tv PRIVMSG #old :no tags");
  assert.ok(parsed.ok);
  const time = Date.parse("2026-08-01T12:06:00Z") / 1000;
  await old.put("old", [{ ...parsed.message, time, time_range: 5, receivers: { a: time } }]);
  assert.equal(
    await old.text("/channel/old/2026/8/1?raw"),
    `@tmi-sent-ts=${time * 1000} :ada!ada@ada.tmi.twitch.tv PRIVMSG #old :no tags\r\n`,
  );
});
