import { fileSystemMedia } from "../adapters/file_system/file_system_media.ts";
import { parseListenAddress } from "../adapters/http/listen_address.ts";
import { prometheusMetrics } from "../adapters/metrics/prometheus_metrics.ts";
import { Counters } from "../adapters/metrics/counters.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { Archive } from "./wiring/archive.ts";
import { openNodeIndex } from "./wiring/index_parts.ts";
import { followChanges } from "./wiring/live/follow_changes.ts";
import { LiveArchive } from "./wiring/live/live_archive.ts";
import { serveNode } from "./wiring/serve_node.ts";

/** How {@link serve} serves. */
export interface ServeArchiveOptions {
  /** `HOST:PORT`, or `:PORT` for this machine alone; port 0 is one that is free. @default "127.0.0.1:8080" */
  readonly listen?: string;
  /** Only callers that send this token get responses: 8 or more printable characters. @default all callers */
  readonly token?: string;
  /** Where, on this machine, metrics and debugging need no token, as `listen`. @default nowhere */
  readonly operatorListen?: string;
  /** Connections at once. @default 4096 */
  readonly connectionsMax?: number;
  /** Keep an index in the archive, by which questions about logs are answered at once. @default true */
  readonly index?: boolean;
}

/** A server that listens. `await using` closes it at the end of the block. */
export interface ArchiveServer extends AsyncDisposable {
  /** Where, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ends running requests and stops listening. A second call does nothing. */
  close(): Promise<void>;
}

/**
 * Serves an archive over HTTP to readers, peers and browsers, beside other work of the process.
 * `/openapi.json` describes the API; `/` is a page.
 *
 * @throws {RangeError} when the address or the token cannot be used.
 * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there.
 */
export async function serve(
  archive: Archive,
  options: ServeArchiveOptions = {},
): Promise<ArchiveServer> {
  const { listen = "127.0.0.1:8080", token, operatorListen, connectionsMax } = options;
  parseListenAddress(listen);
  if (operatorListen !== undefined) parseListenAddress(operatorListen);
  // An empty token would let every caller in that sends an empty one.
  if (token !== undefined && !/^[\x21-\x7e]{8,1024}$/.test(token)) {
    throw new RangeError("Cannot use the token: it must be 8 or more letters, digits or signs");
  }
  const { store, hasher, clock, random } = archive;
  const counters = new Counters();
  const reporter = counting(archive.reporter, counters);
  const metrics = prometheusMetrics({ counters });
  const parts = { store, hasher, clock, random, reporter, metrics };
  const { changes, liveLines: lines, journalFolder, versions } = archive.parts;
  const live = new LiveArchive({ ...parts, folder: journalFolder, lines, versions });
  await live.begin();
  const { settled, index: place } = archive.parts;
  const unstored = live.chatStore;
  const indexed = options.index === false
    ? undefined
    : await openNodeIndex({ ...parts, place, settled, unstored });
  const listener = await serveNode({
    ...parts,
    chatStore: live.chatStore,
    media: fileSystemMedia(archive.parts.journalFolder),
    feed: live.feed,
    finder: indexed?.finder,
    settled,
    listen,
    operatorListen,
    connectionsMax,
    access: token === undefined ? undefined : { readers: { kind: "token", token } },
  });
  const stop = new AbortController();
  const following = Promise.all([
    live.run(stop.signal),
    indexed?.run(stop.signal),
    followChanges(changes, { live, indexed }, stop.signal),
  ]);
  following.catch(() => {}); // Closing tells.
  const close = async () => {
    stop.abort();
    live.feed.close();
    await Promise.all([listener.close(), following]);
  };
  return { url: listener.url, close, [Symbol.asyncDispose]: close };
}

/** The reporter, whose counts are metrics too. */
function counting(reporter: Reporter, counters: Counters): Reporter {
  return {
    report: (severity, message, fields) => reporter.report(severity, message, fields),
    count(name, labels, amount): void {
      counters.count(name, labels, amount);
      reporter.count(name, labels, amount);
    },
  };
}
