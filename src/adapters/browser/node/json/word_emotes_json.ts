import { isDigestText } from "../../../../core/archive/digest_text.ts";

/** A word that a channel shows as a picture. */
export interface WordEmote {
  readonly name: string;
  /** Its picture is under `/media/HASH`. */
  readonly hash: string;
  /** Drawn over the emote in front of it. */
  readonly isOverlay: boolean;
}

/** Names a picture of a node: by the id of an emote of Twitch, or by the hash of its bytes. */
export interface PictureName {
  readonly kind: "twitch" | "saved";
  readonly id: string;
}

/** Providers have at most some thousands. */
const EMOTES_MAX = 20_000;

/** Reads `/CHANNEL/emotes.json`, leaving out what is no emote. A node is not trusted to send what it should. */
export function readWordEmotes(value: unknown): WordEmote[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, EMOTES_MAX).flatMap((each) => {
    const { name, hash, overlay } = (each ?? {}) as { [field: string]: unknown };
    if (typeof name !== "string" || !/^\S{1,100}$/.test(name)) return [];
    if (typeof hash !== "string" || !isDigestText(hash)) return [];
    return [{ name, hash, isOverlay: overlay === true }];
  });
}

/** The path of a picture on a node; `undefined` for a name that could lead elsewhere. */
export function picturePath({ kind, id }: PictureName): string | undefined {
  if (kind === "saved") return isDigestText(id) ? `media/${id}` : undefined;
  return /^\w{1,80}$/.test(id) ? `emotes/twitch/${id}` : undefined;
}
