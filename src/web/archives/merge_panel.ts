import { Fragment, h, type JSX } from "preact";
import { formatBytes, formatMilliseconds } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import type { MergeReport } from "../sources/report.ts";
import { type ArchivesState, canSaveToFolder } from "../state/archives_state.ts";
import { ProgressBar } from "./progress_bar.ts";
import { words } from "../words/words.ts";

/** Merges the sources, and offers the result. */
export function MergePanel({ archives }: { readonly archives: ArchivesState }): JSX.Element | null {
  const job = archives.merge.value;
  const batches = archives.reports.value.reduce((sum, report) => sum + report.batches, 0);
  const isReady = batches > 0 && !archives.isChecking.value;
  // What holds no recording cannot be merged: its card says so.
  if (batches === 0 && !archives.isChecking.value) return null;
  const isAlone = archives.reports.value.length === 1;
  return h(
    "section",
    { class: "merge", "aria-labelledby": "merge-title" },
    h("h2", { id: "merge-title" }, words.value.merging.merge),
    job.kind === "running"
      ? h(ProgressBar, {
        label: words.value.merging.merging,
        done: job.progress?.done ?? 0,
        total: job.progress?.total ?? 0,
        unit: "minute",
        onCancel: job.cancel,
      })
      : job.kind === "done"
      ? h(Result, { report: job.result, archives })
      : h(Fragment, null, [
        job.kind === "failed" && h("p", { class: "bad", role: "alert" }, job.reason),
        h(
          "button",
          {
            type: "button",
            class: "primary",
            disabled: !isReady,
            onClick: () => void archives.startMerge(),
          },
          icon("merge"),
          isAlone ? words.value.merging.tidy : words.value.merging.merge,
        ),
        h(
          "p",
          { class: "hint" },
          isAlone ? words.value.merging.tidies : words.value.merging.merges,
          words.value.merging.stays,
        ),
      ]),
  );
}

function Result(
  { report, archives }: { readonly report: MergeReport; readonly archives: ArchivesState },
): JSX.Element {
  const { batches, bytes, messages, leftOut, milliseconds } = report;
  const saving = archives.saving.value;
  return h(
    "div",
    { class: "card result" },
    h(
      "p",
      { class: "headline", role: "status" },
      words.value.merging.result(messages, batches),
    ),
    h(
      "p",
      { class: "facts" },
      words.value.merging.mergedIn(formatBytes(bytes), formatMilliseconds(milliseconds)),
      leftOut > 0 ? words.value.merging.leftOutAbove(leftOut) : "",
    ),
    saving.kind === "running"
      ? h(ProgressBar, {
        label: words.value.merging.saving,
        done: Math.round((saving.progress ?? 0) * 100),
        total: 100,
        unit: "percent",
        onCancel: saving.cancel,
      })
      : h(
        "div",
        { class: "buttons" },
        h(
          "button",
          {
            type: "button",
            class: "primary",
            onClick: () => void archives.download(),
          },
          icon("drop"),
          words.value.merging.download,
        ),
        canSaveToFolder() && h(
          "button",
          {
            type: "button",
            onClick: () => void archives.saveToFolder(),
          },
          icon("folder"),
          words.value.merging.saveToFolder,
        ),
      ),
    saving.kind === "done" && h("p", { class: "good", role: "status" }, saving.result),
    saving.kind === "failed" && h("p", { class: "bad", role: "alert" }, saving.reason),
  );
}
