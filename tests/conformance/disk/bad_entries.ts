import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import {
  type ArchiveKey,
  type ArchiveKeyParts,
  formatArchiveKey,
} from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import { encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { firstPathOf } from "../../../src/core/archive/first_layout.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { someBytes } from "../../../src/testing/suites/suite.ts";
import { NOON_S, said } from "../api/api_world.ts";

type Spoiler = (path: string) => void | Promise<void>;

/** Puts something in the place of a file that no user can read as one, by what it is. */
export const SPOILERS: { readonly [what: string]: Spoiler } = {
  "a sparse file of 20 GB": (path) => {
    const file = openSync(clear(path), "w");
    ftruncateSync(file, 20e9);
    closeSync(file);
  },
  "a folder": (path) => {
    mkdirSync(clear(path));
    writeFileSync(join(path, "inside"), "kept");
  },
  "a link to itself": (path) => symlinkSync(basename(clear(path)), path),
  "a link to nowhere": (path) => symlinkSync(join(dirname(clear(path)), "nowhere"), path),
  // Windows has neither.
  ...(process.platform === "win32" ? {} : {
    "a pipe": (path: string) => {
      const { status } = spawnSync("mkfifo", [clear(path)]);
      if (status !== 0) throw new Error(`mkfifo says ${status}`);
    },
    "a socket": async (path: string) => {
      // A socket's path may have about a hundred letters: it is moved afterwards.
      const short = join(tmpdir(), `s-${process.pid}-${Math.random()}`);
      const server = createServer().listen(short);
      await once(server, "listening");
      renameSync(short, clear(path));
      server.close();
      await once(server, "close");
    },
  }),
};

const GARBAGE = new TextEncoder().encode("garbage\n");

/** An entry of {@link badArchive} that cannot be used. */
export interface BadEntry {
  readonly key: ArchiveKey;
  readonly kind: ArchiveKeyParts["kind"];
  /** What is there. */
  readonly what: string;
}

/** An archive with one of each bad entry beside good ones. */
export interface BadArchive {
  /** What every reader must get of the channel "forsen", in order. */
  readonly good: readonly string[];
  readonly bad: readonly BadEntry[];
  /** Paths of files and folders that only a user without the rights of root is denied. */
  readonly denied: readonly string[];
  /** The keys of batches that can be served. */
  readonly servable: readonly ArchiveKey[];
}

/** The text that only a good redaction of a {@link badArchive} keeps readers from. */
export const FORGOTTEN = "forgotten";
/** The text that only a good tombstone hides. */
export const HIDDEN = "hidden";

const HOUR_US = NOON_S * 1e6;

/**
 * Fills the folder `root` with a channel "forsen" that has, in the hour from {@link NOON_S} on, good
 * files of every kind and under other names of every kind one of each bad entry: in the minutes of
 * the good batches and in others.
 *
 * @param placeOf where the file of a key is, such as {@link inFirstLayout}; under its key by default.
 */
export async function badArchive(
  root: string,
  placeOf: (key: ArchiveKey) => string = (key) => key,
): Promise<BadArchive> {
  const put = (parts: Partial<ArchiveKeyParts>, bytes: Uint8Array): ArchiveKey => {
    const digest = createHash("sha256").update(bytes).digest();
    const key = keyOf({ ...parts, digest });
    writeFileSync(clear(join(root, placeOf(key))), bytes);
    return key;
  };
  const batch = (minute: number) =>
    ({ kind: "batch", minuteUs: HOUR_US + minute * MINUTE_US }) as const;
  const texts = ["one", "two", "three"];
  const servable = texts.map((text, i) => put(batch(i * 2), encodeBatch([said(i * 120, text)])));
  // Minute 2 has a second file, so that there is something to settle.
  put(batch(2), encodeBatch([said(121, "two and a bit")]));
  put(batch(5), encodeBatch([said(300, FORGOTTEN), said(301, "four")]));
  const hidden = put(batch(6), encodeBatch([said(360, HIDDEN)]));
  writeFileSync(join(root, hidden.replace(/json$/, "tombstone")), "");
  const id = `${FORGOTTEN}-${NOON_S + 300}`;
  put(
    { kind: "redaction" },
    encodeRedaction({ target: { kind: "message", id }, madeUs: HOUR_US, reason: "asked us to" }),
  );
  for (const receiver of ["alpha.AbCdE.0", "beta.AbCdE.0"]) {
    const coverage = new Map([[receiver, [[0, 600] as const]]]);
    put({ kind: "coverage", hourUs: HOUR_US }, encodeCoverage(HOUR_US, coverage));
  }

  const bad: BadEntry[] = [];
  const denied: string[] = [];
  let count = 0;
  for (const kind of ["batch", "coverage", "redaction", "tombstone"] as const) {
    const next = () => {
      const minuteUs = HOUR_US + count % 9 * MINUTE_US;
      return keyOf({ kind, minuteUs, hourUs: HOUR_US, digest: someBytes(32, 2 * ++count + 1) });
    };
    for (const [what, spoil] of Object.entries(SPOILERS)) {
      const key = next();
      await spoil(join(root, placeOf(key)));
      bad.push({ key, kind, what });
    }
    const locked = next();
    writeFileSync(clear(join(root, placeOf(locked))), "");
    chmodSync(join(root, placeOf(locked)), 0);
    denied.push(placeOf(locked));
    bad.push({ key: locked, kind, what: "denied" });
    if (kind === "tombstone") continue; // Its bytes may be anything.
    const damaged = next();
    writeFileSync(clear(join(root, placeOf(damaged))), GARBAGE);
    bad.push({ key: damaged, kind, what: "bytes of another hash" });
    const garbage = put(
      { kind, minuteUs: HOUR_US, hourUs: HOUR_US } as Partial<ArchiveKeyParts>,
      GARBAGE,
    );
    bad.push({ key: garbage, kind, what: "garbage" });
  }
  return { good: ["one", "two", "two and a bit", "three", "four"], bad, denied, servable };
}

/** Where the first version of chatloom kept the file `key`. */
export function inFirstLayout(key: ArchiveKey): string {
  return firstPathOf(key) ?? key;
}

function keyOf(parts: object): ArchiveKey {
  return formatArchiveKey({ channel: "forsen", ...parts } as ArchiveKeyParts);
}

/** Removes what is there and makes the folders above it. */
function clear(path: string): string {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
