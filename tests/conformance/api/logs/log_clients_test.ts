import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseIrcLine } from "../../../../src/core/irc/irc_line.ts";
import { type ArchiveServer, importFile, openArchive, serve } from "../../../../src/node/mod.ts";
import { systemClock } from "../../../../src/adapters/system/system_clock.ts";
import type { Clock } from "../../../../src/ports/clock.ts";
import { LINES, ms, say } from "./log_world.ts";

// What clients of these APIs ask, and how they read the answers, against a node that listens.

const REAL = "/work/shared/data/lines";
const skip = !existsSync(REAL) && `${REAL} is missing`;

const folder = mkdtempSync(join(tmpdir(), "chatloom-log-clients-"));
let server: ArchiveServer;

/** The machine's clock, but for the hour: it is always just after the newest line. */
const SYSTEM = systemClock();
const CLOCK: Clock = {
  wallUs: () => ms("2026-08-01T12:34:05Z") * 1_000,
  elapsedUs: () => SYSTEM.elapsedUs(),
  sleep: (delayMs, signal) => SYSTEM.sleep(delayMs, signal),
};
before(async () => {
  const archive = await openArchive(join(folder, "chat"), { create: true, clock: CLOCK });
  const capture = join(folder, "capture.txt");
  const recent = say("2026-08-01T12:34:00Z", "just now", { channel: "live", room: "77" });
  writeFileSync(capture, [...LINES, recent].join("\n"));
  const files = [capture];
  if (!skip) files.push(...readdirSync(REAL).map((name) => join(REAL, name)));
  for (const file of files) await importFile(archive, file);
  server = await serve(archive, { listen: "127.0.0.1:0" });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path: string): Promise<Response> {
  const response = await fetch(server.url + path);
  // best-logs takes a page for an endpoint that is not there.
  assert.doesNotMatch(response.headers.get("content-type") ?? "", /html/, path);
  return response;
}

async function text(path: string): Promise<string> {
  const response = await get(path);
  assert.equal(response.status, 200, path);
  return await response.text();
}

/** As best-logs loads an instance: without a non-empty list of these pairs it counts as down. */
async function instanceChannels(): Promise<Map<string, string>> {
  const body = JSON.parse(await text("/channels"));
  assert.ok(Array.isArray(body.channels) && body.channels.length > 0);
  const found = new Map<string, string>();
  for (const { name, userID } of body.channels) {
    assert.equal(typeof name, "string");
    assert.match(userID, /^\w+$/);
    assert.equal(name, name.toLowerCase());
    found.set(name, userID);
  }
  return found;
}

/** The days of a channel, as clients paste them into paths. */
async function days(channel: string): Promise<string[]> {
  const { availableLogs } = JSON.parse(await text(`/list?channel=${channel}`));
  return availableLogs.map(({ year, month, day }: Record<string, string>) =>
    `${year}/${month}/${day}`
  );
}

/** As best-logs turns a day into recent messages: it adds its tags in front of Twitch's time. */
async function bestLogsRecent(channel: string, limit: number): Promise<string[]> {
  const [day] = await days(channel);
  const body = await text(`/channel/${channel}/${day}?limit=${limit}&raw&reverse`);
  const lines = body.split(/\r?\n/).reverse();
  assert.equal(lines.shift(), "", "the end behind the last line");
  return lines.map((line) => {
    assert.ok(line.startsWith("@"), line);
    const time = /tmi-sent-ts=(\d+)(;| :)/.exec(line);
    assert.ok(time !== null, line);
    return line.replace(/^@/, `@historical=1;rm-received-ts=${time[1]};`);
  });
}

test("best-logs finds a channel, by login or id, in capitals or not", async () => {
  const channels = await instanceChannels();
  assert.equal(channels.get("forsen"), "11");
  const wanted = "FORSEN".toLowerCase();
  assert.ok([...channels].some(([name, id]) => name === wanted || id === wanted));
});

test("best-logs ranks by the list, whose first entry is the newest and last the oldest", async () => {
  const list = await days("forsen");
  assert.deepEqual(list, ["2026/8/1", "2026/7/30", "2026/5/3", "2026/5/2"]);
  assert.equal((await get("/list?channel=forsen&user=ada")).status, 200);
  assert.equal((await get("/list?channel=forsen&user=stranger")).status, 404);
});

test("best-logs turns a day into recent messages", async () => {
  const lines = await bestLogsRecent("forsen", 2);
  assert.deepEqual(
    lines.map((line) => /PRIVMSG #\w+ :(.*)$/.exec(line)?.[1]),
    ["moon again", "last words"],
  );
});

test("bots follow redirects with their parameters", async () => {
  const response = await get("/channel/forsen?reverse=1&limit=1&json=1");
  assert.equal(response.redirected, true);
  const { messages } = await response.json() as { messages: { text: string }[] };
  assert.deepEqual(messages.map((message) => message.text), ["last words"]);
});

test("Supibot reads newest lines of text by its pattern, and skips those without a login", async () => {
  const body = await text("/channelid/11/2026/7/30?reverse=1&limit=3");
  const LINE = /^\[([\d\s:-]+)\]\s+#(\w+)\s+(\w+):\s*(.*)$/;
  const found = body.split(/\r?\n/).flatMap((line) => {
    const match = LINE.exec(line);
    return match === null ? [] : [{ date: Date.parse(`${match[1]}Z`), user: match[3] }];
  });
  found.sort((a, b) => a.date - b.date);
  assert.deepEqual(found.map(({ user }) => user), ["cy", "ada"]);
});

test("Supibot's schema of a random line holds for a channel and for a user", async () => {
  for (const path of ["/channelid/11/random?json=1", "/channelid/11/userid/1/random?json=1"]) {
    const { messages } = JSON.parse(await text(path));
    assert.ok(messages.length >= 1);
    for (const message of messages) {
      for (const field of ["text", "displayName", "username"]) {
        assert.equal(typeof message[field], "string", field);
      }
      assert.match(message.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    }
  }
  assert.equal((await get("/channelid/11/userid/404/random?json=1")).status, 404);
});

test("justgrep takes bare keys, and any status of /list but 200 for the end", async () => {
  assert.equal((await get("/list?channel=forsen")).status, 200);
  for (const path of ["/channel/forsen/2026/7/30", "/channel/forsen/user/ada/2026/7"]) {
    const lines = (await text(`${path}?raw&reverse`)).split("\r\n").slice(0, -1);
    const times = lines.map((line) => {
      const parsed = parseIrcLine(line);
      assert.ok(parsed.ok);
      return Number(parsed.message.tags?.["tmi-sent-ts"]);
    });
    assert.ok(times.length >= 2);
    assert.deepEqual(times, [...times].sort((a, b) => b - a));
  }
});

test("Chatterino gets its history, by the template of its environment", async () => {
  const template = `${server.url}/api/v2/recent-messages/%1`;
  const ask = async (login: string, query: string) => {
    const response = await fetch(`${template.replace("%1", login)}?${query}`);
    assert.equal(response.status, 200, "any other status is a line in the chat");
    return await response.json() as { messages: string[]; error_code: string | null };
  };
  const { messages, error_code } = await ask("live", "limit=800");
  assert.equal(error_code, null);
  const parsed = parseIrcLine(messages[0]!);
  assert.ok(parsed.ok);
  const { tags, params } = parsed.message;
  assert.equal(params[1], "just now");
  // Without `historical` it would take the line for a live one.
  const shown = tags?.["historical"] === undefined ? tags?.["tmi-sent-ts"] : tags["rm-received-ts"];
  assert.equal(Number(shown), ms("2026-08-01T12:34:00Z"));
  const nowMs = ms("2026-08-01T12:34:05Z");
  const again = await ask("live", `limit=20&after=${nowMs + 60_000}&before=${nowMs + 120_000}`);
  assert.deepEqual(again.messages, []);
  assert.deepEqual(
    await ask("stranger", "limit=800").then((answer) => answer.error_code),
    "channel_not_joined",
  );
});

test("justlog's page asks by id where its fields hold id:, as it builds its paths", async () => {
  const part = (word: string, field: string) =>
    field.startsWith("id:") ? `${word}id/${field.slice(3)}` : `${word}/${field.toLowerCase()}`;
  const listed = (field: string, word: string) =>
    field.startsWith("id:") ? `${word}id=${field.slice(3)}` : `${word}=${field}`;
  const found = [];
  for (const [channel, user] of [["forsen", "ada"], ["id:11", "id:1"], ["id:11", "Ada"]] as const) {
    const list = JSON.parse(
      await text(`/list?${listed(channel, "channel")}&${listed(user.toLowerCase(), "user")}`),
    );
    const { year, month } = list.availableLogs[0];
    const path = `/${part("channel", channel)}/${part("user", user)}/${year}/${month}`;
    const { messages } = JSON.parse(await text(`${path}?jsonBasic=1&reverse=1`));
    found.push(messages.map((message: { text: string }) => message.text));
  }
  assert.ok(found[0]!.includes("last words"));
  assert.deepEqual(found[1], found[0]);
  assert.deepEqual(found[2], found[0]);
});

test("answers come in the coding that a client takes, with headers that caches need", async () => {
  const path = "/files/forsen/chat";
  const long = "/openapi.json";
  for (const coding of ["br", "gzip"]) {
    const headers = { "accept-encoding": coding };
    const packed = await fetch(server.url + long, { headers });
    assert.equal(packed.headers.get("content-encoding"), coding);
    assert.equal(packed.headers.get("vary"), "accept-encoding");
    // fetch unpacks it.
    assert.equal(JSON.parse(await packed.text()).openapi, "3.1.0");
    const head = await fetch(server.url + long, { headers, method: "HEAD" });
    assert.equal(head.headers.get("content-encoding"), coding);
    assert.equal(head.headers.get("content-length"), null, "that of the packed bytes is not known");
    assert.equal(await head.text(), "");
  }
  const first = await get(path);
  await first.text();
  const etag = first.headers.get("etag") ?? "";
  assert.match(etag, /^W\//, "the same content in any coding");
  const again = await fetch(server.url + path, { headers: { "if-none-match": etag } });
  assert.equal(again.status, 304);
  assert.equal(again.headers.get("vary"), "accept-encoding");
});

test("real chat: each line of a day is the one that was imported", { skip }, async () => {
  const body = await text("/channel/xqcow/2019/9/15?raw");
  const { readFileSync } = await import("node:fs");
  const given = readFileSync(`${REAL}/go-twitch-irc-channel-xqcow.txt`, "utf8").split("\n");
  const key = (line: string) => {
    const parsed = parseIrcLine(line);
    return parsed.ok ? JSON.stringify([parsed.message.tags, parsed.message.params]) : "";
  };
  const sorted = (line: string) => {
    const parsed = parseIrcLine(line);
    if (!parsed.ok) return "";
    const tags = Object.entries(parsed.message.tags ?? {}).sort(([a], [b]) => a < b ? -1 : 1);
    return JSON.stringify([Object.fromEntries(tags), parsed.message.params]);
  };
  const served = new Set(body.split("\r\n").filter(Boolean).map(key));
  const missing = given.filter((line) => / (PRIVMSG|USERNOTICE|CLEARCHAT|CLEARMSG) /.test(line))
    .filter((line) => !served.has(sorted(line)));
  assert.deepEqual(missing.slice(0, 3), []);
  assert.ok(served.size > 4_500, `${served.size}`);
});

test("real chat: the page finds emotes by code points of the text", { skip }, async () => {
  let count = 0;
  for (const channel of (await instanceChannels()).keys()) {
    for (const day of await days(channel)) {
      const response = await get(`/channel/${channel}/${day}?json=1&reverse=1`);
      assert.equal(response.status, 200, `${channel} ${day}`);
      const { messages } = await response.json() as {
        messages: { text: string; tags: Record<string, string>; type: number }[];
      };
      for (const { text, tags, type } of messages) {
        assert.equal(typeof tags, "object", "the page fails without tags");
        if (type !== 1 || !/^[^:]+:\d+-\d+/.test(tags["emotes"] ?? "")) continue;
        const letters = [...text];
        for (const [, from, to] of tags["emotes"]!.matchAll(/(\d+)-(\d+)(?=[,/]|$)/g)) {
          if (Number(to) >= letters.length) continue; // Invented lines of other projects' tests.
          const name = letters.slice(Number(from), Number(to) + 1).join("");
          if (/^\S+$/.test(name)) count++;
        }
      }
    }
  }
  assert.ok(count > 1_000, `${count} emotes`);
});
