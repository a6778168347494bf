/** The progress of long work. */
export interface Progress {
  /** Whether there is a terminal to show it. Without one, what it says need not be found out. */
  readonly isShown: boolean;
  /** Shows that `done` is done. `note` says what is being worked on. */
  update(done: number, note?: string): void;
  /** Removes the line from the screen. Calling it twice is fine. */
  end(): void;
}

/** What a progress line shows. */
export interface ProgressOptions {
  /** The total, if it is known. */
  readonly total?: number;
}

const REDRAW_INTERVAL_MS = 100;
const CLEAR_LINE = "\r\x1b[2K";

/**
 * The last line of a terminal, which shows progress while lines of a log scroll by above it. Where
 * there is no terminal it shows nothing: a log file is no place for it.
 */
export class StatusLine {
  readonly #write: (text: string) => void;
  readonly #columns: number;
  #text = "";

  /** A status line of a screen `columns` wide, or none at all if that is 0. */
  constructor(write: (text: string) => void, columns: number) {
    this.#write = write;
    this.#columns = columns;
  }

  /** Writes whole lines above the status line. */
  writeAbove(lines: string): void {
    this.#write(this.#text === "" ? lines : `${CLEAR_LINE}${lines}${this.#text}`);
  }

  /** Starts to show the progress of `label`. */
  begin(label: string, { total }: ProgressOptions = {}): Progress {
    let drawnAtMs = -Infinity;
    return {
      isShown: this.#columns > 0,
      update: (done, note = "") => {
        const nowMs = performance.now();
        if (nowMs - drawnAtMs < REDRAW_INTERVAL_MS) return;
        drawnAtMs = nowMs;
        this.#show(`${label}: ${formatDone(done, total)}${note === "" ? "" : `, ${note}`}`);
      },
      end: () => this.#show(""),
    };
  }

  #show(text: string): void {
    if (this.#columns === 0 || (text === "" && this.#text === "")) return;
    this.#text = text.slice(0, this.#columns - 1); // A full line would wrap, and stay.
    this.#write(`${CLEAR_LINE}${this.#text}`);
  }
}

function formatDone(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return done.toLocaleString("en");
  const percent = Math.floor(100 * done / total);
  return `${done.toLocaleString("en")} of ${total.toLocaleString("en")} (${percent} %)`;
}
