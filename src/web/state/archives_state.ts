import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { PageCalls } from "../reading/page_calls.ts";
import type {
  CheckProgress,
  Comparison,
  MergeReport,
  MinuteProgress,
  SourceInput,
  SourceReport,
} from "../sources/report.ts";
import type { Caller } from "../wire/caller.ts";

/** A source as the page shows it. */
export interface ShownSource {
  /** Unique in the page. */
  readonly number: number;
  readonly name: string;
  readonly state: SourceState;
  /** Gives up opening it, or forgets it. */
  readonly drop: () => void;
}

/** How far a source is. */
export type SourceState =
  | { readonly kind: "checking"; readonly progress: CheckProgress | undefined }
  | { readonly kind: "ready"; readonly report: SourceReport }
  | { readonly kind: "failed"; readonly reason: string };

/** Work that goes over all sources. */
export type Job<Result, Progress> =
  | { readonly kind: "idle" }
  | {
    readonly kind: "running";
    readonly progress: Progress | undefined;
    readonly cancel: () => void;
  }
  | { readonly kind: "done"; readonly result: Result }
  | { readonly kind: "failed"; readonly reason: string };

const IDLE = { kind: "idle" } as const;

/** What the page knows of the archives that were handed to it, and what can be done with them. */
export class ArchivesState {
  readonly sources: Signal<readonly ShownSource[]> = signal([]);
  readonly comparison: Signal<Job<Comparison, MinuteProgress>> = signal(IDLE);
  readonly merge: Signal<Job<MergeReport, MinuteProgress>> = signal(IDLE);
  readonly saving: Signal<Job<string, number>> = signal(IDLE);
  /** Counts up whenever readers see another archive. */
  readonly version: Signal<number> = signal(0);
  readonly reports: ReadonlySignal<readonly SourceReport[]> = computed(() =>
    this.sources.value.flatMap(({ state }) => state.kind === "ready" ? [state.report] : [])
  );
  readonly isChecking: ReadonlySignal<boolean> = computed(() =>
    this.sources.value.some(({ state }) => state.kind === "checking")
  );
  readonly #call: Caller<PageCalls>;
  #lastNumber = 0;

  /** Nothing yet. */
  constructor(call: Caller<PageCalls>) {
    this.#call = call;
  }

  /** Opens and checks what was handed over, one after the other. */
  async add(inputs: readonly SourceInput[]): Promise<void> {
    await Promise.all(inputs.map((input) => this.#addOne(input)));
    if (this.reports.value.length >= 2 && !this.isChecking.value) void this.compare();
  }

  /** The same for what was dropped, which may be refused. */
  async addDropped(take: () => Promise<SourceInput[]>): Promise<void> {
    let inputs;
    try {
      inputs = await take();
    } catch (error) {
      const number = ++this.#lastNumber;
      const drop = (): void => this.#forget(number);
      const state: SourceState = { kind: "failed", reason: reasonOf(error) };
      this.sources.value = [...this.sources.value, {
        number,
        name: "What was dropped",
        state,
        drop,
      }];
      return;
    }
    await this.add(inputs);
  }

  #forget(number: number): void {
    this.sources.value = this.sources.value.filter((each) => each.number !== number);
  }

  async #addOne(input: SourceInput): Promise<void> {
    const number = ++this.#lastNumber;
    const controller = new AbortController();
    const show = (state: SourceState): void => {
      this.sources.value = this.sources.value.map((each) =>
        each.number === number ? { ...each, state } : each
      );
    };
    const drop = (): void => {
      const state = this.sources.value.find((each) => each.number === number)?.state;
      this.#forget(number);
      if (state?.kind === "ready") void this.#remove(state.report.id);
      else controller.abort();
    };
    const state: SourceState = { kind: "checking", progress: undefined };
    this.sources.value = [...this.sources.value, { number, name: input.name, state, drop }];
    this.#outdate();
    try {
      const report = await this.#call("addSource", input, {
        signal: controller.signal,
        onProgress: (progress) => show({ kind: "checking", progress }),
      });
      show({ kind: "ready", report });
      this.version.value++;
    } catch (error) {
      if (!controller.signal.aborted) show({ kind: "failed", reason: reasonOf(error) });
    }
  }

  async #remove(id: number): Promise<void> {
    await this.#call("removeSource", id);
    this.#outdate();
    this.version.value++;
    if (this.reports.value.length >= 2) void this.compare();
  }

  /** What was worked out of other sources says nothing any more. */
  #outdate(): void {
    for (const job of [this.comparison, this.merge, this.saving]) {
      if (job.value.kind === "running") job.value.cancel();
      job.value = IDLE;
    }
  }

  /** Compares the sources. */
  compare(): Promise<void> {
    return this.#run(this.comparison, (options) => this.#call("compare", undefined, options));
  }

  /** Merges the sources. */
  async startMerge(): Promise<void> {
    this.saving.value = IDLE;
    await this.#run(this.merge, (options) => this.#call("merge", undefined, options));
  }

  /** Hands the result to the browser's downloads. */
  async download(): Promise<void> {
    await this.#run(this.saving, async (options) => {
      const blob = await this.#call("zip", isWindows() ? "_" : ":", options);
      const url = URL.createObjectURL(blob);
      const link = document.createElement("a");
      link.href = url;
      link.download = "chatloom-merged.zip";
      link.click();
      // The browser reads the address when it gets round to it, and does not say when it has.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return `${link.download} went to your downloads`;
    });
  }

  /** Writes the result into a folder that the reader picks. */
  async saveToFolder(): Promise<void> {
    const { showDirectoryPicker } = globalThis as unknown as {
      showDirectoryPicker(options: { mode: string }): Promise<FileSystemDirectoryHandle>;
    };
    let folder: FileSystemDirectoryHandle;
    try {
      folder = await showDirectoryPicker({ mode: "readwrite" });
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") return; // Picked none.
      this.saving.value = { kind: "failed", reason: reasonOf(error) };
      return;
    }
    await this.#run(this.saving, async (options) => {
      const { written } = await this.#call("save", folder, options);
      return written === 1
        ? `1 file written to ${folder.name}`
        : `${written} files written to ${folder.name}`;
    });
  }

  async #run<Result, Progress>(
    job: Signal<Job<Result, Progress>>,
    work: (
      options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
    ) => Promise<Result>,
  ): Promise<void> {
    if (job.value.kind === "running") job.value.cancel();
    const controller = new AbortController();
    const { signal } = controller;
    const cancel = (): void => {
      controller.abort();
      job.value = IDLE;
    };
    job.value = { kind: "running", progress: undefined, cancel };
    try {
      const onProgress = (progress: Progress): void => {
        if (!signal.aborted) job.value = { kind: "running", progress, cancel };
      };
      const result = await work({ signal, onProgress });
      if (!signal.aborted) job.value = { kind: "done", result };
    } catch (error) {
      if (!signal.aborted) job.value = { kind: "failed", reason: reasonOf(error) };
    }
  }
}

/** Whether results can be written into a folder here. */
export function canSaveToFolder(): boolean {
  return "showDirectoryPicker" in globalThis;
}

/** Whether names with a colon cannot be unpacked here. */
function isWindows(): boolean {
  return /Windows/.test(navigator.userAgent);
}

/** What to tell people of an error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
