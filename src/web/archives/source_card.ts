import { Fragment, h, type JSX } from "preact";
import { formatBytes, formatCount, formatMinute } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import type { ChannelReport, CheckProgress, Problem, SourceReport } from "../sources/report.ts";
import type { ShownSource } from "../state/archives_state.ts";
import { words } from "../words/words.ts";

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
        "aria-label": state.kind === "checking"
          ? words.value.archives.stopChecking(name)
          : words.value.archives.remove(name),
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
  if (progress === undefined) return words.value.archives.opening;
  const { files, bytes, opening } = progress;
  if (opening !== undefined) {
    return words.value.archives.unpacking(
      formatBytes(opening.readBytes),
      formatBytes(opening.ofBytes),
    );
  }
  return words.value.archives.checking(files, bytes > 0 ? formatBytes(bytes) : "");
}

function Report({ report }: { readonly report: SourceReport }): JSX.Element {
  const { damaged, unreadable } = report.problemCounts;
  const parts = [
    words.value.archives.forms[report.form],
    words.value.archives.ofChat(report.batches),
    formatBytes(report.bytes),
    ...(report.tombstones > 0 ? [words.value.archives.withdrawn(report.tombstones)] : []),
    ...(report.redactions > 0 ? [words.value.archives.toForget(report.redactions)] : []),
  ];
  const verdict = report.batches === 0
    ? h("p", { class: "bad" }, words.value.archives.noChat)
    : damaged + unreadable === 0
    ? h("p", { class: "good" }, words.value.archives.allRight)
    : h("p", { class: "bad" }, words.value.archives.verdict(damaged, unreadable));
  return h(
    Fragment,
    null,
    h("p", { class: "facts" }, parts.join(" · ")),
    verdict,
    report.channels.length > 0 && h(Channels, { channels: report.channels }),
    report.ignored.length > 0 && h(
      "p",
      { class: "hint" },
      words.value.archives.ignoredLines(
        report.ignored.map(({ reason, lines }) => `${formatCount(lines)} ${reason}`).join(", "),
      ),
    ),
    report.problems.length > 0 && h(Problems, { report }),
  );
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
        h("th", { scope: "col" }, words.value.app.channel),
        h("th", { scope: "col" }, words.value.archives.from),
        h("th", { scope: "col" }, words.value.archives.to),
        h("th", { scope: "col", class: "number wide-only" }, words.value.archives.minutes),
        h("th", { scope: "col", class: "number" }, words.value.archives.messages),
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
          h("td", { class: "number wide-only" }, formatCount(minutes)),
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
        ? words.value.archives.leftOut(total)
        : words.value.archives.stray(stray),
    ),
    h(
      "ul",
      null,
      report.problems.map((problem, i) => h("li", { key: i }, h(OneProblem, { problem }))),
    ),
    total > shown && h("p", { class: "hint" }, words.value.app.andMore(total - shown)),
  );
}

function OneProblem(
  { problem: { kind, path, line, reason } }: { readonly problem: Problem },
): JSX.Element {
  return h(
    Fragment,
    null,
    h("span", { class: `tag is-${kind}` }, words.value.archives.problems[kind]),
    " ",
    h("code", null, path),
    h(
      "span",
      { class: "reason" },
      line === undefined ? reason : words.value.archives.atLine(line, reason),
    ),
  );
}
