import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { collect } from "../../../src/async/collect.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { RabbitServer } from "../../conformance/broker/rabbit_server.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { startServing, stopNode, until } from "../nodes/node_processes.ts";
import { runCli } from "../run_cli.ts";
import { startWorker } from "./worker_child.ts";

const ARCHIVE = "sync";
const CHANNEL = "loomtest";
const synthetic = (name: string) =>
  fileURLToPath(new URL(`../../golden/synthetic/${name}`, import.meta.url));

async function contents(store: BatchStore): Promise<Map<string, string>> {
  const keys = (await collect(store.list(""))).sort();
  const texts = await Promise.all(keys.map((key) => store.get(key)));
  return new Map(keys.map((key, i) => [key, Buffer.from(texts[i] ?? []).toString("latin1")]));
}

/** Verbs that write to an archive behind a broker, and beside it. */
export function syncCases(rabbit: RabbitServer): void {
  test("sync hands to workers what peers have; redact and prune beside them hold for what comes again", async (t) => {
    const [archive, configs, others] = [tempFolder(), tempFolder(), tempFolder()];
    const peers = await Promise.all(
      ["alpha", "beta"].map((name) => {
        const folder = join(others.path, name);
        cpSync(synthetic(name), folder, { recursive: true });
        return startServing(["serve", "--archive", folder, "--listen", "127.0.0.1:0"]);
      }),
    );
    t.after(async () => {
      for (const peer of peers) await stopNode(peer, "SIGKILL");
      for (const folder of [archive, configs, others]) folder.close();
    });
    const worker = startWorker(t, { url: rabbit.url, address: archive.path, archive: ARCHIVE });
    const config = join(configs.path, "chatloom.toml");
    writeFileSync(config, `[broker]\nurl = "${rabbit.url}"\narchive = "${ARCHIVE}"\n`);
    const store = fileSystemStore(archive.path);
    const run = async (...args: readonly string[]) => {
      const result = await runCli([...args, "--archive", archive.path]);
      assert.equal(result.exitCode, 0, result.stderr);
      return result;
    };
    const urls = peers.flatMap(({ port }) => ["--peer", `http://127.0.0.1:${port}`]);
    const sync = () => run("sync", "--once", ...urls, "--config", config);

    await sync();
    // The worker settles what came; the syncer does not.
    const settled = await contents(fileSystemStore(synthetic("settled")));
    const isSettled = async () =>
      JSON.stringify([...await contents(store)]) === JSON.stringify([...settled]);
    await until(isSettled, { limitS: 60, what: "the worker settles what came" });

    const [id = ""] = [...settled.values()].flatMap((text) =>
      /"id":"([^"]+)"/.exec(text)?.[1] ?? []
    );
    await run("redact", CHANNEL, "--id", id, "--reason", "test");
    const holdsId = async () =>
      [...await contents(store)].some(([key, text]) => key.includes("/chat/") && text.includes(id));
    assert.equal(await holdsId(), false);
    await sync(); // Brings files with it once more.
    await until(async () => !await holdsId(), { limitS: 60, what: "what comes late is redacted" });

    await run("prune", CHANNEL, "--older-than", "1d");
    const chat = async () => (await collect(store.list(`${CHANNEL}/chat/`))).length;
    assert.equal(await chat(), 0);
    await sync();
    assert.equal(await chat(), 0, "what was pruned came back");
    assert.deepEqual(await worker.end("SIGTERM"), [0, null], worker.log());
  });
}
