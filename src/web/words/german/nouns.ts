import { type Counting, countingIn } from "../counting/counting.ts";
import type { nouns as English } from "../english/nouns.ts";

/** How German counts. */
export const german: Counting = countingIn("de");

/** What the page counts, in the nominative. */
export const nouns: typeof English = {
  channel: { one: "Kanal", other: "Kanäle" },
  day: { one: "Tag", other: "Tage" },
  file: { one: "Datei", other: "Dateien" },
  gap: { one: "Lücke", other: "Lücken" },
  hour: { one: "Stunde", other: "Stunden" },
  line: { one: "Zeile", other: "Zeilen" },
  message: { one: "Nachricht", other: "Nachrichten" },
  minute: { one: "Minute", other: "Minuten" },
  receiver: { one: "Empfänger", other: "Empfänger" },
  request: { one: "Auftrag", other: "Aufträge" },
  second: { one: "Sekunde", other: "Sekunden" },
  week: { one: "Woche", other: "Wochen" },
};
