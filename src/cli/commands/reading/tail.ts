import { Command, Option } from "commander";
import { parseMessageLine } from "../../../core/batch/batch.ts";
import type { Message } from "../../../core/batch/message.ts";
import { BatchSyntaxError } from "../../../core/errors/errors.ts";
import { meetsFilter, type MessageFilter } from "../../../core/text/message_filter.ts";
import type { PeerEvent } from "../../../ports/peer.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { addFilterFlags, type FilterFlags, filterOf } from "../../arguments/filter_flags.ts";
import { readPeerToken } from "../../arguments/peer_list.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { examplesOf } from "../../frame/program.ts";
import { MISSED, printedLine, printFollowed, type PrintFormat } from "../../node/print_followed.ts";

interface TailFlags extends FilterFlags {
  readonly archive?: string;
  readonly node?: string;
  readonly tokenFile?: string;
  readonly format: PrintFormat;
}

/** `chatloom tail`: prints messages as they come. */
export function tailCommand(): Command {
  const command = new Command("tail")
    .description("print messages of channels as they come, until stopped")
    .argument("<channels...>", "names of channels")
    .option("-a, --archive <dir|url>", "follow the recorders of this archive, on this machine")
    .option("--node <url>", "follow a node that serves: http://host:8080")
    .option("--token-file <file>", "send the token in this file to the node")
    .addOption(
      new Option("-f, --format <format>", "one line of text a message, or the lines of JSON")
        .choices(["text", "json"]).default("text"),
    );
  return addFilterFlags(command)
    .addHelpText(
      "after",
      "\nPrints what comes from now on; cat --follow begins earlier. A node that breaks off is connected to\n" +
        "again, and nothing is skipped. Stops on Ctrl-C.\n" +
        examplesOf([
          "chatloom tail forsen --archive chat",
          "chatloom tail forsen nymn --node http://127.0.0.1:8080",
          "chatloom tail forsen --node https://logs.example.org --user ada --format json",
          "chatloom tail forsen --archive chat --command CLEARCHAT,CLEARMSG",
        ]),
    )
    .action(async (channels: string[], flags: TailFlags, command: Command) => {
      checkChannels(channels, command);
      if ((flags.archive === undefined) === (flags.node === undefined)) {
        command.error("error: name either an archive with --archive or a node with --node");
      }
      const context = contextOf(command);
      context.watchCtrlC();
      if (flags.archive !== undefined) {
        await tailArchive(channels, flags.archive, { flags, context });
      } else await tailNode(channels, flags.node!, { flags, context });
    });
}

interface Tailing {
  readonly flags: TailFlags;
  readonly context: VerbContext;
}

async function tailArchive(
  channels: readonly string[],
  archive: string,
  { flags, context }: Tailing,
): Promise<void> {
  const { format } = flags;
  await printFollowed(archive, { channels, filter: filterOf(flags), format }, context);
}

async function tailNode(
  channels: readonly string[],
  node: string,
  { flags, context }: Tailing,
): Promise<void> {
  const { followNode } = await import("../../node/follow_node.ts");
  const filter = filterOf(flags);
  const query = new URLSearchParams({ channel: channels.join(",") });
  for (const name of filter.users) query.append("user", name);
  for (const name of filter.commands) query.append("command", name);
  const token = flags.tokenFile === undefined ? undefined : await readPeerToken(flags.tokenFile);
  for await (const event of followNode(node, { query, token }, context)) {
    if (event.name === "missed") context.reporter.report("warning", MISSED, { node });
    const line = readEvent(event, { filter, context });
    if (line !== undefined) await context.print(printedLine(line, flags.format));
  }
}

/** What an event says, if it is a message that is wanted. A node may send anything. */
function readEvent(
  { name, data }: PeerEvent,
  { filter, context }: { readonly filter: MessageFilter; readonly context: VerbContext },
): { readonly line: string; readonly message: Message } | undefined {
  if (data === undefined || name !== "message") return undefined;
  try {
    const message = parseMessageLine(data, 1);
    return meetsFilter(message, filter) ? { line: data, message } : undefined;
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    context.reporter.report("warning", "The node sent something that is no message", {
      reason: error.reason,
    });
    return undefined;
  }
}
