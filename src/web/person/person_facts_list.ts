import { Fragment, h, type JSX } from "preact";
import type { PersonFacts, SeenName } from "../reading/person_facts.ts";
import type { SearchRun } from "../search/search_run.ts";
import { formatDay, formatMinute } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

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
        ? words.value.person.linesInAll(facts.lines)
        : words.value.person.linesSoFar(facts.lines, back),
    ),
    h(
      "dl",
      { class: "person-facts" },
      h("dt", null, isWhole ? words.value.person.firstSeen : words.value.person.seenAsEarlyAs),
      h("dd", null, minute(facts.firstUs)),
      h("dt", null, words.value.person.lastSeen),
      h("dd", null, minute(facts.lastUs)),
      names.length > 1 && h(
        Fragment,
        null,
        h("dt", null, words.value.person.names),
        h(
          "dd",
          null,
          names.map(({ login, firstUs, lastUs }) =>
            h(
              "div",
              { key: login },
              h("bdi", null, login),
              words.value.person.nameFromTo(
                formatDay(firstUs, zone.value),
                formatDay(lastUs, zone.value),
              ),
            )
          ),
        ),
      ),
    ),
  );
}
