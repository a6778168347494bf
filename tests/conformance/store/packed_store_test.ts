import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type PackedStore,
  packedStore,
} from "../../../src/adapters/file_system/packs/packed_store.ts";
import { compressFrame } from "../../../src/adapters/file_system/packs/zstd.ts";
import { fileSystemVersions } from "../../../src/adapters/file_system/file_system_versions.ts";
import { collect } from "../../../src/async/collect.ts";
import { batchKey, formatHour } from "../../../src/core/archive/archive_key.ts";
import { concatBytes } from "../../../src/core/bytes.ts";
import { encodePackTable } from "../../../src/core/packs/pack_table.ts";
import { TAR_END_BYTES, tarHeader, tarMemberBytes } from "../../../src/core/packs/tar_header.ts";
import { UnreadableEntryError } from "../../../src/core/errors/errors.ts";
import { MINUTE_US } from "../../../src/core/time.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { forgetfulDisk } from "../disk/forgetful_file_calls.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const HOUR_US = Date.UTC(2026, 7, 1, 12) * 1000;
const HOUR = formatHour(HOUR_US);
const PACK = `forsen/.chatloom/packs/${HOUR}.tar.zst`;
const UTF8 = new TextEncoder();

/** A file of a minute, under its own name. */
function file(minute: number, text = `minute ${minute} `.repeat(40)): [string, Uint8Array] {
  const bytes = UTF8.encode(text);
  const digest = new Uint8Array(createHash("sha256").update(bytes).digest());
  return [batchKey("forsen", { timeUs: HOUR_US + minute * MINUTE_US, digest }), bytes];
}

const FILES = new Map([0, 1, 7, 59].map((minute) => file(minute)));
const [LATE, LATE_BYTES] = file(30, "late");
const [FIRST] = [...FILES.keys()] as [string];

const fast = { compress: (content: Uint8Array) => Promise.resolve(compressFrame(content, 1)) };

async function fill(store: PackedStore): Promise<void> {
  for (const [key, bytes] of FILES) await store.put(key, bytes);
}

/** All that a store holds, as texts. */
async function contents(store: PackedStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of await collect(store.list(""))) {
    const bytes = await store.get(key);
    assert.notEqual(bytes, undefined, `${key} is listed and cannot be read`);
    found.set(key, new TextDecoder().decode(bytes));
  }
  return found;
}

function texts(files: Iterable<readonly [string, Uint8Array]>): Map<string, string> {
  const all = [...files].map(([key, bytes]) => [key, new TextDecoder().decode(bytes)] as const);
  return new Map(all.sort(([a], [b]) => a < b ? -1 : 1));
}

/** What changes an hour without changing what it holds, or what it holds without one file. */
const WORKS: {
  readonly [name: string]: {
    readonly prepare?: (store: PackedStore) => Promise<unknown>;
    readonly work: (store: PackedStore) => Promise<unknown>;
    readonly files: ReadonlyMap<string, Uint8Array>;
    readonly gone?: string;
  };
} = {
  pack: { work: (store) => store.pack("forsen", HOUR), files: FILES },
  "pack again": {
    async prepare(store) {
      await store.pack("forsen", HOUR);
      await store.put(LATE, LATE_BYTES);
    },
    work: (store) => store.pack("forsen", HOUR),
    files: new Map([...FILES, [LATE, LATE_BYTES]]),
  },
  unpack: {
    prepare: (store) => store.pack("forsen", HOUR),
    work: (store) => store.unpack("forsen", HOUR),
    files: FILES,
  },
  delete: {
    prepare: (store) => store.pack("forsen", HOUR),
    work: (store) => store.delete(FIRST),
    files: new Map([...FILES].slice(1)),
    gone: FIRST,
  },
};

for (const [name, { prepare, work, files, gone }] of Object.entries(WORKS)) {
  for (const end of ["kill", "power cut", "error"]) {
    test(`packedStore: ${name} loses nothing by ${end} at any step, and is finished by another`, async () => {
      let at = 1;
      for (let isThrough = false; !isThrough; at++) {
        const disk = forgetfulDisk();
        const open = () => packedStore("/archive", { calls: disk.calls, ...fast });
        await fill(open());
        await prepare?.(open());
        disk.keepsRemovals = true;
        let steps = 0;
        disk.onStep = (what) => {
          steps++;
          const isHit = end === "error" ? steps === at : steps >= at;
          if (isHit) throw Object.assign(new Error(`${what}: ${end}`), { code: "EIO" });
        };
        await work(open()).catch(() => {});
        disk.onStep = undefined;
        isThrough = steps < at;
        if (end === "power cut") disk.cutPower();
        const found = await contents(open());
        // A file that goes may still be there.
        if (gone !== undefined && !isThrough) found.delete(gone);
        const where = `${end} at step ${at}`;
        assert.deepEqual(found, texts(files), where);
        await work(open());
        assert.deepEqual(await contents(open()), texts(files), `${where}, then again`);
      }
      assert.ok(at > 8 && at < 300, `${at} steps`);
    });
  }
}

