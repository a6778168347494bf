import * as nodeFiles from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rename } from "node:fs/promises";
import { rmdir, statfs, unlink } from "node:fs/promises";

/** What a name on disk stands for. A link is not followed to find out. */
export type FileKind = "file" | "folder" | "link" | "other";

/** What is known of a name on disk without opening it. */
export interface FileFacts {
  /** What it is. */
  readonly kind: FileKind;
  /** How long it is; of use for files only. */
  readonly sizeBytes: number;
  /** When its bytes changed last, in milliseconds since 1970, by the file system's clock. */
  readonly modifiedMs: number;
}

/** A file that is read or written from its beginning to its end, or read in places. */
export interface OpenFile {
  /** What the open file is, even if its name means something else by now. */
  facts(): Promise<FileFacts>;
  /** Reads into `bytes` from `offset` on; how many bytes came, 0 at the end of the file. */
  read(bytes: Uint8Array, offset: number): Promise<number>;
  /** As {@link OpenFile.read}, from `position` on in the file; does not move where `read` goes on. */
  readAt(bytes: Uint8Array, offset: number, position: number): Promise<number>;
  /** Writes `bytes` from `offset` on; how many it took, which may be fewer than were there. */
  write(bytes: Uint8Array, offset: number): Promise<number>;
  /** Flushes what was written to the disk. */
  sync(): Promise<void>;
  /** Closes it. Some file systems say only here that writing failed. */
  close(): Promise<void>;
}

/** A file that only grows, written without waiting. */
export interface GrowingFile {
  /** Writes `bytes` from `offset` on at the end; how many it took, which may be too few. */
  write(bytes: Uint8Array, offset: number): number;
  /** Cuts the file to its first `lengthBytes`. */
  truncate(lengthBytes: number): void;
  /** Whether the file still has a name. Without one, what is written is lost on closing. */
  hasName(): boolean;
  /** Flushes what was written to the disk. */
  sync(): Promise<void>;
  /** Closes it. */
  close(): void;
}

/**
 * The calls that chatloom makes to a file system: few enough that a test can fail each of them or
 * play a disk that forgets what was not flushed. Errors are the runtime's, with their `code`.
 */
export interface FileCalls {
  /** What `path` is. A link is not followed. */
  stat(path: string): Promise<FileFacts>;
  /** The names in a folder and what they are, in no order. */
  names(folder: string): Promise<{ readonly name: string; readonly kind: FileKind }[]>;
  /** Opens what is there for reading. Fails with `ELOOP` on a link; never waits, as for a pipe. */
  open(path: string): Promise<OpenFile>;
  /** Makes a file and opens it for writing. Fails with `EEXIST` if anything has that name. */
  create(path: string): Promise<OpenFile>;
  /** As {@link FileCalls.create}, for appending, at once. */
  createGrowing(path: string): GrowingFile;
  /** Makes one folder. Its parent must be there. */
  makeFolder(path: string): Promise<void>;
  /** Gives a file or folder another name, in place of a file that has it. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. Call `stat` first: some runtimes remove an empty folder too. */
  remove(path: string): Promise<void>;
  /** Removes an empty folder. */
  removeFolder(path: string): Promise<void>;
  /** Flushes the names in a folder to the disk, where the platform can. */
  syncFolder(path: string): Promise<void>;
  /** Sets the modified time of a file to the file system's present, its bytes staying the same. */
  touch(path: string): Promise<void>;
  /** How many bytes this user can still write where `path` is. */
  freeBytes(path: string): Promise<number>;
}

