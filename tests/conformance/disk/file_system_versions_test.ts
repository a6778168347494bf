import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileSystemVersions } from "../../../src/adapters/file_system/file_system_versions.ts";

const HOUR = "2026-08-01T12";

test("fileSystemVersions tells of each file and pack that comes or goes, also of a channel's first pack", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-versions-"));
  t.after(() => rm(root, { recursive: true }));
  const hour = `forsen/chat/${HOUR}`;
  const packs = join(root, "forsen/.chatloom/packs");
  await mkdir(join(root, hour), { recursive: true });
  // Late enough for changes of now to be told from the next ones.
  const versions = fileSystemVersions(root, { wallMs: () => Date.now() + 10_000 });
  const seen = new Set<string>();
  const changes: readonly [string, () => Promise<unknown>][] = [
    ["nothing", () => Promise.resolve()],
    ["a file", () => writeFile(join(root, hour, "00:00-x.json"), "")],
    ["the folder of the channel's state", () => mkdir(join(packs, ".."))],
    ["a pack", async () => {
      await mkdir(packs);
      await writeFile(join(packs, `${HOUR}.tar.zst`), "");
    }],
  ];
  for (const [name, change] of changes) {
    // The file system tells changes of one tick of its clock, 4 to 10 ms, as one.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await change();
    const [version = ""] = await versions.of([hour]);
    assert.notEqual(version, "", name);
    assert.deepEqual(await versions.of([hour]), [version], `${name}: it stays`);
    assert.equal(seen.has(version), name.startsWith("the folder"), name);
    seen.add(version);
  }
  await rm(join(packs, `${HOUR}.tar.zst`));
  assert.ok(seen.has((await versions.of([hour]))[0]!), "unpacked, it is as before");
});
