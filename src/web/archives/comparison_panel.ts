import { Fragment, h, type JSX } from "preact";
import { parseCanonicalLine } from "../../core/scan/canonical_line.ts";
import { formatCount, formatMinute, formatPercent } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import type { ComparedSource, Comparison } from "../sources/report.ts";
import type { ArchivesState } from "../state/archives_state.ts";
import { ProgressBar } from "./progress_bar.ts";
import { plainText } from "../chat/message/message_text.ts";
import { words } from "../words/words.ts";

/** Which source has which messages. */
export function ComparisonPanel(
  { archives }: { readonly archives: ArchivesState },
): JSX.Element | null {
  const job = archives.comparison.value;
  if (job.kind === "idle") return null;
  return h(
    "section",
    { "aria-labelledby": "comparison-title" },
    h("h2", { id: "comparison-title" }, words.value.merging.comparison),
    job.kind === "running" && h(ProgressBar, {
      label: words.value.merging.comparing,
      done: job.progress?.done ?? 0,
      total: job.progress?.total ?? 0,
      unit: "minute",
      onCancel: job.cancel,
    }),
    job.kind === "failed" && h("p", { class: "bad", role: "alert" }, job.reason),
    job.kind === "done" && h(Findings, { comparison: job.result, archives }),
  );
}

function Findings(
  { comparison, archives }: { readonly comparison: Comparison; readonly archives: ArchivesState },
): JSX.Element {
  const { messages, common, sources } = comparison;
  const names = new Map(archives.reports.value.map(({ id, name }) => [id, name]));
  const summary = messages === common
    ? words.value.merging.allInEvery(messages)
    : words.value.merging.inAll(messages, common);
  return h(
    Fragment,
    null,
    h("p", null, summary),
    h(
      "div",
      {
        class: "scroll-x",
        tabIndex: 0,
        role: "region",
        "aria-label": words.value.merging.comparison,
      },
      h(
        "table",
        { class: "compare" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, words.value.merging.source),
            h("th", { scope: "col" }, words.value.merging.share),
            h("th", { scope: "col", class: "number" }, words.value.merging.onlyHere),
            h("th", { scope: "col", class: "number" }, words.value.merging.missingHere),
            h("th", { scope: "col", class: "number" }, words.value.merging.minutesOnlyHere),
          ),
        ),
        h(
          "tbody",
          null,
          sources.map((source) =>
            h(Row, { key: source.id, source, messages, name: names.get(source.id) ?? "" })
          ),
        ),
      ),
    ),
    sources.map((source) =>
      h(Detail, { key: source.id, source, name: names.get(source.id) ?? "" })
    ),
  );
}

interface RowProps {
  readonly source: ComparedSource;
  readonly messages: number;
  readonly name: string;
}

function Row({ source, messages, name }: RowProps): JSX.Element {
  const { onlyHere, missingHere, minutesOnlyHere } = source;
  const share = messages === 0 ? 1 : (messages - missingHere) / messages;
  const percent = Math.floor(share * 1000) / 10; // 100 % only for all of them.
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, name),
    h(
      "td",
      null,
      h(
        "span",
        { class: "share" },
        h(
          "svg",
          {
            class: "bar",
            viewBox: "0 0 100 1",
            preserveAspectRatio: "none",
            "aria-hidden": "true",
          },
          h("rect", { class: "bar-shared", width: percent, height: 1 }),
          h("rect", {
            class: "bar-only",
            x: percent - onlyHere / Math.max(1, messages) * 100,
            width: onlyHere / Math.max(1, messages) * 100,
            height: 1,
          }),
        ),
        formatPercent(percent),
      ),
    ),
    h("td", { class: "number" }, formatCount(onlyHere)),
    h("td", { class: "number" }, formatCount(missingHere)),
    h("td", { class: "number" }, formatCount(minutesOnlyHere)),
  );
}

function Detail({ source, name }: Omit<RowProps, "messages">): JSX.Element | null {
  const { runsOnlyHere, examples, onlyHere } = source;
  if (runsOnlyHere.length === 0 && examples.length === 0) return null;
  return h(
    "details",
    { class: "only" },
    h("summary", null, words.value.merging.onlyIn(name)),
    runsOnlyHere.length > 0 && h(
      "ul",
      { class: "runs" },
      runsOnlyHere.map(({ channel, firstUs, lastUs }) =>
        h("li", { key: `${channel}${firstUs}` }, [
          h("strong", null, channel),
          ` ${formatMinute(firstUs, zone.value)}`,
          lastUs === firstUs
            ? ""
            : words.value.merging.untilMinute(formatMinute(lastUs, zone.value)),
        ])
      ),
    ),
    examples.length > 0 && h(
      "ol",
      { class: "examples" },
      examples.map((line, i) => h("li", { key: i }, exampleText(line))),
    ),
    onlyHere > examples.length &&
      h("p", { class: "hint" }, words.value.app.andMoreMessages(onlyHere - examples.length)),
  );
}

function exampleText(line: string): string {
  const { command, params, sender, time } = parseCanonicalLine(line);
  const clock = formatMinute(time * 1e6, zone.value);
  const text = plainText(params.slice(1).join(" "));
  return command === "PRIVMSG"
    ? `${clock} ${sender ?? ""}: ${text}`
    : `${clock} ${command} ${sender ?? ""} ${text}`;
}
