/** A piece of a text. */
export interface TextPiece {
  readonly text: string;
  /** The emote's id, if the piece is one. */
  readonly emoteId?: string;
}

/** More places than this in one tag are not looked at: Twitch's texts have 500 characters. */
const PLACES_MAX = 2_000;

/**
 * Cuts a text at its emotes. Their places are code points with both ends included, as Twitch counts them in
 * the tag `emotes` (`25:0-4,6-10/1902:12-16`); of an action they count within its text. Places that lie outside or
 * overlap an earlier one are left out. The pieces together are the text; none is empty.
 */
export function cutAtEmotes(text: string, tag: string | undefined): TextPiece[] {
  const places = placesIn(tag ?? "");
  if (places.length === 0) return text === "" ? [] : [{ text }];
  const letters = [...text];
  const pieces: TextPiece[] = [];
  let at = 0;
  for (const { id, from, to } of places) {
    if (from < at || to >= letters.length) continue;
    if (from > at) pieces.push({ text: letters.slice(at, from).join("") });
    pieces.push({ text: letters.slice(from, to + 1).join(""), emoteId: id });
    at = to + 1;
  }
  if (at < letters.length) pieces.push({ text: letters.slice(at).join("") });
  return pieces;
}

interface EmotePlace {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** The places in order. */
function placesIn(tag: string): EmotePlace[] {
  const places: EmotePlace[] = [];
  for (const part of tag.split("/")) {
    const colon = part.lastIndexOf(":");
    if (colon <= 0) continue;
    const id = part.slice(0, colon);
    for (const place of part.slice(colon + 1).split(",")) {
      const [, from, to] = /^(\d{1,6})-(\d{1,6})$/.exec(place) ?? [];
      if (from === undefined || Number(to) < Number(from)) continue;
      if (places.length >= PLACES_MAX) break;
      places.push({ id, from: Number(from), to: Number(to) });
    }
  }
  return places.sort((a, b) => a.from - b.from);
}
