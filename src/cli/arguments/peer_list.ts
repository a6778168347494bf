import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { httpPeer } from "../../adapters/http_peer.ts";
import { ChatloomError } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Peer } from "../../ports/peer.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** A peer and how it is asked. */
export interface PeerEntry {
  readonly url: string;
  /** The file that holds the token which this peer wants. */
  readonly tokenFile: string | undefined;
  /** Whether its redactions and tombstones are taken. */
  readonly obeysOrders: boolean;
}

/** Peers that can be asked, and how far they are trusted. */
export interface OpenPeers {
  readonly peers: readonly Peer[];
  /** Names of those whose redactions and tombstones are not taken. */
  readonly withoutOrders: ReadonlySet<string>;
}

/** What stands in a file of peers. */
export interface PeerList {
  readonly peers: readonly PeerEntry[];
  /** Lines that name no peer, as they stand there. */
  readonly unreadable: readonly string[];
}

const POLL_MS = 2_000;

/** The address in `text`, such as `http://host:8080,orders=none`; `undefined` if there is none. */
export function parsePeer(text: string): Pick<PeerEntry, "url" | "obeysOrders"> | undefined {
  const match = /^(.*?)(?:,orders=(all|none))?$/.exec(text);
  const [, url = "", orders = "all"] = match ?? [];
  return isPeerUrl(url) ? { url, obeysOrders: orders === "all" } : undefined;
}

/**
 * Reads a list of peers, one a line: an address, as {@link parsePeer} takes it, and if it wants a token
 * `token-file=PATH` behind it, relative to `folder`. Blank lines and what follows `#` or stands behind `//` at the start say nothing.
 */
function parsePeerList(text: string, folder = "."): PeerList {
  const peers: PeerEntry[] = [];
  const unreadable: string[] = [];
  for (const line of text.split("\n")) {
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

/** Whether a peer can be asked at `url`. */
function isPeerUrl(url: string): boolean {
  try {
    httpPeer(url);
    return true;
  } catch {
    return false;
  }
}

/**
 * The peers of these entries, each address once. One that any of them gives without orders has none.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when a token cannot be read.
 */
async function openPeers(entries: readonly PeerEntry[]): Promise<OpenPeers> {
  const peers = new Map<string, Peer>();
  const withoutOrders = new Set<string>();
  for (const { url, tokenFile, obeysOrders } of entries) {
    const token = tokenFile === undefined ? undefined : await readPeerToken(tokenFile);
    const peer = httpPeer(url, token === undefined ? {} : { token });
    peers.set(peer.name, peer);
    if (!obeysOrders) withoutOrders.add(peer.name);
  }
  return { peers: [...peers.values()], withoutOrders };
}

async function readPeerToken(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read the token in "${path}"`, { cause });
  });
  const token = text.trim();
  if (/^[\x21-\x7e]{1,1024}$/.test(token)) return token;
  throw new ChatloomError("INPUT_UNREADABLE", `Cannot use the token in "${path}": it is none`);
}

/** Where peers come from. */
export interface PeerSource {
  /** Peers that always count. */
  readonly named: readonly PeerEntry[];
  /** A file of more. */
  readonly file: string | undefined;
}

/**
 * The peers as flags and file say now. Entries of the file that are none are warned of.
 *
 * @throws {ChatloomError} `INPUT_UNREADABLE` when the file or a token cannot be read.
 */
export async function readPeers(
  { named, file }: PeerSource,
  reporter: Reporter,
): Promise<OpenPeers> {
  if (file === undefined) return await openPeers(named);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ChatloomError("INPUT_UNREADABLE", `Cannot read the list of peers "${file}"`, {
      cause,
    });
  });
  const { peers, unreadable } = parsePeerList(text, dirname(file));
  for (const entry of unreadable) {
    reporter.report("warning", "An entry of the list is no peer and was left out", {
      path: file,
      entry: entry.slice(0, 100),
    });
  }
  return await openPeers([...named, ...peers]);
}

/**
 * Looks at the list of peers every two seconds until `signal` aborts, and tells `onChange` when it
 * says something else. A list that cannot be read changes nothing.
 */
export async function watchPeers(
  source: PeerSource,
  { clock, signal, reporter, onChange }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly reporter: Reporter;
    readonly onChange: (found: OpenPeers) => void;
  },
): Promise<void> {
  const { file } = source;
  if (file === undefined) return;
  let known: string | undefined;
  while (!signal.aborted) {
    const now = await readFile(file, "utf8").catch((error: Error) => error.message);
    if (now !== known && known !== undefined) {
      try {
        const found = await readPeers(source, reporter);
        reporter.report("info", "The list of peers has changed", {
          path: file,
          peers: found.peers.length,
        });
        onChange(found);
      } catch (error) {
        if (!(error instanceof ChatloomError)) throw error;
        const what = { path: file, error: error.message };
        reporter.report("warning", "The list of peers cannot be read; the old one counts", what);
      }
    }
    known = now;
    await clock.sleep(POLL_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
}
