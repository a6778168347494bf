import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { Recorder } from "../../../src/engine/record/recorder.ts";
import { chatPool } from "../../../src/engine/session/chat_pool.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { Chunk, Connection, Transport } from "../../../src/ports/transport.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

// What a server sends to a client that joins #forsen, with what is hard to split: characters of two
// to four bytes, an emoji of several, escapes, a lone CR, an empty line, a line that is no line.
const TRANSCRIPT = [
  ":tmi.twitch.tv 001 justinfan1234 :Welcome, GLHF!",
  ":justinfan1234!justinfan1234@justinfan1234.tmi.twitch.tv JOIN #forsen",
  "@room-id=22484632;slow=0 :tmi.twitch.tv ROOMSTATE #forsen",
  "",
  "@display-name=Ä\\s𝄞;id=1;tmi-sent-ts=1785587640123 :ä!ä@h PRIVMSG #forsen :naïve 👩‍👩‍👧 \r ok ",
  "@id=2;tmi-sent-ts=1785587641000 :b!b@h PRIVMSG #forsen ::) 日本語",
  ":c!c@h PART #forsen",
  "@broken",
  "@msg-id=slow_on :tmi.twitch.tv NOTICE #forsen :slow",
  "PING :tmi.twitch.tv",
  "@tmi-sent-ts=1785587642500 :tmi.twitch.tv CLEARCHAT #forsen :b",
].map((line) => `${line}\r\n`).join("");
const BYTES = new TextEncoder().encode(TRANSCRIPT);

const hasher = await wasmHasher();

/** The archive that a recorder makes of `chunks`, all of which come in one instant. */
async function archiveOf(chunks: readonly Chunk[]): Promise<Map<string, string>> {
  const clock = virtualClock();
  const store = memoryStore();
  const journals = memoryJournal();
  const run = await journals.openRun("node");
  const journal = new JournalWriter(run, { store: journals, reporter: noopReporter });
  const recorder = new Recorder({ store, hasher, clock, reporter: noopReporter, journal });
  const pool = chatPool({
    url: "ws://scripted",
    transport: scripted(chunks),
    clock,
    random: seededRandom("split"),
    reporter: noopReporter,
    listener: recorder,
    runName: run.name,
  });
  pool.setChannels([{ name: "forsen", isImportant: false }]);
  const [stopPool, stopRecorder] = [new AbortController(), new AbortController()];
  const recording = recorder.run(stopRecorder.signal);
  const running = pool.run(stopPool.signal).finally(() => stopRecorder.abort());
  await clock.advance(5_000);
  stopPool.abort();
  await clock.run(Promise.all([running, recording]));
  const files = new Map<string, string>();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    files.set(key, new TextDecoder().decode(await store.get(key)));
  }
  return files;
}

/** A server that sends `chunks` to the first who connects, and then nothing more. */
function scripted(chunks: readonly Chunk[]): Transport {
  return {
    connect: () => {
      let close = (): void => {};
      const closed = new Promise<void>((resolve) => close = resolve);
      const connection: Connection = {
        incoming: (async function* () {
          yield* chunks;
          await closed;
        })(),
        send: () => {},
        close: () => close(),
      };
      return Promise.resolve(connection);
    },
  };
}

const WHOLE = await archiveOf([TRANSCRIPT]);

test("a recorder makes an archive of the transcript", () => {
  const lines = [...WHOLE.values()].join("").split("\n").filter((line) => line !== "");
  assert.equal(lines.length, 5);
  assert.ok(lines.some((line) => line.includes("\\ud83d\\udc69")));
});

test("a recorder fed byte by byte makes the same archive", async () => {
  const chunks = Array.from(BYTES, (_, i) => BYTES.slice(i, i + 1));
  assert.deepEqual(await archiveOf(chunks), WHOLE);
});

test("a recorder fed letter by letter makes the same archive", async () => {
  assert.deepEqual(await archiveOf(TRANSCRIPT.split("")), WHOLE);
});

test(`a recorder fed in two pieces makes the same archive at every split of ${BYTES.length} bytes`, async () => {
  for (let at = 0; at <= BYTES.length; at++) {
    const archive = await archiveOf([BYTES.slice(0, at), BYTES.slice(at)]);
    assert.deepEqual(archive, WHOLE, `split at byte ${at}`);
  }
});

test("a recorder fed in two frames of text makes the same archive at every split", async () => {
  for (let at = 0; at <= TRANSCRIPT.length; at++) {
    const archive = await archiveOf([TRANSCRIPT.slice(0, at), TRANSCRIPT.slice(at)]);
    assert.deepEqual(archive, WHOLE, `split at letter ${at}`);
  }
});
