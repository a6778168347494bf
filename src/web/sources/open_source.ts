import { BlobSpool } from "../../adapters/browser/blob_spool.ts";
import { BlobStore } from "../../adapters/browser/blob_store.ts";
import { droppedFile } from "../../adapters/browser/dropped_files.ts";
import type { FoundFile } from "../../adapters/browser/found_file.ts";
import { tarFiles } from "../../adapters/browser/tar_files.ts";
import { zipFiles } from "../../adapters/browser/zip_files.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { importCapture } from "../../engine/import/import_capture.ts";
import { checkFiles, type CheckOptions } from "./check_source.ts";
import { gunzip } from "./gunzip.ts";
import { placeOf } from "./place.ts";
import type { SourceInput } from "./report.ts";
import { Source } from "./source.ts";

/**
 * Opens what the user handed over, of any kind, and checks every file in it.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is neither an archive nor a capture.
 */
export async function openSource(
  id: number,
  input: SourceInput,
  options: CheckOptions,
): Promise<Source> {
  const spool = new BlobSpool();
  const { name } = input;
  if (input.kind === "files") {
    const source = new Source(id, { name, form: "files", spool });
    const files = input.files.map(({ path, file }) => droppedFile(path, file));
    await checkFiles(source, files, options);
    return source;
  }
  await refuseOthers(input.file);
  const form = await formOf(input.file, openingProgress(input.file, options));
  const source = new Source(id, { name, form: form.kind, spool });
  if (form.kind === "capture") {
    await importInto(source, form.open, { ...options, spool });
  } else {
    const files = form.kind === "zip"
      ? await zipFiles(name, input.file)
      : tarFiles(name, form.open(), { spool, isWanted, signal: options.signal });
    await checkFiles(source, files, options);
  }
  return source;
}

/** Names what people drop and the page does not read, before a reader fails on it. */
async function refuseOthers(file: File): Promise<void> {
  if (file.size === 0) throw new ChatloomError("INPUT_UNREADABLE", `"${file.name}" is empty`);
  const start = await file.slice(0, DOWNLOADER_START_BYTES).text();
  if (!/^\uFEFF?\{\s*"(?:FileInfo|streamer)"/.test(start)) return;
  throw new ChatloomError(
    "INPUT_UNREADABLE",
    `"${file.name}" was written by TwitchDownloader. This page reads archives and raw captures`,
  );
}

const DOWNLOADER_START_BYTES = 256;

function isWanted(path: string): boolean {
  return placeOf(path).kind !== "stray";
}

type Form =
  | { readonly kind: "zip" }
  | { readonly kind: "tar" | "capture"; readonly open: () => ReadableStream<Uint8Array> };

/** Decides by the first bytes, as names may be wrong. */
async function formOf(file: File, onRead: (bytes: number) => void): Promise<Form> {
  const start = await firstBytes(file.stream(), 4);
  if (start[0] === 0x50 && start[1] === 0x4b) return { kind: "zip" };
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  const open = (): ReadableStream<Uint8Array> => isGzip ? gunzip(file, onRead) : file.stream();
  // `ustar` stands at 257 in every tar that is not older than 1988.
  const block = await firstBytes(open(), 263).catch(() => new Uint8Array());
  const isTar = block.length >= 262 && USTAR.every((byte, i) => block[257 + i] === byte);
  return { kind: isTar ? "tar" : "capture", open };
}

const TELL_EVERY_MS = 100;

/** Tells now and then how much of a file was read. */
function openingProgress(
  { name, size }: File,
  { onProgress }: CheckOptions,
): (readBytes: number) => void {
  let toldMs = -Infinity;
  return (readBytes) => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    onProgress({ files: 0, bytes: 0, path: name, opening: { readBytes, ofBytes: size } });
  };
}

const USTAR = [0x75, 0x73, 0x74, 0x61, 0x72];

async function firstBytes(stream: ReadableStream<Uint8Array>, count: number): Promise<Uint8Array> {
  const found = new Uint8Array(count);
  const reader = stream.getReader();
  let length = 0;
  while (length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    found.set(value.subarray(0, count - length), length);
    length += value.length;
  }
  await reader.cancel().catch(() => {}); // It is opened anew for reading.
  return found.subarray(0, Math.min(length, count));
}

async function importInto(
  source: Source,
  open: () => ReadableStream<Uint8Array>,
  { hasher, signal, onProgress, spool }: CheckOptions & { readonly spool: BlobSpool },
): Promise<void> {
  const { name } = source;
  const imported = new BlobStore(spool);
  await importCapture({ name, open: () => chunksOf(open()) }, {
    store: imported,
    hasher,
    signal,
    reporter: {
      report() {},
      count: (counter, labels, amount = 1) => {
        if (counter === "lines_ignored") source.ignore(labels?.["reason"] ?? "unknown", amount);
      },
    },
    onProgress: (lines) => onProgress({ files: lines, bytes: 0, path: name }),
  });
  await checkFiles(source, filesOf(imported), { hasher, signal, onProgress });
}

async function* filesOf(store: BlobStore): AsyncGenerator<FoundFile, void, undefined> {
  for await (const path of store.list("")) {
    yield { path, read: async () => await store.get(path) ?? new Uint8Array() };
  }
}

async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel().catch(() => {}); // The failure has been thrown already.
  }
}
