import { ChatloomError } from "../../core/errors/errors.ts";

/** Bytes that were spooled. */
export interface SpooledBytes {
  /** How many bytes there are. */
  readonly size: number;
  /**
   * A fresh copy.
   *
   * @throws {ChatloomError} `STORE_IO` when the browser has dropped them.
   */
  read(): Promise<Uint8Array>;
}

/** What has come together in memory before the browser takes it. */
interface Page {
  parts: Uint8Array[];
  size: number;
  blob: Blob | undefined;
}

const PAGE_BYTES = 8 * 1024 * 1024;

/**
 * Room for bytes outside of the script's memory: in Blobs, which a browser moves to disk when they
 * grow many. Unlike its private file system they work from `file://` and on plain http, and vanish
 * with the page.
 */
export class BlobSpool {
  #page: Page = { parts: [], size: 0, blob: undefined };

  /** Spools `bytes`. The caller must not change them any more. */
  put(bytes: Uint8Array): SpooledBytes {
    const page = this.#page;
    const from = page.size;
    page.parts.push(bytes);
    page.size += bytes.length;
    if (page.size >= PAGE_BYTES) this.#seal();
    return { size: bytes.length, read: () => this.#read(page, from, from + bytes.length) };
  }

  #seal(): void {
    const page = this.#page;
    page.blob = new Blob(page.parts as BlobPart[]);
    page.parts = [];
    this.#page = { parts: [], size: 0, blob: undefined };
  }

  async #read(page: Page, from: number, to: number): Promise<Uint8Array> {
    if (page.blob === undefined) this.#seal();
    try {
      return new Uint8Array(await page.blob!.slice(from, to).arrayBuffer());
    } catch (cause) {
      throw new ChatloomError("STORE_IO", "Cannot read back spooled bytes", { cause });
    }
  }
}

/** All that `stream` brings, as one Blob, never with more than a page of it in memory. */
export async function streamToBlob(
  stream: ReadableStream<Uint8Array>,
  { type, signal }: { readonly type: string; readonly signal?: AbortSignal | undefined },
): Promise<Blob> {
  const pages: Blob[] = [];
  let parts: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      signal?.throwIfAborted();
      parts.push(step.value);
      size += step.value.length;
      if (size < PAGE_BYTES) continue;
      pages.push(new Blob(parts as BlobPart[]));
      [parts, size] = [[], 0];
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {}); // The first failure is thrown.
    throw error;
  }
  return new Blob([...pages, ...parts] as BlobPart[], { type });
}
