import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { hideUser } from "../../adapters/http_peer/hide_user.ts";
import { httpPeer } from "../../adapters/http_peer/http_peer.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Peer } from "../../ports/peer.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { reportProxies } from "./proxy_notice.ts";
import { type ListFile, readListFile, watchListFile } from "./list_file.ts";

/** A peer and how requests to it are made. */
export interface PeerEntry {
  readonly url: string;
  /** The file that holds the token for this peer. */
  readonly tokenFile: string | undefined;
  /** Whether its redactions and tombstones are taken. */
  readonly obeysOrders: boolean;
}

/** Peers to ask, and how far they are trusted. */
export interface OpenPeers {
  readonly peers: readonly Peer[];
  /** Names of those whose redactions and tombstones are not taken. */
  readonly withoutOrders: ReadonlySet<string>;
}

/** The entries of a file of peers. */
export interface PeerList {
  readonly peers: readonly PeerEntry[];
  /** Lines that name no peer, as they are. */
  readonly unreadable: readonly string[];
}

/** The address in `text`, such as `http://host:8080,orders=none`; `undefined` if there is none. */
export function parsePeer(text: string): Pick<PeerEntry, "url" | "obeysOrders"> | undefined {
  const match = /^(.*?)(?:,orders=(all|none))?$/.exec(text);
  const [, url = "", orders = "all"] = match ?? [];
  return isPeerUrl(url) ? { url, obeysOrders: orders === "all" } : undefined;
}

/**
 * Reads a list of peers, one a line: an address, as {@link parsePeer} takes it, and if it wants a token
 * `token-file=PATH` behind it, relative to `folder`. Blank lines and comments, behind `#` or from `//` at the start, are ignored.
 */
function parsePeerList({ lines }: ListFile, folder: string): PeerList {
  const peers: PeerEntry[] = [];
  const unreadable: string[] = [];
  for (const line of lines) {
    const entry = line.replace(/(?:^|\s)(?:#|\/\/).*$/, "").trim();
    if (entry === "") continue;
    const match = /^(\S+)(?:\s+token-file=(\S+))?$/.exec(entry);
    const [, text = "", file] = match ?? [];
    const peer = parsePeer(text);
    if (peer === undefined) unreadable.push(entry);
    else peers.push({ ...peer, tokenFile: file === undefined ? undefined : resolve(folder, file) });
  }
  return { peers, unreadable };
}

/** Whether `url` can be the address of a peer. */
function isPeerUrl(url: string): boolean {
  try {
    httpPeer(url);
    return true;
  } catch {
    return false;
  }
}

/**
 * The peers of these entries, each address once. If one entry of an address takes no orders, the peer
 * gives none.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when a token cannot be read.
 */
async function openPeers(entries: readonly PeerEntry[]): Promise<OpenPeers> {
  const peers = new Map<string, Peer>();
  const withoutOrders = new Set<string>();
  for (const { url, tokenFile, obeysOrders } of entries) {
    const token = tokenFile === undefined ? undefined : await readPeerToken(tokenFile);
    const peer = httpPeer(url, { token });
    peers.set(peer.name, peer);
    if (!obeysOrders) withoutOrders.add(peer.name);
  }
  return { peers: [...peers.values()], withoutOrders };
}

/**
 * The token in a file for another node.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when it cannot be read, or is no token.
 */
export async function readPeerToken(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read the token in "${path}"`, { cause });
  });
  const token = text.trim();
  if (/^[\x21-\x7e]{1,1024}$/.test(token)) return token;
  throw new ChatloomError(
    "INPUT_UNREADABLE",
    `Cannot use the token in "${path}": it is not a token`,
  );
}

/** Where peers come from. */
export interface PeerSource {
  /** Peers that are always asked. */
  readonly named: readonly PeerEntry[];
  /** A file of more. */
  readonly file: string | undefined;
}

/**
 * The peers as flags and file say now. Entries of the file that are no peers are logged.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the file or a token cannot be read.
 */
export async function readPeers(
  { named, file }: PeerSource,
  reporter: Reporter,
): Promise<OpenPeers> {
  const found = file === undefined
    ? await openPeers(named)
    : await openListed(await readListFile(file, "peers"), { named, file, reporter });
  reportProxies(found.peers.map(({ name }) => name), reporter);
  return found;
}

async function openListed(
  list: ListFile,
  { named, file, reporter }: {
    readonly named: readonly PeerEntry[];
    readonly file: string;
    readonly reporter: Reporter;
  },
): Promise<OpenPeers> {
  const { peers, unreadable } = parsePeerList(list, dirname(file));
  for (const entry of unreadable) {
    reporter.report("warning", "An entry of the list is no peer and was left out", {
      path: file,
      entry: hideUser(entry).slice(0, 100),
    });
  }
  return await openPeers([...named, ...peers]);
}

/**
 * Watches the file of peers until `signal` aborts; see {@link watchListFile}. `source` tells at each change
 * which peers are always asked; its file stays the same.
 */
export async function watchPeers(
  source: () => PeerSource,
  { reporter, onChange, ...options }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly reporter: Reporter;
    readonly onChange: (found: OpenPeers) => void;
  },
): Promise<void> {
  const { file } = source();
  if (file === undefined) return;
  await watchListFile(file, {
    ...options,
    reporter,
    noun: "peers",
    countOf: (list) => parsePeerList(list, dirname(file)).peers.length,
    onChange: async (list) =>
      onChange(await openListed(list, { named: source().named, file, reporter })),
  });
}
