import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import type { Message } from "../../core/batch/message.ts";
import { type EmoteProvider, parseEmoteSet, type WordEmote } from "../../core/media/emote_set.ts";
import { cutAtEmotes } from "../../core/text/emote_pieces.ts";
import { linksIn } from "../../core/text/links.ts";
import { type Micros, minuteOf } from "../../core/time.ts";
import type { MediaPlace, TakenSet } from "../../ports/media/media_store.ts";
import { readEvents, type ReadEventsOptions } from "../read/read_events.ts";
import { emoteSetUrl, isEmoteId, twitchEmoteUrl } from "./emote_addresses.ts";
import { PictureSaver, type PictureSaverOptions, type Saved } from "./picture_saver.ts";

/** The name under which emotes of all channels are kept: no login begins with an underscore. */
export const ALL_CHANNELS = "_all";

/** What {@link saveChannelMedia} saves. */
export interface SaveMediaOptions extends ReadEventsOptions, PictureSaverOptions {
  /** Whether pictures of Twitch's emotes are saved. */
  readonly savesTwitch: boolean;
  /** Of which other providers sets and pictures are saved. */
  readonly providers: readonly EmoteProvider[];
  /** Whether pictures and videos are saved that chat links to. */
  readonly savesLinks: boolean;
  /** Links to longer files are not saved, in bytes. */
  readonly linkMaxBytes: number;
  /** Called for each address. */
  readonly onSaved?: ((url: string, saved: Saved) => void) | undefined;
}

/** How many addresses are asked at once: few, as they are all of the same servers. */
const FETCHES_MAX = 4;
const EMOTE_MAX_BYTES = 8 * 1024 * 1024;
const SET_MAX_BYTES = 16 * 1024 * 1024;
/** Addresses that wait to be fetched: a range that names more is saved piece by piece. */
const WAITING_MAX = 2_000;

/**
 * Saves the pictures that a channel's chat shows in a range: emotes of Twitch, emotes of other providers whose words
 * are said, and with `savesLinks` what is linked. Sets of other providers are taken as they are now, and stored if they
 * changed. An address is fetched once.
 *
 * @throws {ChatloomError} when a store fails.
 */
export async function saveChannelMedia(channel: string, options: SaveMediaOptions): Promise<void> {
  const { providers } = options;
  const words = new Map<string, string>();
  const queue = new FetchQueue(options);
  let isTaken = providers.length === 0;
  for await (const { message, startUs } of readEvents(channel, options)) {
    const roomId = message.tags?.["room-id"] ?? "";
    if (!isTaken && /^\d{1,20}$/.test(roomId)) {
      isTaken = true;
      for (const { name, url } of await takeSets(channel, roomId, options)) {
        if (!words.has(name)) words.set(name, url);
      }
    }
    for (const url of emotesOf(message, words, options)) queue.addEmote(url);
    for (const url of options.savesLinks ? linksOf(message) : []) {
      queue.addLink(url, { channel, minuteUs: minuteOf(startUs) });
    }
    if (queue.size >= WAITING_MAX) await queue.run();
  }
  await queue.run();
}

/** Addresses that wait to be fetched, each once. */
class FetchQueue {
  readonly #options: SaveMediaOptions;
  readonly #saver: PictureSaver;
  readonly #emotesSeen = new Set<string>();
  #emotes: string[] = [];
  readonly #links = new Map<string, MediaPlace[]>();

  constructor(options: SaveMediaOptions) {
    this.#options = options;
    this.#saver = new PictureSaver(options);
  }

  get size(): number {
    return this.#emotes.length + this.#links.size;
  }

  addEmote(url: string): void {
    if (this.#emotesSeen.has(url)) return;
    this.#emotesSeen.add(url);
    this.#emotes.push(url);
  }

  addLink(url: string, place: MediaPlace): void {
    const places = this.#links.get(url);
    if (places === undefined) this.#links.set(url, [place]);
    else if (places.length < WAITING_MAX) places.push(place);
  }

  async run(): Promise<void> {
    const { linkMaxBytes, onSaved } = this.#options;
    const waiting = [
      ...this.#emotes.map((url) => ({ url, limits: { maxBytes: EMOTE_MAX_BYTES } })),
      ...[...this.#links].map(([url, places]) => ({
        url,
        limits: { maxBytes: linkMaxBytes, places },
      })),
    ];
    this.#emotes = [];
    this.#links.clear();
    await forEachConcurrent(waiting, FETCHES_MAX, async ({ url, limits }) => {
      const saved = await this.#saver.save(url, limits);
      onSaved?.(url, saved);
    });
  }
}

/** The addresses of the emotes in a message. */
function emotesOf(
  { command, params, tags }: Message,
  words: ReadonlyMap<string, string>,
  { savesTwitch }: SaveMediaOptions,
): string[] {
  if (command !== "PRIVMSG" && command !== "USERNOTICE") return [];
  const text = params[1] ?? "";
  const found: string[] = [];
  if (savesTwitch && tags?.["emotes"]) {
    for (const { emoteId } of cutAtEmotes(text, tags["emotes"])) {
      if (emoteId !== undefined && isEmoteId(emoteId)) found.push(twitchEmoteUrl(emoteId));
    }
  }
  for (const word of words.size > 0 ? text.split(/\s+/) : []) {
    const url = words.get(word);
    if (url !== undefined) found.push(url);
  }
  return found;
}

function linksOf({ command, params }: Message): string[] {
  return command === "PRIVMSG" ? linksIn(params[1] ?? "").map(({ url }) => url) : [];
}

/** The emotes of a channel and of all channels, now; a set that changed is stored. */
async function takeSets(
  channel: string,
  roomId: string,
  options: SaveMediaOptions,
): Promise<WordEmote[]> {
  const { media, providers, fetcher, clock, signal, reporter } = options;
  const found: WordEmote[] = [];
  for (const [name, id] of [[channel, roomId], [ALL_CHANNELS, undefined]] as const) {
    const before = await media.sets(name);
    for (const provider of providers) {
      const url = emoteSetUrl(provider, id);
      const fetched = await fetcher(url, { maxBytes: SET_MAX_BYTES, signal });
      const emotes = fetched.ok
        ? parseEmoteSet(provider, new TextDecoder().decode(fetched.bytes))
        : undefined;
      if (emotes === undefined) {
        const reason = fetched.ok ? "it is no set of emotes" : fetched.reason;
        reporter.report("warning", "Cannot take a set of emotes", { url, reason });
        found.push(...lastOf(before, provider)?.emotes ?? []);
        continue;
      }
      found.push(...emotes);
      if (JSON.stringify(lastOf(before, provider)?.emotes) === JSON.stringify(emotes)) continue;
      await media.putSet(name, { provider, takenUs: clock.wallUs(), emotes });
    }
  }
  return found;
}

function lastOf(sets: readonly TakenSet[], provider: EmoteProvider): TakenSet | undefined {
  return sets.findLast((set) => set.provider === provider);
}

/** The sets that held at `timeUs`: of each provider the last one before, or the first if all came later. */
export function setsAt(sets: readonly TakenSet[], timeUs: Micros): TakenSet[] {
  const found = new Map<EmoteProvider, TakenSet>();
  for (const set of sets) {
    if (set.takenUs <= timeUs || !found.has(set.provider)) found.set(set.provider, set);
  }
  return [...found.values()];
}
