import { parseJson } from "../json/parse_json.ts";

/** Who lets channels have emotes of their own beside Twitch's. */
export type EmoteProvider = "bttv" | "ffz" | "7tv";

/** All of them. */
export const EMOTE_PROVIDERS: readonly EmoteProvider[] = ["bttv", "ffz", "7tv"];

/** An emote that is a word. */
export interface WordEmote {
  /** The word. */
  readonly name: string;
  /** The provider's id of it. */
  readonly id: string;
  /** Where its picture is: the smallest size. */
  readonly url: string;
  /** Whether it is drawn over the emote in front of it. */
  readonly isOverlay: boolean;
}

/** At most this many of one provider are taken: no channel may have as many. */
const EMOTES_MAX = 5_000;
const TEXT_MAX_LENGTH = 200;
const OVERLAY_OF_SET = 1;
const OVERLAY_OF_EMOTE = 1 << 8;

/**
 * The emotes in what a provider's API answers for a channel or for all channels; in the order of the answer, of equal
 * names the first. `undefined` if the text is no such answer.
 */
export function parseEmoteSet(provider: EmoteProvider, text: string): WordEmote[] | undefined {
  let answer: unknown;
  try {
    answer = parseJson(text);
  } catch {
    return undefined;
  }
  const found = PARSERS[provider](answer);
  if (found === undefined) return undefined;
  const byName = new Map<string, WordEmote>();
  for (const { name, id, url, isOverlay } of found) {
    if (!isWord(name) || !isText(id) || !isText(url) || !/^https:\/\//.test(url)) continue;
    if (byName.size >= EMOTES_MAX) break;
    if (!byName.has(name)) byName.set(name, { name, id, url, isOverlay });
  }
  return [...byName.values()];
}

/** An emote as far as it was found: nothing of it is checked. */
interface FoundEmote {
  readonly name: unknown;
  readonly id: unknown;
  readonly url: unknown;
  readonly isOverlay: boolean;
}

const PARSERS: {
  readonly [provider in EmoteProvider]: (answer: unknown) => FoundEmote[] | undefined;
} = {
  bttv(answer) {
    const lists = Array.isArray(answer)
      ? [answer]
      : [fieldsOf(answer)["channelEmotes"], fieldsOf(answer)["sharedEmotes"]];
    if (!lists.some(Array.isArray)) return undefined;
    return lists.flatMap(listOf).map((each) => {
      const { id, code, modifier } = fieldsOf(each);
      const url = `https://cdn.betterttv.net/emote/${String(id)}/1x`;
      return { name: code, id, url, isOverlay: modifier === true };
    });
  },
  ffz(answer) {
    const { sets, room, default_sets: defaults } = fieldsOf(answer);
    if (typeof sets !== "object" || sets === null) return undefined;
    const named = defaults === undefined ? [fieldsOf(room)["set"]] : listOf(defaults);
    return named.flatMap((set) => listOf(fieldsOf(fieldsOf(sets)[String(set)])["emoticons"]))
      .map((each) => {
        const { id, name, urls, animated, modifier } = fieldsOf(each);
        const smallest = fieldsOf(animated)["1"] ?? fieldsOf(urls)["1"];
        return { name, id: String(id), url: absolute(smallest), isOverlay: modifier === true };
      });
  },
  "7tv"(answer) {
    const { emotes = fieldsOf(fieldsOf(answer)["emote_set"])["emotes"] } = fieldsOf(answer);
    if (!Array.isArray(emotes)) return undefined;
    return emotes.map((each) => {
      const { id, name, flags, data } = fieldsOf(each);
      const { host, flags: own } = fieldsOf(data);
      const isOverlay = hasFlag(flags, OVERLAY_OF_SET) || hasFlag(own, OVERLAY_OF_EMOTE);
      return { name, id, url: `${String(absolute(fieldsOf(host)["url"]))}/1x.webp`, isOverlay };
    });
  },
};

function fieldsOf(value: unknown): { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Addresses that begin with `//` take the scheme of the page. */
function absolute(url: unknown): unknown {
  return typeof url === "string" && url.startsWith("//") ? `https:${url}` : url;
}

function hasFlag(flags: unknown, flag: number): boolean {
  return typeof flags === "number" && (flags & flag) !== 0;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= TEXT_MAX_LENGTH;
}

/** Chat is cut at spaces: a name with one could never be written. */
function isWord(value: unknown): value is string {
  return isText(value) && !/\s/.test(value);
}
