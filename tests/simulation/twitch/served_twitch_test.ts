import assert from "node:assert/strict";
import { request } from "node:http";
import { connect as connectSocket } from "node:net";
import { test } from "node:test";
import { wsTransport } from "../../../src/adapters/websocket/ws_transport.ts";
import {
  type ServedTwitch,
  serveSimulatedTwitch,
  type ServeSimulatedTwitchOptions,
} from "../../../src/cli/simulation/serve_simulated_twitch.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { until } from "../../waiting/until.ts";
import { PlainClient } from "./plain_client.ts";

async function withServer(
  options: ServeSimulatedTwitchOptions,
  story: (served: ServedTwitch, connect: () => Promise<PlainClient>) => Promise<void>,
): Promise<void> {
  const served = await serveSimulatedTwitch(options);
  const clients: PlainClient[] = [];
  try {
    await story(served, async () => {
      const client = new PlainClient(await wsTransport().connect(served.url));
      clients.push(client);
      return client;
    });
  } finally {
    for (const client of clients) client.close();
    await served.close();
  }
}

test("serveSimulatedTwitch sends clients what its truth says, at a high rate", async () => {
  const options = { channels: ["a"], chat: { ratePerSecond: 1_000 }, probeEvery: 50 };
  await withServer(options, async ({ url, twitch }, connect) => {
    assert.match(url, /^ws:\/\/127\.0\.0\.1:\d+$/);
    const clients = [await connect(), await connect(), await connect()];
    for (const client of clients) client.enter("a");
    await until(() => twitch.truth.deliveryCount > 3_000, "a thousand lines came to each");
    for (const [at, client] of clients.entries()) {
      const number = at + 1;
      await until(() => twitch.truth.acknowledgedBy(number).length > 500, "they are read");
      const read = twitch.truth.acknowledgedBy(number).map(({ line }) => line);
      const told = new Set(read);
      // A line that says the same may have come again since, and is not acknowledged yet.
      const came = client.lines.filter((line) => told.has(line));
      assert.deepEqual(came.slice(0, read.length), read);
    }
    assert.deepEqual(twitch.truth.violations, []);
  });
});

test("serveSimulatedTwitch plays lines from the first JOIN on", async () => {
  const lines = [0, 30, 20, 60].map((ms) =>
    `@id=${ms};tmi-sent-ts=${ms} :u!u@u.tmi.twitch.tv PRIVMSG #film :${ms}`
  );
  const play = { lines: [...lines, "PING :x"], speed: 2 };
  await withServer({ play, chat: false }, async ({ twitch, skippedCount }, connect) => {
    assert.equal(skippedCount, 1);
    const client = await connect();
    client.enter("other");
    await until(() => client.ofCommand("ROOMSTATE").length === 1, "#other is joined");
    assert.equal(twitch.truth.eventCount, 0);
    client.send("JOIN #film");
    await until(() => client.ofCommand("PRIVMSG").length === 4, "all is played");
    assert.deepEqual(client.ofCommand("PRIVMSG").map((line) => line.split(" :").at(-1)), [
      "0",
      "30",
      "20",
      "60",
    ]);
  });
});

test("serveSimulatedTwitch breaks, closes and silences real connections", async () => {
  await withServer(
    { channels: ["a"], chat: { ratePerSecond: 200 } },
    async ({ twitch }, connect) => {
      const [broken, closed, silent] = [await connect(), await connect(), await connect()];
      const well = await connect();
      for (const client of [broken, closed, silent, well]) client.enter("a");
      await until(() => twitch.truth.deliveryCount > 100, "all listen");
      const [first, second, third] = twitch.connections;
      first!.drop();
      second!.drop({ withCloseFrame: true });
      third!.halfOpen();
      await until(() => broken.end !== undefined && closed.end !== undefined, "both are down");
      assert.ok(broken.end instanceof ChatloomError && broken.end.code === "CONNECTION_LOST");
      assert.equal(closed.end, "closed");
      // What was on its way to the silent one comes before what the other is sent later.
      const moreForOther = async () => {
        const wanted = well.lines.length + 50;
        await until(() => well.lines.length >= wanted, "50 lines come to the one that is well");
      };
      await moreForOther();
      const count = silent.lines.length;
      silent.send("PING :x");
      well.send("PING :x");
      await until(() => well.ofCommand("PONG").length === 1, "the one that is well is answered");
      await moreForOther();
      assert.equal(silent.lines.length, count);
      assert.equal(silent.end, undefined);
    },
  );
});

test("serveSimulatedTwitch refuses in three ways", async () => {
  await withServer({ chat: false }, async ({ url, twitch }, connect) => {
    for (const admission of ["refused", "unavailable"] as const) {
      twitch.refuse(admission, { count: 1 });
      await assert.rejects(connect, ChatloomError);
      assert.equal(twitch.connections.length, 0);
    }
    twitch.refuse("unavailable", { count: 1 });
    assert.equal(await statusOfUpgrade(url), 503);
    twitch.refuse("hang-up", { count: 1 });
    const client = await connect();
    await until(() => client.end === "closed", "the server hangs up");
    await connect();
  });
});

test("serveSimulatedTwitch survives who speaks no WebSocket", async () => {
  await withServer({ chat: false }, async ({ url }, connect) => {
    const { port } = new URL(url);
    for (const text of ["\0\xff\r\n\r\n", "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "G"]) {
      const socket = connectSocket(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.end(text);
      await new Promise((resolve) => socket.once("close", resolve).resume());
    }
    const client = await connect();
    client.enter("a");
    await until(() => client.ofCommand("ROOMSTATE").length === 1, "others are served");
    client.send("x".repeat(20_000));
    client.send("PING :still");
    await until(() => client.ofCommand("PONG").length === 1, "it still answers");
  });
});

test("serveSimulatedTwitch says where it cannot listen", async () => {
  await withServer({ chat: false }, async ({ url }) => {
    await assert.rejects(
      serveSimulatedTwitch({ port: Number(new URL(url).port) }),
      (error) => error instanceof ChatloomError && /Cannot listen on 127/.test(error.message),
    );
  });
});

function statusOfUpgrade(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const asked = request(url.replace("ws:", "http:"), { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject);
    asked.end();
  });
}
