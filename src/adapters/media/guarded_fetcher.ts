import { lookup as systemLookup } from "node:dns/promises";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { concatBytes } from "../../core/bytes.ts";
import type {
  FetchedMedia,
  FetchMediaOptions,
  MediaFetcher,
} from "../../ports/media/media_fetcher.ts";
import { isPublicAddress } from "./public_address.ts";

/** How {@link guardedFetcher} works. */
export interface GuardedFetcherOptions {
  /** What it calls itself. */
  readonly userAgent: string;
  /** Whether an address may be connected to. @default public ones only */
  readonly isAllowed?: (address: string) => boolean;
  /** Ports other than those of http and https are refused without it. @default false */
  readonly allowsAnyPort?: boolean;
  /** Resolves names. @default the system's */
  readonly lookup?: (host: string) => Promise<readonly { address: string; family: number }[]>;
  /** How long one fetch may take with all its redirects, in ms. @default 20000 */
  readonly timeoutMs?: number;
}

const REDIRECTS_MAX = 4;
const TIMEOUT_MS = 20_000;

/**
 * Fetches by http and https from servers that anyone may have named: only from addresses that are allowed, where the
 * address that was checked is the one that is connected to; with bounds on size, time and redirects, of which each is
 * checked as the first. It sends no cookie and no referrer, and asks for no compression.
 */
export function guardedFetcher(options: GuardedFetcherOptions): MediaFetcher {
  const { timeoutMs = TIMEOUT_MS } = options;
  return async (url, { maxBytes, signal }) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      return await follow(url, { maxBytes, signal: either }, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (timeout.aborted) return refused(`no answer within ${timeoutMs / 1_000} s`);
      return refused(error instanceof Error ? error.message : String(error));
    }
  };
}

async function follow(
  first: string,
  limits: FetchMediaOptions & { readonly signal: AbortSignal },
  options: GuardedFetcherOptions,
): Promise<FetchedMedia> {
  let url = first;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const target = checkedUrl(url, options);
    if (typeof target === "string") return refused(target);
    const addresses = await allowedAddresses(target.hostname, options);
    if (typeof addresses === "string") return refused(addresses);
    const response = await ask(target, addresses, { ...options, signal: limits.signal });
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      response.destroy();
      if (!URL.canParse(headers.location, target)) return refused("it redirects to no address");
      url = new URL(headers.location, target).href;
      continue;
    }
    if (statusCode !== 200) {
      response.destroy();
      return refused(`the server answers ${statusCode}`);
    }
    return await readBody(response, limits.maxBytes);
  }
  return refused(`it redirects more than ${REDIRECTS_MAX} times`);
}

function refused(reason: string): FetchedMedia {
  return { ok: false, reason };
}

/** The address, or why it is not asked. */
function checkedUrl(text: string, { allowsAnyPort = false }: GuardedFetcherOptions): URL | string {
  if (!URL.canParse(text)) return "it is no address";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return `${url.protocol} is not fetched`;
  }
  if (url.username !== "" || url.password !== "") return "it holds a password";
  return allowsAnyPort || url.port === "" ? url : `port ${url.port} is not asked`;
}

type Addresses = readonly { readonly address: string; readonly family: number }[];

/** The addresses of a host, or why they are not connected to. */
async function allowedAddresses(
  hostname: string,
  { lookup = resolve, isAllowed = isPublicAddress }: GuardedFetcherOptions,
): Promise<Addresses | string> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(host);
  const found = family === 0 ? await lookup(host) : [{ address: host, family }];
  if (found.length === 0) return "its host has no address";
  const wrong = found.find(({ address }) => !isAllowed(address));
  return wrong === undefined
    ? found
    : `its host is at ${wrong.address}, which is no public address`;
}

async function resolve(host: string): Promise<Addresses> {
  return await systemLookup(host, { all: true });
}

/** Asks the server, at one of `addresses` and no other. */
function ask(
  url: URL,
  addresses: Addresses,
  { userAgent, signal }: GuardedFetcherOptions & { readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  // Names are resolved once, above: a second answer could be another address.
  const lookup: LookupFunction = (_host, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
  const headers = {
    "user-agent": userAgent,
    accept: "*/*",
    "accept-encoding": "identity",
  };
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = request(
      url,
      { lookup, headers, signal, agent: false },
      (response) => {
        const { remoteAddress = "" } = response.socket;
        const isKnown = addresses.some(({ address }) =>
          address === remoteAddress.replace(/^::ffff:/, "")
        );
        if (isKnown) return resolve(response);
        response.destroy();
        reject(new Error(`it was answered from ${remoteAddress}, which was not asked`));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<FetchedMedia> {
  const told = Number(response.headers["content-length"] ?? 0);
  const tooLong = () => refused(`it is longer than ${maxBytes} bytes`);
  const pieces: Uint8Array[] = [];
  let length = told > maxBytes ? told : 0;
  if (length <= maxBytes) {
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (length > maxBytes) break;
      pieces.push(piece);
    }
  }
  response.destroy();
  return length > maxBytes ? tooLong() : { ok: true, bytes: concatBytes(pieces) };
}
