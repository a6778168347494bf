import type { BodyCoder } from "../../../ports/http.ts";

/** Smaller bodies are not worth compressing. */
const PACKED_MIN_BYTES = 1_024;

/** Whether a body of this type and length is worth compressing. */
export function isWorthCoding(
  { type, lengthBytes }: { readonly type: string; readonly lengthBytes: number | undefined },
): boolean {
  if (lengthBytes !== undefined && lengthBytes < PACKED_MIN_BYTES) return false;
  // Events are short and come one by one: a proxy must not wait for more of them.
  if (type.startsWith("text/event-stream")) return false;
  return /^(text\/|application\/(json|x-ndjson|openapi))/.test(type);
}

/**
 * The one of `coders` that a caller wants most, by its `Accept-Encoding`; of equals the first. `undefined` where it
 * takes none, wants the bytes as they are at least as much by name, or says nothing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 | RFC 9110, Accept-Encoding}
 */
export function chooseCoder(
  header: string | null,
  coders: readonly BodyCoder[],
): BodyCoder | undefined {
  const qualities = new Map<string, number>();
  for (const each of (header ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = each.split(";").map((part) => part.trim());
    const quality = Number(parameters.find((part) => part.startsWith("q="))?.slice(2) ?? "1");
    if (coding !== "" && quality >= 0 && quality <= 1) {
      qualities.set(coding === "x-gzip" ? "gzip" : coding, quality);
    }
  }
  const others = qualities.get("*") ?? 0;
  let [found, most]: [BodyCoder | undefined, number] = [undefined, 0];
  for (const coder of coders) {
    const quality = qualities.get(coder.coding) ?? others;
    if (quality > most) [found, most] = [coder, quality];
  }
  return most < (qualities.get("identity") ?? 0) ? undefined : found;
}

/** gzip as every runtime has it, also a browser. It may hold back the first bytes of a slow body. */
export const STREAM_GZIP: BodyCoder = {
  coding: "gzip",
  encode(pieces) {
    const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const step = await pieces.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value as Uint8Array<ArrayBuffer>);
      },
    }, { highWaterMark: 0 });
    const reader = source.pipeThrough(new CompressionStream("gzip")).getReader();
    const body: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => body,
      async next() {
        const step = await reader.read();
        return step.done ? { done: true, value: undefined } : { done: false, value: step.value };
      },
      async return() {
        // The source ends at once, also while its next piece is waited for.
        await pieces.return?.();
        await reader.cancel().catch(() => {}); // Its own failure must not hide why.
        return { done: true, value: undefined };
      },
    };
    return body;
  },
};
