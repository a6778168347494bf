import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { httpLogServer } from "../../../../src/adapters/http_logs/http_log_server.ts";
import { nodeHasher } from "../../../../src/adapters/hashers/node_hasher.ts";
import { systemClock } from "../../../../src/adapters/system/system_clock.ts";
import {
  type ImportedServer,
  importLogServer,
} from "../../../../src/engine/import/archiving/import_log_server.ts";
import { MessageArchiver } from "../../../../src/engine/import/archiving/message_archiver.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import { DAY_MS, ImportedArchive, messageId, rawLine } from "./invented_chat.ts";

/** A server of logs that answers by path; unknown paths give a page, as rustlog does. */
async function serving(
  answers: Record<string, (response: ServerResponse, asked: number) => void>,
  work: (url: string, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url!;
    asked.push(path);
    const answer = answers[path];
    if (answer === undefined) response.setHeader("content-type", "text/html").end("<html>");
    else answer(response, asked.filter((each) => each === path).length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const json = (value: unknown) => (response: ServerResponse) =>
  void response.setHeader("content-type", "application/json").end(JSON.stringify(value));

const CHANNELS = json({ channels: [{ name: "lovelace", userID: "123" }, { name: 7 }, null] });
const LIST = json({
  availableLogs: [
    { year: "2026", month: "8", day: "2" },
    { year: "2026", month: "8", day: "1" },
    { year: "../..", month: "8", day: "1" },
  ],
});

function day(first: number): string {
  return [0, 1].map((n) =>
    rawLine({ id: messageId(first + n), ms: DAY_MS + first * 86_400_000 + n * 1_000 }) + "\r\n"
  ).join("");
}

/** Notes in memory, and an archive. */
function world() {
  const archive = new ImportedArchive();
  const noted = new Map<string, Set<string>>();
  const notes = {
    read: (source: string) => Promise.resolve(new Set(noted.get(source))),
    add: (source: string, part: string) => {
      noted.set(source, new Set(noted.get(source)).add(part));
      return Promise.resolve();
    },
  };
  const run = async (url: string, wallMs = DAY_MS + 30 * 86_400_000): Promise<ImportedServer> => {
    const hasher = nodeHasher();
    const archiver = new MessageArchiver({ store: archive.store, hasher, reporter: noopReporter });
    const clock = { ...systemClock(), wallUs: () => wallMs * 1000, sleep: () => Promise.resolve() };
    const server = httpLogServer(url, { clock, paceMs: 0, dayMaxBytes: 1_000_000 });
    return await importLogServer(server, {
      archiver,
      hasher,
      notes,
      clock,
      reporter: noopReporter,
    });
  };
  return { archive, run };
}

test("a log server is imported by day, and days that are done are not asked for again", async () => {
  const answers = {
    "/channels": CHANNELS,
    "/list?channelid=123": LIST,
    "/channelid/123/2026/8/1?raw": (response: ServerResponse) => void response.end(day(0)),
    "/channelid/123/2026/8/2?raw": (response: ServerResponse) => void response.end(day(1)),
  };
  await serving(answers, async (url, asked) => {
    const { archive, run } = world();
    assert.deepEqual(await run(url), { days: 2, skipped: 0, failed: 0 });
    assert.equal((await archive.messages()).length, 4);
    assert.ok(
      asked.indexOf("/channelid/123/2026/8/1?raw") < asked.indexOf("/channelid/123/2026/8/2?raw"),
    );
    const keys = await archive.keys();
    asked.length = 0;
    assert.deepEqual(await run(url), { days: 0, skipped: 2, failed: 0 });
    assert.deepEqual(asked, ["/channels", "/list?channelid=123"]);
    assert.deepEqual(await archive.keys(), keys);
  });
});

test("a day that may still grow is asked for again", async () => {
  const answers = {
    "/channels": CHANNELS,
    "/list?channelid=123": LIST,
    "/channelid/123/2026/8/1?raw": (response: ServerResponse) => void response.end(day(0)),
    "/channelid/123/2026/8/2?raw": (response: ServerResponse) => void response.end(day(1)),
  };
  await serving(answers, async (url) => {
    const { run } = world();
    const wallMs = DAY_MS + 1.5 * 86_400_000;
    await run(url, wallMs);
    assert.deepEqual(await run(url, wallMs), { days: 2, skipped: 0, failed: 0 });
  });
});

test("a busy server is asked again; a day that breaks off keeps what came and is not noted", async () => {
  const answers = {
    "/channels": CHANNELS,
    "/list?channelid=123": LIST,
    "/channelid/123/2026/8/1?raw": (response: ServerResponse, asked: number) => {
      if (asked === 1) return void response.setHeader("retry-after", "0").writeHead(503).end();
      response.setHeader("content-length", "100000");
      response.write(day(0), () => response.destroy());
    },
    "/channelid/123/2026/8/2?raw": (response: ServerResponse) => void response.end(day(1)),
  };
  await serving(answers, async (url, asked) => {
    const { archive, run } = world();
    assert.deepEqual(await run(url), { days: 1, skipped: 0, failed: 1 });
    assert.ok((await archive.messages()).length >= 2);
    asked.length = 0;
    await run(url);
    assert.ok(asked.includes("/channelid/123/2026/8/1?raw"));
    assert.ok(!asked.includes("/channelid/123/2026/8/2?raw"));
  });
});

test("a hostile server is bounded: endless days, pages, wrong JSON", async () => {
  const endless = (response: ServerResponse) => {
    const line = rawLine({ ms: DAY_MS }) + "x".repeat(50_000) + "\n";
    const more = () => {
      while (!response.destroyed && response.write(line)) { /* until it is full */ }
    };
    response.on("drain", more);
    more();
  };
  await serving({
    "/channels": CHANNELS,
    "/list?channelid=123": LIST,
    "/channelid/123/2026/8/1?raw": endless,
  }, async (url) => {
    const { run } = world();
    assert.deepEqual(await run(url), { days: 0, skipped: 0, failed: 2 }, "too long, and a page");
  });
  for (
    const channels of [
      json([]),
      json({ channels: 5 }),
      (response: ServerResponse) => void response.end("{"),
    ]
  ) {
    await serving({ "/channels": channels }, async (url) => {
      await assert.rejects(world().run(url), { code: "PEER_REFUSED" });
    });
  }
});
