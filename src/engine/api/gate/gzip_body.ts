/** Smaller bodies are not worth compressing. */
const PACKED_MIN_BYTES = 1_024;

/** Whether a caller accepts gzip and the body is worth it. */
export function isWorthGzip(
  request: Request,
  { type, lengthBytes }: { readonly type: string; readonly lengthBytes: number | undefined },
): boolean {
  if (lengthBytes !== undefined && lengthBytes < PACKED_MIN_BYTES) return false;
  // Compressed, an event would wait for others.
  if (type.startsWith("text/event-stream")) return false;
  if (!/^(text\/|application\/(json|x-ndjson|openapi))/.test(type)) return false;
  return acceptsGzip(request.headers.get("accept-encoding") ?? "");
}

// https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
function acceptsGzip(header: string): boolean {
  let star = false;
  for (const each of header.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = each.split(";").map((part) => part.trim());
    const quality = parameters.find((part) => part.startsWith("q="))?.slice(2) ?? "1";
    const isWanted = Number(quality) > 0;
    if (coding === "gzip" || coding === "x-gzip") return isWanted;
    if (coding === "*") star = isWanted;
  }
  return star;
}

/** Compresses chunks with gzip as they are read. */
export async function* gzipped(pieces: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const step = await pieces.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await pieces.return?.();
    },
  }, { highWaterMark: 0 });
  const reader = source.pipeThrough(new CompressionStream("gzip")).getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    // The reader is gone: the source may end. Its own failure must not hide why.
    await reader.cancel().catch(() => {});
  }
}
