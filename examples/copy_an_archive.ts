/**
 * Copies an archive from a node, hour by hour, by the routes of wubloader's restreamer only, and
 * checks each file: `copy_an_archive.ts http://127.0.0.1:8080 FOLDER`.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

async function ask(path: string): Promise<Response> {
  const response = await fetch(url + path, { redirect: "error" });
  if (!response.ok) throw new Error(`Cannot get ${path}: ${response.status}`);
  return response;
}

/** The valid names in a list: an unchecked name never becomes a path. */
async function list(path: string, name: RegExp): Promise<string[]> {
  return (await (await ask(path)).json() as string[]).filter((each) => name.test(each));
}

const [url, folder] = process.argv.slice(2);
if (url === undefined || folder === undefined) console.log("Give the URL of a node and a folder");
else {
  for (const channel of await list("/files", /^[a-z0-9_][a-z0-9_-]*$/)) {
    for (const hour of await list(`/files/${channel}/chat`, /^\d{4}-\d\d-\d\dT\d\d$/)) {
      const path = `${channel}/chat/${hour}`;
      for (const name of await list(`/files/${path}`, /^\d\d:00-[\w-]{43}\.json$/)) {
        const target = join(folder, path, name);
        if (existsSync(target)) continue;
        const bytes = new Uint8Array(await (await ask(`/segments/${path}/${name}`)).arrayBuffer());
        const hash = createHash("sha256").update(bytes).digest("base64url");
        if (!name.includes(hash)) throw new Error(`Cannot trust ${path}/${name}: it is ${hash}`);
        await mkdir(join(folder, path), { recursive: true });
        await writeFile(`${target}.part`, bytes);
        await rename(`${target}.part`, target);
      }
      console.log(`copied ${path}`);
    }
  }
}
