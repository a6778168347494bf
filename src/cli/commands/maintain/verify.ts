import { Command, Option } from "commander";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { type Finding, type FindingKind, NOTE_KINDS } from "../../../engine/verify/finding.ts";
import { type HealOptions, rewriteBatch } from "../../../engine/verify/rewrite_batch.ts";
import { verifyArchive, type VerifyTotals } from "../../../engine/verify/verify_archive.ts";
import { verifyHours } from "../../../engine/verify/verify_hours.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { THREADS_HELP } from "../../arguments/threads_help.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { verifyThreads } from "../../../node/wiring/verify_thread.ts";
import { openSettling } from "../../../node/wiring/open_settling.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface VerifyFlags {
  readonly archive: string;
  readonly format: "json" | "text";
  readonly strict?: boolean;
  readonly heal?: boolean;
  readonly index?: boolean;
  readonly manifest?: readonly string[];
  readonly publicKey?: string;
}

/** `chatloom verify`: reports what is wrong in an archive. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description("check names, hashes, form, order and state of all files of an archive")
    .argument("[channels...]", "only these channels")
    .requiredOption("-a, --archive <dir|url>", "the archive, which is only read without --heal")
    .option(
      "--strict",
      "also count notes as wrong: unsettled minutes, repeated ids, hidden files, old places",
    )
    .option("--index", "also compare the index with the files")
    .option(
      "--manifest <file...>",
      "check only what signed manifests list, and what has come or gone since",
    )
    .option("--public-key <key>", "the key that must have signed, as `chatloom manifest` tells it")
    .option("--heal", "rewrite files that are valid but not in canonical form, and nothing else")
    .addOption(
      new Option("-f, --format <format>", "one finding a line, as JSON or as text")
        .choices(["json", "text"]).default("text"),
    )
    .addHelpText(
      "after",
      "\nExits with 1 if anything is wrong and was not healed. Notes are no faults:\n" +
        "files of other programs beside the chat, unfinished files, and messages that an order to\n" +
        "forget removed from a manifest's day are never more than that.\n" +
        THREADS_HELP +
        examplesOf([
          "chatloom verify --archive chat",
          "chatloom verify -a chat forsen -f json",
          "chatloom settle -a chat && chatloom verify -a chat --strict",
          "chatloom verify -a chat --manifest manifests/*.manifest",
        ]),
    )
    .action(async (channels: string[], flags: VerifyFlags, command: Command) => {
      checkChannels(channels, command);
      const { print, progress, signal, reporter } = contextOf(command);
      const { store, lock, index } = await openSettling(flags.archive, {
        reporter,
        isDryRun: !flags.heal,
      });
      const hasher = await bestHasher();
      const heal = { store, hasher, signal, lock };
      const shown = progress("Verified files");
      const tally = new Tally(flags);
      if (flags.manifest !== undefined) {
        const { manifestFindings } = await import("./verify_manifests.ts");
        const place = { store, hasher, reporter, signal, publicKey: flags.publicKey };
        for await (const each of manifestFindings(flags.manifest, place)) {
          shown.update(tally.files += each.files, each.name);
          tally.messages += each.messages;
          for (const finding of each.findings) {
            tally.add(finding, false);
            await print(format(finding, { ...flags, healed: undefined }));
          }
        }
        shown.end();
        return await tell(tally, { flags, print });
      }
      const { pool, inlineCount } = verifyThreads(flags.archive);
      try {
        for (const channel of channels.length === 0 ? [undefined] : channels) {
          const onProgress = (totals: VerifyTotals, key: string) =>
            shown.update(tally.files + totals.files, key);
          // Healing changes what others would be looking at meanwhile.
          const found = flags.heal
            ? verifyArchive({ store, hasher, prefix: channel && `${channel}/`, signal, onProgress })
            : verifyHours({ store, hasher, channel, pool, inlineCount, signal, onProgress });
          let step = await found.next();
          for (; !step.done; step = await found.next()) {
            const healed = flags.heal ? await tryHealing(step.value, heal) : undefined;
            tally.add(step.value, healed !== undefined);
            await print(format(step.value, { ...flags, healed }));
          }
          tally.files += step.value.files;
          tally.messages += step.value.messages;
        }
        if (flags.index) {
          const { indexFindings } = await import("../../../node/wiring/index_parts.ts");
          const place = { place: index, store, hasher, reporter };
          const onProgress = (hours: number, hour: string) => shown.update(hours, hour);
          for await (const finding of indexFindings({ ...place, channels, signal, onProgress })) {
            tally.add(finding, false);
            await print(format(finding, { ...flags, healed: undefined }));
          }
        }
      } finally {
        shown.end();
        await pool.close();
      }
      await tell(tally, { flags, print });
    });
}

/** Prints what was found in all, and says by the exit code whether anything is wrong. */
async function tell(
  tally: Tally,
  { flags, print }: { readonly flags: VerifyFlags; readonly print: VerbContext["print"] },
): Promise<void> {
  if (flags.format === "text") await print(`${tally}\n`);
  if (tally.wrong > 0) throw new QuietExit(EXIT.failed, "Something is wrong in the archive");
}

/** How much was verified, and what was found. */
class Tally {
  files = 0;
  messages = 0;
  wrong = 0;
  readonly #isStrict: boolean;
  #notes = 0;
  #healed = 0;

  constructor({ strict = false }: { readonly strict?: boolean }) {
    this.#isStrict = strict;
  }

  add({ kind }: Finding, isHealed: boolean): void {
    if (isHealed) this.#healed++;
    else if (NOTE_KINDS.has(kind) && (!this.#isStrict || OF_NO_CHAT.has(kind))) this.#notes++;
    else this.wrong++;
  }

  toString(): string {
    const outcome = this.wrong === 0 ? "nothing wrong" : `${this.wrong} found wrong`;
    const notes = this.#notes === 0 ? "" : `, ${this.#notes} worth knowing`;
    const healed = this.#healed === 0 ? "" : `, ${this.#healed} healed`;
    return `${this.files} files with ${this.messages} messages: ${outcome}${notes}${healed}`;
  }
}

// No work on chat removes them.
const OF_NO_CHAT: ReadonlySet<FindingKind> = new Set(["foreign", "unfinished"]);

const CURABLE: ReadonlySet<FindingKind> = new Set(["not-canonical", "unsorted"]);

async function tryHealing(
  { kind, path }: Finding,
  options: HealOptions,
): Promise<string | undefined> {
  return CURABLE.has(kind) ? await rewriteBatch(path, options) : undefined;
}

function format(
  finding: Finding,
  { format, healed }: { readonly format: "json" | "text"; readonly healed: string | undefined },
): string {
  if (format === "json") {
    return `${JSON.stringify(healed === undefined ? finding : { ...finding, healed })}\n`;
  }
  const { kind, path, line, reason } = finding;
  const where = line === undefined ? path : `${path} line ${line}`;
  const cure = healed === undefined ? "" : `; rewritten as ${healed}`;
  return `${NOTE_KINDS.has(kind) ? "note: " : ""}${kind}: ${where}: ${reason}${cure}\n`;
}
