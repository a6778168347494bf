import { Command } from "commander";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { formatText } from "../../../core/batch/message_text.ts";
import type { IrcMessage } from "../../../core/batch/message.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import type { RedactedMessage, RedactedUser } from "../../../core/redaction/redaction.ts";
import { isTwitchWord } from "../../../core/users/twitch_text.ts";
import { type Micros, MILLISECOND_US, toSeconds } from "../../../core/time.ts";
import { sentUs } from "../../../core/batch/content.ts";
import { listRedactions, previewRedaction, redact } from "../../../engine/redact/redact.ts";
import type { ScannedMinute } from "../../../engine/redact/scan_channel.ts";
import type { ArchiveLock } from "../../../ports/archive_lock.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { collect } from "../../arguments/collect.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { userTarget } from "../../../node/maintain.ts";
import { openSettling } from "../../../node/wiring/open_settling.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";
import { parseTimeFlag } from "../../arguments/time_flag.ts";

interface RedactFlags {
  readonly archive: string;
  readonly id?: string;
  readonly userId?: string;
  readonly login: readonly string[];
  readonly before?: Micros;
  readonly reason?: string;
  readonly list?: boolean;
  readonly dryRun?: boolean;
}

/** `chatloom redact`: has an archive forget a message or a user. */
export function redactCommand(): Command {
  return new Command("redact")
    .description("have an archive forget a message or a user, here and on all peers")
    .argument("<channel>", "the channel")
    .requiredOption("-a, --archive <dir|url>", "the archive")
    .option("--id <id>", "forget the message with this id, and messages that quote it")
    .option("--user-id <id>", "forget all messages by and about the user with this id")
    .option("--login <name>", "a further name of the user; may be repeated", collect, [])
    .option("--before <time>", "with --user-id: only messages before this time", parseTimeFlag)
    .option("--reason <text>", "why, kept with the order")
    .option("--list", "print the channel's orders, and change nothing")
    .option("-n, --dry-run", "print what would be forgotten, and change nothing")
    .addHelpText(
      "after",
      "\nAll lines that name the user are deleted: their own, bans, gifts, replies to them, and\n" +
        "notices of Twitch. The user's former names are looked up in the archive, because JOIN,\n" +
        "PART and notices have no user's id. Text of other users is not searched for names.\n" +
        examplesOf([
          'chatloom redact forsen -a chat --user-id 22484632 --reason "asked us to"',
          "chatloom redact forsen -a chat --id 5b54eb35-2c6b-4bb8-b2ba-c6d8b2f8dd2e --dry-run",
          "chatloom redact forsen -a chat --list",
        ]),
    )
    .action(async (channel: string, flags: RedactFlags, command: Command) => {
      checkChannels([channel], command);
      const context = contextOf(command);
      const { store, lock, index } = await openSettling(flags.archive, {
        reporter: context.reporter,
        isDryRun: flags.dryRun === true,
      });
      const place = { store, lock, hasher: await bestHasher() };
      if (flags.list) return await printOrders(channel, place, context);
      const target = await targetOf(channel, flags, { ...place, context, command });
      if (flags.dryRun) return await printPreview(channel, target, { ...place, context });
      const { reason } = flags;
      if (reason === undefined) return command.error("error: say why with --reason");
      try {
        await obey(channel, { target, reason }, { ...place, context });
      } finally {
        // Loaded where it is needed: looking at orders needs no index.
        const { dropStaleHours } = await import("../../../node/wiring/index_parts.ts");
        const dropped = { ...place, place: index, reporter: context.reporter };
        await dropStaleHours(channel, dropped);
        const { dropPictures } = await import("../../../node/wiring/parts/media_parts.ts");
        await dropPictures(channel, {
          archive: flags.archive,
          ...place,
          reporter: context.reporter,
        });
      }
    });
}

interface Place {
  readonly store: BatchStore;
  readonly lock: ArchiveLock;
  readonly hasher: Hasher;
}

async function targetOf(
  channel: string,
  { id, userId, before: beforeUs, login }: RedactFlags,
  { store, hasher, context, command }: Place & {
    readonly context: VerbContext;
    readonly command: Command;
  },
): Promise<RedactedMessage | RedactedUser> {
  if ((id === undefined) === (userId === undefined)) {
    return command.error("error: name either --id or --user-id");
  }
  if (id !== undefined) {
    if (beforeUs !== undefined || login.length > 0) {
      return command.error("error: --before and --login go with --user-id");
    }
    return { kind: "message", id };
  }
  const { signal, progress, reporter } = context;
  const shown = progress("Minutes searched for names");
  let count = 0;
  try {
    const onScanned = () => shown.update(++count);
    const user = { userId: userId!, beforeUs, logins: login };
    const target = await userTarget(channel, user, { store, hasher, signal, onScanned });
    for (const name of target.logins.filter(isTwitchWord)) {
      const message = "A name is a word of Twitch's own sentences: not looked for there";
      reporter.report("warning", message, { name });
    }
    return target;
  } finally {
    shown.end();
  }
}