test("packedStore shows each file at every moment while its hour is packed and unpacked", async () => {
  const { path, close } = tempFolder();
  try {
    const changing = packedStore(path, fast);
    const reading = packedStore(path);
    await fill(changing);
    let isDone = false;
    const readers = [0, 1].map(async () => {
      while (!isDone) {
        const keys = await collect(reading.list("forsen/chat/"));
        assert.deepEqual(keys, [...FILES.keys()].sort());
        assert.deepEqual(await collect(reading.folders("forsen/chat")), [HOUR]);
        // A file that was listed before the change is read after it.
        for (const key of keys) assert.deepEqual(await reading.get(key), FILES.get(key));
      }
    });
    const done = Promise.all(readers);
    done.catch(() => isDone = true);
    for (let round = 0; round < 25 && !isDone; round++) {
      assert.equal((await changing.pack("forsen", HOUR))?.files, FILES.size);
      assert.equal((await changing.unpack("forsen", HOUR))?.files, FILES.size);
    }
    isDone = true;
    await done;
  } finally {
    await close();
  }
});

test("packedStore writes what tar reads, and removes the hour's folder", async () => {
  const { path, close } = tempFolder();
  try {
    const store = packedStore(path, fast);
    await fill(store);
    assert.deepEqual(await store.looseHours("forsen"), [HOUR]);
    await store.pack("forsen", HOUR);
    assert.equal(await store.pack("forsen", HOUR), undefined, "nothing is left to pack");
    assert.deepEqual(await store.looseHours("forsen"), []);
    assert.deepEqual(await store.hours("forsen"), [HOUR]);
    assert.deepEqual(readdirSync(join(path, "forsen/chat")), []);
    assert.deepEqual(await collect(store.strays("")), []);
    const out = join(path, "out");
    mkdirSync(out);
    const { status, stderr } = spawnSync("tar", ["--zstd", "-xf", join(path, PACK), "-C", out]);
    assert.equal(status, 0, String(stderr));
    const names = readdirSync(out).sort();
    assert.deepEqual(names, [...FILES.keys()].map((key) => key.split("/").at(-1)).sort());
    for (const [key, bytes] of FILES) {
      const given = readFileSync(join(out, key.split("/").at(-1)!));
      assert.deepEqual(new Uint8Array(given), bytes);
    }
  } finally {
    await close();
  }
});

test("packedStore packs equal files to equal bytes", async () => {
  const { path, close } = tempFolder();
  try {
    const packs = [];
    for (const order of [[...FILES], [...FILES].reverse()]) {
      const store = packedStore(path, fast);
      for (const [key, bytes] of order) await store.put(key, bytes);
      await store.pack("forsen", HOUR);
      packs.push(readFileSync(join(path, PACK)));
      await store.unpack("forsen", HOUR);
    }
    assert.deepEqual(packs[0], packs[1]);
  } finally {
    await close();
  }
});

/** Compressors of a machine whose memory or processor is wrong now and then. */
const WRONG_COMPRESSORS: { readonly [name: string]: (content: Uint8Array) => Uint8Array } = {
  "changes a byte of the content": (content) => {
    const changed = content.slice();
    changed[changed.length >> 1]! ^= 1;
    return compressFrame(changed, 1);
  },
  "changes a byte of the frame": (content) => {
    const frame = compressFrame(content, 1);
    frame[frame.length >> 1]! ^= 1;
    return frame;
  },
};

for (const [name, compress] of Object.entries(WRONG_COMPRESSORS)) {
  test(`packedStore keeps the files of an hour whose pack reads back wrong: one ${name}`, async () => {
    const { path, close } = tempFolder();
    try {
      const store = packedStore(path, {
        compress: (content) => Promise.resolve(compress(content)),
      });
      await fill(store);
      await assert.rejects(store.pack("forsen", HOUR));
      assert.deepEqual(await contents(store), texts(FILES));
      assert.ok(!existsSync(join(path, PACK)));
      assert.equal(readdirSync(join(path, `forsen/chat/${HOUR}`)).length, FILES.size);
    } finally {
      close();
    }
  });
}

test("packedStore leaves an hour with a damaged file as it is", async () => {
  const { path, close } = tempFolder();
  try {
    const store = packedStore(path, fast);
    await fill(store);
    writeFileSync(join(path, FIRST), "other bytes");
    await assert.rejects(store.pack("forsen", HOUR), UnreadableEntryError);
    assert.equal(existsSync(join(path, PACK)), false);
    assert.deepEqual((await collect(store.list(""))).length, FILES.size);
  } finally {
    await close();
  }
});

