import { Fragment, h, type JSX } from "preact";
import { formatBytes, formatCount, formatCounted, formatMinute } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import type { ChannelReport, CheckProgress, Problem, SourceReport } from "../sources/report.ts";
import type { ShownSource } from "../state/archives_state.ts";

const FORMS: Readonly<Record<SourceReport["form"], string>> = {
  files: "Files",
  zip: "Zip archive",
  tar: "Tar archive",
  capture: "Raw capture",
};

/** The findings in one source. */
export function SourceCard({ source }: { readonly source: ShownSource }): JSX.Element {
  const { name, state } = source;
  return h(
    "article",
    { class: `card source is-${state.kind}`, "aria-label": name },
    h(
      "header",
      null,
      h("h3", null, name),
      h("button", {
        type: "button",
        class: "quiet only-icon",
        "aria-label": state.kind === "checking" ? `Stop checking ${name}` : `Remove ${name}`,
        onClick: source.drop,
      }, icon("close")),
    ),
    state.kind === "checking" && h(Checking, { progress: state.progress }),
    state.kind === "failed" && h("p", { class: "bad", role: "alert" }, state.reason),
    state.kind === "ready" && h(Report, { report: state.report }),
  );
}

function Checking(
  { progress }: { readonly progress: CheckProgress | undefined },
): JSX.Element {
  const text = checkingText(progress);
  return h("p", { class: "working" }, h("span", { class: "pulse", "aria-hidden": "true" }), text);
}

function checkingText(progress: CheckProgress | undefined): string {
  if (progress === undefined) return "Opening…";
  const { files, bytes, opening } = progress;
  if (opening !== undefined) {
    return `Unpacking: ${formatBytes(opening.readBytes)} of ${formatBytes(opening.ofBytes)}`;
  }
  const read = bytes > 0 ? `, ${formatBytes(bytes)}` : "";
  return `Checking: ${formatCounted(files, "file")}${read}`;
}

function Report({ report }: { readonly report: SourceReport }): JSX.Element {
  const { damaged, unreadable } = report.problemCounts;
  const parts = [
    FORMS[report.form],
    `${formatCounted(report.batches, "file")} of chat`,
    formatBytes(report.bytes),
    ...(report.tombstones > 0 ? [`${formatCounted(report.tombstones, "file")} withdrawn`] : []),
    ...(report.redactions > 0
      ? [`${formatCounted(report.redactions, "request")} to forget messages`]
      : []),
  ];
  const verdict = report.batches === 0
    ? h("p", { class: "bad" }, "No recording of chat was found in it")
    : damaged + unreadable === 0
    ? h("p", { class: "good" }, "Every name, hash and line is right")
    : h("p", { class: "bad" }, verdictOf(damaged, unreadable));
  return h(
    Fragment,
    null,
    h("p", { class: "facts" }, parts.join(" · ")),
    verdict,
    report.channels.length > 0 && h(Channels, { channels: report.channels }),
    report.ignored.length > 0 && h(
      "p",
      { class: "hint" },
      `Lines that archives do not keep: ${
        report.ignored.map(({ reason, lines }) => `${formatCount(lines)} ${reason}`).join(", ")
      }`,
    ),
    report.problems.length > 0 && h(Problems, { report }),
  );
}

function verdictOf(damaged: number, unreadable: number): string {
  const counts = [
    ...(damaged > 0 ? [`${formatCount(damaged)} damaged`] : []),
    ...(unreadable > 0 ? [`${formatCount(unreadable)} unreadable`] : []),
  ];
  return `${counts.join(" and ")}: left out, the others are used`;
}

function Channels({ channels }: { readonly channels: readonly ChannelReport[] }): JSX.Element {
  return h(
    "table",
    { class: "channels" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Channel"),
        h("th", { scope: "col" }, "From"),
        h("th", { scope: "col" }, "To"),
        h("th", { scope: "col", class: "number" }, "Minutes"),
        h("th", { scope: "col", class: "number" }, "Messages"),
      ),
    ),
    h(
      "tbody",
      null,
      channels.map(({ channel, firstUs, lastUs, minutes, messages }) =>
        h(
          "tr",
          { key: channel },
          h("th", { scope: "row" }, channel),
          h("td", null, formatMinute(firstUs, zone.value)),
          h("td", null, formatMinute(lastUs, zone.value)),
          h("td", { class: "number" }, formatCount(minutes)),
          h("td", { class: "number" }, formatCount(messages)),
        )
      ),
    ),
  );
}

function Problems({ report }: { readonly report: SourceReport }): JSX.Element {
  const { damaged, unreadable, stray } = report.problemCounts;
  const total = damaged + unreadable + stray;
  const shown = report.problems.length;
  return h(
    "details",
    { class: "problems", open: damaged + unreadable > 0 && total <= 10 },
    h(
      "summary",
      null,
      damaged + unreadable > 0
        ? `${formatCounted(total, "file")} left out`
        : `${formatCounted(stray, "file")} that ${
          stray === 1 ? "is" : "are"
        } no part of an archive`,
    ),
    h(
      "ul",
      null,
      report.problems.map((problem, i) => h("li", { key: i }, h(OneProblem, { problem }))),
    ),
    total > shown && h("p", { class: "hint" }, `and ${formatCount(total - shown)} more`),
  );
}

function OneProblem(
  { problem: { kind, path, line, reason } }: { readonly problem: Problem },
): JSX.Element {
  return h(
    Fragment,
    null,
    h("span", { class: `tag is-${kind}` }, kind),
    " ",
    h("code", null, path),
    h("span", { class: "reason" }, line === undefined ? reason : `line ${line}: ${reason}`),
  );
}