async function printPreview(
  channel: string,
  target: RedactedMessage | RedactedUser,
  { store, hasher, context: { print, progress, signal, reporter } }: Place & {
    readonly context: VerbContext;
  },
): Promise<void> {
  const shown = progress("Minutes searched");
  let [minutes, searched, messages, unseen] = [0, 0, 0, 0];
  try {
    for await (const scanned of previewRedaction(channel, target, { store, hasher, signal })) {
      shown.update(++searched, formatMinute(scanned.minuteUs));
      unseen += scanned.faults.length;
      for (const { key, fault } of scanned.faults) {
        reporter.report("warning", "Cannot read a file", { key, reason: fault.reason });
      }
      if (scanned.matches.length === 0) continue;
      minutes++;
      messages += scanned.matches.length;
      await print(formatScanned(scanned));
    }
  } finally {
    shown.end();
  }
  const names = target.kind === "user" ? `, names: ${target.logins.join(" ") || "none known"}` : "";
  await print(
    `${messages} messages in ${minutes} of ${searched} minutes would be forgotten${names}\n`,
  );
  if (unseen > 0) throw new QuietExit(EXIT.failed, "Some files could not be read");
}

const SAMPLE_MAX = 3;

function formatScanned({ minuteUs, matches }: ScannedMinute): string {
  const lines = matches.slice(0, SAMPLE_MAX).map((message) => `  ${formatSample(message)}\n`);
  const rest = matches.length - SAMPLE_MAX;
  const more = rest > 0 ? `  … and ${rest} more\n` : "";
  return `${formatMinute(minuteUs)}: ${matches.length}\n${lines.join("")}${more}`;
}

function formatSample(message: IrcMessage): string {
  const exactUs = sentUs(message.tags);
  const time = { receivers: {}, time: toSeconds(exactUs ?? 0), time_range: 0 };
  const text = formatText({ ...message, ...time });
  return exactUs === undefined ? text.slice(text.indexOf("]") + 2) : text;
}

async function obey(
  channel: string,
  order: {
    readonly target: RedactedMessage | RedactedUser;
    readonly reason: string;
  },
  { store, lock, hasher, context: { print, progress, signal, reporter, counters } }: Place & {
    readonly context: VerbContext;
  },
): Promise<void> {
  const shown = progress("Minutes searched");
  let searched = 0;
  let redacted;
  try {
    redacted = await redact(channel, order, {
      store,
      hasher,
      reporter,
      signal,
      clock: systemClock(),
      lock,
      onScanned: ({ minuteUs }) => shown.update(++searched, formatMinute(minuteUs)),
    });
  } finally {
    shown.end();
  }
  const { orders, messages, minutes, unseen } = redacted;
  const isObeyed = unseen.length === 0 && counters.total("files_left_out") === 0;
  for (const { key, isNew } of orders) {
    await print(`${isNew ? "New order" : "Earlier order"}: ${key}\n`);
  }
  await print(`${messages} messages in ${minutes} of ${searched} minutes forgotten\n`);
  if (isObeyed) return;
  for (const { key, fault } of unseen) {
    reporter.report("warning", "Cannot read a file", { key, reason: fault.reason });
  }
  throw new QuietExit(EXIT.failed, "Some files could not be read");
}

async function printOrders(channel: string, place: Place, { print }: VerbContext): Promise<void> {
  let isComplete = true;
  for (const loaded of await listRedactions(channel, place)) {
    if (!loaded.ok) {
      isComplete = false;
      await print(`${loaded.key}\n  cannot be read: ${loaded.reason}\n`);
      continue;
    }
    const { target, madeUs, reason } = loaded.redaction;
    const what = target.kind === "message"
      ? `message ${target.id}`
      : `user ${target.userId}${target.logins.length === 0 ? "" : ` (${target.logins.join(" ")})`}${
        target.beforeUs === undefined ? "" : ` before ${formatTime(target.beforeUs)}`
      }`;
    await print(
      `${loaded.key}\n  ${formatTime(madeUs)} ${escapeControls(what)}: ${escapeControls(reason)}\n`,
    );
  }
  if (!isComplete) throw new QuietExit(EXIT.failed, "Some orders cannot be read");
}

function formatTime(timeUs: Micros): string {
  return new Date(timeUs / MILLISECOND_US).toISOString();
}

function formatMinute(minuteUs: Micros): string {
  return formatTime(minuteUs).slice(0, 16);
}
