import { Fragment, h, type JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { fromSeconds } from "../../core/time.ts";
import { MessageBody } from "../chat/message/message_row.ts";
import { messageRoute } from "../chat/message_link.ts";
import { PersonLinks } from "../chat/person_links.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { ExportMenu } from "../saving/export_menu.ts";
import { HitList } from "../search/hit_list.ts";
import { HitsHistogram } from "../search/hits_histogram.ts";
import { SearchRun } from "../search/search_run.ts";
import type { Library } from "../state/library.ts";
import { route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { formatCounted, formatDay, formatMinute } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { type Action, type PersonFacts, personFacts } from "../reading/person_facts.ts";

/** What a person's view shows. */
export interface PersonViewProps {
  readonly library: Library;
  readonly channels: readonly string[];
  readonly channel: ChannelSpan;
}

/** A person in a channel: what is known of them, and all their lines, the last first. */
export function PersonView({ library, channel }: PersonViewProps): JSX.Element {
  const { filter, atUs, untilUs } = route.value;
  const span = {
    fromUs: Math.max(channel.fromUs, atUs ?? 0),
    untilUs: Math.min(channel.untilUs, untilUs ?? Infinity),
  };
  const run = useMemo(
    () => new SearchRun({ channel: channel.channel, span, filter }, library.call),
    [channel.channel, span.fromUs, span.untilUs, filter.user, library.version.value],
  );
  useEffect(() => () => run.stop(), [run]);
  const lines = run.hits.value;
  const facts = personFacts(lines);
  const login = facts.names[0]?.login ?? filter.user.split(",").at(-1)!;
  const { kind } = run.status.value;
  return h(
    "div",
    { class: "person" },
    h(
      "header",
      { class: "person-head" },
      h("h1", null, h("bdi", null, login), h("span", { class: "hint" }, ` in ${channel.channel}`)),
      h(
        "div",
        { class: "buttons" },
        h(PersonLinks, { user: login }),
        h(ExportMenu, { library, shown: { channel: channel.channel, ...span, filter } }),
        (atUs !== undefined || untilUs !== undefined) &&
          h(
            "a",
            { class: "button", ...linkTo({ atUs: undefined, untilUs: undefined }) },
            "All time",
          ),
      ),
    ),
    h(Facts, { run, facts, isNode: library.isNode }),
    h(HitsHistogram, {
      counts: run.counts.value,
      span: { fromUs: Math.min(run.searchedUs.value, span.untilUs), untilUs: span.untilUs },
    }),
    facts.actions.length > 0 && h(Actions, { actions: facts.actions }),
    h("h2", null, "Lines"),
    h(HitList, { hits: lines, text: "" }),
    kind === "resting" && h("button", {
      type: "button",
      class: "primary more",
      onClick: () => void run.goOn(),
    }, "Read earlier lines"),
    kind === "done" && lines.length === 0 && h(
      "p",
      { class: "empty" },
      `Nothing of ${login} was recorded in ${channel.channel} in this time.`,
    ),
  );
}

function Facts({ run, facts, isNode }: {
  readonly run: SearchRun;
  readonly facts: PersonFacts;
  readonly isNode: boolean;
}): JSX.Element {
  const status = run.status.value;
  const isWhole = status.kind === "done";
  const minute = (us: number | undefined) => us === undefined ? "–" : formatMinute(us, zone.value);
  const back = formatDay(Math.max(run.span.fromUs, run.searchedUs.value), zone.value);
  // Of a node only the name of now: which it had before, an operator may not want to tell.
  const names = isNode ? [] : facts.names;
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

function Actions({ actions }: { readonly actions: readonly Action[] }): JSX.Element {
  return h(
    "section",
    { class: "person-actions", "aria-labelledby": "person-actions" },
    h("h2", { id: "person-actions" }, "Bans, timeouts and deletions"),
    h(
      "ul",
      null,
      actions.map(({ message, removed }, i) =>
        h(
          "li",
          { key: i, class: "hit" },
          h("span", { class: "hint" }, formatDay(fromSeconds(message.time), zone.value)),
          h(
            "article",
            { class: `row is-${message.command.toLowerCase()}` },
            h(MessageBody, { message, mark: undefined, receiverCount: 0 }),
            h("a", { class: "hit-link", ...linkTo({ ...messageRoute(message) }) }, "Show in chat"),
          ),
          removed.map((line, k) =>
            h(
              "article",
              { key: k, class: "row is-privmsg is-removed" },
              h(MessageBody, { message: line, mark: undefined, receiverCount: 0 }),
            )
          ),
        )
      ),
    ),
  );
}