test("packedStore gives right bytes or a verdict where a byte of a pack is damaged, and is mended by puts", async () => {
  const { path, close } = tempFolder();
  const seed = "damaged packs";
  const random = seededRandom(seed);
  try {
    const made = packedStore(path, fast);
    await fill(made);
    await made.pack("forsen", HOUR);
    const good = readFileSync(join(path, PACK));
    for (let round = 0; round < 60; round++) {
      const at = intBelow(random, good.length);
      const bad = round % 5 === 4 ? good.subarray(0, at) : Uint8Array.from(good);
      if (round % 5 !== 4) bad[at]! ^= 1 << intBelow(random, 8);
      writeFileSync(join(path, PACK), bad);
      const where = `byte ${at} of ${good.length}, round ${round}, seed ${seed}`;
      const store = packedStore(path, fast);
      let isHarmless = true;
      for (const [key, bytes] of FILES) {
        const got = await store.get(key).catch((error: unknown) => {
          assert.ok(error instanceof UnreadableEntryError, `${where}: ${error}`);
          isHarmless = false;
          return bytes;
        });
        assert.deepEqual(got, bytes, where);
      }
      if (!isHarmless) {
        // What is in the pack alone is not given up, also not for a delete.
        await assert.rejects(store.delete(FIRST), UnreadableEntryError, where);
        await assert.rejects(store.unpack("forsen", HOUR), UnreadableEntryError, where);
        assert.deepEqual(readFileSync(join(path, PACK)), Buffer.from(bad), where);
      }
      await fill(store); // As a sync from a peer does.
      for (const [key, bytes] of FILES) assert.deepEqual(await store.get(key), bytes, where);
      await packedStore(path, fast).pack("forsen", HOUR).catch(() => {});
      for (const [key, bytes] of FILES) assert.deepEqual(await store.get(key), bytes, where);
    }
  } finally {
    await close();
  }
});

test("packedStore inflates no more of a hostile pack than its table says, and takes no other names", async () => {
  const { path, close } = tempFolder();
  try {
    mkdirSync(join(path, "forsen/.chatloom/packs"), { recursive: true });
    const [key, bytes] = file(3);
    const name = key.split("/").at(-1)!;
    const plainBytes = tarMemberBytes(bytes.length) + TAR_END_BYTES;
    const plant = (content: Uint8Array, member = { name, sizeBytes: bytes.length }) => {
      const frame = compressFrame(content, 1);
      const frames = [{ storedBytes: frame.length, plainBytes }];
      const table = encodePackTable({ members: [member], frames });
      writeFileSync(join(path, PACK), concatBytes([frame, table]));
    };
    const store = packedStore(path, fast);
    const member = new Uint8Array(plainBytes);
    const header = { sizeBytes: bytes.length, modifiedUs: HOUR_US };
    member.set(tarHeader(name, header));
    member.set(bytes, 512);
    plant(member);
    assert.deepEqual(await store.get(key), bytes, "an honest one");
    plant(new Uint8Array(1 << 30));
    await assert.rejects(store.get(key), UnreadableEntryError, "a gigabyte of zeros");
    // What tar would write elsewhere has another header than the name in the table.
    member.set(tarHeader("../../../etc/passwd", header));
    plant(member);
    await assert.rejects(store.get(key), UnreadableEntryError, "a name outside of the hour");
    await assert.rejects(store.unpack("forsen", HOUR), UnreadableEntryError);
  } finally {
    await close();
  }
});

test("packedStore follows no link to packs, and names what is no pack", async () => {
  const { path, close } = tempFolder();
  try {
    const store = packedStore(path, fast);
    await fill(store);
    await store.pack("forsen", HOUR);
    writeFileSync(join(path, "forsen/.chatloom/packs/notes.txt"), "mine");
    const strays = await collect(store.strays(""));
    assert.deepEqual(strays.map((stray) => stray.path), ["forsen/.chatloom/packs/notes.txt"]);
    const packs = join(path, "forsen/.chatloom/packs");
    renameSync(packs, join(path, "elsewhere"));
    symlinkSync(join(path, "elsewhere"), packs);
    assert.deepEqual(await collect(packedStore(path).list("")), []);
    assert.equal(await packedStore(path).get(FIRST), undefined);
    const linked = await collect(packedStore(path).strays(""));
    const paths = linked.map((stray) => stray.path);
    assert.deepEqual(paths.sort(), ["elsewhere", "forsen/.chatloom/packs"]);
  } finally {
    await close();
  }
});

test("fileSystemVersions changes with the pack of an hour", async () => {
  const { path, close } = tempFolder();
  try {
    const folders = [`forsen/chat/${HOUR}`, "forsen/chat"];
    const longAgo = () => {
      // As if the last change were older than a tick of any file system's clock.
      const { now } = Date;
      Date.now = () => now() + 60_000;
      try {
        return fileSystemVersions(path).of(folders) as readonly string[];
      } finally {
        Date.now = now;
      }
    };
    const store = packedStore(path, fast);
    const seen = new Set<string>();
    const look = () => {
      const [hour = ""] = longAgo();
      assert.equal(longAgo()[0], hour);
      assert.notEqual(hour, "");
      assert.ok(!seen.has(hour), `${hour} was seen before`);
      seen.add(hour);
    };
    look();
    await fill(store);
    look();
    await store.pack("forsen", HOUR);
    assert.equal(
      (fileSystemVersions(path).of(folders) as readonly string[])[0],
      "",
      "it may change again",
    );
    look();
    await store.delete(FIRST);
    look();
    await store.pack("forsen", HOUR);
    look();
  } finally {
    await close();
  }
});
