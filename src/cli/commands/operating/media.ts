import { Command, InvalidArgumentError } from "commander";
import { BLOCKING_READ_CALLS } from "../../../adapters/file_system/calls/file_calls.ts";
import { fileSystemMedia } from "../../../adapters/file_system/file_system_media.ts";
import { nodeHasher } from "../../../adapters/hashers/node_hasher.ts";
import { guardedFetcher } from "../../../adapters/media/guarded_fetcher.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { EMOTE_PROVIDERS, type EmoteProvider } from "../../../core/media/emote_set.ts";
import type { Micros } from "../../../core/time.ts";
import { dropUnlinked } from "../../../engine/media/drop_unlinked.ts";
import { EMOTE_HOSTS } from "../../../engine/media/emote_addresses.ts";
import type { Saved } from "../../../engine/media/picture_saver.ts";
import { saveChannelMedia } from "../../../engine/media/save_channel_media.ts";
import { channelsOf } from "../../../engine/optout/erase_user.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { VERSION } from "../../../node/wiring/version.ts";
import type { MediaFetcher } from "../../../ports/media/media_fetcher.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { parseTimeFlag } from "../../arguments/time_flag.ts";
import { contextOf } from "../../frame/context.ts";
import { toOneLine } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface MediaFlags {
  readonly archive: string;
  readonly emotes: readonly ("twitch" | EmoteProvider)[];
  readonly links?: boolean;
  readonly linkMax: number;
  readonly from?: Micros;
  readonly to?: Micros;
  readonly mirror?: string;
}

/** `chatloom media`: saves the pictures that chat shows. */
export function mediaCommand(): Command {
  return new Command("media")
    .description(
      "save emotes that chat shows, and if asked for what it links to, before they are gone",
    )
    .argument("[channels...]", "only these channels (default: all)")
    .requiredOption("-a, --archive <dir|url>", "the archive")
    .option(
      "--emotes <providers>",
      "whose emotes: twitch, bttv, ffz, 7tv, separated by commas; or none",
      parseProviders,
      ["twitch"],
    )
    .option("--links", "also save pictures and videos that messages link to")
    .option("--link-max <MB>", "save no linked file that is longer", parseMegabytes, 16)
    .option("--from <time>", "what is shown from this time on (default: all)", parseTimeFlag)
    .option("--to <time>", "what is shown before this time (default: all)", parseTimeFlag)
    .option(
      "--mirror <url>",
      "ask this server for emotes, which may be a private one: it has https://HOST/PATH at URL/HOST/PATH",
      parseMirror,
    )
    .addHelpText(
      "after",
      "\nPictures are kept in ARCHIVE/.chatloom/media under their SHA-256, with the address they came from\n" +
        "and when; of BetterTTV, FrankerFaceZ and 7TV also the emotes that a channel has now, each time they\n" +
        "changed, so run it often: old chat then keeps old emotes. `serve` and `record --serve` give them to\n" +
        "the page. Each address is fetched once; one that fails is asked again after a day.\n" +
        "\nThe servers of emotes learn which ones a channel uses. With --links, servers that chatters chose\n" +
        "learn your address: only public addresses are asked, on their usual ports, within 20 s, for\n" +
        "pictures and videos. A linked file goes when the last message that names it is redacted and this\n" +
        "runs again.\n" +
        examplesOf([
          "chatloom media --archive chat",
          "chatloom media forsen -a chat --emotes twitch,bttv,ffz,7tv --from 2026-08-01",
          "chatloom media forsen -a chat --emotes none --links",
        ]),
    )
    .action(async (channels: string[], flags: MediaFlags, command: Command) => {
      checkChannels(channels, command);
      const { print, progress, reporter, signal } = contextOf(command);
      const folder = { calls: BLOCKING_READ_CALLS };
      const { files: store, settled, journalFolder } = await openParts(flags.archive, { folder });
      const media = fileSystemMedia(journalFolder);
      const read = { store, settled, hasher: nodeHasher(), reporter, signal };
      const fetcher = fetcherOf(flags);
      const tally = new Tally();
      const shown = progress("Saved pictures");
      const onSaved = (url: string, saved: Saved) => {
        tally.add(saved);
        shown.update(tally.saved, url);
        if (saved.outcome !== "failed") return;
        const { reason } = saved;
        reporter.report("info", "Cannot save a picture", { url: toOneLine(url), reason });
      };
      try {
        for (
          const channel of channels.length > 0 ? channels : await channelsOf({ store, signal })
        ) {
          await saveChannelMedia(channel, {
            ...{ ...read, media, fetcher, clock: systemClock(), onSaved },
            savesTwitch: flags.emotes.includes("twitch"),
            providers: EMOTE_PROVIDERS.filter((each) => flags.emotes.includes(each)),
            savesLinks: flags.links ?? false,
            linkMaxBytes: flags.linkMax * 1024 * 1024,
            fromUs: flags.from,
            untilUs: flags.to,
          });
        }
        const dropped = await dropUnlinked(media, read);
        await print(
          `${tally}${dropped > 0 ? `, ${dropped} dropped: no message links to them` : ""}\n`,
        );
      } finally {
        shown.end();
      }
    });
}

/** Asks the mirror for emotes, and servers of the public internet for all else. */
function fetcherOf({ mirror }: MediaFlags): MediaFetcher {
  const userAgent = `chatloom/${VERSION}`;
  const fetchPublic = guardedFetcher({ userAgent });
  if (mirror === undefined) return fetchPublic;
  const fetchMirror = guardedFetcher({ userAgent, isAllowed: () => true, allowsAnyPort: true });
  return (url, options) => {
    const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: "", pathname: "" };
    if (!EMOTE_HOSTS.has(host)) return fetchPublic(url, options);
    return fetchMirror(`${mirror}/${host}${pathname}`, options);
  };
}

/** How many addresses came to what end. */
class Tally {
  saved = 0;
  #known = 0;
  #failed = 0;

  add({ outcome }: Saved): void {
    if (outcome === "saved") this.saved++;
    else if (outcome === "known") this.#known++;
    else this.#failed++;
  }

  toString(): string {
    return `${this.saved} saved, ${this.#known} were here, ${this.#failed} could not be had`;
  }
}

function parseProviders(text: string): MediaFlags["emotes"] {
  if (text === "none") return [];
  return text.split(",").map((each) => {
    const found = (["twitch", ...EMOTE_PROVIDERS] as const).find((name) => name === each.trim());
    if (found === undefined) throw new InvalidArgumentError(`"${each}" is no provider.`);
    return found;
  });
}

function parseMirror(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    return text.replace(/\/+$/, "");
  }
  throw new InvalidArgumentError("It must be an address of http or https.");
}

function parseMegabytes(text: string): number {
  const count = Number(text);
  if (count > 0 && count <= 1_024) return count;
  throw new InvalidArgumentError("It must be a number of megabytes up to 1024.");
}
