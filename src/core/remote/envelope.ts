import { type ArchiveKey, type ArchiveKeyParts, parseArchiveKey } from "../archive/archive_key.ts";
import { ChannelRanges, rangeOfChannel } from "./channel_range.ts";
import { rangeKey } from "./remote_topology.ts";

/** The version of what senders and workers say to each other. */
const ENVELOPE_VERSION = 1;

const DEFAULT_RANGES = new ChannelRanges();

/** The largest body of a message, as it is sent. */
export const BODY_MAX_BYTES = 64 * 1024 * 1024;

/** The largest file, before it is compressed. */
export const CARRIED_FILE_MAX_BYTES = 256 * 1024 * 1024;

/** The headers of a message. */
export type EnvelopeHeaders = ReadonlyMap<string, string | number>;

/** What a sender asks of a worker. */
export interface StoreRequest {
  /** Whether the file is stored or deleted. */
  readonly method: "put" | "delete";
  /** The key of the file. */
  readonly key: ArchiveKey;
  /** The name of the archive at the broker. */
  readonly archive: string;
  /** The id of the archive that the sender reads, if it knows it: it must be the worker's. */
  readonly archiveId?: string | undefined;
  /** How long the file is, before it is compressed; 0 for `delete`. */
  readonly lengthBytes: number;
}

/** A request that was read, and what its key says. */
export interface ReadRequest extends StoreRequest {
  /** What the key says. */
  readonly parts: ArchiveKeyParts;
  /** Whether the body is compressed by gzip. */
  readonly isGzip: boolean;
}

/** What a reader of requests expects. */
export interface ExpectedRequest {
  /** The name of the archive at the broker. */
  readonly archive: string;
  /** The id of the archive, if it is known. */
  readonly archiveId?: string | undefined;
  /** The range of each channel. @default of 16 */
  readonly ranges?: ChannelRanges | undefined;
  /** The range whose queue it came from. @default any */
  readonly range?: number | undefined;
}

/** What became of reading a message; `reason` is a clause that says what is wrong with it. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: ReadRequest }
  | { readonly ok: false; readonly reason: string };

/** Writes the headers of a request. */
export function formatRequest(request: StoreRequest): Map<string, string | number> {
  const { method, key, archive, archiveId, lengthBytes } = request;
  const headers = new Map<string, string | number>([
    ["v", ENVELOPE_VERSION],
    ["method", method],
    ["key", key],
    ["archive", archive],
    ["length", lengthBytes],
  ]);
  if (archiveId !== undefined) headers.set("archive-id", archiveId);
  return headers;
}

/** The routing key of a request for `key`. */
export function routeOf({ channel }: { readonly channel: string }, rangeCount?: number): string {
  return rangeKey(rangeOfChannel(channel, rangeCount), rangeCount);
}

/**
 * Reads a request, whatever it holds. Never throws. A file's digest, and a compressed body, are for the caller
 * to check: both take time.
 */
export function parseRequest(
  message: {
    readonly headers: EnvelopeHeaders;
    readonly body: Uint8Array;
    readonly contentEncoding?: string | undefined;
  },
  expected: ExpectedRequest,
): ParsedRequest {
  const { headers, body, contentEncoding } = message;
  const wrong = (reason: string): ParsedRequest => ({ ok: false, reason });
  const version = headers.get("v");
  if (version !== ENVELOPE_VERSION) return wrong(`its version is ${shown(version)}, not 1`);
  const method = headers.get("method");
  if (method !== "put" && method !== "delete") return wrong(`its method is ${shown(method)}`);
  const key = headers.get("key");
  const parts = typeof key === "string" ? parseArchiveKey(key) : undefined;
  if (typeof key !== "string" || parts === undefined) {
    return wrong(`its key ${shown(key)} names no file of an archive`);
  }
  const archive = headers.get("archive");
  if (archive !== expected.archive) return wrong(`it is for the archive ${shown(archive)}`);
  const archiveId = headers.get("archive-id");
  if (archiveId !== undefined && typeof archiveId !== "string") {
    return wrong(`its archive id is ${shown(archiveId)}`);
  }
  if (
    archiveId !== undefined && expected.archiveId !== undefined && archiveId !== expected.archiveId
  ) return wrong(`its sender reads another archive, with the id ${shown(archiveId)}`);
  const range = (expected.ranges ?? DEFAULT_RANGES).of(parts.channel);
  if (expected.range !== undefined && range !== expected.range) {
    return wrong(`it is of range ${range}, in the queue of range ${expected.range}`);
  }
  if (contentEncoding !== undefined && contentEncoding !== "gzip") {
    return wrong(`its encoding is ${shown(contentEncoding)}`);
  }
  const isGzip = contentEncoding === "gzip";
  const lengthBytes = headers.get("length");
  if (
    typeof lengthBytes !== "number" || !Number.isInteger(lengthBytes) || lengthBytes < 0 ||
    lengthBytes > CARRIED_FILE_MAX_BYTES
  ) return wrong(`its length is ${shown(lengthBytes)}`);
  if (body.length > BODY_MAX_BYTES) return wrong(`its body has ${body.length} bytes`);
  if (method === "delete" && (lengthBytes > 0 || body.length > 0)) {
    return wrong("it deletes, and has a body");
  }
  if (!isGzip && body.length !== lengthBytes) {
    return wrong(`its body has ${body.length} bytes, not ${lengthBytes}`);
  }
  return { ok: true, request: { method, key, archive, archiveId, lengthBytes, parts, isGzip } };
}

/**
 * What a worker says of a request: `stored` (or deleted) and flushed, `refused` for good, or `waiting`: it holds
 * the request and cannot store it now, as while the database is away.
 */
export interface StoreReply {
  /** What became of the request. */
  readonly status: "stored" | "refused" | "waiting";
  /** The id of the archive that the worker writes, if it knows it. */
  readonly archiveId?: string | undefined;
  /** Why it is refused or waits, in words. */
  readonly reason?: string | undefined;
  /** The error code for it, as `STORE_FULL`. */
  readonly code?: string | undefined;
  /** The name of the worker. */
  readonly worker?: string | undefined;
}

/** Writes the headers of a reply; it has no body. */
export function formatReply(reply: StoreReply): Map<string, string | number> {
  const headers = new Map<string, string | number>([["v", ENVELOPE_VERSION]]);
  headers.set("status", reply.status);
  const optional = [
    ["archive-id", reply.archiveId],
    ["reason", reply.reason],
    ["code", reply.code],
    ["worker", reply.worker],
  ] as const;
  for (const [name, value] of optional) {
    if (value !== undefined) headers.set(name, value.slice(0, REPLY_TEXT_MAX));
  }
  return headers;
}

/** Reads a reply, or returns `undefined` if it is none of this version. Never throws. */
export function parseReply(headers: EnvelopeHeaders): StoreReply | undefined {
  if (headers.get("v") !== ENVELOPE_VERSION) return undefined;
  const status = headers.get("status");
  if (status !== "stored" && status !== "refused" && status !== "waiting") return undefined;
  const text = (name: string): string | undefined => {
    const value = headers.get(name);
    return typeof value === "string" ? value.slice(0, REPLY_TEXT_MAX) : undefined;
  };
  return {
    status,
    archiveId: text("archive-id"),
    reason: text("reason"),
    code: text("code"),
    worker: text("worker"),
  };
}

/** How much of a text in a reply is read, and written. */
const REPLY_TEXT_MAX = 500;

function shown(value: string | number | undefined): string {
  if (value === undefined) return "missing";
  return typeof value === "number" ? String(value) : JSON.stringify(value.slice(0, 100));
}
