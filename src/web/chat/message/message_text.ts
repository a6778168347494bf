import type { Message } from "../../../core/batch/message.ts";
import { escapeControls } from "../../../core/json/escape_controls.ts";
import { linksIn } from "../../../core/text/links.ts";

/** Text as it stands there, or an address to follow. */
export interface PlainPiece {
  readonly kind: "text" | "link";
  readonly text: string;
}

/** An emote of Twitch. */
export interface TwitchEmotePiece {
  readonly kind: "emote";
  readonly text: string;
  readonly id: string;
}

/** A part of a text. */
export type TextPiece = PlainPiece | TwitchEmotePiece;

/** The text of a message. */
export interface SpokenText {
  /** Written with `/me`. */
  readonly isAction: boolean;
  readonly pieces: readonly TextPiece[];
}

// deno-lint-ignore no-control-regex -- CTCP marks actions by U+0001
const ACTION = /^\u0001ACTION ([^]*?)\u0001?$/;
const EMOTE = /^([A-Za-z0-9_]{1,80}):([\d,-]+)$/;

/** Reads the text of a message with its emotes, whose places Twitch counts in code points. */
export function spokenText({ params, tags }: Pick<Message, "params" | "tags">): SpokenText {
  const said = params.slice(1).join(" ");
  const action = ACTION.exec(said);
  const letters = [...(action?.[1] ?? said)];
  const pieces: TextPiece[] = [];
  let at = 0;
  const take = (to: number): void => {
    if (to > at) pieces.push(...withLinks(escapeControls(letters.slice(at, to).join(""))));
  };
  for (const { id, from, to } of emotesOf(tags?.["emotes"] ?? "")) {
    if (from < at || to >= letters.length) continue; // Overlaps, or is not of this text.
    take(from);
    pieces.push({ kind: "emote", id, text: escapeControls(letters.slice(from, to + 1).join("")) });
    at = to + 1;
  }
  take(letters.length);
  return { isAction: action !== null, pieces };
}

/** A text as a line of its own: without the marks of `/me`, and with control characters spelled out. */
export function plainText(text: string): string {
  return escapeControls(ACTION.exec(text)?.[1] ?? text);
}

/** Splits text into links and what stands between them. */
function withLinks(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let at = 0;
  for (const link of linksIn(text)) {
    if (link.at > at) pieces.push({ kind: "text", text: text.slice(at, link.at) });
    pieces.push({ kind: "link", text: link.url });
    at = link.at + link.url.length;
  }
  if (at < text.length) pieces.push({ kind: "text", text: text.slice(at) });
  return pieces;
}

interface EmotePlace {
  readonly id: string;
  readonly from: number;
  /** The last code point of it. */
  readonly to: number;
}

/** Reads `25:0-4,12-16/1902:6-10`, in the order of the text. */
function emotesOf(tag: string): EmotePlace[] {
  const places = tag.split("/").flatMap((part) => {
    const [, id = "", ranges = ""] = EMOTE.exec(part) ?? [];
    return ranges.split(",").flatMap((range) => {
      const match = /^(\d{1,6})-(\d{1,6})$/.exec(range);
      const [from, to] = [Number(match?.[1]), Number(match?.[2])];
      return from <= to ? [{ id, from, to }] : [];
    });
  });
  return places.sort((a, b) => a.from - b.from);
}

/** Where Twitch keeps the picture of an emote. */
export function emoteAddress(id: string): string {
  return `https://static-cdn.jtvnw.net/emoticons/v2/${id}/default/dark/1.0`;
}
