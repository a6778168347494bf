import { basename, dirname } from "node:path";
import {
  errnoError,
  type FileCalls,
  type FileFacts,
  type GrowingFile,
  type OpenFile,
} from "../../../src/adapters/file_system/calls/file_calls.ts";

interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array;
  durable: Uint8Array;
}

interface FolderNode {
  readonly kind: "folder";
  names: Map<string, Node>;
  durable: Map<string, Node>;
}

type Node = FileNode | FolderNode;

/** A file system that forgets what was not flushed when its power is cut. */
export interface ForgetfulDisk {
  readonly calls: FileCalls;
  /** Leaves what a power cut leaves: the least that the flushes so far promise. */
  cutPower(): void;
  /** Called before each change and each flush, with what it is. */
  onStep: ((what: string) => void) | undefined;
  /** Removals survive a power cut though nothing was flushed: file systems may write them early. */
  keepsRemovals: boolean;
}

/**
 * A disk in memory that keeps as little as POSIX lets it: of a file the bytes that were there at its
 * last fsync, of a folder the names that were in it at its last fsync.
 */
export function forgetfulDisk(): ForgetfulDisk {
  const root: FolderNode = { kind: "folder", names: new Map(), durable: new Map() };
  const disk: ForgetfulDisk = {
    calls: diskCalls(root, {
      step: (what) => disk.onStep?.(what),
      keepsRemovals: () => disk.keepsRemovals,
    }),
    cutPower: () => forget(root),
    onStep: undefined,
    keepsRemovals: false,
  };
  return disk;
}

function forget(node: Node): void {
  if (node.kind === "file") {
    node.bytes = node.durable;
    return;
  }
  node.names = new Map(node.durable);
  for (const child of node.names.values()) forget(child);
}

function diskCalls(
  root: FolderNode,
  { step, keepsRemovals }: {
    readonly step: (what: string) => void;
    readonly keepsRemovals: () => boolean;
  },
): FileCalls {
  function find(path: string): Node {
    let node: Node | undefined = root;
    for (const name of path.split("/").filter((name) => name !== "")) {
      node = node.kind === "folder" ? node.names.get(name) : undefined;
      if (node === undefined) throw errnoError("ENOENT", path);
    }
    return node;
  }

  function folderAt(path: string): FolderNode {
    const node = find(path);
    if (node.kind !== "folder") throw errnoError("ENOTDIR", path);
    return node;
  }

  function make<T extends Node>(path: string, node: T): T {
    step(`make ${path}`);
    const { names } = folderAt(dirname(path));
    if (names.has(basename(path))) throw errnoError("EEXIST", path);
    names.set(basename(path), node);
    return node;
  }

  function makeFile(path: string): FileNode {
    return make(path, { kind: "file", bytes: new Uint8Array(), durable: new Uint8Array() });
  }

  function remove(path: string): void {
    step(`remove ${path}`);
    find(path);
    const { names, durable } = folderAt(dirname(path));
    names.delete(basename(path));
    if (keepsRemovals()) durable.delete(basename(path));
  }

  const calls: FileCalls = {
    stat: (path) => later(() => factsOf(find(path))),
    names: (path) =>
      later(() => [...folderAt(path).names].map(([name, { kind }]) => ({ name, kind }))),
    open: (path) => later(() => openFile(find(path), step)),
    create: (path) => later(() => openFile(makeFile(path), step)),
    createGrowing: (path) => growingFile(makeFile(path), step),
    makeFolder: (path) =>
      later(() => void make(path, { kind: "folder", names: new Map(), durable: new Map() })),
    rename: (from, to) =>
      later(() => {
        step(`rename ${from} ${to}`);
        const node = find(from);
        const target = folderAt(dirname(to)).names;
        folderAt(dirname(from)).names.delete(basename(from));
        target.set(basename(to), node);
      }),
    remove: (path) => later(() => remove(path)),
    removeFolder: (path) => later(() => remove(path)),
    syncFolder: (path) =>
      later(() => {
        step(`sync ${path}`);
        folderAt(path).durable = new Map(folderAt(path).names);
      }),
    touch: (path) => later(() => void find(path)),
    freeBytes: () => Promise.resolve(0),
  };
  return calls;
}

function openFile(node: Node, step: (what: string) => void): OpenFile {
  if (node.kind === "folder") throw errnoError("EISDIR", "open");
  let at = 0;
  return {
    facts: () => later(() => factsOf(node)),
    read: (bytes, offset) =>
      later(() => {
        const part = node.bytes.subarray(at, at + bytes.length - offset);
        bytes.set(part, offset);
        at += part.length;
        return part.length;
      }),
    readAt: (bytes, offset, position) =>
      later(() => {
        const part = node.bytes.subarray(position, position + bytes.length - offset);
        bytes.set(part, offset);
        return part.length;
      }),
    write: (bytes, offset) => later(() => append(node, bytes.subarray(offset), step)),
    sync: () => later(() => sync(node, step)),
    close: () => later(() => {}),
  };
}

function growingFile(node: FileNode, step: (what: string) => void): GrowingFile {
  return {
    write: (bytes, offset) => append(node, bytes.subarray(offset), step),
    truncate: (length) => node.bytes = node.bytes.slice(0, length),
    hasName: () => true,
    sync: () => later(() => sync(node, step)),
    close: () => {},
  };
}

function append(node: FileNode, bytes: Uint8Array, step: (what: string) => void): number {
  step("write");
  // Half of it, so that a caller that forgets the rest fails.
  const part = bytes.subarray(0, Math.ceil(bytes.length / 2));
  const longer = new Uint8Array(node.bytes.length + part.length);
  longer.set(node.bytes);
  longer.set(part, node.bytes.length);
  node.bytes = longer;
  return part.length;
}

function sync(node: FileNode, step: (what: string) => void): void {
  step("sync a file");
  node.durable = node.bytes;
}

function factsOf(node: Node): FileFacts {
  const sizeBytes = node.kind === "file" ? node.bytes.length : 0;
  return { kind: node.kind, sizeBytes, modifiedMs: Date.now() };
}

// In a later turn, as a disk answers, so that callers meet.
async function later<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}
