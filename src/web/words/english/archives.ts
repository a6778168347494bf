import { english, nouns } from "./nouns.ts";

const { count, counted } = english;

/** Adding archives, checking, comparing and merging them. */
export const archives = {
  heading: "Merge recordings",
  lead: "Add the archives of several recorders of the same channels. Every file is checked, the " +
    "recordings are compared message by message, and the result is one archive with the same bytes " +
    "on every machine and in any order. Nothing leaves this machine.",
  sources: "Sources",
  add: "Add archives",
  another: "Add another",
  drop: "Drop two or more archives here",
  kinds: "Folders, batch files, .zip, .tar or .tar.gz, and raw captures",
  chooseFolder: "Choose folder",
  chooseFiles: "Choose files",
  droppedFiles: "The dropped files",
  openBefore: "Open before the page was reloaded",
  forget: (name: string) => `Forget ${name}`,
  dropAgain: "Drop or choose it again: the browser keeps only its name",
  openAgain: "Open again",
  stopChecking: (name: string) => `Stop checking ${name}`,
  remove: (name: string) => `Remove ${name}`,
  opening: "Opening…",
  unpacking: (read: string, of: string) => `Unpacking: ${read} of ${of}`,
  checking: (files: number, bytes: string) =>
    `Checking: ${counted(files, nouns.file)}${bytes === "" ? "" : `, ${bytes}`}`,
  forms: { files: "Files", zip: "Zip archive", tar: "Tar archive", capture: "Raw capture" },
  ofChat: (files: number) => `${counted(files, nouns.file)} of chat`,
  withdrawn: (files: number) => `${counted(files, nouns.file)} withdrawn`,
  toForget: (requests: number) => `${counted(requests, nouns.request)} to forget messages`,
  noChat: "No recording of chat was found in it",
  allRight: "Every name, hash and line is right",
  ignoredLines: (lines: string) => `Lines that archives do not keep: ${lines}`,
  verdict: (damaged: number, unreadable: number) =>
    `${
      [
        ...(damaged > 0 ? [`${count(damaged)} damaged`] : []),
        ...(unreadable > 0 ? [`${count(unreadable)} unreadable`] : []),
      ].join(" and ")
    }: left out, the others are used`,
  from: "From",
  to: "To",
  minutes: "Minutes",
  messages: "Messages",
  leftOut: (files: number) => `${counted(files, nouns.file)} left out`,
  stray: (files: number) =>
    `${counted(files, nouns.file)} that ${files === 1 ? "is" : "are"} no part of an archive`,
  problems: { damaged: "damaged", unreadable: "unreadable", stray: "stray" },
  atLine: (line: number, reason: string) => `line ${line}: ${reason}`,
};

/** Comparing and merging what was added. */
export const merging = {
  comparison: "Comparison",
  comparing: "Comparing",
  allInEvery: (messages: number) => `All ${counted(messages, nouns.message)} are in every source.`,
  inAll: (messages: number, common: number) =>
    `${counted(messages, nouns.message)} in all, of which every source has ${count(common)}.`,
  source: "Source",
  share: "Share of all messages",
  onlyHere: "Only here",
  missingHere: "Missing here",
  minutesOnlyHere: "Minutes only here",
  onlyIn: (name: string) => `Only in ${name}`,
  untilMinute: (minute: string) => ` to ${minute}`,
  merge: "Merge",
  merging: "Merging",
  tidy: "Tidy up this archive",
  tidies: "Makes one file of each minute, in which every message stands once. ",
  merges: "Makes one archive in which every message stands once. ",
  stays: "You can save it; the archives above stay as they are.",
  result: (messages: number, files: number) =>
    `${counted(messages, nouns.message)} in ${counted(files, nouns.file)}`,
  mergedIn: (bytes: string, length: string) => `${bytes} · merged in ${length}`,
  leftOutAbove: (files: number) => ` · ${counted(files, nouns.file)} left out, see above`,
  saving: "Saving",
  download: "Download zip",
  saveToFolder: "Save to a folder",
  downloaded: (name: string) => `${name} went to your downloads`,
  writtenTo: (files: number, folder: string) =>
    `${counted(files, nouns.file)} written to ${folder}`,
  minutesOf: (label: string, done: number, total: number) =>
    `${label}: ${count(done)} of ${counted(total, nouns.minute)}`,
  percentOf: (label: string, done: number) => `${label}: ${count(done)} %`,
};
