import { ChatloomError } from "../../core/errors/errors.ts";

// Chat in gzip is 5 to 12 times as long, an archive of one line again and again some 200 times.
// What gzip can do at most is 1,032.
const RATIO_MAX = 300;
/** Short files may be anything: nothing is lost by reading them. */
const CHECKED_FROM_BYTES = 64 * 1024 * 1024;
/** The browser decompresses a piece of input whole, into memory: this bounds what one piece becomes. */
const SLICE_BYTES = 16 * 1024;

/**
 * Decompresses a gzip file as far as the reader reads. The stream fails with `INPUT_UNREADABLE` when it
 * grows by more than a recording can: files of a few kilobytes exist that never end.
 *
 * @param onRead called with how many bytes of the file were read so far
 */
export function gunzip(file: File, onRead: (bytes: number) => void): ReadableStream<Uint8Array> {
  let [readBytes, writtenBytes] = [0, 0];
  const slices = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
        controller.enqueue(chunk.slice(at, at + SLICE_BYTES));
      }
    },
  });
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(slice, controller) {
      readBytes += slice.length;
      onRead(readBytes);
      controller.enqueue(slice);
    },
  });
  const checked = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      writtenBytes += chunk.length;
      if (writtenBytes > CHECKED_FROM_BYTES && writtenBytes > RATIO_MAX * readBytes) {
        throw new ChatloomError(
          "INPUT_UNREADABLE",
          `Cannot read "${file.name}": it is over ${RATIO_MAX} times as long when it is unpacked, ` +
            "which no recording of chat is",
        );
      }
      controller.enqueue(chunk);
    },
  });
  return file.stream().pipeThrough(slices).pipeThrough(counted)
    .pipeThrough(new DecompressionStream("gzip")).pipeThrough(checked);
}
