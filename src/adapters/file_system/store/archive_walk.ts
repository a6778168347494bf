import { join } from "node:path";
import { type ArchiveKey, parseArchiveKey } from "../../../core/archive/archive_key.ts";
import { keyOfFirstPath, OLD_REDACTIONS } from "../../../core/archive/first_layout.ts";
import type { Stray } from "../../../ports/batch_store.ts";
import type { FileCalls, FileKind } from "../calls/file_calls.ts";
import { isAbsence } from "../calls/file_errors.ts";
import { isArchiveFolder, levelOf, ROOM_FOLDER } from "./archive_levels.ts";
import { fromStoredName, kindReason, scratchWriter } from "../calls/stored_name.ts";

/** Where journals and other things of a running chatloom are: in the root, no part of the archive. */
export const STATE_FOLDER = ".chatloom";

/** A name in a folder and what it is. */
export interface Entry {
  readonly name: string;
  readonly kind: FileKind;
}

/** The entries of `folder`; none if there is no such folder. */
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
  const level = isArchiveFolder(folder) ? levelOf(folder) : undefined;
  if (level === undefined) return [];
  if (!(await isRealFolder(calls, { root, folder }))) return [];
  const entries = await entriesOf(calls, join(root, ...folder));
  return entries.filter(({ name, kind }) => kind === "folder" && level.isName(name))
    .map(({ name }) => name);
}

/**
 * The paths of the folders that can hold a key starting with `prefix`, in the order of keys. Those of a
 * channel's own room need not be there: the first version kept what belongs there elsewhere.
 *
 * @param options.onError called for each folder that cannot be listed, `""` for the root. The
 * others go on, unless it throws.
 */
export async function* fileFolders(
  calls: FileCalls,
  { root, prefix, onError }: {
    readonly root: string;
    readonly prefix: string;
    onError(folder: string, error: unknown): void;
  },
): AsyncIterable<string> {
  const parts = prefix.split("/");
  const last = parts.pop() ?? "";
  yield* descend([]);

  async function* descend(folder: readonly string[]): AsyncIterable<string> {
    const level = levelOf(folder);
    if (level === undefined) {
      if (folder.length >= parts.length) yield folder.join("/");
      return;
    }
    const exact = parts[folder.length];
    if (exact !== undefined) {
      // A name that is given whole is not looked for among its neighbours.
      const inner = [...folder, exact];
      const isWanted = level.isName(exact) &&
        (inner[1] === ROOM_FOLDER ||
          // On the way here the folders around it were looked at.
          await isFolder(calls, join(root, ...inner)).catch(failed(inner, false)));
      if (isWanted) yield* descend(inner);
      return;
    }
    const start = folder.length === parts.length ? last : "";
    const names = await namesToWalk(folder);
    for (const name of names.filter((name) => name.startsWith(start)).sort(byKey)) {
      yield* descend([...folder, name]);
    }
  }

  async function namesToWalk(folder: readonly string[]): Promise<string[]> {
    const names = new Set(await namesIn(folder));
    const [channel, room, own] = folder;
    if (channel === undefined) return [...names];
    if (room === undefined && names.has("chat")) names.add(ROOM_FOLDER);
    if (room === ROOM_FOLDER && own === undefined) names.add("coverage").add("redactions");
    if (room === ROOM_FOLDER && own === "coverage") {
      const hours = await namesIn([channel, "chat"]);
      for (const hour of hours) names.add(hour);
    }
    return [...names];
  }

  async function namesIn(folder: readonly string[]): Promise<string[]> {
    return await folderNames(calls, { root, folder }).catch(failed(folder, []));
  }

  function failed<T>(folder: readonly string[], otherwise: T): (error: unknown) => T {
    return (error) => {
      onError(folder.join("/"), error);
      return otherwise;
    };
  }
}

/** The files of one folder: keys, ascending, with their names on disk. */
export function filesAmong(
  entries: readonly Entry[],
  folder: string,
): ReadonlyMap<ArchiveKey, string> {
  const found = new Map<ArchiveKey, Entry>();
  for (const entry of entries) {
    const { name, kind } = entry;
    const key = `${folder}/${fromStoredName(name)}`;
    if (parseArchiveKey(key) === undefined) continue;
    // A file goes before anything else, and with the colon before without: as a key is looked up.
    const other = found.get(key);
    const isEqual = (other?.kind === "file") === (kind === "file");
    const isFirst = isEqual ? key.endsWith(`/${name}`) : kind === "file";
    if (other === undefined || isFirst) found.set(key, entry);
  }
  const sorted = [...found].sort(([a], [b]) => a < b ? -1 : 1);
  return new Map(sorted.map(([key, { name }]) => [key, name]));
}

