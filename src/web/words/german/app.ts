import type { app as English } from "../english/app.ts";
import { german, nouns } from "./nouns.ts";

const { counted } = german;

/** The frame of the page. */
export const app: typeof English = {
  brokeDown: (reason) =>
    `Der Arbeitsthread der Seite ist abgestürzt: ${reason}. Neu laden beginnt von vorn; die Dateien sind unverändert.`,
  skip: "Zum Inhalt",
  views: "Ansichten",
  home: "Kanäle",
  calendar: "Kalender",
  timeline: "Verlauf",
  chat: "Chat",
  search: "Suche",
  merge: "Vereinen",
  archives: "Archive",
  title: (channel, view, day) =>
    `${channel}${day === "" ? "" : ` ${day}`}${view === "" ? "" : `, ${view}`} – chatloom`,
  titleOf: {
    calendar: "Kalender",
    chat: "",
    timeline: "Verlauf",
    search: "Suche",
    person: "Person",
  },
  utcToLocal: "Zeiten in UTC; Ortszeit zeigen",
  localToUtc: "Zeiten in Ortszeit; UTC zeigen",
  timesUtc: "Zeiten in UTC",
  timesLocal: "Zeiten in Ortszeit",
  local: "Ortszeit, ",
  themeAuto: "Farben wie im System; helle nehmen",
  themeLight: "Helle Farben; dunkle nehmen",
  themeDark: "Dunkle Farben; dem System folgen",
  language: (code, now, next) => `${code}: die Sprache von ${now} zu ${next} wechseln`,
  looking: "Wird gesucht…",
  channel: "Kanal",
  channelOf: (count) => `Kanal, einer von ${german.count(count)}`,
  earlierDay: "Früherer Tag",
  laterDay: "Späterer Tag",
  dayIn: (zone) => `Der Tag in ${zone}`,
  allDays: "Alle Tage",
  noMessageOf: (channel) => `Von ${channel} ist noch keine Nachricht gespeichert`,
  nothingYet: "Noch nichts zu zeigen",
  linkShows: (channel, moment) =>
    `Dieser Link zeigt ${channel}${moment === "" ? "" : ` um ${moment}`}`,
  addOne:
    "Ein Archiv hinzufügen: einen Ordner, ein Zip oder einen Mitschnitt. Es wird hier im Browser gelesen.",
  addForMoment: "Ein Archiv hinzufügen, das ihn hat, um diesen Moment zu sehen.",
  noOpenArchive: "Kein offenes Archiv hat diesen Kanal. Bitte eines hinzufügen, das ihn hat.",
  addArchive: "Archiv hinzufügen",
  asksForToken: "Dieser Knoten verlangt ein Token",
  token: "Token ",
  open: "Öffnen",
  tokenRefused: "Der Knoten hat dieses Token abgelehnt",
  cancel: "Abbrechen",
  andMore: (count) => `und ${german.count(count)} weitere`,
  andMoreMessages: (count) => `und ${counted(count, moreMessages)}`,
  showInChat: "Im Chat zeigen",
  reading: "wird gelesen…",
  messagesOf: (count) => counted(count, nouns.message),
};

const moreMessages = { one: "weitere Nachricht", other: "weitere Nachrichten" };
