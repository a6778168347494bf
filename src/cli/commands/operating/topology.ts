import { Command } from "commander";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import type {
  QueueReport,
  TopologyReport,
} from "../../../engine/remote/operating/read_topology.ts";
import { topologyOf } from "../../../node/wiring/broker/broker_link.ts";
import { addConfigFlag } from "../../config/loaded_config.ts";
import { neededBroker } from "../../config/needed_broker.ts";
import { contextOf } from "../../frame/context.ts";
import { examplesOf } from "../../frame/program.ts";

/** `chatloom topology`: prints what the broker has for an archive. */
export function topologyCommand(): Command {
  const command = new Command("topology")
    .description("print what a message broker has for an archive: queues, backlog, who consumes")
    .option("--json", "print it as JSON");
  return addConfigFlag(command)
    .addHelpText(
      "after",
      "\nREADY are messages that wait in the queue of a range; those that a worker has in hand are not\n" +
        "among them. IN LINE are workers at the queue: the first consumes, the others take over. WORKER is\n" +
        "who says that it consumes; it knows when the first message comes, so an idle range shows -.\n" +
        "Workers are asked and have three seconds to answer. Nothing is made at the broker.\n" +
        examplesOf([
          "chatloom topology --config chatloom.toml",
          "chatloom topology --config chatloom.toml --json",
        ]),
    )
    .action(async ({ json }: { readonly json?: boolean }, command: Command) => {
      const broker = neededBroker(command);
      const { print, signal } = contextOf(command);
      const report = await topologyOf(broker, signal);
      await print(json ? `${JSON.stringify(report, null, 2)}\n` : formatTopology(report));
    });
}

/** A topology as text, with a line for each queue. */
function formatTopology({ exchanges, ranges, dead, workerCount, workers }: TopologyReport): string {
  const rows = [
    ["QUEUE", "READY", "IN LINE", "WORKER"],
    ...ranges.map((
      range,
    ) => [...countsOf(range), range.workers.map(escapeControls).join(", ") || "-"]),
    [...countsOf(dead), "dead letters"],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const silent = workerCount - workers.length;
  const backlog = ranges.reduce((sum, { readyCount }) => sum + readyCount, 0);
  return [
    ...exchanges.map(({ name, kind }) => `exchange ${name} (${kind})`),
    ...rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")),
    ...workers.map(({ worker, activeRanges, heldCount }) =>
      `worker ${
        escapeControls(worker)
      }: ${activeRanges.length} ranges, ${heldCount} messages in hand`
    ),
    ...(silent > 0 ? [`${silent} of ${workerCount} workers did not answer`] : []),
    `${backlog} messages wait, ${workerCount} workers, ${dead.readyCount} dead letters`,
    "",
  ].join("\n");
}

function countsOf({ name, isThere, readyCount, consumerCount }: QueueReport): string[] {
  return isThere ? [name, String(readyCount), String(consumerCount)] : [name, "missing", "-"];
}
