import type { WordEmote } from "../../../adapters/browser/node/json/word_emotes_json.ts";
import type { PlainPiece, TextPiece, TwitchEmotePiece } from "./message_text.ts";

/** The words of a channel that are pictures, by name. */
export type WordEmotes = ReadonlyMap<string, WordEmote>;

/** An emote whose picture the node saved under a hash. */
export interface SavedEmotePiece {
  readonly kind: "saved";
  readonly text: string;
  readonly hash: string;
}

/** An emote. */
export type EmotePiece = TwitchEmotePiece | SavedEmotePiece;

/** A part of a text as it is drawn; of a stack each layer lies over those before it. */
export type DrawnPiece =
  | PlainPiece
  | EmotePiece
  | { readonly kind: "stack"; readonly layers: readonly EmotePiece[] };

/** A long message of nothing but overlays would bury what is below. */
const LAYERS_MAX = 8;

/** Finds words that are emotes, and lays overlays on the emote that only spaces part from them. */
export function withWordEmotes(
  pieces: readonly TextPiece[],
  words: WordEmotes | undefined,
): readonly DrawnPiece[] {
  if (words === undefined || words.size === 0) return pieces;
  const drawn: DrawnPiece[] = [];
  const add = (emote: WordEmote): void => {
    const piece = { kind: "saved", text: emote.name, hash: emote.hash } as const;
    const isParted = isSpace(drawn.at(-1));
    const under = drawn.at(isParted ? -2 : -1);
    const layers = emote.isOverlay ? layersOf(under) : undefined;
    if (layers === undefined || layers.length >= LAYERS_MAX) return void drawn.push(piece);
    if (isParted) drawn.pop();
    drawn[drawn.length - 1] = { kind: "stack", layers: [...layers, piece] };
  };
  for (const piece of pieces) {
    if (piece.kind !== "text") {
      drawn.push(piece);
      continue;
    }
    let text = "";
    for (const part of piece.text.split(/(\s+)/)) {
      const emote = words.get(part);
      if (emote === undefined) text += part;
      else {
        if (text !== "") drawn.push({ kind: "text", text });
        text = "";
        add(emote);
      }
    }
    if (text !== "") drawn.push({ kind: "text", text });
  }
  return drawn;
}

function isSpace(piece: DrawnPiece | undefined): boolean {
  return piece?.kind === "text" && piece.text.trim() === "";
}

function layersOf(piece: DrawnPiece | undefined): readonly EmotePiece[] | undefined {
  if (piece?.kind === "stack") return piece.layers;
  return piece?.kind === "emote" || piece?.kind === "saved" ? [piece] : undefined;
}
