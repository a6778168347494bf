import type {
  CheckProgress,
  Comparison,
  MergeReport,
  MinuteProgress,
  SourceInput,
  SourceReport,
} from "./sources/report.ts";
import type { Call } from "./wire/wire.ts";

/** What the page asks of its worker. */
export type PageCalls = {
  readonly addSource: Call<SourceInput, SourceReport, CheckProgress>;
  readonly removeSource: Call<number, void>;
  readonly compare: Call<void, Comparison, MinuteProgress>;
  readonly merge: Call<void, MergeReport, MinuteProgress>;
  readonly zip: Call<":" | "_", Blob, number>;
  readonly save: Call<FileSystemDirectoryHandle, { readonly written: number }, number>;
};
