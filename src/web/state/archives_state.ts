import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { PageCalls } from "../reading/page_calls.ts";
import type {
  CheckProgress,
  Comparison,
  MergeReport,
  MinuteProgress,
  SourceReport,
} from "../sources/report.ts";
import type { RememberedSource, SourceMemory } from "../../adapters/browser/source_memory.ts";
import type { RpcClient } from "../rpc/rpc_client.ts";
import type { TakenSource } from "../sources/intake.ts";
import { saveBlob } from "../ui/save_blob.ts";
import { mayRead, reopen } from "../sources/reopen.ts";
import { words } from "../words/words.ts";

/** A source as the page shows it. */
export interface ShownSource {
  /** Unique in the page. */
  readonly number: number;
  readonly name: string;
  readonly state: SourceState;
  /** Aborts opening it, or removes it. */
  readonly drop: () => void;
}

/** The state of a source. */
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

/** The archives that were handed to the page, and the actions on them. */
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
  /** The sources that were open before the page was reloaded and are not open now. */
  readonly remembered: Signal<readonly RememberedSource[]> = signal([]);
  readonly #call: RpcClient<PageCalls>;
  readonly #memory: SourceMemory;
  #lastNumber = 0;

  /** Without archives. */
  constructor(call: RpcClient<PageCalls>, memory: SourceMemory) {
    this.#call = call;
    this.#memory = memory;
  }

  /** Opens and checks sources, one after the other. */
  async add(taken: readonly TakenSource[]): Promise<void> {
    await Promise.all(taken.map((each) => this.#addOne(each)));
    if (this.reports.value.length >= 2 && !this.isChecking.value) void this.compare();
  }

  /** The same for dropped files, which the browser may refuse. */
  async addDropped(take: () => Promise<TakenSource[]>): Promise<void> {
    let taken;
    try {
      taken = await take();
    } catch (error) {
      this.#showFailure(words.value.archives.droppedFiles, error);
      return;
    }
    await this.add(taken);
  }

  /** Opens the sources from before the reload; the browser may ask the user. */
  async reopen(source: RememberedSource): Promise<void> {
    if (source.handle === undefined) return;
    let taken;
    try {
      taken = await reopen(source.handle);
    } catch (error) {
      this.#showFailure(source.name, error);
      return;
    }
    await this.forget(source);
    await this.add(taken);
  }

  /** Forgets the sources from before the reload. */
  async forget({ id }: RememberedSource): Promise<void> {
    this.remembered.value = this.remembered.value.filter((each) => each.id !== id);
    await this.#memory.forget(id);
  }

  /** Shows the sources from before, and opens those that the browser lets the page read without asking. */
  async recall(): Promise<void> {
    this.remembered.value = await this.#memory.list();
    for (const source of this.remembered.value) {
      if (source.handle !== undefined && await mayRead(source.handle)) await this.reopen(source);
    }
  }

  #showFailure(name: string, error: unknown): void {
    const number = ++this.#lastNumber;
    const drop = (): void => this.#forget(number);
    const state: SourceState = { kind: "failed", reason: reasonOf(error) };
    this.sources.value = [...this.sources.value, { number, name, state, drop }];
  }

  /** Remembers a source that is open now, in place of one of its name from before. */
  async #remember({ input: { name }, handle }: TakenSource): Promise<number | undefined> {
    for (const before of this.remembered.value.filter((each) => each.name === name)) {
      await this.forget(before);
    }
    return await this.#memory.add(name, handle);
  }

  #forget(number: number): void {
    this.sources.value = this.sources.value.filter((each) => each.number !== number);
  }

  async #addOne(taken: TakenSource): Promise<void> {
    const { input } = taken;
    let remembering: Promise<number | undefined> | undefined;
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
      void remembering?.then((id) => id === undefined ? undefined : this.#memory.forget(id));
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
      remembering = this.#remember(taken);
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

  /** Drops results that were made of other sources. */
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

  /** Downloads the result. */
  async download(): Promise<void> {
    await this.#run(this.saving, async (options) => {
      const blob = await this.#call("zip", isWindows() ? "_" : ":", options);
      const name = "chatloom-merged.zip";
      saveBlob(blob, name);
      return words.value.merging.downloaded(name);
    });
  }

  /** Writes the result into a folder that the user picks. */
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
      return words.value.merging.writtenTo(written, folder.name);
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

/** The message of an error for the page. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
