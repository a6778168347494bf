import { Fragment, h, type JSX } from "preact";
import type { PersonFacts, SeenName } from "../reading/person_facts.ts";
import type { SearchRun } from "../search/search_run.ts";
import { formatCounted, formatDay, formatMinute } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";

/** When a person was seen, how much they said, and their names. */
export function Facts({ run, facts, names }: {
  readonly run: SearchRun;
  readonly facts: PersonFacts;
  /** Their names, the last first; which an operator may not want to tell. */
  readonly names: readonly SeenName[];
}): JSX.Element {
  const status = run.status.value;
  const isWhole = status.kind === "done";
  const minute = (us: number | undefined) => us === undefined ? "–" : formatMinute(us, zone.value);
  const back = formatDay(Math.max(run.span.fromUs, run.searchedUs.value), zone.value);
  return h(
    Fragment,
    null,
    h(
      "p",
      { role: "status", class: status.kind === "failed" ? "bad" : "hint" },
      status.kind === "failed"
        ? status.reason
        : isWhole
        ? `${formatCounted(facts.lines, "line")} in all of this time`
        : `${formatCounted(facts.lines, "line")} so far, back to ${back}`,
    ),
    h(
      "dl",
      { class: "person-facts" },
      h("dt", null, isWhole ? "First seen" : "Seen as early as"),
      h("dd", null, minute(facts.firstUs)),
      h("dt", null, "Last seen"),
      h("dd", null, minute(facts.lastUs)),
      names.length > 1 && h(
        Fragment,
        null,
        h("dt", null, "Names"),
        h(
          "dd",
          null,
          names.map(({ login, firstUs, lastUs }) =>
            h(
              "div",
              { key: login },
              h("bdi", null, login),
              `, ${formatDay(firstUs, zone.value)} to ${formatDay(lastUs, zone.value)}`,
            )
          ),
        ),
      ),
    ),
  );
}
