import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_LENGTH_MAX } from "../../src/engine/session/lines/line_splitter.ts";
import type { Transport } from "../../src/ports/transport.ts";
import { RecordingWorld } from "./recording/recording_world.ts";

/** Puts `frames` behind the first room state that Twitch sends. */
function inserting(frames: () => Iterable<string>): (transport: Transport) => Transport {
  return (transport) => ({
    connect: async (url, options) => {
      const connection = await transport.connect(url, options);
      return {
        send: (text) => connection.send(text),
        close: () => connection.close(),
        incoming: (async function* () {
          let heard = "";
          let isDone = false;
          for await (const chunk of connection.incoming) {
            yield chunk;
            const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
            if (isDone) continue;
            heard += text;
            if (!heard.includes(" ROOMSTATE ") || !heard.endsWith("\n")) continue;
            isDone = true;
            yield* frames();
          }
        })(),
      };
    },
  });
}

/** All that is archived, by key. */
async function filesOf(world: RecordingWorld): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of world.store.list("")) if (key.endsWith(".json")) keys.push(key);
  return keys;
}

test("a recorder never takes a piece of a long line for a line, live or after a crash", async () => {
  const tail = ":x!x@x PRIVMSG #forsen :y";
  const long = `${"z".repeat(LINE_LENGTH_MAX)}${tail}`;
  const after = "@msg-id=slow :tmi.twitch.tv NOTICE #forsen :after";
  const make = () =>
    new RecordingWorld({
      seed: "pieces",
      channels: ["forsen"],
      wrapTransport: inserting(() => [`${long}\r\n${after}\r\n`]),
    });
  const [live, crashed] = [make(), make()];
  for (const world of [live, crashed]) {
    await world.start();
    await world.pass(20);
  }
  await live.stop();
  await crashed.crash();
  await crashed.recover();
  const archived = await live.archived();
  assert.ok(archived.some(({ params }) => params[1] === "after"));
  assert.ok(!archived.some(({ sender }) => sender === "x"), "a piece was archived");
  assert.equal(live.counts.get("lines_ignored piece of a line"), 2);
  const texts = async (world: RecordingWorld) =>
    (await world.archived()).map((message) => JSON.stringify(message)).sort();
  assert.deepEqual(await texts(crashed), await texts(live));
  for (const world of [live, crashed]) await world.end();
});

test("a recorder counts what a server sends of channels that were never asked for", async () => {
  const FLOOD = 200_000;
  function* flood(): Iterable<string> {
    for (let i = 0; i < FLOOD; i += 100) {
      let frame = "";
      for (let j = i; j < i + 100; j++) {
        const target = `#junk${j}`;
        frame += j % 2 === 0
          ? `@id=j${j};tmi-sent-ts=1785587645000 :a!a@a PRIVMSG ${target} :hi\r\n`
          : `:tmi.twitch.tv ROOMSTATE ${target}\r\n`;
      }
      yield frame;
    }
  }
  const world = new RecordingWorld({
    seed: "flood",
    channels: ["forsen"],
    wrapTransport: inserting(flood),
  });
  const startMs = performance.now();
  await world.start();
  await world.pass(20);
  const intakeMs = performance.now() - startMs;
  assert.equal(world.counts.get("lines_ignored channel not asked for"), FLOOD);
  const { openBatches, heldBytes } = world.recorder.state();
  assert.ok(openBatches <= 3 && heldBytes < 1e6, `${openBatches} batches, ${heldBytes} bytes`);
  const begunMs = performance.now();
  await world.stop();
  // It has nothing left to do for any of them.
  const stopMs = performance.now() - begunMs;
  assert.ok(stopMs < intakeMs, `stopping took ${stopMs} ms, taking all of them in ${intakeMs} ms`);
  const keys = await filesOf(world);
  assert.ok(keys.length > 0 && keys.every((key) => key.startsWith("forsen/")));
  await world.end();
});

test("a recorder that crashed forgets what came of channels that were never asked for", async () => {
  const world = new RecordingWorld({
    seed: "flood",
    channels: ["forsen"],
    wrapTransport: inserting(
      () => ["@id=j;tmi-sent-ts=1785587645000 :a!a@a PRIVMSG #junk :hi\r\n"],
    ),
  });
  await world.start();
  await world.pass(20);
  await world.crash();
  await world.recover();
  const keys = await filesOf(world);
  assert.ok(keys.length > 0 && keys.every((key) => key.startsWith("forsen/")));
  await world.end();
});
