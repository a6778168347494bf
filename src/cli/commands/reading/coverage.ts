import { Command, Option } from "commander";
import { BLOCKING_READ_CALLS } from "../../../adapters/file_system/calls/file_calls.ts";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import type { Micros } from "../../../core/time.ts";
import { toMinuteJson } from "../../../engine/coverage/describe_minute.ts";
import { coverageByMinute, type MinuteCoverage } from "../../../engine/coverage/minute_coverage.ts";
import { spanOf } from "../../../engine/coverage/read_coverage.ts";
import { faultsOf } from "../../../engine/read/files/fault_reporter.ts";
import { tolerantStore } from "../../../engine/read/files/tolerant_store.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { contextOf } from "../../frame/context.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";
import { parseTimeFlag } from "../../arguments/time_flag.ts";

interface CoverageFlags {
  readonly archive: string;
  readonly from?: Micros;
  readonly to?: Micros;
  readonly format: "text" | "json";
}

/** `chatloom coverage`: says which receivers listened when, and what is likely to be missing. */
export function coverageCommand(): Command {
  return new Command("coverage")
    .description(
      "say minute by minute which receivers listened to a channel, and how much all of them missed",
    )
    .argument("<channel>", "the channel")
    .requiredOption("-a, --archive <dir|url>", "the archive, which is only read")
    .option("--from <time>", "from this time on (default: its first hour)", parseTimeFlag)
    .option("--to <time>", "up to this time (default: its last hour)", parseTimeFlag)
    .addOption(
      new Option("-f, --format <format>", "form of the output").choices(["text", "json"])
        .default("text"),
    )
    .addHelpText(
      "after",
      "\nWhere no recorder is known to have listened, silence may be loss. How much all\n" +
        "missed is estimated from what one node has and the others lack (Chapman's capture and\n" +
        "recapture), where two or more listened all the time. It assumes that they fail independently:\n" +
        "a failure of all at once, as one of Twitch's own, does not show.\n" +
        examplesOf([
          "chatloom coverage forsen --archive chat",
          "chatloom coverage forsen -a chat --from 2026-08-01T12:00 --to 2026-08-01T13:00 -f json",
        ]),
    )
    .action(async (channel: string, flags: CoverageFlags, command: Command) => {
      checkChannels([channel], command);
      const { print, reporter, counters, signal } = contextOf(command);
      const faults = faultsOf(reporter);
      const { files } = await openParts(flags.archive, { folder: { calls: BLOCKING_READ_CALLS } });
      const store = tolerantStore(files, (entry) => faults.tellFolder(entry));
      const span = await spanOf(channel, { store, signal });
      const fromUs = flags.from ?? span?.fromUs ?? 0;
      const toUs = flags.to ?? span?.toUs ?? 0;
      const hasher = await bestHasher();
      const totals = new CoverageTotals();
      for await (
        const minute of coverageByMinute(channel, { store, hasher, reporter, signal, fromUs, toUs })
      ) {
        totals.add(minute);
        await print(
          flags.format === "json"
            ? `${JSON.stringify(toMinuteJson(minute))}\n`
            : `${describe(minute)}\n`,
        );
      }
      if (flags.format === "text") await print(totals.text());
      if (counters.total("files_left_out") > 0) {
        throw new QuietExit(EXIT.failed, "Some files were left out");
      }
    });
}

function describe(minute: MinuteCoverage): string {
  const {
    minute: at,
    uncovered_seconds: uncoveredS,
    missed_estimate: missed,
    missed_error: error,
  } = toMinuteJson(minute);
  const listeners = [...minute.receivers].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([receiver, seconds]) => seconds === 60 ? receiver : `${receiver} (${seconds} s)`);
  const parts = [
    `${at}  ${minute.messages} messages`,
    listeners.length === 0
      ? "no recorder is known to have listened"
      : `heard by ${listeners.join(", ")}`,
    ...(uncoveredS > 0 && listeners.length > 0 ? [`no recorder for ${uncoveredS} s`] : []),
    ...(missed === null ? [] : [`missed by all: about ${missed} ± ${error}`]),
  ];
  return parts.join("; ");
}

/** Adds up minutes. */
class CoverageTotals {
  #minutes = 0;
  #uncoveredS = 0;
  #messages = 0;
  #missed = 0;
  #estimated = 0;

  add({ uncoveredS, messages, estimate }: MinuteCoverage): void {
    this.#minutes++;
    this.#uncoveredS += uncoveredS;
    this.#messages += messages;
    if (estimate === undefined) return;
    this.#estimated++;
    this.#missed += estimate.missed;
  }

  text(): string {
    const missed = this.#estimated === 0
      ? "no minute in which two listened all the time"
      : `about ${this.#missed.toFixed(1)} missed by all in ${this.#estimated} minutes`;
    return `${this.#minutes} minutes, ${this.#messages} messages; ` +
      `no recorder is known to have listened for ${this.#uncoveredS} s; ${missed}\n`;
  }
}
