import type { BenchRow } from "../bench_row.ts";
import type { Bests, Subject } from "./command_rounds.ts";

/** What is asked of one command's time: no more than `atMost` times its floor. */
interface Question {
  readonly name: string;
  readonly subject: Subject;
  readonly floor: Subject;
  readonly floorName: string;
  readonly atMost: number;
  /** Time of the processor instead of time on the wall. */
  readonly isCpu?: boolean;
}

const QUESTIONS: readonly Question[] = [
  {
    name: "verify",
    subject: "verify",
    floor: "sha256sum",
    floorName: "sha256sum of the files",
    atMost: 2,
  },
  {
    name: "settle, first",
    subject: "settle",
    floor: "settle floor",
    floorName: "read, hash, write safely",
    atMost: 3,
  },
  {
    name: "settle, first: CPU",
    subject: "settle",
    floor: "merge floor",
    floorName: "read, hash, merge by the core",
    atMost: 3,
    isCpu: true,
  },
  {
    name: "settle, again",
    subject: "settle again",
    floor: "sha256sum",
    floorName: "sha256sum of the files",
    atMost: 0.5,
  },
  {
    name: "import",
    subject: "import",
    floor: "import floor",
    floorName: "line to batch by the core",
    atMost: 2.5,
  },
  {
    name: "cat --format json",
    subject: "cat",
    floor: "cat of files",
    floorName: "cat of the files",
    atMost: 4,
  },
  {
    name: "chat.ndjson of 2 h, first time",
    subject: "serve",
    floor: "serve floor",
    floorName: "read and hash the files",
    atMost: 3,
  },
  {
    name: "--version",
    subject: "version",
    floor: "empty script",
    floorName: "an empty script",
    atMost: 3,
  },
];

/** No command takes more memory, in MB. */
const MEMORY_MAX_MB = 300;

const IN_MEMORY: Readonly<Record<string, Subject>> = {
  "verify": "verify",
  "settle, first": "settle",
  "settle, again": "settle again",
  "import": "import",
  "cat --format json": "cat",
  "serve, chat.ndjson of 2 h": "serve",
};

/** The rows of one runtime: times as ratios to their floors, and memory. */
export function commandRows(bests: Bests, runtime: string): BenchRow[] {
  const times = QUESTIONS.map(({ name, subject, floor, floorName, atMost, isCpu }): BenchRow => {
    const [wall, cpu] = (["wallMs", "cpuMs"] as const).map((time) => {
      const [took, least] = [bests[subject][time], bests[floor][time]];
      return { ratio: took / least, text: `${seconds(took)} against ${seconds(least)}` };
    });
    const { ratio: figure, text } = isCpu ? cpu! : wall!;
    const hasCpu = isCpu !== true && Number.isFinite(cpu!.ratio);
    return {
      name: `${name} (${runtime})`,
      figure,
      unit: `× ${floorName}`,
      atMost,
      detail: hasCpu ? `${text}; CPU ${cpu!.text}` : text,
    };
  });
  const memory = Object.entries(IN_MEMORY).map(([name, subject]): BenchRow => ({
    name: `${name}: memory (${runtime})`,
    figure: bests[subject].peakBytes / 1e6,
    unit: "MB at the peak",
    atMost: MEMORY_MAX_MB,
  }));
  return [...times, ...memory];
}

/**
 * Memory must not grow with the archive. But a heap grows to about twice what lives in it before it is collected
 * as a whole, and one day of a command may end before that.
 */
const GROWTH_MAX = 1.5;

/** How much memory the commands take for many days, and how much more than for one. */
export function daysRows(
  one: Bests,
  many: Bests,
  { days, runtime }: { readonly days: number; readonly runtime: string },
): BenchRow[] {
  const subjects = Object.entries(IN_MEMORY).filter(([, subject]) => subject !== "serve");
  return subjects.flatMap(([name, subject]): BenchRow[] => {
    const [least, most] = [one[subject].peakBytes, many[subject].peakBytes];
    return [
      {
        name: `${name}: memory for ${days} days (${runtime})`,
        figure: most / 1e6,
        unit: "MB at the peak",
        atMost: MEMORY_MAX_MB,
      },
      {
        name: `${name}: growth to ${days} days (${runtime})`,
        figure: most / least,
        unit: "× memory for one day",
        atMost: GROWTH_MAX,
        detail: `${(most / 1e6).toFixed(0)} MB against ${(least / 1e6).toFixed(0)} MB`,
      },
    ];
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1_000 ? 3 : 1)} s`;
}