/**
 * Everything under `root` that is no file of the archive and whose path starts with `prefix`. Folders
 * that cannot be listed are passed to `onError` and left out, unless it throws.
 */
export async function* straysUnder(
  calls: FileCalls,
  { root, prefix, onError }: {
    readonly root: string;
    readonly prefix: string;
    onError(folder: string, error: unknown): void;
  },
): AsyncIterable<Stray> {
  yield* descend([]);

  async function* descend(folder: readonly string[]): AsyncIterable<Stray> {
    const own = folder.join("/");
    const entries = await entriesOf(calls, join(root, ...folder)).catch((error: unknown) => {
      onError(own, error);
      return [];
    });
    if (isForeignFolder(folder, entries)) {
      if (own.startsWith(prefix)) yield { path: own, kind: "foreign", reason: "it holds no chat" };
      return;
    }
    const files = filesAmong(entries, own);
    for (const { name, kind } of entries) {
      const path = [...folder, name].join("/");
      const isInside = path.startsWith(prefix) || fromStoredPath(path).startsWith(prefix);
      if (path === STATE_FOLDER || !(isInside || prefix.startsWith(`${path}/`))) continue;
      const level = levelOf(folder);
      if (level !== undefined && kind === "folder" && level.isName(name)) {
        yield* descend([...folder, name]);
      } else if (kind === "folder" && isOldRedactions([...folder, name])) {
        if (isInside) yield { path, ...FIRST_LAYOUT };
        yield* descend([...folder, name]);
      } else if (kind === "file" && keyOfFirstPath(path) !== undefined) {
        if (isInside) yield { path, ...FIRST_LAYOUT };
      } else if (isInside && files.get(fromStoredPath(path)) !== name) {
        yield { path, ...describe({ name, kind }, folder, files) };
      }
    }
  }
}

function isOldRedactions([channel, room, name, ...rest]: readonly string[]): boolean {
  return channel !== undefined && room === "chat" && name === OLD_REDACTIONS && rest.length === 0;
}

const FIRST_LAYOUT = {
  kind: "old-place",
  reason: "where the first version kept it: settling the archive moves it to where it belongs",
} as const;

/** Whether a folder with the name of a channel holds something, and none of it chat. */
function isForeignFolder(folder: readonly string[], entries: readonly Entry[]): boolean {
  return folder.length === 1 && entries.length > 0 &&
    !entries.some(({ name }) => levelOf(folder)!.isName(name));
}

function describe(
  { name, kind }: Entry,
  folder: readonly string[],
  files: ReadonlyMap<ArchiveKey, string>,
): Omit<Stray, "path"> {
  const level = levelOf(folder);
  // Wubloader writes segments and chat under names that end so.
  const isOthersScratch = level === undefined && name.endsWith(".temp");
  if ((scratchWriter(name) !== undefined || isOthersScratch) && kind === "file") {
    const reason = "an unfinished file, of a writer that is at work or has crashed";
    return { kind: "unfinished", reason };
  }
  // Wubloader keeps emotes, media and video of a channel in folders beside its chat.
  if (folder.length === 1 && kind !== "file" && !name.startsWith(".")) {
    const reason = kind === "folder" ? "no chat: a folder of another program" : undefined;
    return { kind: "foreign", reason: reason ?? kindReason(kind, "folder") };
  }
  return { reason: reasonFor({ name, kind }, folder, files) };
}

function reasonFor(
  { name, kind }: Entry,
  folder: readonly string[],
  files: ReadonlyMap<ArchiveKey, string>,
): string {
  const level = levelOf(folder);
  if (kind !== (level === undefined ? "file" : "folder")) {
    return kindReason(kind, level === undefined ? "file" : "folder");
  }
  if (level !== undefined) return `not ${level.what}`;
  const twin = files.get(`${folder.join("/")}/${fromStoredName(name)}`);
  if (twin !== undefined) return `a second copy of "${twin}"`;
  return folder[1] === "chat" && folder[2] !== OLD_REDACTIONS
    ? "not the name of a batch or a tombstone"
    : "not the name of a redaction or of coverage";
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
  if (folder.length === 0) return true; // The user may have linked the root.
  return await isFolder(calls, join(root, ...folder)) &&
    await isRealFolder(calls, { root, folder: folder.slice(0, -1) });
}

/** Whether a path is a folder itself, not a link to one. */
async function isFolder(calls: FileCalls, path: string): Promise<boolean> {
  try {
    return (await calls.stat(path)).kind === "folder";
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

// "a-b/…" goes before "a/…", though "a" goes before "a-b".
function byKey(a: string, b: string): number {
  return `${a}/` < `${b}/` ? -1 : 1;
}
