import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readChannelList } from "../../../src/cli/arguments/channel_list.ts";
import { readListFile } from "../../../src/cli/arguments/list_file.ts";
import { readPeers, watchPeers } from "../../../src/cli/arguments/peer_list.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";

const CRLF = fileURLToPath(new URL("../../cases/cli/channels_crlf.txt", import.meta.url));
const TEXT = "ada # first\nbob!\n// nothing\n#cyd\n";

function utf16(text: string, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), isLittle);
  return bytes;
}

async function workFile(t: { after(end: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "chatloom-list-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "list.txt");
}

/** A clock whose every wait of two seconds plays the next of `steps`, and then ends the watch. */
function steppingClock(steps: readonly (() => Promise<void>)[]) {
  const end = new AbortController();
  let at = 0;
  const sleep = async () => {
    const step = steps[at++];
    if (step === undefined) end.abort();
    else await step();
  };
  return { clock: { ...systemClock(), sleep }, signal: end.signal };
}

test("readChannelList reads a file that was saved on Windows", async () => {
  assert.deepEqual(await readChannelList(CRLF), {
    channels: [{ name: "second", isImportant: false }, { name: "first", isImportant: false }],
    unreadable: [],
  });
});

test("readChannelList reads every encoding and line end that editors write", async (t) => {
  const path = await workFile(t);
  const expected = {
    channels: [
      { name: "ada", isImportant: false },
      { name: "bob", isImportant: true },
      { name: "cyd", isImportant: false },
    ],
    unreadable: [],
  };
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = TEXT.replaceAll("\n", end);
    const forms = [text, `\ufeff${text}`].flatMap((form) => [
      new TextEncoder().encode(form),
      utf16(form, true),
      utf16(form, false),
    ]);
    for (const bytes of forms) {
      await writeFile(path, bytes);
      assert.deepEqual(await readChannelList(path), expected);
    }
  }
});

test("readListFile refuses what is no text, with its reason", async (t) => {
  const path = await workFile(t);
  await writeFile(path, Uint8Array.of(0x61, 0xff, 0xfe));
  await assert.rejects(readListFile(path, "peers"), { code: "INPUT_UNREADABLE" });
  await writeFile(path, new Uint8Array(1024 * 1024 + 1).fill(0x61));
  await assert.rejects(readListFile(path, "peers"), /more than 1048576/);
});

test("watchPeers keeps the old list, with one warning, until # none empties it", async (t) => {
  const path = await workFile(t);
  await writeFile(path, "http://a:1\n");
  const write = (text: string) => () => writeFile(path, text);
  const nothing = () => Promise.resolve();
  const { clock, signal } = steppingClock([
    write(""),
    nothing,
    () => rm(path),
    nothing,
    write("\ufeffhttp://b:2\r\n"),
    write("# None\r\n"),
  ]);
  const reports: string[] = [];
  const reporter = {
    report: (severity: string, message: string) => void reports.push(`${severity}: ${message}`),
    count() {},
  };
  const seen: string[][] = [];
  const onChange = ({ peers }: { readonly peers: readonly { readonly name: string }[] }) =>
    void seen.push(peers.map(({ name }) => name));
  const source = { named: [], file: path };
  assert.deepEqual((await readPeers(source, reporter)).peers.map(({ name }) => name), [
    "http://a:1",
  ]);
  await watchPeers(() => source, { clock, signal, reporter, onChange });
  assert.deepEqual(seen, [["http://b:2"], []]);
  assert.deepEqual(reports, [
    'warning: The list of peers names nothing and does not say "# none"; the old one stays in use',
    "warning: The list of peers cannot be read; the old one stays in use",
    "info: The list of peers has changed",
    "info: The list of peers has changed",
  ]);
});
