import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ChatloomError } from "../../../core/errors/errors.ts";

/** Something to import, found under a path that the user named. */
export type ImportInput =
  | {
    /** A file of any format, or a pipe. */
    readonly kind: "file";
    readonly path: string;
  }
  | {
    /** One day of a room, as justlog stores it. */
    readonly kind: "justlogDay";
    readonly path: string;
    readonly roomId: string;
  }
  | {
    /** The users' files of a month of a room that lacks days. */
    readonly kind: "justlogUsers";
    readonly paths: readonly string[];
    readonly roomId: string;
  };

/** Folders below a named one are entered this deep. */
const DEPTH_MAX = 16;

/**
 * Yields what a path holds: the file; the files in a folder, by name; the days of justlog's tree, which is
 * `ROOMID/YEAR/MONTH/DAY/channel.txt`, and where days are missing the files of the month's users. Names that
 * begin with a period and links inside of folders are left out.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when a folder cannot be read.
 */
export async function* findInputs(path: string): AsyncGenerator<ImportInput, void, undefined> {
  if (path === "-" || !await isFolder(path)) yield { kind: "file", path };
  else yield* inFolder(path, 0);
}

async function* inFolder(
  folder: string,
  depth: number,
): AsyncGenerator<ImportInput, void, undefined> {
  const roomId = await roomOf(folder);
  if (roomId !== undefined) return yield* inRoom(folder, roomId);
  const { files, folders } = await entriesOf(folder);
  for (const name of files) yield { kind: "file", path: join(folder, name) };
  if (depth >= DEPTH_MAX) return;
  for (const name of folders) yield* inFolder(join(folder, name), depth + 1);
}

/** The id of the room whose years stand in `folder`, if that is justlog's. */
async function roomOf(folder: string): Promise<string | undefined> {
  const roomId = /(?:^|[\\/])(\d{1,20})[\\/]*$/.exec(folder)?.[1];
  if (roomId === undefined) return undefined;
  const { folders } = await entriesOf(folder);
  return folders.some((name) => /^20\d\d$/.test(name)) ? roomId : undefined;
}

async function* inRoom(
  folder: string,
  roomId: string,
): AsyncGenerator<ImportInput, void, undefined> {
  for (const year of numbersAmong((await entriesOf(folder)).folders)) {
    for (const month of numbersAmong((await entriesOf(join(folder, year))).folders)) {
      yield* inMonth(join(folder, year, month), { roomId, days: daysOf(year, month) });
    }
  }
}

async function* inMonth(
  folder: string,
  { roomId, days }: { readonly roomId: string; readonly days: number },
): AsyncGenerator<ImportInput, void, undefined> {
  const { files, folders } = await entriesOf(folder);
  const found = new Set<number>();
  for (const day of numbersAmong(folders)) {
    const { files } = await entriesOf(join(folder, day));
    for (const name of files.filter((each) => CHANNEL_FILE.test(each))) {
      found.add(Number(day));
      yield { kind: "justlogDay", path: join(folder, day, name), roomId };
    }
  }
  const users = files.filter((name) => USER_FILE.test(name));
  if (found.size >= days || users.length === 0) return;
  yield { kind: "justlogUsers", paths: users.map((name) => join(folder, name)), roomId };
}

const CHANNEL_FILE = /^channel\.txt(?:\.(?:gz|zst))?$/;
const USER_FILE = /^\d{1,20}\.txt(?:\.(?:gz|zst))?$/;

function numbersAmong(names: readonly string[]): string[] {
  return names.filter((name) => /^\d{1,4}$/.test(name)).sort((a, b) => Number(a) - Number(b));
}

function daysOf(year: string, month: string): number {
  return new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

async function entriesOf(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read "${folder}": ${why}`, { cause });
  }
  const shown = entries.filter(({ name }) => !name.startsWith("."));
  return {
    files: shown.filter((each) => each.isFile()).map(({ name }) => name).sort(),
    folders: shown.filter((each) => each.isDirectory()).map(({ name }) => name).sort(),
  };
}
