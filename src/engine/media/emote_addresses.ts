import type { EmoteProvider } from "../../core/media/emote_set.ts";

/** The servers of Twitch, BetterTTV, FrankerFaceZ and 7TV of which pictures and sets are asked. */
export const EMOTE_HOSTS: ReadonlySet<string> = new Set([
  "static-cdn.jtvnw.net",
  "api.betterttv.net",
  "cdn.betterttv.net",
  "api.frankerfacez.com",
  "cdn.frankerfacez.com",
  "7tv.io",
  "cdn.7tv.app",
]);

/** An id of Twitch's that can stand in an address: also those of modified emotes, as `425618_BW`. */
export function isEmoteId(id: string): boolean {
  return /^[A-Za-z0-9_]{1,80}$/.test(id);
}

/** Where the picture of an emote of Twitch is, in its smallest size. */
export function twitchEmoteUrl(id: string): string {
  return `https://static-cdn.jtvnw.net/emoticons/v2/${id}/default/dark/1.0`;
}

/** Where a provider tells the emotes of a room; those of all rooms if `roomId` is `undefined`. */
export function emoteSetUrl(provider: EmoteProvider, roomId: string | undefined): string {
  switch (provider) {
    case "bttv": {
      const path = roomId === undefined ? "emotes/global" : `users/twitch/${roomId}`;
      return `https://api.betterttv.net/3/cached/${path}`;
    }
    case "ffz": {
      const path = roomId === undefined ? "set/global" : `room/id/${roomId}`;
      return `https://api.frankerfacez.com/v1/${path}`;
    }
    case "7tv": {
      const path = roomId === undefined ? "emote-sets/global" : `users/twitch/${roomId}`;
      return `https://7tv.io/v3/${path}`;
    }
  }
}
