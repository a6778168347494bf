/**
 * Import of justlog's tree beside `zcat` of the same files, in CPU time.
 *
 * Envelope: `zcat` unpacks some 300 MB of chat a second. An import does that too, parses each line (a recorder
 * needs about 2 µs for it), hashes its content to know it again, and writes and flushes a file a minute: a day of a
 * channel with one message a second is 1,440 files of 60 messages. Twice the import must leave the same bytes.
 *
 * `--lines 10000000` makes it larger.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { tellRow } from "./bench_row.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const asked = process.argv.indexOf("--lines");
const LINES = asked === -1 ? 200_000 : Number(process.argv[asked + 1]);
/** A channel with five messages a second. */
const LINES_A_DAY = 400_000;
const DAY_MS = Date.UTC(2026, 7, 1);
const WORDS =
  "the stream chat is so good today lol gg wp Kappa LUL what was that play again 😀 漢字".split(
    " ",
  );

const folder = mkdtempSync(join(tmpdir(), "chatloom-import-bench-"));
try {
  const logs = join(folder, "logs");
  await writeTree(logs);
  const archive = join(folder, "archive");
  const zcatS = cpuSeconds("sh", ["-c", `find ${logs} -name '*.gz' | xargs zcat > /dev/null`]);
  const importArgs = ["run", "-A", "--no-check", MAIN, "import", logs, "--archive", archive];
  const firstS = cpuSeconds(process.execPath, importArgs);
  const before = treeHash(archive);
  const againS = cpuSeconds(process.execPath, importArgs);
  assert.equal(treeHash(archive), before, "importing again changed the archive");
  const detail = (s: number) => `${s.toFixed(1)} s against ${zcatS.toFixed(2)} s, ${LINES} lines`;
  tellRow({
    name: "import of justlog's tree",
    figure: firstS / zcatS,
    unit: "× zcat",
    detail: detail(firstS),
  });
  tellRow({
    name: "the same import again",
    figure: againS / zcatS,
    unit: "× zcat",
    detail: detail(againS),
  });
} finally {
  rmSync(folder, { recursive: true });
}

async function writeTree(logs: string): Promise<void> {
  let n = 0;
  for (let day = 0; n < LINES; day++) {
    const date = new Date(DAY_MS + day * 86_400_000);
    const path = join(
      logs,
      "123",
      `${date.getUTCFullYear()}`,
      `${date.getUTCMonth() + 1}`,
      `${date.getUTCDate()}`,
    );
    mkdirSync(path, { recursive: true });
    const gzip = createGzip();
    const file = gzip.pipe(createWriteStream(join(path, "channel.txt.gz")));
    for (let i = 0; i < LINES_A_DAY && n < LINES; i += 1_000) {
      let text = "";
      for (let k = 0; k < 1_000 && n < LINES; k++) {
        text += lineOf(n++, date.getTime() + (i + k) * 200);
      }
      if (!gzip.write(text)) await new Promise((resolve) => gzip.once("drain", resolve));
    }
    gzip.end();
    await finished(file);
  }
}

function lineOf(n: number, ms: number): string {
  const user = Math.imul(n, 2_654_435_761) >>> 20;
  const text = Array.from(
    { length: 3 + n % 9 },
    (_, i) => WORDS[(user * 7 + i * 13 + n) % WORDS.length],
  ).join(" ");
  const id = createHash("md5").update(`${n}`).digest("hex").replace(
    /^(.{8})(.{4})(.{4})(.{4})/,
    "$1-$2-$3-$4-",
  );
  return `@badge-info=subscriber/7;badges=subscriber/6;client-nonce=${id.slice(0, 32)};color=#${
    (user * 4099 % 0xffffff).toString(16).padStart(6, "0")
  };display-name=User${user};emotes=;first-msg=0;flags=;id=${id};mod=0;returning-chatter=0;room-id=123;subscriber=1;` +
    `tmi-sent-ts=${ms + n * 37 % 400};turbo=0;user-id=${1_000_000 + user};user-type= ` +
    `:user${user}!user${user}@user${user}.tmi.twitch.tv PRIVMSG #lovelace :${text}\n`;
}

/** The processor time that a program takes. */
function cpuSeconds(program: string, args: readonly string[]): number {
  const done = spawnSync("bash", [
    "-c",
    'TIMEFORMAT="%U %S"; time "$0" "$@" > /dev/null 2>&1',
    program,
    ...args,
  ], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return done.stderr.trim().split(/\s+/).slice(-2).reduce((sum, each) => sum + Number(each), 0);
}

/** Names what a tree holds: files are named by their bytes. */
function treeHash(path: string): string {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".json")
  );
  assert.ok(names.length > 0);
  return createHash("sha256").update(names.sort().join("\n")).digest("hex");
}
