import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import { ownExportRoutes } from "../../../src/engine/api/optout/own_export_routes.ts";
import { OwnExports } from "../../../src/engine/optout/own_exports.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { said } from "../../conformance/api/api_world.ts";
import { WORLD_US } from "../../simulation/index/index_world.ts";

const hasher = nodeHasher();
const ADA = { login: "ada", tags: { "user-id": "7" } };
const BOB = { login: "bob", tags: { "user-id": "8" } };

/** Two channels in which ada and bob wrote, and the routes of their node. */
async function exportWorld() {
  const clock = {
    nowUs: 0,
    wallUs: () => 0,
    elapsedUs: () => clock.nowUs,
    sleep: () => Promise.resolve(),
  };
  const store = memoryStore();
  for (const channel of ["forsen", "nymn"]) {
    const bytes = encodeBatch([
      said(1, `${channel} by ada`, ADA),
      said(2, `${channel} by bob`, BOB),
    ]);
    const digest = await hasher.digest(bytes);
    await store.put(batchKey(channel, { timeUs: WORLD_US, digest }), bytes);
  }
  const exports = new OwnExports({ clock, random: seededRandom("exports") });
  const [post, get] = ownExportRoutes({ exports, clock, store, hasher, reporter: noopReporter });
  const routed = (path: string, method: string, params: Record<string, string>) => ({
    request: new Request(`http://node${path}`, { method }),
    params,
    caller: { address: "192.0.2.1" },
  });
  return {
    clock,
    say(text: string, id: string) {
      const parsed = parseIrcLine(`@user-id=${id} :x!a@b PRIVMSG #forsen :${text}`);
      assert.ok(parsed.ok);
      exports.hear(parsed.message);
    },
    async ticket(): Promise<{ status: number; code: string; link: string }> {
      const { status, body } = await post!.answer(routed("/optout/export", "POST", {}));
      const text = new TextDecoder().decode(body as Uint8Array);
      return { ...(status === 200 ? JSON.parse(text) : {}), status };
    },
    async follow(link: string): Promise<{ status: number; texts: string[] }> {
      const token = link.replace(/^.*export\//, "").replace(/\?.*/, "");
      const { status, body } = await get!.answer(routed(link, "GET", { token }));
      if (body instanceof Uint8Array) return { status, texts: [] };
      let text = "";
      for await (const chunk of body) text += new TextDecoder().decode(chunk);
      return {
        status,
        texts: text.trimEnd().split("\n").map((line) => JSON.parse(line).params[1]),
      };
    },
  };
}

test("an export gives all that the speaker of its code wrote, or what of it is in one channel", async () => {
  const { ticket, say, follow } = await exportWorld();
  const { code, link } = await ticket();
  assert.match(link, /^\/optout\/export\/[a-z0-9]{32}$/);
  assert.equal((await follow(link)).status, 409);
  say(`!chatloom optout ${code}`, "7"); // A code for one purpose is none for another.
  assert.equal((await follow(link)).status, 409);
  say(`!chatloom export ${code}`, "7");
  assert.deepEqual(await follow(link), { status: 200, texts: ["forsen by ada", "nymn by ada"] });
  assert.deepEqual((await follow(`${link}?channel=nymn`)).texts, ["nymn by ada"]);
  assert.equal((await follow(`${link}?channel=../x`)).status, 400);
});

test("a code that was said gives no lines of a later speaker, and one of another ticket none of this", async () => {
  const { ticket, say, follow } = await exportWorld();
  const [mine, other] = [await ticket(), await ticket()];
  say(`!chatloom export ${mine.code}`, "8");
  say(`!chatloom export ${mine.code}`, "7");
  assert.deepEqual((await follow(mine.link)).texts, ["forsen by bob", "nymn by bob"]);
  assert.equal((await follow(other.link)).status, 409);
});

test("a code ends after a minute, a link after ten, and neither can be guessed at a rate that matters", async () => {
  const { clock, ticket, say, follow } = await exportWorld();
  const { code, link } = await ticket();
  const { code: late, link: unsaid } = await ticket();
  say(`!chatloom export ${code}`, "7");
  clock.nowUs = 61 * SECOND_US;
  say(`!chatloom export ${late}`, "7");
  assert.equal((await follow(unsaid)).status, 404); // It would only take a place.
  clock.nowUs = 599 * SECOND_US;
  assert.equal((await follow(link)).status, 200);
  clock.nowUs = 600 * SECOND_US;
  assert.equal((await follow(link)).status, 404);
  const guesses = [];
  for (let i = 0; i < 20; i++) guesses.push((await follow(`/optout/export/${i}`)).status);
  assert.deepEqual([guesses[0], guesses.at(-1)], [404, 429]);
  const tickets = [];
  for (let i = 0; i < 20; i++) tickets.push((await ticket()).status);
  assert.deepEqual([tickets[0], tickets.at(-1)], [200, 429]);
});
