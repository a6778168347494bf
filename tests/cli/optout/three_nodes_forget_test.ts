import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type NodeProcess, startNode, stopNode, until } from "../nodes/node_processes.ts";
import { runCli } from "../run_cli.ts";
import { serveChat } from "./chat_server.ts";
import { filesWith, ID, LOGIN, namingLines, privmsg, TEXT } from "./person_in_chat.ts";

// Two nodes record a chat, a third pulls from them. A user says a code of the first node's in chat. Then no
// file of any node holds the user's login or text; the id stands in orders and in the first node's note alone.

const MINUTE_MS = 60_000;

test("after a code is said in chat, no file of three nodes holds login or text of its speaker", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-optout-"));
  const none = join(root, "none.txt");
  await writeFile(none, "# none\n");
  const chat = await serveChat("forsen");
  const nodes: NodeProcess[] = [];
  t.after(async () => {
    for (const { child } of nodes) child.kill("SIGKILL");
    await chat.close();
    await rm(root, { recursive: true, force: true });
  });
  const folders = ["a", "b", "c"].map((name) => join(root, "nodes", name));
  // What is in the archive since long.
  const old = join(root, "old.log");
  await writeFile(old, namingLines(Date.now() - 90 * MINUTE_MS).join("\n"));
  assert.equal((await runCli(["import", old, "--archive", folders[0]!])).exitCode, 0);

  const record = ["forsen", "--url", chat.url];
  const start = async (i: number, args: readonly string[]) => {
    nodes[i] = await startNode(["--archive", folders[i]!, "--node", `n${i}`, ...args]);
  };
  await start(0, [...record, "--opt-outs"]);
  const url = (i: number) => `http://127.0.0.1:${nodes[i]!.port}`;
  await start(1, [...record, "--peer", url(0)]);
  await start(2, ["--channels", none, "--peer", url(0), "--peer", url(1)]);
  await until(() => chat.joinedCount === 2, { limitS: 30, what: "both are in" });
  chat.say(...namingLines(Date.now()));
  const everywhere = async (text: string) =>
    (await Promise.all(folders.map((folder) => filesWith(folder, text)))).map((all) =>
      all.length > 0
    );
  await until(async () => (await everywhere(TEXT)).every(Boolean), {
    limitS: 60,
    what: "each node has the text: in files, in journals or in both",
  });

  const ask = async (): Promise<string> => {
    const response = await fetch(`${url(0)}/optout`, { method: "POST" });
    assert.equal(response.status, 200);
    return await response.json();
  };
  const code = await ask();
  assert.match(code, /^[a-z0-9]{6}$/);
  const other = await fetch(`${url(1)}/optout`, { method: "POST" });
  await other.body?.cancel();
  assert.equal(other.status, 404); // Its operator does not offer it.

  // A wrong code, and no user: nothing happens to either.
  chat.say(privmsg({ id: "6", login: "bystander", text: "!chatloom optout zzzzz9" }));
  chat.say(privmsg({ text: `!chatloom optout ${code}` }));
  // What comes from now on is not even journaled on the first node.
  await until(async () => {
    chat.say(...namingLines(Date.now()));
    return (await filesWith(folders[0]!, ID)).some((name) => name.endsWith(`user-${ID}.json`));
  }, { limitS: 20, what: "the opt-out is noted" });

  await until(async () => {
    const [login, text] = [await everywhere(LOGIN), await everywhere(TEXT)];
    return ![...login, ...text].some(Boolean);
  }, { limitS: 120, what: "login and text are gone from all nodes" });
  chat.say(...namingLines(Date.now()));
  // The second node obeys the order of the first in its recorder too.
  chat.say(privmsg({ id: "6", login: "bystander", text: "the last word" }));
  for (const i of [0, 1]) {
    await until(async () => (await filesWith(folders[i]!, "the last word")).length > 0, {
      limitS: 20,
      what: "later lines arrived",
    });
  }
  for (const folder of folders) {
    assert.deepEqual(await filesWith(folder, LOGIN), []);
    assert.deepEqual(await filesWith(folder, TEXT), []);
    for (const name of await filesWith(folder, ID)) {
      assert.match(name, /redactions\/[^/]+\.json$|opt-outs\/user-777000777\.json$/);
    }
    assert.ok((await filesWith(folder, "stays here")).length > 0, "other users stay");
  }
  for (const i of [0, 1, 2]) assert.equal(await stopNode(nodes[i]!, "SIGTERM"), 0);
  for (const folder of folders) assert.deepEqual(await filesWith(folder, LOGIN), []);

  const listed = await runCli(["optout", "--archive", folders[0]!, "--list"]);
  assert.match(listed.stdout, /^user 777000777 \d{4}-\S+\n$/);
});
