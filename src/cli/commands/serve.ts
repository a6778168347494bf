import { fileSystemMedia } from "../../adapters/file_system/file_system_media.ts";
import { Command, InvalidArgumentError } from "commander";
import { prometheusMetrics } from "../../adapters/metrics/prometheus_metrics.ts";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { systemRandom } from "../../adapters/system/system_random.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import { DEFAULT_LIMITS } from "../../engine/api/gate/gate.ts";
import { addConfigFlag, loadedConfig } from "../config/loaded_config.ts";
import { watchConfig } from "../config/watch_config.ts";
import { contextOf } from "../frame/context.ts";
import { openParts } from "../../node/wiring/parts/archive_parts.ts";
import { examplesOf } from "../frame/program.ts";
import {
  type AccessFlags,
  addAccessFlags,
  addLogFlags,
  addNetworkFlags,
  type LogFlags,
  type NetworkFlags,
  parseListenFlag,
  readAccess,
} from "../arguments/serve_flags.ts";
import { openNodeIndex } from "../../node/wiring/index_parts.ts";
import { followChanges } from "../../node/wiring/live/follow_changes.ts";
import { LiveArchive } from "../../node/wiring/live/live_archive.ts";
import { openOptOuts } from "../../node/wiring/opt_outs.ts";
import { serveNode } from "../../node/wiring/serve_node.ts";

interface ServeFlags extends AccessFlags, NetworkFlags, LogFlags {
  readonly archive: string;
  readonly listen: string;
  readonly connectionsMax: number;
  readonly rate: number;
}

/** `chatloom serve`: serves an archive over HTTP. */
export function serveCommand(): Command {
  const { perSecond } = DEFAULT_LIMITS.rate;
  const command = new Command("serve")
    .description("serve an archive over HTTP to readers and peers, until stopped")
    .requiredOption("-a, --archive <dir|url>", "the archive, which is only read, but for its index")
    .option("--listen <address>", "where to listen", parseListenFlag, "127.0.0.1:8080")
    .option(
      "--connections-max <n>",
      "connections at most; one address may take a quarter of them",
      parsePositive,
      4_096,
    )
    .option("--rate <n>", "requests a second that one address may make", parsePositive, perSecond);
  return addConfigFlag(addLogFlags(addNetworkFlags(addAccessFlags(command))))
    .addHelpText(
      "after",
      "\nListens on this machine only by default. /openapi.json describes the API.\n" +
        examplesOf([
          "chatloom serve --archive chat",
          "chatloom serve --archive chat --listen 0.0.0.0:8080 --token-file token.txt",
          "chatloom serve --archive chat --operator-listen 127.0.0.1:9090 --trust-proxy loopback",
          "curl 'http://127.0.0.1:8080/forsen/chat.json?start=2026-08-01T12:00&end=2026-08-01T12:10'",
        ]),
    )
    .action(async (flags: ServeFlags, command: Command) => {
      const context = contextOf(command);
      const { signal, reporter, counters, logLevel, watchCtrlC } = context;
      watchCtrlC();
      const clock = systemClock();
      let access = await readAccess(flags);
      let { rate } = flags;
      const archive = await openParts(flags.archive);
      const { files: store, settled, journalFolder, versions, liveLines: lines } = archive;
      const parts = {
        store,
        hasher: await bestHasher(),
        clock,
        random: systemRandom(),
        metrics: prometheusMetrics({ counters }),
        reporter,
      };
      const live = new LiveArchive({ ...parts, folder: journalFolder, lines, versions });
      await live.begin();
      const index = { ...parts, place: archive.index, settled, unstored: live.chatStore };
      const indexed = flags.index ? await openNodeIndex(index) : undefined;
      const optOuts = await openOptOuts(journalFolder, { clock, reporter });
      const listener = await serveNode({
        ...parts,
        media: fileSystemMedia(journalFolder),
        optOuts: optOuts.book,
        chatStore: live.chatStore,
        finder: indexed?.finder,
        feed: live.feed,
        settled,
        limits: () => ({ rate: { perSecond: rate, burst: 5 * rate } }),
        ...flags,
        trustedProxies: flags.trustProxy ?? [],
        logs: flags,
        logLevel,
        access: () => access,
      });
      reporter.report("info", "Serving the archive", { url: listener.url });
      await Promise.all([
        live.run(signal),
        indexed?.run(signal),
        followChanges(archive.changes, { live, indexed }, signal),
        optOuts.follow(signal),
        watchConfig(loadedConfig(command), {
          clock,
          signal,
          flags,
          live: ["rate", "tokenFile", "metricsTokenFile", "openMetrics", "operatorTokenFile"],
          async apply({ flags: now }): Promise<void> {
            access = await readAccess(now);
            rate = now.rate;
          },
        }, context),
      ]);
      live.feed.close();
      await listener.close();
    });
}

function parsePositive(text: string): number {
  const count = Number(text);
  if (!(Number.isInteger(count) && count >= 1 && count <= 1_000_000)) {
    throw new InvalidArgumentError("It must be a whole number above 0.");
  }
  return count;
}
