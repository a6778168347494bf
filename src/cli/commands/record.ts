import { readFile } from "node:fs/promises";
import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import { isNodeName } from "../../core/archive/node_name.ts";
import { isJoinRate, TWITCH_CHAT_URL } from "../../engine/session/chat_pool.ts";
import { JOIN_RATE_DEFAULT } from "../../engine/session/join_queue.ts";
import { isNick, type Login } from "../../engine/session/login.ts";
import type { WantedChannel } from "../../engine/session/membership.ts";
import { readChannelList, warnOfEntry } from "../arguments/channel_list.ts";
import { parseChannel } from "../../node/channels.ts";
import { hostName } from "../../node/host_name.ts";
import { contextOf } from "../frame/context.ts";
import { examplesOf } from "../frame/program.ts";
import { recordChat } from "../node/record_chat.ts";
import {
  addReplicationFlags,
  LIVE_REPLICATION_FLAGS,
  type ReplicationFlags,
} from "../node/replication.ts";
import { WantedChannels } from "../../engine/admin/wanted_channels.ts";
import { ConfigFaults } from "../frame/config_faults.ts";
import { addPackAfterFlag, type PackAfterFlag } from "../arguments/age_flag.ts";
import { addConfigFlag, loadedConfig } from "../config/loaded_config.ts";
import { watchConfig } from "../config/watch_config.ts";

interface RecordFlags extends ReplicationFlags, PackAfterFlag {
  readonly archive: string;
  readonly channels?: string;
  readonly connections: number;
  readonly joinRate: number;
  readonly node: string;
  readonly nick?: string;
  readonly tokenFile?: string;
  readonly url: string;
  readonly journal: boolean;
  readonly journalDir?: string;
}

const TOKEN_VARIABLE = "CHATLOOM_TOKEN";

/** `chatloom record`: listens to channels and archives their chat. */
export function recordCommand(): Command {
  const command = new Command("record")
    .description("record channels of Twitch chat into an archive, until stopped")
    .argument(
      "[channels...]",
      "names of channels; name! marks an important one, whose failures are warnings",
    )
    .requiredOption(
      "-a, --archive <dir|url>",
      "a folder or postgres://HOST/DATABASE; made if it is not there",
    )
    .option(
      "--channels <file>",
      'also the channels in this file, one a line; watched; a line "# none" empties the list',
    )
    .option("--connections <n>", "listen to each channel on this many connections", parseCount, 1)
    .option(
      "--join-rate <n>",
      "channels joined in 10 s, 1 to 2000; Twitch takes more than 20 from verified bots only",
      parseJoinRate,
      JOIN_RATE_DEFAULT,
    )
    .addOption(
      new Option("--node <name>", "this node's name, part of its receivers' ids")
        .argParser(parseNode).default(hostName(), "this machine's name"),
    )
    .option(
      "--nick <login>",
      `log in with this account; its token is in $${TOKEN_VARIABLE}`,
      parseNick,
    )
    .option("--token-file <file>", "read the account's token from this file instead")
    .option("--url <url>", "the chat server", parseUrl, TWITCH_CHAT_URL)
    .option(
      "--journal-dir <dir>",
      "keep the journal here (default: in the archive; for a database ~/.local/state/chatloom)",
    )
    .option("--no-journal", "do not journal: a crash then loses up to two minutes");
  return addConfigFlag(addPackAfterFlag(addReplicationFlags(command)))
    .addHelpText(
      "after",
      "\nStops on Ctrl-C, SIGTERM or when the terminal is closed, after it has archived all received\n" +
        "messages. Ctrl-C again, two seconds later or more, ends it at once: the rest stays in\n" +
        "the journal, and the next record on the archive archives it.\n" +
        examplesOf([
          "chatloom record forsen nymn --archive chat",
          "chatloom record --channels channels.txt --connections 2 --archive chat",
          "chatloom record gamesdonequick! --archive chat --nick mybot --token-file token.txt",
          "chatloom record --channels channels.txt --archive chat --nick mybot --join-rate 2000",
          "chatloom record forsen --archive chat --serve :8080 --peer http://other:8080",
          "PGPASSWORD=… chatloom record forsen --archive postgres://chatloom@db/chat",
        ]),
    )
    .action(async (names: string[], flags: RecordFlags, command: Command) => {
      const context = contextOf(command);
      const named = names.map((name) => parseChannelArgument(name, command));
      const listed = flags.channels === undefined
        ? undefined
        : await readChannelList(flags.channels);
      for (const entry of listed?.unreadable ?? []) {
        warnOfEntry(context.reporter, { path: flags.channels ?? "", entry });
      }
      const loaded = loadedConfig(command);
      const wanted = new WantedChannels();
      wanted.setNamed(named.length > 0 ? named : loaded?.channels ?? []);
      wanted.setListed(listed?.channels ?? []);
      // With a key for it, channels may come later.
      const mayBeNone = flags.channels !== undefined || flags.adminKeyFile !== undefined;
      if (wanted.channels.length === 0 && !mayBeNone) {
        command.error("error: name at least one channel, or a file of them with --channels");
      }
      if (flags.tokenFile !== undefined && flags.nick === undefined) {
        command.error("error: --token-file needs --nick");
      }
      const login = loginOf(flags);
      await recordChat({
        ...flags,
        login,
        wanted,
        channelFile: flags.channels,
        useJournal: flags.journal,
        broker: loaded?.broker,
        replication: flags,
        beside: ({ replication, clock, signal }) =>
          watchConfig(loaded, {
            clock,
            signal,
            flags,
            live: [...LIVE_REPLICATION_FLAGS],
            async apply({ flags: now, channels }): Promise<void> {
              const next = named.length > 0 ? named : channels;
              if (next.length === 0 && now.channels === undefined) {
                throw new ConfigFaults(["No channel and no file of channels is named any more"]);
              }
              await replication.change(now);
              wanted.setNamed(next);
            },
          }, context),
      }, context);
    });
}

function parseChannelArgument(text: string, command: Command): WantedChannel {
  return parseChannel(text) ?? command.error(`error: "${text}" is no channel name`);
}

function loginOf({ nick, tokenFile }: RecordFlags): Login | undefined {
  if (nick === undefined) return undefined;
  return {
    nick,
    readToken: () =>
      tokenFile === undefined
        ? Promise.resolve(process.env[TOKEN_VARIABLE] ?? "")
        : readFile(tokenFile, "utf8"),
  };
}

function parseNode(text: string): string {
  if (!isNodeName(text)) {
    throw new InvalidArgumentError("Use letters, digits, -, _ and dots inside.");
  }
  return text;
}

function parseNick(text: string): string {
  if (!isNick(text)) throw new InvalidArgumentError("It is no Twitch login.");
  return text;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!(Number.isInteger(count) && count >= 1 && count <= 16)) {
    throw new InvalidArgumentError("It must be a number from 1 to 16.");
  }
  return count;
}

function parseJoinRate(text: string): number {
  const rate = Number(text);
  if (!isJoinRate(rate)) throw new InvalidArgumentError("It must be a number from 1 to 2000.");
  return rate;
}

function parseUrl(text: string): string {
  if (!/^wss?:\/\/./.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError("It must begin with ws:// or wss://.");
  }
  return text;
}
