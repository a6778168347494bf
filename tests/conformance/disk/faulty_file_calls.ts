import {
  errnoError,
  type FileCalls,
  type OpenFile,
} from "../../../src/adapters/file_system/calls/file_calls.ts";

/** Which call of a file system fails, and how. */
export interface FileFault {
  /** The call that fails, counted from 1. */
  readonly failAt: number;
  /** What it fails with, as `ENOSPC`. */
  readonly errno: string;
  /** Everything after it fails too: the process is dead. */
  readonly isCrash?: boolean;
  /** Writes take this many bytes at most, so that each is partial. */
  readonly writeMaxBytes?: number;
}

/** A file system whose `failAt`-th call fails. Closing always works, as it does when a process dies. */
export function faultyFileCalls(
  inner: FileCalls,
  { failAt, errno, isCrash = false, writeMaxBytes = Infinity }: FileFault,
): { readonly calls: FileCalls; readonly log: readonly string[] } {
  const log: string[] = [];
  const step = (what: string) => {
    log.push(what);
    const isHit = isCrash ? log.length >= failAt : log.length === failAt;
    if (isHit) throw errnoError(errno, what);
  };
  const part = (bytes: Uint8Array, offset: number) =>
    bytes.subarray(0, Math.min(bytes.length, offset + writeMaxBytes));
  const wrap = (file: OpenFile, path: string): OpenFile => ({
    facts: async () => (step(`facts ${path}`), await file.facts()),
    read: async (bytes, offset) => (step(`read ${path}`), await file.read(bytes, offset)),
    readAt: async (bytes, offset, position) => (
      step(`readAt ${path}`), await file.readAt(bytes, offset, position)
    ),
    write: async (bytes, offset) => (
      step(`write ${path}`), await file.write(part(bytes, offset), offset)
    ),
    sync: async () => (step(`sync ${path}`), await file.sync()),
    close: () => file.close(),
  });
  const calls: FileCalls = {
    stat: async (path) => (step(`stat ${path}`), await inner.stat(path)),
    names: async (path) => (step(`names ${path}`), await inner.names(path)),
    open: async (path) => (step(`open ${path}`), wrap(await inner.open(path), path)),
    create: async (path) => (step(`create ${path}`), wrap(await inner.create(path), path)),
    createGrowing: (path) => {
      step(`createGrowing ${path}`);
      const file = inner.createGrowing(path);
      return {
        write: (bytes, offset) => (
          step(`append ${path}`), file.write(part(bytes, offset), offset)
        ),
        truncate: (length) => (step(`truncate ${path}`), file.truncate(length)),
        hasName: () => file.hasName(),
        sync: async () => (step(`datasync ${path}`), await file.sync()),
        close: () => file.close(),
      };
    },
    makeFolder: async (path) => (step(`makeFolder ${path}`), await inner.makeFolder(path)),
    rename: async (from, to) => (step(`rename ${from} ${to}`), await inner.rename(from, to)),
    remove: async (path) => (step(`remove ${path}`), await inner.remove(path)),
    removeFolder: async (path) => (step(`removeFolder ${path}`), await inner.removeFolder(path)),
    syncFolder: async (path) => (step(`syncFolder ${path}`), await inner.syncFolder(path)),
    touch: async (path) => (step(`touch ${path}`), await inner.touch(path)),
    freeBytes: async (path) => (step(`freeBytes ${path}`), await inner.freeBytes(path)),
  };
  return { calls, log };
}
