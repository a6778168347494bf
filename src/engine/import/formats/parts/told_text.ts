import { fieldOf, textOf, toObject } from "./json_fields.ts";

/** A text that other tools cut into pieces, and where its emotes stand. */
export interface ToldText {
  readonly text: string;
  /** The tag `emotes`: `25:0-4,6-10/1902:12-16`, by code points, ends included. */
  readonly emotes: string | undefined;
}

/** Joins fragments as TwitchDownloader has them: `{text, emoticon: {emoticon_id} | null}`. */
export function joinFragments(fragments: readonly unknown[]): ToldText {
  let text = "";
  let at = 0;
  const places = new Map<string, string[]>();
  for (const each of fragments) {
    const fragment = toObject(each);
    const piece = textOf(fragment, "text") ?? "";
    const length = codePoints(piece);
    const id = textOf(toObject(fieldOf(fragment, "emoticon")), "emoticon_id");
    if (id !== undefined && length > 0) addPlace(places, id, `${at}-${at + length - 1}`);
    text += piece;
    at += length;
  }
  return { text, emotes: formatEmotes(places) };
}

/** Notes a place of an emote. An id that could not stand in the tag is left out. */
export function addPlace(places: Map<string, string[]>, id: string, place: string): void {
  if (!/^[\w-]{1,100}$/.test(id)) return;
  const known = places.get(id);
  if (known === undefined) places.set(id, [place]);
  else known.push(place);
}

/** Writes the tag `emotes`; `undefined` if there are none. */
export function formatEmotes(places: ReadonlyMap<string, readonly string[]>): string | undefined {
  const parts = [...places].map(([id, list]) => `${id}:${list.join(",")}`);
  return parts.length === 0 ? undefined : parts.join("/");
}

/** How many code points a text has. */
function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const next = text.charCodeAt(i + 1);
    if (unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000) i++;
    count++;
  }
  return count;
}

/** A sentence of Twitch's about a subscription and the like, and the text of the user behind it. */
export interface NoticeText {
  /** The tag `msg-id`. */
  readonly msgId: string;
  readonly systemText: string;
  readonly userText: string | undefined;
}

// Twitch's sentences, as tools that keep no tags recognise them.
const SENTENCES: readonly (readonly [msgId: string, sentence: RegExp])[] = [
  [
    "resub",
    /^(?:subscribed (?:at Tier \d|with Prime)|converted from .*?)\. They've subscribed for \d+ months?(?:, currently on a \d+ month streak)?!/,
  ],
  ["sub", /^(?:just )?subscribed (?:at Tier \d|with Prime)\./],
  [
    "subgift",
    /^gifted (?:a Tier \d|\d+ months? of Tier \d) sub to \S+!(?: (?:They have given|This is their first) [^!.]*[!.])?/,
  ],
  [
    "submysterygift",
    /^is gifting \d+ Tier \d Subs to [^!]*!(?: They've gifted a total of \d+ in the channel!)?/,
  ],
  ["giftpaidupgrade", /^is continuing the Gift Sub they got from [^!]*!/],
];

/** Splits a text that begins with a sentence of Twitch's about `name`; `undefined` if it does not. */
export function splitNotice(text: string, name: string): NoticeText | undefined {
  const raid = /^\d+ raiders from \S+ have joined! ?/.exec(text);
  if (raid !== null) return noticeOf("raid", text, raid[0].length);
  if (!text.startsWith(`${name} `)) return undefined;
  const rest = text.slice(name.length + 1);
  for (const [msgId, sentence] of SENTENCES) {
    const found = sentence.exec(rest);
    if (found !== null) return noticeOf(msgId, text, name.length + 1 + found[0].length);
  }
  return undefined;
}

function noticeOf(msgId: string, text: string, length: number): NoticeText {
  const userText = text.slice(length).replace(/^ /, "");
  const systemText = text.slice(0, length).trimEnd();
  return { msgId, systemText, userText: userText === "" ? undefined : userText };
}
