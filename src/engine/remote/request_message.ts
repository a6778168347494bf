import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import {
  BODY_MAX_BYTES,
  CARRIED_FILE_MAX_BYTES,
  formatRequest,
} from "../../core/remote/envelope.ts";
import { putExchange, rangeKey } from "../../core/remote/remote_topology.ts";
import type { Publication } from "../../ports/remote/broker.ts";
import { compressBody, type SentBody } from "./compressed_body.ts";
import type { RemoteStoreOptions } from "./remote_store_options.ts";
import type { StoreCall } from "./store_call.ts";

/**
 * The message that asks a worker for a call.
 *
 * @throws {ChatloomError} `STORE_REFUSED` when it is too large for a broker.
 */
export async function requestMessage(
  { method, key, range, correlationId }: StoreCall,
  bytes: Uint8Array,
  options: Pick<
    RemoteStoreOptions,
    "archive" | "archiveId" | "sender" | "compresses" | "gzip" | "rangeCount"
  >,
): Promise<Publication> {
  const { archive, archiveId, sender, compresses = true, gzip, rangeCount } = options;
  const sent: SentBody = compresses
    ? await compressBody(bytes, gzip)
    : { body: bytes, contentEncoding: undefined };
  if (sent.body.length > BODY_MAX_BYTES) throw tooLarge(key, sent.body.length);
  return {
    exchange: putExchange(archive),
    routingKey: rangeKey(range, rangeCount),
    wantsReply: true,
    messageId: `${method} ${key}`,
    correlationId,
    appId: sender,
    contentEncoding: sent.contentEncoding,
    headers: formatRequest({ method, key, archive, archiveId, lengthBytes: bytes.length }),
    // The caller may change its bytes when it leaves, while the broker still reads them.
    body: sent.body === bytes ? bytes.slice() : sent.body,
  };
}

/** Throws `STORE_REFUSED` for a file that no broker carries, before anything is done for it. */
export function checkSize(key: ArchiveKey, bytes: Uint8Array): void {
  if (bytes.length > CARRIED_FILE_MAX_BYTES) throw tooLarge(key, bytes.length);
}

function tooLarge(key: ArchiveKey, bytes: number): ChatloomError {
  return new ChatloomError(
    "STORE_REFUSED",
    `Cannot store "${key}": a file of ${bytes} bytes is too large for a broker`,
  );
}
