import type {
  person as EnglishPerson,
  saving as EnglishSaving,
  search as EnglishSearch,
} from "../english/search.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;

/** Search. */
export const search: typeof EnglishSearch = {
  heading: (channel) => `${channel} durchsuchen`,
  from: "Von",
  to: "Bis",
  boundIn: (label, zone) => `${label}, ein Tag in ${zone}`,
  howTo:
    "Wörter oder einen Namen eingeben. Wörter werden als Ganzes gefunden, in jeder Reihenfolge, groß und klein; " +
    '"ein Satz" in Anführungszeichen so, wie er dasteht. Alle Tage werden durchsucht, der letzte zuerst; ' +
    "oben lässt sich die Zeit eingrenzen, oder mit einem Klick auf einen Balken.",
  earlier: "Frühere Nachrichten durchsuchen",
  none: (channel) =>
    `Keine Nachricht von ${channel} aus der durchsuchten Zeit passt dazu. ` +
    'Namen und Wörter werden als Ganzes verglichen, groß und klein; "ein Satz" in Anführungszeichen so, wie er dasteht.',
  found: (hits) => `${count(hits)} gefunden`,
  foundBackTo: (hits, day) => `${count(hits)} gefunden, zurück bis ${day}`,
  searched: "Durchsucht",
  stop: "Anhalten",
  overTime: "Gefundene Nachrichten über die Zeit",
  bar: (from, messages) => `${from}: ${counted(messages, nouns.message)}`,
  namesSearched: (login, names) => `Gesucht unter allen Namen, die ${login} hatte: ${names}. `,
  namesKnown: (login, names) => `${login} ist auch bekannt als: ${names}. `,
  onlyName: (login) => `Nur ${login}`,
  allNames: "Alle Namen durchsuchen",
  onlyThisTime: (bar) => `${bar}. Nur diese Zeit durchsuchen`,
};

/** A person in a channel. */
export const person: typeof EnglishPerson = {
  inChannel: (channel) => ` in ${channel}`,
  allTime: "Gesamte Zeit",
  lines: "Zeilen",
  earlier: "Frühere Zeilen lesen",
  none: (login, channel) => `Von ${login} wurde in ${channel} in dieser Zeit nichts aufgenommen.`,
  linesInAll: (lines) => `${counted(lines, nouns.line)} in dieser ganzen Zeit`,
  linesSoFar: (lines, day) => `Bisher ${counted(lines, nouns.line)}, zurück bis ${day}`,
  firstSeen: "Zuerst gesehen",
  seenAsEarlyAs: "Schon gesehen",
  lastSeen: "Zuletzt gesehen",
  names: "Namen",
  nameFromTo: (from, to) => `, ${from} bis ${to}`,
  actions: "Banns, Timeouts und Löschungen",
  notByWhom: "Twitch sagt nicht, welcher Moderator es war.",
  months: "Monate",
  about: (login) => `Über ${login}`,
  close: "Karte schließen",
  allLines: "Alle Zeilen der Person",
  onTwitch: "Auf Twitch",
};

/** Files of what is shown. */
export const saving: typeof EnglishSaving = {
  title: "Speichern, was gezeigt wird",
  export: "Export",
  formats: {
    "td-text": "Text",
    csv: "CSV-Tabelle",
    json: "JSON",
    ndjson: "NDJSON, alles Bekannte",
    "td-json": "TwitchDownloader-JSON",
    raw: "Rohe IRC-Zeilen",
    html: "Seite zum Lesen",
  },
  saved: (messages, name) => `${counted(messages, nouns.message)} in den Downloads als ${name}`,
  written: (messages) => `${counted(messages, nouns.message)} geschrieben…`,
  what: "Speichert alles, was hier gezeigt wird, mit dem Filter.",
};
