import type {
  calendar as EnglishCalendar,
  timeline as EnglishTimeline,
} from "../english/timeline.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;

/** Messages and receivers over time. */
export const timeline: typeof EnglishTimeline = {
  heading: (channel) => `Verlauf von ${channel}`,
  shown: "Gezeigter Zeitraum",
  earlier: "Früher",
  later: "Später",
  more: "Mehr zeigen",
  less: "Weniger zeigen",
  all: "Alles",
  fromTo: (from, to) => `${from} bis ${to}`,
  messages: "Nachrichten",
  byOneOnly: "von nur einem Empfänger gesehen",
  receivers: "Empfänger",
  minutesUnrecorded: "Minuten ohne Recorder",
  minutesUnknown: "stille Minuten, vielleicht nicht aufgenommen",
  chart:
    "Nachrichten je Minute über die Zeit. Pfeiltasten verschieben, Plus und Minus zoomen, Pos1 und Ende gehen zum ersten und letzten Chat, Enter öffnet den Chat.",
  howTo: "Ziehen vergrößert, ein Klick öffnet den Chat dieses Moments.",
  barSilent: (when, what) => `${when}: ${what}`,
  bar: (when, total, one) =>
    `${when}: ${count(total)} Nachrichten je Minute, davon ${
      count(one)
    } von nur einem Empfänger gesehen`,
  silences: {
    unrecorded: "kein Recorder hörte zu",
    unknown: "keine Nachrichten; ob ein Recorder zuhörte, ist nicht bekannt",
  },
  legend: { four: "von 4 oder mehr gesehen", three: "von 3", two: "von 2", one: "von nur 1" },
  unrecordedTitle: "Als kein Recorder zuhörte",
  unknownTitle: "Keine Nachrichten, unbekannt ob aufgenommen",
  gap: (from, minutes) => `${from}, ${counted(minutes, nouns.minute)}`,
  noChatNear: "kein Chat innerhalb von 10 Minuten",
  heard: (receivers) => `${receivers} hörte Chat`,
  before: (names) => `Davor: ${names}. `,
  after: (names) => `Danach: ${names}.`,
  missed: (messages) => ` Wohl verpasst: etwa ${counted(messages, nouns.message)}.`,
  rows: "Empfänger",
  row: (messages, percent) => ` ${counted(messages, nouns.message)}, ${percent}`,
};

/** A year by days. */
export const calendar: typeof EnglishCalendar = {
  heading: (channel) => `Kalender von ${channel}`,
  years: "Jahre",
  months: "Monate",
  hoursWithChat: (hours) => `${counted(hours, nouns.hour)} mit Chat`,
  messages: "Nachrichten",
  messagesCounted: "Nachrichten, soweit ein Index sie zählt",
  daysWithChat: "Tage mit Chat",
  unrecorded: "ohne Recorder",
  missedThen: "Nachrichten dabei wohl verpasst",
  about: (messages) => `etwa ${count(messages)}`,
  colours: "Was die Farben sagen",
  byMessages: "Nachrichten",
  byGaps: "Zeit ohne Recorder",
  byPeer: "Unterschiede",
  gaps: "Als kein Recorder zuhörte, längste zuerst",
  shorter: (gaps) => `und ${count(gaps)} kürzere`,
  gap: (from, length, missed) =>
    `${from}: ${length}${missed === 0 ? "" : `, etwa ${counted(missed, nouns.message)}`}`,
  fromTo: (from, to) => `${from} bis ${to}`,
  table: "Als Tabelle",
  columns: {
    month: "Monat",
    messages: "Nachrichten",
    days: "Tage mit Chat",
    unrecorded: "Ohne Recorder",
  },
  daysDiffering: "Tage mit Unterschieden",
  grid: "Tage des Jahres. Pfeiltasten gehen um Tage und Wochen, Enter öffnet einen Tag.",
  nothing: (day) => `${day}: nichts aufgenommen`,
  day: (day, messages, missing) =>
    `${day}: ${
      messages === undefined ? "Nachrichten nicht gezählt" : counted(messages, nouns.message)
    }${missing === "" ? "" : `, ${missing} ohne Recorder`}`,
};
