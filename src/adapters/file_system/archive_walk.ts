import { join } from "node:path";
import {
  type ArchiveKey,
  isChannelName,
  parseArchiveKey,
  parseHour,
} from "../../core/archive_key.ts";
import type { Stray } from "../../ports/batch_store.ts";
import type { FileCalls, FileKind } from "./file_calls.ts";
import { isAbsence } from "./file_errors.ts";
import { fromStoredName, kindReason, scratchWriter } from "./stored_name.ts";

/** Where journals and other things of a running chatloom are: in the root, no part of the archive. */
export const STATE_FOLDER = ".chatloom";

/** A name in a folder and what it is. */
export interface Entry {
  readonly name: string;
  readonly kind: FileKind;
}

// What the folders of an archive are called, from the root down; in the last are the files.
const FOLDER_NAMES: readonly { isName(name: string): boolean; readonly what: string }[] = [
  { isName: isChannelName, what: "the name of a channel" },
  { isName: (name) => name === "chat", what: '"chat", the one folder that a channel has' },
  {
    isName: (name) => name === "redactions" || parseHour(name) !== undefined,
    what: 'an hour or "redactions"',
  },
];

/** What is in `folder`; nothing if there is no such folder. */
export async function entriesOf(calls: FileCalls, folder: string): Promise<Entry[]> {
  try {
    return await calls.names(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** Names of the folders right inside `folder`, given as the parts of its path, in no order. */
export async function folderNames(
  calls: FileCalls,
  { root, folder }: { readonly root: string; readonly folder: readonly string[] },
): Promise<string[]> {
  const level = FOLDER_NAMES[folder.length];
  if (level === undefined || !folder.every((name, i) => FOLDER_NAMES[i]!.isName(name))) return [];
  if (!(await isRealFolder(calls, { root, folder }))) return [];
  const entries = await entriesOf(calls, join(root, ...folder));
  return entries.filter(({ name, kind }) => kind === "folder" && level.isName(name))
    .map(({ name }) => name);
}

/** The paths of the folders that can hold a key starting with `prefix`, in the order of keys. */
export async function* fileFolders(
  calls: FileCalls,
  { root, prefix }: { readonly root: string; readonly prefix: string },
): AsyncIterable<string> {
  const parts = prefix.split("/");
  const last = parts.pop() ?? "";
  if (parts.length <= FOLDER_NAMES.length) yield* descend([]);

  async function* descend(folder: readonly string[]): AsyncIterable<string> {
    if (folder.length === FOLDER_NAMES.length) return yield folder.join("/");
    const exact = parts[folder.length];
    if (exact !== undefined) {
      // A name that is given whole is not looked for among its neighbours.
      const isWanted = FOLDER_NAMES[folder.length]!.isName(exact) &&
        await isRealFolder(calls, { root, folder: [...folder, exact] });
      if (isWanted) yield* descend([...folder, exact]);
      return;
    }
    const start = folder.length === parts.length ? last : "";
    const names = await folderNames(calls, { root, folder });
    for (const name of names.filter((name) => name.startsWith(start)).sort(byKey)) {
      yield* descend([...folder, name]);
    }
  }
}

/** The files in one folder: keys, ascending, with their names on disk. */
export function filesAmong(
  entries: readonly Entry[],
  folder: string,
): ReadonlyMap<ArchiveKey, string> {
  const files = new Map<ArchiveKey, string>();
  for (const { name, kind } of entries) {
    const key = `${folder}/${fromStoredName(name)}`;
    if (kind !== "file" || parseArchiveKey(key) === undefined) continue;
    // With the colon goes before without: the order in which a key is looked up.
    if (!files.has(key) || key.endsWith(`/${name}`)) files.set(key, name);
  }
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

/** Everything under `root` that is no file of the archive and whose path starts with `prefix`. */
export async function* straysUnder(
  calls: FileCalls,
  { root, prefix }: { readonly root: string; readonly prefix: string },
): AsyncIterable<Stray> {
  yield* descend([]);

  async function* descend(folder: readonly string[]): AsyncIterable<Stray> {
    const entries = await entriesOf(calls, join(root, ...folder));
    const files = filesAmong(entries, folder.join("/"));
    for (const { name, kind } of entries) {
      const path = [...folder, name].join("/");
      const isInside = path.startsWith(prefix) || fromStoredPath(path).startsWith(prefix);
      if (path === STATE_FOLDER || !(isInside || prefix.startsWith(`${path}/`))) continue;
      const level = FOLDER_NAMES[folder.length];
      if (level !== undefined && kind === "folder" && level.isName(name)) {
        yield* descend([...folder, name]);
      } else if (isInside && files.get(fromStoredPath(path)) !== name) {
        yield { path, reason: reasonFor({ name, kind }, folder, files) };
      }
    }
  }
}

function reasonFor(
  { name, kind }: Entry,
  folder: readonly string[],
  files: ReadonlyMap<ArchiveKey, string>,
): string {
  const level = FOLDER_NAMES[folder.length];
  if (scratchWriter(name) !== undefined && kind === "file") {
    return "an unfinished file, of a writer that is at work or has crashed";
  }
  if (kind !== (level === undefined ? "file" : "folder")) {
    return kindReason(kind, level === undefined ? "file" : "folder");
  }
  if (level !== undefined) return `not ${level.what}`;
  const twin = files.get(`${folder.join("/")}/${fromStoredName(name)}`);
  if (twin !== undefined) return `a second copy of "${twin}"`;
  return "not the name of a batch, a tombstone or a redaction";
}

function fromStoredPath(path: string): string {
  const at = path.lastIndexOf("/") + 1;
  return path.slice(0, at) + fromStoredName(path.slice(at));
}

/** Whether every part of the path below `root` is a folder itself, not a link to one. */
export async function isRealFolder(
  calls: FileCalls,
  { root, folder }: { readonly root: string; readonly folder: readonly string[] },
): Promise<boolean> {
  const name = folder.at(-1);
  if (name === undefined) return true; // The user may have linked the root.
  try {
    return (await calls.look(join(root, ...folder))).kind === "folder" &&
      await isRealFolder(calls, { root, folder: folder.slice(0, -1) });
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

// "a-b/…" goes before "a/…", though "a" goes before "a-b".
function byKey(a: string, b: string): number {
  return `${a}/` < `${b}/` ? -1 : 1;
}
