import { areBytesEqual } from "../../../core/bytes.ts";
import {
  type ExpectedRequest,
  parseRequest,
  type ReadRequest,
} from "../../../core/remote/envelope.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { BrokerMessage } from "../../../ports/remote/broker.ts";
import type { Gzip } from "../../../ports/remote/gzip.ts";
import { platformGzip } from "../compressed_body.ts";

/** A request whose file is what its key says; or why it can never be carried out. */
export type CheckedRequest =
  | { readonly ok: true; readonly request: ReadRequest; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** Reads a request and compares its file with the digest in its key. Never throws because of what came. */
export async function checkRequest(
  message: BrokerMessage,
  { hasher, gzip = platformGzip, ...expected }: ExpectedRequest & {
    readonly hasher: Hasher;
    readonly gzip?: Gzip | undefined;
  },
): Promise<CheckedRequest> {
  const parsed = parseRequest(message, expected);
  if (!parsed.ok) return parsed;
  const { request } = parsed;
  const { parts, lengthBytes, isGzip, method } = request;
  if (method === "delete") return { ok: true, request, bytes: message.body };
  const bytes = isGzip ? await gzip.decompress(message.body, lengthBytes) : message.body;
  if (bytes === undefined) {
    return { ok: false, reason: `its body is no gzip of ${lengthBytes} bytes` };
  }
  if (parts.kind === "tombstone") {
    // The digest in its name is that of the batch it hides.
    if (bytes.length > 0) return { ok: false, reason: "it is a tombstone that is not empty" };
  } else if (!areBytesEqual(await hasher.digest(bytes), parts.digest)) {
    return { ok: false, reason: "its bytes do not have the hash that its key names" };
  }
  return { ok: true, request, bytes };
}