/** The real file system, through `node:fs`, as Deno and Node have it. */
export const NODE_FILE_CALLS: FileCalls = {
  async stat(path) {
    return factsOf(await lstat(path));
  },
  async names(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
  async open(path) {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = nodeFiles.constants;
    // Windows has neither flag, and fsync there asks for the right to write.
    if (O_NOFOLLOW === undefined) {
      if ((await lstat(path)).isSymbolicLink()) throw errnoError("ELOOP", path);
      return openFile(await open(path, "r+"));
    }
    return openFile(await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  },
  async create(path) {
    return openFile(await open(path, "wx"));
  },
  createGrowing(path) {
    return growingFile(nodeFiles.openSync(path, "ax"));
  },
  async makeFolder(path) {
    await mkdir(path);
  },
  rename,
  remove: unlink,
  removeFolder: rmdir,
  async syncFolder(path) {
    let folder: FileHandle | undefined;
    try {
      folder = await open(path, "r");
      await folder.sync();
    } catch (error) {
      if (!cannotSyncFolders(error)) throw error;
    } finally {
      await folder?.close();
    }
  },
  async touch(path) {
    const file = await open(path, "r+");
    try {
      // A write takes the time from the file system; utimes would take it from this machine, whose
      // clock may differ from a file server's. Writing what stands there changes nothing.
      const first = new Uint8Array(1);
      const { bytesRead } = await file.read(first, 0, 1, 0);
      if (bytesRead === 1) await file.write(first, 0, 1, 0);
    } finally {
      await file.close();
    }
  },
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

/**
 * The real file system, with calls that look, list and read at once: that takes a fraction of the work,
 * but nothing else runs in the process until the disk has answered. For commands that have nothing else to
 * do. What writes, and above all what flushes, is as in {@link NODE_FILE_CALLS}.
 */
export const BLOCKING_READ_CALLS: FileCalls = {
  ...NODE_FILE_CALLS,
  stat: (path) =>
    soon(() => {
      // The runtime's own error for what is not there takes as long as ten calls.
      const stats = nodeFiles.lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) throw errnoError("ENOENT", path);
      return factsOf(stats);
    }),
  names: (folder) =>
    soon(() =>
      nodeFiles.readdirSync(folder, { withFileTypes: true })
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
    ),
  open(path) {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = nodeFiles.constants;
    if (O_NOFOLLOW === undefined) return NODE_FILE_CALLS.open(path);
    return soon(() =>
      fileReadAtOnce(nodeFiles.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path)
    );
  },
};

/** A promise of what `work` does at once. */
function soon<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function fileReadAtOnce(descriptor: number, path: string): OpenFile {
  return {
    facts: () => soon(() => factsOf(nodeFiles.fstatSync(descriptor))),
    read: (bytes, offset) =>
      soon(() => nodeFiles.readSync(descriptor, bytes, offset, atOnce(bytes, offset), null)),
    readAt: (bytes, offset, position) =>
      soon(() => nodeFiles.readSync(descriptor, bytes, offset, atOnce(bytes, offset), position)),
    write: () => Promise.reject(errnoError("EBADF", path)), // It is open for reading.
    sync: () =>
      new Promise((resolve, reject) =>
        nodeFiles.fsync(descriptor, (error) => error ? reject(error) : resolve())
      ),
    close: () => soon(() => nodeFiles.closeSync(descriptor)),
  };
}

/** An error as the file system makes it. */
export function errnoError(code: string, path: string): Error & { code: string } {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

// Deno copies what it reads and writes, on threads that keep their buffers: whole batches of
// tens of megabytes would stay there.
const AT_ONCE_MAX_BYTES = 1024 * 1024;

function atOnce(bytes: Uint8Array, offset: number): number {
  return Math.min(bytes.length - offset, AT_ONCE_MAX_BYTES);
}

function openFile(file: FileHandle): OpenFile {
  return {
    async facts() {
      return factsOf(await file.stat());
    },
    async read(bytes, offset) {
      return (await file.read(bytes, offset, atOnce(bytes, offset))).bytesRead;
    },
    async readAt(bytes, offset, position) {
      return (await file.read(bytes, offset, atOnce(bytes, offset), position)).bytesRead;
    },
    async write(bytes, offset) {
      return (await file.write(bytes, offset, atOnce(bytes, offset))).bytesWritten;
    },
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

function growingFile(descriptor: number): GrowingFile {
  return {
    write: (bytes, offset) => nodeFiles.writeSync(descriptor, bytes, offset, bytes.length - offset),
    truncate: (lengthBytes) => nodeFiles.ftruncateSync(descriptor, lengthBytes),
    hasName: () => nodeFiles.fstatSync(descriptor).nlink > 0,
    sync: () =>
      new Promise((resolve, reject) =>
        nodeFiles.fdatasync(descriptor, (error) => error ? reject(error) : resolve())
      ),
    close: () => nodeFiles.closeSync(descriptor),
  };
}

type Kinds = { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean };

function kindOf(entry: Kinds): FileKind {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "folder" : "other";
}

function factsOf(stats: Kinds & { size: number; mtimeMs: number }): FileFacts {
  return { kind: kindOf(stats), sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
}

// Windows opens no folder; some network and user-space file systems have no fsync for one. They
// write names at once or not at all: there is nothing more to be done.
function cannotSyncFolders(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (code === "EINVAL" || code === "ENOTSUP" || code === "ENOSYS") return true;
  return nodeFiles.constants.O_NOFOLLOW === undefined &&
    (code === "EISDIR" || code === "EPERM" || code === "EACCES");
}
