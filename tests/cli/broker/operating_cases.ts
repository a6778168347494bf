import assert from "node:assert/strict";
import { test } from "node:test";
import { amqpBroker } from "../../../src/adapters/amqp/amqp_broker.ts";
import { formatRequest, routeOf } from "../../../src/core/remote/envelope.ts";
import {
  deadLetterName,
  putExchange,
  rangeQueue,
} from "../../../src/core/remote/remote_topology.ts";
import { rangeOfChannel } from "../../../src/core/remote/channel_range.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import type { BrokerLink } from "../../../src/ports/remote/broker.ts";
import type { RabbitServer } from "../../conformance/broker/rabbit_server.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { fileOf } from "../../engine/remote/worker/worker_world.ts";
import { runCli } from "../run_cli.ts";
import { startWorker } from "./worker_child.ts";

type File = Awaited<ReturnType<typeof fileOf>>;

/** Publishes a request to store `file` with another body, or straight to the dead letters. */
async function publish(
  link: BrokerLink,
  { key, bytes }: File,
  { body = bytes, isDead = false }: { readonly body?: Uint8Array; readonly isDead?: boolean } = {},
): Promise<void> {
  const headers = formatRequest({ method: "put", key, archive: "main", lengthBytes: bytes.length });
  if (isDead) headers.set("dead-reason", "3 workers ended\u001b[2J");
  const [channel = ""] = key.split("/");
  const outcome = await link.publish({
    exchange: isDead ? deadLetterName("main") : putExchange("main"),
    routingKey: isDead ? "" : routeOf({ channel }),
    ...{ headers, body, messageId: key, appId: "test" },
  });
  assert.equal(outcome, "confirmed");
}

/** The verbs that look into a broker. */
export function operatingCases(rabbit: RabbitServer): void {
  test("topology shows who consumes what; dead-letters lists, shows, retries and drops", async (t) => {
    const archive = tempFolder();
    t.after(() => archive.close());
    const worker = startWorker(t, {
      ...{
        url: rabbit.url,
        address: archive.path,
        flags: ["--name", "anna", "--listen", "127.0.0.1:0"],
      },
    });
    const run = async (...args: readonly string[]) =>
      await runCli([...args, "--config", worker.config]);
    const [lost, wrong] = [await fileOf("forsen", "hello"), await fileOf("ada", "hello")];
    const link = await amqpBroker({ url: rabbit.url }).connect();
    await worker.said("The worker begins");
    // The queues are the worker's to make: a message that no queue takes comes back.
    const ready = async () => await link.inspect("chatloom.main.workers") !== undefined;
    while (!await ready()) assert.equal(link.lost.aborted, false);
    await publish(link, wrong, { body: new TextEncoder().encode("jello") });
    await worker.said("among the dead letters");
    await publish(link, lost, { isDead: true });

    const seen = await run("topology");
    assert.equal(seen.exitCode, 0, seen.stderr);
    const ada = rangeOfChannel("ada");
    const row = new RegExp(`^${rangeQueue("main", { range: ada })} +0 +1 +anna$`, "m");
    assert.match(seen.stdout, row);
    assert.match(seen.stdout, /^worker anna: 1 ranges, 0 messages in hand$/m);
    assert.match(seen.stdout, /^0 messages wait, 1 workers, 2 dead letters$/m);
    const [served = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(worker.log()) ?? [];
    assert.equal(await (await fetch(`${served}/healthz`)).text(), "ok");
    const metrics = await (await fetch(`${served}/metrics`)).text();
    assert.match(metrics, /^chatloom_worker_messages_total\{outcome="refused"\} 1$/m);
    assert.match(metrics, /^chatloom_worker_ranges 1$/m);
    const other = await fetch(`${served}/files`);
    await other.body?.cancel();
    assert.equal(other.status, 404);

    const report = JSON.parse((await run("topology", "--json")).stdout);
    assert.deepEqual(report.workers, [{ worker: "anna", activeRanges: [ada], heldCount: 0 }]);

    const { stdout: list } = await run("dead-letters", "list");
    const ids = [...list.matchAll(/^([0-9a-f]{12}) put (\S+)$/gm)];
    const idOf = ({ key }: File) => ids.find(([, , each]) => each === key)?.[1] ?? "none";
    assert.equal(ids.length, 2, list);
    assert.match(list, /do not have the hash that its key names; 5 bytes from test/);
    assert.ok(!list.includes("\u001b"), "a reason rules the terminal");
    const shown = await run("dead-letters", "show", idOf(wrong));
    assert.match(shown.stdout, /^ {2}dead-route: \d+of16$/m);
    assert.match(shown.stdout, /^jello$/m);

    const retried = await run("dead-letters", "retry", "--all");
    assert.equal(retried.exitCode, 0, retried.stderr);
    assert.match(retried.stdout, new RegExp(`^${idOf(lost)} is sent again: ${lost.key}$`, "m"));
    const store = fileSystemStore(archive.path);
    while (await store.get(lost.key) === undefined) assert.equal(link.lost.aborted, false);
    while ((await link.inspect(deadLetterName("main")))?.readyCount !== 1) {
      assert.equal(link.lost.aborted, false); // What cannot be stored comes back.
    }
    const dropped = await run("dead-letters", "drop", idOf(wrong));
    assert.equal(dropped.stdout, `${idOf(wrong)} dropped: ${wrong.key}\n`);
    assert.equal((await run("dead-letters", "list")).stdout, "There are no dead letters\n");
    const missing = await run("dead-letters", "drop", idOf(wrong));
    assert.equal(missing.exitCode, 1);
    assert.equal(missing.stdout, `There is no ${idOf(wrong)}\n`);
    await link.close();
    assert.deepEqual(await worker.end("SIGTERM"), [0, null], worker.log());
  });
}
