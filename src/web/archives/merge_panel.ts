import { Fragment, h, type JSX } from "preact";
import { formatBytes, formatCounted, formatMilliseconds } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import type { MergeReport } from "../sources/report.ts";
import { type ArchivesState, canSaveToFolder } from "../state/archives_state.ts";
import { ProgressBar } from "./progress_bar.ts";

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
    h("h2", { id: "merge-title" }, "Merge"),
    job.kind === "running"
      ? h(ProgressBar, {
        label: "Merging",
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
          isAlone ? "Tidy up this archive" : "Merge",
        ),
        h(
          "p",
          { class: "hint" },
          isAlone
            ? "Makes one file of each minute, in which every message stands once. "
            : "Makes one archive in which every message stands once. ",
          "You can save it; the archives above stay as they are.",
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
      `${formatCounted(messages, "message")} in ${formatCounted(batches, "file")}`,
    ),
    h(
      "p",
      { class: "facts" },
      `${formatBytes(bytes)} · merged in ${formatMilliseconds(milliseconds)}`,
      leftOut > 0 ? ` · ${formatCounted(leftOut, "file")} left out, see above` : "",
    ),
    saving.kind === "running"
      ? h(ProgressBar, {
        label: "Saving",
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
          "Download zip",
        ),
        canSaveToFolder() && h(
          "button",
          {
            type: "button",
            onClick: () => void archives.saveToFolder(),
          },
          icon("folder"),
          "Save to a folder",
        ),
      ),
    saving.kind === "done" && h("p", { class: "good", role: "status" }, saving.result),
    saving.kind === "failed" && h("p", { class: "bad", role: "alert" }, saving.reason),
  );
}
