// yauzl: reads the directory of a zip and streams its files one by one, also of 4 GB and more, and checks the
// sizes and names that the zip tells.
import { type Entry, open, type ZipFile } from "yauzl";

/** One file of a zip. */
export interface ZipFileEntry {
  /** With `/` between the parts; relative, without `..`. */
  readonly name: string;
  /** Yields its bytes. Read it before the next entry is asked for. */
  bytes(): AsyncIterable<Uint8Array>;
}

/**
 * Yields the files of the zip at `path`, in its order; folders and links are left out.
 *
 * @throws {Error} when it is no zip, is encrypted, or names a file outside of it.
 */
export async function* zipEntries(path: string): AsyncGenerator<ZipFileEntry, void, undefined> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    // `validateEntrySize` is the default: a file that unpacks to more than it says fails.
    open(path, { lazyEntries: true, autoClose: false }, (error, opened) => {
      if (error) reject(error);
      else resolve(opened);
    });
  });
  try {
    for (;;) {
      const entry = await nextEntry(zip);
      if (entry === undefined) return;
      if (isFile(entry)) yield { name: entry.fileName, bytes: () => bytesOf(zip, entry) };
    }
  } finally {
    zip.close();
  }
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (work: () => void) => () => {
      zip.removeAllListeners();
      work();
    };
    zip.once("entry", (entry: Entry) => settle(() => resolve(entry))());
    zip.once("end", settle(() => resolve(undefined)));
    zip.once("error", (error) => settle(() => reject(error))());
    zip.readEntry();
  });
}

const UNIX = 3;
const FILE_TYPE_MASK = 0o170000;
const REGULAR = 0o100000;

function isFile({ fileName, versionMadeBy, externalFileAttributes }: Entry): boolean {
  if (fileName.endsWith("/")) return false;
  const type = (externalFileAttributes >>> 16) & FILE_TYPE_MASK;
  return versionMadeBy >>> 8 !== UNIX || type === 0 || type === REGULAR;
}

async function* bytesOf(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = await new Promise<AsyncIterable<Uint8Array>>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => {
      if (error) reject(error);
      else resolve(opened);
    });
  });
  yield* stream;
}
