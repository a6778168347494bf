import type {
  archives as EnglishArchives,
  merging as EnglishMerging,
} from "../english/archives.ts";
import { german, nouns } from "./nouns.ts";

const { count, counted } = german;

/** Adding archives, checking them. */
export const archives: typeof EnglishArchives = {
  heading: "Aufnahmen vereinen",
  lead:
    "Hierher kommen die Archive mehrerer Recorder derselben Kanäle. Jede Datei wird geprüft, die Aufnahmen " +
    "werden Nachricht für Nachricht verglichen, und es entsteht ein Archiv, Byte für Byte gleich auf jedem " +
    "Rechner und in jeder Reihenfolge. Nichts verlässt diesen Rechner.",
  sources: "Quellen",
  add: "Archive hinzufügen",
  another: "Weiteres hinzufügen",
  drop: "Zwei oder mehr Archive hier ablegen",
  kinds: "Ordner, Archivdateien, .zip, .tar oder .tar.gz, und rohe Mitschnitte",
  chooseFolder: "Ordner wählen",
  chooseFiles: "Dateien wählen",
  droppedFiles: "Die abgelegten Dateien",
  openBefore: "Vor dem Neuladen geöffnet",
  forget: (name) => `${name} vergessen`,
  dropAgain: "Bitte erneut ablegen oder wählen: Der Browser behält nur den Namen",
  openAgain: "Wieder öffnen",
  stopChecking: (name) => `Prüfen von ${name} anhalten`,
  remove: (name) => `${name} entfernen`,
  opening: "Wird geöffnet…",
  unpacking: (read, of) => `Wird entpackt: ${read} von ${of}`,
  checking: (files, bytes) =>
    `Wird geprüft: ${counted(files, nouns.file)}${bytes === "" ? "" : `, ${bytes}`}`,
  forms: { files: "Dateien", zip: "Zip-Archiv", tar: "Tar-Archiv", capture: "Roher Mitschnitt" },
  ofChat: (files) => `${counted(files, nouns.file)} mit Chat`,
  withdrawn: (files) => `${counted(files, nouns.file)} zurückgezogen`,
  toForget: (requests) => `${counted(requests, nouns.request)}, Nachrichten zu vergessen`,
  noChat: "Darin wurde keine Aufnahme eines Chats gefunden",
  allRight: "Alle Namen, Hashes und Zeilen stimmen",
  ignoredLines: (lines) => `Zeilen, die Archive nicht behalten: ${lines}`,
  verdict: (damaged, unreadable) =>
    `${
      [
        ...(damaged > 0 ? [`${count(damaged)} beschädigt`] : []),
        ...(unreadable > 0 ? [`${count(unreadable)} unlesbar`] : []),
      ].join(" und ")
    }: ausgelassen, die übrigen werden verwendet`,
  from: "Von",
  to: "Bis",
  minutes: "Minuten",
  messages: "Nachrichten",
  leftOut: (files) => `${counted(files, nouns.file)} ausgelassen`,
  stray: (files) => `${counted(files, nouns.file)} außerhalb jedes Archivs`,
  problems: { damaged: "beschädigt", unreadable: "unlesbar", stray: "fremd" },
  atLine: (line, reason) => `Zeile ${line}: ${reason}`,
};

const messagesDative = { one: "Nachricht", other: "Nachrichten" };

/** Comparing and merging what was added. */
export const merging: typeof EnglishMerging = {
  comparison: "Vergleich",
  comparing: "Vergleich läuft",
  allInEvery: (messages) =>
    messages === 1
      ? `Jede Quelle hat die ${counted(1, nouns.message)}.`
      : `Jede Quelle hat alle ${counted(messages, nouns.message)}.`,
  inAll: (messages, common) =>
    `Insgesamt ${counted(messages, nouns.message)}, von denen jede Quelle ${count(common)} hat.`,
  source: "Quelle",
  share: "Anteil an allen Nachrichten",
  onlyHere: "Nur hier",
  missingHere: "Fehlt hier",
  minutesOnlyHere: "Minuten nur hier",
  onlyIn: (name) => `Nur in ${name}`,
  untilMinute: (minute) => ` bis ${minute}`,
  merge: "Vereinen",
  merging: "Wird vereint",
  tidy: "Dieses Archiv aufräumen",
  tidies: "Macht aus jeder Minute eine Datei, in der jede Nachricht einmal steht. ",
  merges: "Macht ein Archiv, in dem jede Nachricht einmal steht. ",
  stays: "Es lässt sich speichern; die Archive oben bleiben, wie sie sind.",
  result: (messages, files) =>
    `${counted(messages, messagesDative)} in ${counted(files, nouns.file)}`,
  mergedIn: (bytes, length) => `${bytes} · vereint in ${length}`,
  leftOutAbove: (files) => ` · ${counted(files, nouns.file)} ausgelassen, siehe oben`,
  saving: "Wird gespeichert",
  download: "Zip herunterladen",
  saveToFolder: "In einen Ordner speichern",
  downloaded: (name) => `${name} liegt in den Downloads`,
  writtenTo: (files, folder) => `${counted(files, nouns.file)} nach ${folder} geschrieben`,
  minutesOf: (label, done, total) => `${label}: ${count(done)} von ${counted(total, nouns.minute)}`,
  percentOf: (label, done) => `${label}: ${count(done)} %`,
};
