import { Command, InvalidArgumentError, Option } from "commander";
import { hostname } from "node:os";
import process from "node:process";
import { prometheusMetrics } from "../../adapters/metrics/prometheus_metrics.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import { awaitArchive } from "../../node/wiring/broker/await_archive.ts";
import { serveWorker } from "../../node/wiring/broker/serve_worker.ts";
import type { HttpListener } from "../../ports/http.ts";
import { parseListenFlag, readAccess } from "../arguments/serve_flags.ts";
import { runWorker } from "../../node/wiring/broker/working.ts";
import { addConfigFlag } from "../config/loaded_config.ts";
import { neededBroker } from "../config/needed_broker.ts";
import { contextOf } from "../frame/context.ts";
import { examplesOf } from "../frame/program.ts";

interface WorkerFlags {
  readonly archive: string;
  readonly ranges?: readonly number[];
  readonly batchSize: number;
  readonly prefetchCount: number;
  readonly prefetchMib: number;
  readonly graceS: number;
  readonly name?: string;
  readonly listen?: string;
  readonly metricsTokenFile?: string;
  readonly openMetrics?: boolean;
}

/** `chatloom worker`: stores what recorders hand to a message broker. */
export function workerCommand(): Command {
  const command = new Command("worker")
    .description("store and settle what others write through a message broker, until stopped")
    .requiredOption(
      "-a, --archive <dir|url>",
      "the archive that it stores in; made if it is not there",
    );
  return addConfigFlag(command)
    .addOption(
      new Option("--ranges <list>", "work on these ranges only, such as 0-7,12")
        .argParser(parseRanges).default(undefined, "all"),
    )
    .option("--batch-size <count>", "files that are stored at once", whole(1), 100)
    .option("--prefetch-count <count>", "messages of a range in hand", whole(1), 100)
    .option("--prefetch-mib <mib>", "size of all messages in hand, about", whole(1), 32)
    .option(
      "--grace-s <seconds>",
      "how long what is in hand has to be stored at the end",
      whole(0),
      10,
    )
    .option(
      "--name <name>",
      "the name of this worker (default: the machine's and the process's id)",
    )
    .option("--listen <address>", "serve /metrics and /healthz at this address", parseListenFlag)
    .option(
      "--metrics-token-file <file>",
      "callers of other machines need the token in this file for /metrics",
    )
    .option("--open-metrics", "let any caller see /metrics")
    .addHelpText(
      "after",
      "\nThe file of --config names the broker in its table [broker], as it does for record, sync and import;\n" +
        "an address with a password can stand in a file of its own (url-file) or in $CHATLOOM_BROKER_URL.\n" +
        "Any number of workers share the ranges: each range is consumed by one at a time, one that joins gets\n" +
        "its share within a minute, and what a worker that died had in hand comes to the next. A message is\n" +
        "acknowledged after its file is stored. On SIGTERM a worker stores what it has in hand and gives the\n" +
        "rest back.\n" +
        examplesOf([
          "chatloom worker --config chatloom.toml",
          "chatloom worker --config chatloom.toml --listen :9091",
          "chatloom worker --config chatloom.toml --archive postgres://chatloom@db/chat --ranges 0-7",
        ]),
    )
    .action(async (flags: WorkerFlags, command: Command) => {
      const context = contextOf(command);
      const broker = neededBroker(command);
      const rangeCount = broker.rangeCount ?? 16;
      if (flags.ranges?.some((range) => range >= rangeCount)) {
        command.error(`error: there are ${rangeCount} ranges: 0 to ${rangeCount - 1}`);
      }
      context.watchCtrlC();
      const { reporter, signal, counters } = context;
      const { listen } = flags;
      const access = await readAccess(flags);
      const metrics = listen === undefined ? undefined : prometheusMetrics({ counters });
      const hasher = await bestHasher();
      const archive = await awaitArchive(flags.archive, { reporter, signal });
      if (archive === undefined) return;
      let listener: HttpListener | undefined;
      try {
        if (listen !== undefined && metrics !== undefined) {
          const { clock } = archive;
          listener = await serveWorker({ listen, metrics, access, clock, hasher, reporter });
          reporter.report("info", "Serving the worker's metrics", { url: listener.url });
        }
        const name = flags.name ?? `${hostname()}.${process.pid}`;
        reporter.report("info", "The worker begins", { name, archive: archive.folder });
        await runWorker({ ...archive, hasher }, {
          ...{ broker, signal, metrics, name, ranges: flags.ranges },
          ...{ batchSize: flags.batchSize, prefetchCount: flags.prefetchCount },
          prefetchBytes: flags.prefetchMib * 1024 * 1024,
          graceMs: flags.graceS * 1_000,
        });
      } finally {
        await listener?.close();
        await archive.parts.close();
      }
    });
}

function whole(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,6}$/.test(text) && value >= min) return value;
    throw new InvalidArgumentError(`must be a whole number from ${min} on.`);
  };
}

function parseRanges(text: string): number[] {
  const ranges = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first)) {
      throw new InvalidArgumentError("must be ranges such as 0-7,12.");
    }
    for (let range = Number(first); range <= Number(last); range++) ranges.add(range);
  }
  return [...ranges].sort((a, b) => a - b);
}
