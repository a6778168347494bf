import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { type NodeProcess, startNode, stopNode, until } from "../nodes/node_processes.ts";
import { serveChat } from "./chat_server.ts";
import { filesWith, ID, LOGIN, namingLines, privmsg, TEXT } from "./person_in_chat.ts";

// A recorder is killed while a user's opt-out is under way, once at each of its steps as files show them.

const SEED = 20261128;
const STAYS = Array.from({ length: 20 }, (_, n) => `bystander-words-${n}-end`);

/** When the recorder is killed; asked again and again. */
const POINTS: Record<string, (folder: string) => Promise<boolean>> = {
  "once it is noted": async (folder) =>
    (await filesWith(folder, ID)).some((name) => name.endsWith(`user-${ID}.json`)),
  "once there is an order": async (folder) =>
    (await filesWith(folder, ID)).some((name) => name.includes("redactions/")),
  "once no journal and no file has the words": async (folder) =>
    (await filesWith(folder, TEXT)).length === 0,
};

for (const [point, isReached] of Object.entries(POINTS)) {
  test(`a recorder that is killed ${point} finishes the opt-out after its restart (seed ${SEED})`, async (t) => {
    const random = seededRandom(SEED);
    const root = await mkdtemp(join(tmpdir(), "chatloom-killed-"));
    const chat = await serveChat("forsen");
    const nodes: NodeProcess[] = [];
    t.after(async () => {
      for (const { child } of nodes) child.kill("SIGKILL");
      await chat.close();
      await rm(root, { recursive: true, force: true });
    });
    const folder = join(root, "a");
    const start = async () => {
      const args = ["forsen", "--url", chat.url, "--archive", folder, "--node", "n0", "--opt-outs"];
      nodes.push(await startNode(args));
      await until(() => chat.joinedCount === 1, { limitS: 30, what: "the recorder is in" });
      return nodes.at(-1)!;
    };
    const first = await start();
    const bystander = (text: string) => privmsg({ id: "6", login: "bystander", text });
    chat.say(...namingLines(Date.now()), ...STAYS.map(bystander));
    const hasAll = async () => {
      for (const text of [TEXT, ...STAYS]) {
        if ((await filesWith(folder, text)).length === 0) return false;
      }
      return true;
    };
    await until(hasAll, { limitS: 60, what: "all is in a journal or a file" });
    const asked = await fetch(`http://127.0.0.1:${first.port}/optout`, { method: "POST" });
    chat.say(privmsg({ text: `!chatloom optout ${await asked.json()}` }));
    await until(() => isReached(folder), { limitS: 60, what: point });
    await sleep(random.next() * 20);
    await stopNode(first, "SIGKILL");
    await until(() => chat.joinedCount === 0, { limitS: 30, what: "the recorder is gone" });

    const second = await start();
    await until(
      async () =>
        (await filesWith(folder, TEXT)).length + (await filesWith(folder, LOGIN)).length === 0,
      {
        limitS: 120,
        what: "login and text are gone",
      },
    );
    assert.equal(await stopNode(second, "SIGTERM"), 0);
    assert.deepEqual(await filesWith(folder, TEXT), []);
    assert.deepEqual(await filesWith(folder, LOGIN), []);
    for (const text of STAYS) {
      assert.ok((await filesWith(folder, text)).length > 0, `${text} is lost`);
    }
  });
}
