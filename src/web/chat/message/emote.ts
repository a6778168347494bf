import { h, type JSX } from "preact";
import { useContext, useState } from "preact/hooks";
import { images } from "../../ui/settings.ts";
import { emoteAddress } from "./message_text.ts";
import { PicturesContext, type PictureSource } from "./pictures.ts";
import type { EmotePiece } from "./word_emotes.ts";
import { words } from "../../words/words.ts";

/** An emote as a picture where there is one that the reader allows, or else as its word. */
export function Emote({ piece }: { readonly piece: EmotePiece }): JSX.Element {
  const src = addressOf(piece, useContext(PicturesContext));
  const [broken, setBroken] = useState<string | undefined>();
  if (src === undefined || src === broken) {
    return h("span", { class: "emote-name", title: words.value.message.emote }, piece.text);
  }
  return h("img", {
    class: "emote",
    src,
    alt: piece.text,
    title: piece.text,
    referrerPolicy: "no-referrer",
    onError: () => setBroken(src),
  });
}

function addressOf(piece: EmotePiece, pictures: PictureSource | undefined): string | undefined {
  if (images.value === "off") return undefined;
  const ofTwitch = piece.kind === "emote" && images.value === "twitch"
    ? emoteAddress(piece.id)
    : undefined;
  if (pictures === undefined) return ofTwitch;
  const { value } = pictures.picture(
    piece.kind === "emote" ? { kind: "twitch", id: piece.id } : { kind: "saved", id: piece.hash },
  );
  if (value.kind === "ready") return value.url;
  return value.kind === "missing" ? ofTwitch : undefined;
}
