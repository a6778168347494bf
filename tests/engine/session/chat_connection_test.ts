import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatConnection } from "../../../src/engine/session/chat_connection.ts";
import type { Connection } from "../../../src/ports/transport.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

/** A connection to a server that says `lines`, and what its observer heard of them. */
async function hearing(lines: readonly string[], nick = "Ada"): Promise<string[]> {
  const heard: string[] = [];
  const clock = virtualClock();
  const connection = new ChatConnection({
    url: "ws://x",
    transport: { connect: () => Promise.resolve(connectionOf(lines)) },
    clock,
    reporter: noopReporter,
    listener: { opened() {}, received() {}, closed() {} },
    observer: {
      welcomed() {},
      toldToReconnect() {},
      wants: () => true,
      heard: (_connection, { command, sender }) => void heard.push(`${command} ${sender}`),
    },
    nextReceiver: () => "n.aaaaa.1",
    readCredentials: () => Promise.resolve({ pass: "p", nick }),
  });
  const ending = await clock.run(connection.run());
  assert.equal(ending.reason, "closed");
  return heard;
}

function connectionOf(lines: readonly string[]): Connection {
  const incoming = async function* () {
    for (const line of lines) yield await Promise.resolve(`${line}\r\n`);
  };
  return { incoming: incoming(), send() {}, close() {} };
}

test("ChatConnection tells what we do ourselves from what others do, under any case of our name", async () => {
  const deeds = [":ADA!ada@ada JOIN #c", ":ada!ada@ada PART #c", ":bob!bob@bob PART #c"];
  // A welcome that names nobody leaves us the name that we gave.
  assert.deepEqual(await hearing(["001", ...deeds]), ["JOIN ADA", "PART ada"]);
  assert.deepEqual(await hearing([":tmi 001 Bob :hi", ...deeds]), ["PART bob"]);
  assert.deepEqual(await hearing(deeds), [], "nothing before the welcome");
});
