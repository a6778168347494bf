import { mkdir, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { tarEntries } from "../../../adapters/bundles/tar_entries.ts";
import { zipEntries } from "../../../adapters/bundles/zip_entries.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import { openCapture } from "../captures/capture_file.ts";

/** The files of a zip or tar, in a temporary folder. */
export interface UnpackedBundle extends AsyncDisposable {
  /** The folder. */
  readonly folder: string;
}

/** How {@link unpackBundle} works. */
export interface UnpackOptions {
  readonly signal: AbortSignal;
  /** Called for each file, with its name in the bundle. */
  readonly onFile?: ((name: string) => void) | undefined;
}

/** Chat is packed to a tenth or less. What unpacks to more than this for each byte is no chat. */
const RATIO_MAX = 200;
/** … and this much is unpacked in any case. */
const FREE_BYTES = 64 * 1024 * 1024;
const FILES_MAX = 1_000_000;
const NAME_MAX_LENGTH = 1_024;

/** What kind of bundle a file is, by what it begins with; `undefined` if it is none or cannot be read. */
export async function bundleKind(
  path: string,
  signal: AbortSignal,
): Promise<"zip" | "tar" | undefined> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) return undefined;
  const head = await headOf(path, signal).catch(() => undefined);
  if (head === undefined) return undefined;
  if (head.startsWith("PK\u0003\u0004") || head.startsWith("PK\u0005\u0006")) return "zip";
  return head.slice(TAR_MARK_AT).startsWith("ustar") ? "tar" : undefined;
}

const TAR_MARK_AT = 257;
const HEAD_LENGTH = 512;

/** The first bytes, decompressed, as letters. */
async function headOf(path: string, signal: AbortSignal): Promise<string> {
  const file = await openCapture(path, signal);
  let head = "";
  for await (const bytes of file.open()) {
    head += String.fromCharCode(...bytes.subarray(0, HEAD_LENGTH - head.length));
    if (head.length >= HEAD_LENGTH) break;
  }
  return head;
}

/**
 * Unpacks a zip, or a tar that may be packed by gzip or zstd, to a temporary folder. Links and special files are
 * left out. When it is disposed of, the folder is deleted.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it is damaged or encrypted, names a file outside of it, or unpacks
 * to more than chat does.
 */
export async function unpackBundle(
  path: string,
  kind: "zip" | "tar",
  { signal, onFile }: UnpackOptions,
): Promise<UnpackedBundle> {
  const folder = await mkdtemp(join(tmpdir(), "chatloom-import-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const { size } = await stat(path);
    const room = { files: FILES_MAX, bytes: FREE_BYTES + RATIO_MAX * size };
    const entries = kind === "zip" ? zipEntries(path) : tarFiles(path, signal);
    for await (const { name, bytes } of entries) {
      signal.throwIfAborted();
      if (--room.files < 0) throw new RangeError(`it has more than ${FILES_MAX} files`);
      onFile?.(name);
      await writeEntry(join(folder, ...partsOf(name)), bytes(), room);
    }
    return { folder, [Symbol.asyncDispose]: dispose };
  } catch (cause) {
    await dispose().catch(() => {}); // The first failure is thrown.
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot unpack "${path}": ${why}`, { cause });
  }
}

/** The parts of a name within a bundle, none of which leads out of a folder. */
function partsOf(name: string): string[] {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  const isSafe = name.length <= NAME_MAX_LENGTH && !name.startsWith("/") && parts.length > 0 &&
    parts.every((part) => part !== ".." && !/[\\:\p{Cc}]/u.test(part));
  if (!isSafe) {
    throw new RangeError(`it has a file of the name ${JSON.stringify(name.slice(0, 80))}`);
  }
  return parts;
}

async function* tarFiles(path: string, signal: AbortSignal) {
  const file = await openCapture(path, signal);
  const source = Readable.toWeb(Readable.from(file.open())) as ReadableStream<Uint8Array>;
  for await (const { header, body } of tarEntries(source)) {
    if (header.type !== undefined && header.type !== "file") await body.cancel();
    else yield { name: header.name, bytes: () => body as AsyncIterable<Uint8Array> };
  }
}

async function writeEntry(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  room: { bytes: number },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "wx", 0o600);
  try {
    for await (const piece of bytes) {
      room.bytes -= piece.length;
      if (room.bytes < 0) {
        throw new RangeError(
          `it unpacks to more than ${RATIO_MAX} times its size: that is no chat`,
        );
      }
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
}
