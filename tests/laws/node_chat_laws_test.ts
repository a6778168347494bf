import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { NodeChat } from "../../src/adapters/browser/node/node_chat.ts";
import { nodeServer } from "../../src/adapters/http/node_server.ts";
import { ChatloomError } from "../../src/core/errors/errors.ts";
import { formatArchiveKey } from "../../src/core/archive/archive_key.ts";
import { encodeCoverage } from "../../src/core/coverage/coverage.ts";
import { storedChat } from "../../src/web/reading/chat_archive.ts";
import { HOUR_US, type Micros, MINUTE_US, SECOND_US } from "../../src/core/time.ts";
import { readMinutes } from "../../src/engine/read/read_minutes.ts";
import type { HttpHandler, HttpListener } from "../../src/ports/http.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { intBelow, seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { apiWorld } from "../conformance/api/api_world.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  randomSightings,
  storeWith,
  WORLD_US,
} from "../simulation/settle/settle_world.ts";

const SEEDS = Number(process.env["SIM_SEEDS"] ?? 60);

let handler: HttpHandler;
let server: HttpListener;
let node: NodeChat;
before(async () => {
  server = await nodeServer((...args) => handler(...args), { listen: "127.0.0.1:0" });
  node = new NodeChat({ url: `${server.url}/`, token: undefined });
});
after(() => server.close());

type Minutes = [minuteUs: Micros, text: string][];

async function collect(
  minutes: AsyncIterable<{ readonly minuteUs: Micros; readonly bytes: Uint8Array }>,
): Promise<Minutes> {
  const found: Minutes = [];
  for await (const { minuteUs, bytes } of minutes) {
    found.push([minuteUs, new TextDecoder().decode(bytes)]);
  }
  return found;
}

test("NodeChat.minutes of a served archive are its readMinutes, in any span", async () => {
  let ownRanges = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`node chat ${seed}`);
    const truth = randomSightings(random, 14);
    // Two recorders' files, so that merged messages carry ranges of their receivers' own.
    const files = [0, 1].flatMap(() => [...filesOf(truth.filter(() => random.next() < 0.7))]);
    const store = await storeWith(files);
    handler = apiWorld({ store }).handler;
    const whole = { fromUs: WORLD_US - MINUTE_US, untilUs: WORLD_US + 8 * MINUTE_US };
    const fromUs = WORLD_US + intBelow(random, 330) * SECOND_US;
    const spans = [whole, { fromUs, untilUs: fromUs + intBelow(random, 200) * SECOND_US }];
    for (const span of spans) {
      const expected = await collect(
        readMinutes(CHANNEL, { store, hasher, reporter: noopReporter, ...span }),
      );
      const given = await collect(node.minutes(CHANNEL, span, new AbortController().signal));
      assert.deepEqual(given, expected, `replay with seed ${seed}, ${JSON.stringify(span)}`);
      ownRanges += expected.filter(([, text]) => text.includes('{"received":')).length;
    }
  }
  assert.ok(ownRanges > SEEDS / 2, `only ${ownRanges} minutes with ranges of receivers' own`);
});

test("NodeChat.coverage of a served archive is what its own page finds in its files", async () => {
  const hourUs = WORLD_US - WORLD_US % HOUR_US;
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(`node coverage ${seed}`);
    const store = await storeWith([]);
    for (const at of [hourUs, hourUs + 2 * HOUR_US]) {
      for (let file = 0; file < intBelow(random, 3); file++) {
        const spans = Array.from({ length: 1 + intBelow(random, 3) }, () => {
          const fromS = intBelow(random, 3_500);
          return [fromS, fromS + 1 + intBelow(random, 100)] as const;
        });
        const bytes = encodeCoverage(at, new Map([[`n.aaaaa.${intBelow(random, 3)}`, spans]]));
        const digest = hasher.digest(bytes);
        const key = formatArchiveKey({ kind: "coverage", channel: CHANNEL, hourUs: at, digest });
        await store.put(key, bytes);
      }
    }
    handler = apiWorld({ store }).handler;
    const span = { fromUs: hourUs - HOUR_US, untilUs: hourUs + 4 * HOUR_US };
    const { signal } = new AbortController();
    const given = await node.coverage(CHANNEL, span, signal);
    const expected = await storedChat(store, hasher).coverage(CHANNEL, span, signal);
    assert.deepEqual(given, expected, `replay with seed ${seed}`);
  }
});

test("NodeChat.coverage bears a node that does not tell, and bounds what one tells", async () => {
  const span = { fromUs: WORLD_US, untilUs: WORLD_US + HOUR_US };
  const { signal } = new AbortController();
  handler = () => Promise.resolve(new Response("", { status: 404 }));
  assert.deepEqual(await node.coverage("c", span, signal), []);
  const minute = new Date(WORLD_US / 1000).toISOString().slice(0, 16);
  const odd = [null, 1, {}, { minute: "soon", uncovered_seconds: 0 }, { minute }, {
    minute: "1999-01-01T00:00",
    uncovered_seconds: 0,
  }, { minute, uncovered_seconds: 20 }];
  handler = () => Promise.resolve(Response.json(odd));
  assert.deepEqual(await node.coverage("c", span, signal), [{
    minuteUs: WORLD_US,
    listenedS: 40,
  }]);
  const piece = new Uint8Array(1024 * 1024).fill(0x20);
  handler = () =>
    Promise.resolve(
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(piece) }),
      ),
    );
  await assert.rejects(node.coverage("c", span, signal), /is too long/);
});

test("NodeChat.minutes refuses lines that are no messages or not in order", async () => {
  const line = (time: string) => `{"receivers":{},"time":${time},"time_range":0.0,"user":null}\n`;
  const bodies: Record<string, string> = {
    "a line is no message": '{"receivers":{"a":1}}\n',
    "a line is no message ": "no JSON\n",
    "not in order": line("1785587760.0") + line("1785587640.0"),
    "ends midway": line("1785587640.0").trimEnd(),
  };
  for (const [reason, body] of Object.entries(bodies)) {
    handler = () => Promise.resolve(new Response(body));
    const span = { fromUs: 0, untilUs: WORLD_US + 60 * MINUTE_US };
    await assert.rejects(
      collect(node.minutes("c", span, new AbortController().signal)),
      (error) => error instanceof ChatloomError && error.message.includes(reason.trim()),
      reason,
    );
  }
});

test("NodeChat refuses a comparison that would never end", async () => {
  const { signal } = new AbortController();
  const [fromUs, untilUs] = [0, 5 * HOUR_US];
  const partOf = (next: string | null) => () =>
    Promise.resolve(Response.json({ hours: [], equal_hours: 1, next }));
  const compare = () => node.compare(CHANNEL, { peer: "a", fromUs, untilUs }, signal);
  handler = partOf("1970-01-01T04");
  assert.equal((await compare()).nextUs, 4 * HOUR_US);
  for (const next of ["1970-01-01T05", "1970-01-01T06"]) {
    handler = partOf(next);
    await assert.rejects(compare(), { code: "PEER_REFUSED" });
  }
});
