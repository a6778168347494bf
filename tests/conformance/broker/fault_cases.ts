import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import type { RabbitServer } from "./rabbit_server.ts";

/** What a broker does that is not there, says no, or says nothing. */
export function faultCases(server: RabbitServer): void {
  test("amqpBroker tells a refusal from an absence, and shows no password", async () => {
    const wrongUser = new URL(server.url);
    [wrongUser.username, wrongUser.password] = ["guest", "s3cret"];
    const wrongHost = new URL(server.url);
    wrongHost.pathname = "/none";
    const nowhere = new URL(server.url);
    [nowhere.port, nowhere.password] = ["1", "s3cret"];
    const cases = [
      [wrongUser, "STORE_REFUSED", /refuses the user or the password/],
      [wrongHost, "STORE_REFUSED", /virtual host/],
      [nowhere, "STORE_UNREACHABLE", /no broker listens there/],
    ] as const;
    for (const [url, code, words] of cases) {
      await assert.rejects(amqpBroker({ url: url.href }).connect(), (error) => {
        const { name, code: found, message } = error as Error & { readonly code: string };
        assert.deepEqual([name, found], ["ChatloomError", code], message);
        assert.match(message, words);
        assert.doesNotMatch(message, /s3cret/);
        return true;
      });
    }
  });

  test("amqpBroker takes no address that is none, and does not show it", () => {
    for (const url of ["", "http://a:s3cret@b", "amqp://", "s3cret"]) {
      assert.throws(() => amqpBroker({ url }), (error) => {
        const { code, message } = error as Error & { readonly code: string };
        assert.equal(code, "INPUT_UNREADABLE");
        return !message.includes("s3cret");
      });
    }
  });

  test("amqpBroker gives up on one that takes connections and says nothing", async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { readonly port: number };
    const broker = amqpBroker({ url: `amqp://127.0.0.1:${port}`, answerMaxMs: 200 });
    await assert.rejects(broker.connect(), { code: "STORE_UNREACHABLE" });
    const reason = new Error("enough");
    const aborter = new AbortController();
    const slow = amqpBroker({ url: `amqp://127.0.0.1:${port}` });
    const waiting = slow.connect({ signal: aborter.signal });
    aborter.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });

  test("amqpBroker loses a link to a broker that stands still, at the first call", async () => {
    const broker = amqpBroker({ url: server.url, answerMaxMs: 500 });
    const link = await broker.connect();
    server.freeze(true);
    try {
      await assert.rejects(link.inspect("none"), { code: "STORE_UNREACHABLE" });
      assert.equal(link.lost.aborted, true);
      await link.close();
    } finally {
      server.freeze(false);
    }
  });

  test("amqpBroker notices by its heartbeat that a broker stands still", async () => {
    const link = await amqpBroker({ url: server.url, heartbeatS: 1 }).connect();
    server.freeze(true);
    try {
      await new Promise<void>((resolve) => {
        link.lost.addEventListener("abort", () => resolve(), { once: true });
      });
      assert.equal(link.lost.reason.code, "STORE_UNREACHABLE");
    } finally {
      server.freeze(false);
    }
  });
}
