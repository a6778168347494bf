import type { message as EnglishMessage, notice as EnglishNotice } from "../english/message.ts";
import { german } from "./nouns.ts";

/** One message. */
export const message: typeof EnglishMessage = {
  someone: "jemand",
  showThread: "Das Gespräch zeigen",
  to: "an ",
  markAt: (clock) => `um ${clock}`,
  bits: (bits) => `${bits} Bits`,
  first: "erste Nachricht",
  highlighted: "hervorgehoben",
  within: (seconds) => `± ${german.decimal(seconds, seconds < 10 ? 1 : 0)} s`,
  sentBetween: (from, to) => `Zwischen ${from} und ${to} gesendet`,
  heardOf: (heard, most) => `${heard} von ${most}`,
  seenBy: (heard, most, isMore) =>
    `Von ${
      german.counted(heard, { one: "Empfänger", other: "Empfängern" })
    } gesehen; andere dieser Minute von ${most}${isMore ? " oder mehr" : ""}`,
  deleted: "gelöscht",
  banned: "gebannt",
  timedOut: (length) => `Timeout: ${length}`,
  emote: "Emote",
  emotes: {
    label: "Bilder der Emotes",
    where: "Woher die Bilder der Emotes kommen",
    twitchSees: "Twitch sieht deine Adresse, wenn es nach einem Bild gefragt wird",
    off: "Emotes als Wörter",
    ofNode: "Emotes von diesem Knoten",
    ofNodeOrTwitch: "Von diesem Knoten, sonst von Twitch",
    ofTwitch: "Emotes von Twitch",
  },
  badges: {
    broadcaster: "Streamer",
    moderator: "Mod",
    lead_moderator: "Lead-Mod",
    vip: "VIP",
    subscriber: "Sub",
    founder: "Gründer",
    staff: "Twitch",
    admin: "Admin",
    global_mod: "globaler Mod",
    partner: "Partner",
    "bot-badge": "Bot",
  },
};

/** What happened in chat. */
export const notice: typeof EnglishNotice = {
  joined: (name) => `${name} ist beigetreten`,
  left: (name) => `${name} ist gegangen`,
  deletedOf: (name, text) => `Eine Nachricht von ${name} wurde gelöscht: ${text}`,
  ownState: (name) => `${name}: eigene Abzeichen und Rechte in diesem Chat`,
  hostingEnds: "Hosting beendet",
  hosting: (target) => `Jetzt im Hosting: ${target}`,
  announcement: (name) => `Ankündigung von ${name}`,
  by: (what, name) => `${what} von ${name}`,
  cleared: "Der Chat wurde geleert",
  banned: (user) => `${user} wurde gebannt`,
  timedOut: (user, length) => `${user} bekam einen Timeout: ${length}`,
  room: (modes) => `Chat: ${modes}`,
  anyText: "jeder Text",
  emotesOnly: "nur Emotes",
  notOnlyFollowers: "nicht nur Follower",
  followersOnly: "nur Follower",
  followersOf: (length) => `nur, wer schon so lange folgt: ${length}`,
  repeats: "Wiederholungen erlaubt",
  noRepeats: "keine Wiederholungen",
  notSlow: "kein langsamer Modus",
  slow: (length) => `eine Nachricht je ${length}`,
  notOnlySubscribers: "nicht nur Abonnenten",
  subscribersOnly: "nur Abonnenten",
};
