import type { home as English } from "../english/home.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;
const gapsDative = { one: "Lücke", other: "Lücken" };
const daysDative = { one: "Tag", other: "Tagen" };

/** The channels of a node. */
export const home: typeof English = {
  channels: "Kanäle",
  find: "Kanal finden",
  looking: "Kanäle werden gesucht…",
  none: "Dieser Knoten hat noch keinen Kanal. Sobald einer aufgenommen wird, steht er hier",
  found: (found, all) =>
    found === all
      ? counted(all, nouns.channel)
      : `${count(found)} von ${counted(all, { one: "Kanal", other: "Kanälen" })}`,
  more: "Mehr Kanäle zeigen",
  isRecorded: "wird aufgenommen",
  noMessage: "Noch keine Nachricht",
  notRecorded: "In den letzten 24 Stunden nicht aufgenommen",
  recorded: (seconds) =>
    `In den letzten 24 Stunden ${
      seconds < 3_600
        ? counted(Math.max(1, Math.round(seconds / 60)), nouns.minute)
        : counted(Math.min(24, Math.floor(seconds / 3_600)), nouns.hour)
    } lückenlos aufgenommen`,
  withGaps: (gaps, minutes) =>
    `In den letzten 24 Stunden mit ${counted(gaps, gapsDative)} aufgenommen: ${
      counted(minutes, nouns.minute)
    } ohne Recorder`,
  inLastDays: (messages, days) =>
    `${counted(messages, nouns.message)} in den letzten ${counted(days, daysDative)}`,
};
