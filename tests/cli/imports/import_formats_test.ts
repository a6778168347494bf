import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as zlib from "node:zlib";
import { DAY_MS, messageId, rawLine } from "../../engine/import/formats/invented_chat.ts";
import { runCli } from "../run_cli.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "chatloom-formats-test-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function batches(archive: string): string[] {
  return readdirSync(archive, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json")).sort();
}

function dayOf(day: number, count = 5): string {
  return Array.from(
    { length: count },
    (_, i) =>
      rawLine({ id: messageId(day * 100 + i), ms: DAY_MS + (day - 1) * 86_400_000 + i * 30_000 }) +
      "\n",
  ).join("");
}

test("chatloom import walks justlog's tree, and takes users' files where days are missing", async () => {
  await inFolder(async (folder) => {
    const month = join(folder, "logs", "123", "2026", "8");
    mkdirSync(join(month, "1"), { recursive: true });
    mkdirSync(join(month, "10"));
    writeFileSync(join(month, "1", "channel.txt"), dayOf(1));
    writeFileSync(join(month, "10", "channel.txt.gz"), zlib.gzipSync(dayOf(10)));
    writeFileSync(join(month, "7.txt"), dayOf(1, 2) + dayOf(3));
    writeFileSync(join(month, "8.txt.gz"), zlib.gzipSync(dayOf(4)));
    const args = ["import", join(folder, "logs"), "--archive", join(folder, "archive")];
    const first = await runCli(args);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.equal(
      first.stdout,
      "2026-08-01: 7 lines, 5 messages, 2 doubles\n" +
        "2026-08-03: 5 lines, 5 messages\n2026-08-04: 5 lines, 5 messages\n" +
        "2026-08-10: 5 lines, 5 messages\ntogether: 22 lines, 20 messages, 2 doubles\n",
    );
    const files = batches(join(folder, "archive"));
    const settled = await runCli(["settle", "--archive", join(folder, "archive")]);
    assert.equal(settled.exitCode, 0, settled.stderr);
    const again = await runCli(args);
    assert.match(again.stdout, /together: 22 lines, 0 messages, 22 doubles\n$/);
    assert.deepEqual(batches(join(folder, "archive")), files);
    const verified = await runCli(["verify", "--archive", join(folder, "archive")]);
    assert.equal(verified.exitCode, 0, verified.stdout);
    const covered = join(folder, "archive", "lovelace", ".chatloom", "coverage");
    assert.ok(!existsSync(covered), "an import is no listening");
  });
});

test("chatloom import recognises files of other tools by what they hold; export writes them", async () => {
  await inFolder(async (folder) => {
    const archive = join(folder, "archive");
    const channels = join(folder, "Twitch", "Channels", "lovelace");
    mkdirSync(channels, { recursive: true });
    mkdirSync(join(folder, "Twitch", "Whispers"), { recursive: true });
    const log = "# Start logging at 2026-08-01 12:00:00 CEST\n[12:00:05] ada: from a client\n";
    writeFileSync(join(channels, "lovelace-2026-08-01.log"), log);
    writeFileSync(join(folder, "Twitch", "Whispers", "eve-2026-08-01.log"), log);
    writeFileSync(join(folder, "capture.txt"), dayOf(2));
    const zone = ["--zone", "Europe/Berlin", "--archive", archive];
    const done = await runCli([
      "import",
      join(folder, "Twitch"),
      join(folder, "capture.txt"),
      ...zone,
    ]);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /capture\.txt: 5 lines, 5 messages in 3 batches\n/);
    assert.match(done.stdout, /2026-08-01: 1 lines, 1 messages\n/);
    assert.match(done.stdout, /1 refused \(a copy of other files, or no channel's chat\)/);

    const json = join(folder, "chat.json");
    const range = ["--from", "2026-08-02", "--to", "2026-08-02T00:01"];
    const out = await runCli([
      "export",
      "lovelace",
      "-a",
      archive,
      "-f",
      "td-json",
      ...range,
      "-o",
      json,
    ]);
    assert.equal(out.exitCode, 0, out.stderr);
    assert.equal(JSON.parse(readFileSync(json, "utf8")).comments.length, 2);
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes("tmp")), []);
    const fresh = join(folder, "fresh");
    if ("zstdCompressSync" in zlib) {
      writeFileSync(
        `${json}.zst`,
        (zlib.zstdCompressSync as typeof zlib.gzipSync)(readFileSync(json)),
      );
    }
    const back = await runCli(["import", json, "--archive", fresh]);
    assert.equal(back.stdout, "2026-08-02: 2 lines, 2 messages\n", back.stderr);
    if ("zstdCompressSync" in zlib) {
      const packed = await runCli(["import", `${json}.zst`, "--archive", fresh]);
      assert.equal(packed.stdout, "2026-08-02: 2 lines, 0 messages, 2 doubles\n", packed.stderr);
    }
    const parquet = await runCli([
      "export",
      "lovelace",
      "-a",
      archive,
      "-f",
      "parquet",
      "-o",
      `${json}.parquet`,
    ]);
    assert.equal(parquet.exitCode, 0, parquet.stderr);
    assert.equal(readFileSync(`${json}.parquet`).subarray(0, 4).toString(), "PAR1");
    const raw = await runCli(["export", "lovelace", "-a", archive, "-f", "raw"]);
    assert.equal(raw.stdout.split("\n").length, 6 + 1);
    const wrong = await runCli([
      "export",
      "lovelace",
      "-a",
      archive,
      "-f",
      "raw",
      "-o",
      join(folder, "no", "x"),
    ]);
    assert.equal(wrong.exitCode, 1);
    assert.match(wrong.stderr, /Cannot write/);
  });
});

test("chatloom import asks a log server, and goes on where it was", async () => {
  const server = createServer((request, response) => {
    const answers: Record<string, string> = {
      "/channels": JSON.stringify({ channels: [{ name: "lovelace", userID: "123" }] }),
      "/list?channelid=123": JSON.stringify({
        availableLogs: [{ year: "2026", month: "8", day: "1" }],
      }),
      "/channelid/123/2026/8/1?raw": dayOf(1),
    };
    response.end(answers[request.url!] ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await inFolder(async (folder) => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const args = ["import", url, "--archive", folder];
      const first = await runCli(args);
      assert.equal(first.exitCode, 0, first.stderr);
      assert.match(first.stdout, /: 1 days\n2026-08-01: 5 lines, 5 messages\n$/);
      const again = await runCli(args);
      assert.match(again.stdout, /: 0 days, 1 imported before\n$/);
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
