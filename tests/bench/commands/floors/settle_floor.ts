/**
 * The least that settling must do, without a merge: reads and hashes all files of an archive, and writes
 * the files that shall come out as a store promises it, 16 minutes at a time.
 *
 * Arguments: the folder of the inputs, the folder that holds the outputs already, the folder to write to.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";

const [inputs = "", outputs = "", to = ""] = process.argv.slice(2);
const AT_ONCE = 16;

const minutes = new Map<string, { read: string[]; write: string[] }>();
for (const [folder, list] of [[inputs, "read"], [outputs, "write"]] as const) {
  for (const path of await readdir(folder, { recursive: true })) {
    const minute = /^[^/]+\/chat\/[^/]+\/\d\d(?=:00-.*\.json$)/.exec(path)?.[0];
    if (minute === undefined) continue;
    const entry = minutes.get(minute) ?? { read: [], write: [] };
    entry[list].push(path);
    minutes.set(minute, entry);
  }
}
const queue = [...minutes.values()];
await Promise.all(Array.from({ length: AT_ONCE }, work));

async function work(): Promise<void> {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const path of next.read) {
      const digest = createHash("sha256").update(await readFile(join(inputs, path)))
        .digest("base64url");
      if (!path.endsWith(`-${digest}.json`)) throw new Error(`Cannot measure: ${path} is damaged`);
    }
    for (const path of next.write) await writeSafely(path, await readFile(join(outputs, path)));
  }
}

async function writeSafely(path: string, bytes: Uint8Array): Promise<void> {
  const place = join(to, path);
  await mkdir(dirname(place), { recursive: true });
  const file = await open(`${place}.part`, "wx");
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await rename(`${place}.part`, place);
  const folder = await open(dirname(place), "r");
  await folder.sync();
  await folder.close();
}
