import type {
  chat as EnglishChat,
  detail as EnglishDetail,
  filter as EnglishFilter,
  moment as EnglishMoment,
} from "../english/chat.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;

/** The chat of a day. */
export const chat: typeof EnglishChat = {
  heading: (channel) => `Chat von ${channel}`,
  nothing: "An diesem Tag wurde nichts aufgenommen.",
  noneMeets: "Keine Nachricht dieses Tages passt zum Filter.",
  searchAll: "Alle Tage durchsuchen",
  shownOf: (shown, all) => `${count(shown)} von ${counted(all, nouns.message)}`,
  readingAt: (clock) => `${clock} wird gelesen…`,
  more: "beim Scrollen wird mehr gelesen",
  jump: (zone) => `Zu einer Uhrzeit springen, etwa 18:02:09, in ${zone}`,
  noTime: "Keine Uhrzeit. So schreiben: 18:02:09",
  live: "Live",
  unseen: (messages) =>
    `${counted(messages, { one: "neue Nachricht", other: "neue Nachrichten" })} \u2193`,
  loading: "Wird geladen",
};

/** Filters of messages. */
export const filter: typeof EnglishFilter = {
  label: "Nachrichten filtern",
  text: "Text suchen",
  regex: "Regulärer Ausdruck",
  user: "Nutzer",
  kind: "Art",
  clear: "Leeren",
  leaveThread: "Gespräch verlassen",
  removedByWhom: "Twitch sagt nicht, welcher Moderator eine Nachricht entfernt hat.",
  kinds: {
    all: "Alles",
    messages: "Nachrichten",
    notices: "Subs, Raids, Ankündigungen",
    removed: "Entfernte Nachrichten",
    removedSingly: "Einzeln entfernt",
    removedByTimeouts: "Durch Timeouts entfernt",
    removedByBans: "Durch Banns entfernt",
    moderation: "Gesamte Moderation",
    bans: "Banns und Timeouts",
    deletions: "Löschungen",
    server: "Hinweise",
    room: "Einstellungen des Chats",
    joins: "Beitritte",
    parts: "Austritte",
  },
};

/** The details of a message. */
export const detail: typeof EnglishDetail = {
  label: "Einzelheiten der Nachricht",
  close: "Einzelheiten schließen",
  copyLink: "Link kopieren",
  copyText: "Text kopieren",
  copyLine: "Zeile kopieren",
  copied: "Kopiert",
  notAllowed: "Hier nicht erlaubt",
  byUser: "Von diesem Nutzer",
  person: "Person",
  exact: (day, clock) => `${day} ${clock}, auf die Millisekunde`,
  between: (day, from, to) => `${day}, zwischen ${from} und ${to}`,
  seenBy: "Gesehen von",
  receiver: "Empfänger",
  received: "Empfangen",
  laterBy: "Später um",
  seconds: (value) => `${german.decimal(value, 2)} s`,
  secondsFromTo: (from, to) => `${german.decimal(from, 1)} bis ${german.decimal(to, 1)} s`,
  fields: "Felder",
  empty: "leer",
};

/** A picture and a text of some lines of chat. */
export const moment: typeof EnglishMoment = {
  open: "Bild",
  heading: "Bild dieses Moments",
  close: "Schließen",
  before: "Zeilen davor",
  after: "Zeilen danach",
  most: (lines) => `Höchstens ${count(lines)} auf jeder Seite`,
  preview: "Vorschau des Bildes",
  save: "Bild speichern",
  span: (from, to) => `${from} bis ${to}`,
  saved: (name) => `Das Bild liegt in den Downloads als ${name}`,
  notAll: (shown, all) =>
    `Höher kann das Bild nicht werden: Es zeigt ${count(shown)} von ${
      counted(all, nouns.line)
    }. Der Text hat alle.`,
  isCut: "Eine lange Nachricht ist im Bild abgeschnitten. Der Text hat sie ganz.",
  failed: "Dieser Browser kann das Bild nicht zeichnen",
};
