import { h, type JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { PersonLinks } from "../chat/person_links.ts";
import type { ChannelSpan } from "../reading/chat_reader.ts";
import { ExportMenu } from "../saving/export_menu.ts";
import { HitList } from "../search/hit_list.ts";
import { HitsHistogram } from "../search/hits_histogram.ts";
import { SearchRun } from "../search/search_run.ts";
import type { Library } from "../state/library.ts";
import { route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { monthSpan } from "../ui/day.ts";
import { isoDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { personFacts } from "../reading/person_facts.ts";
import { Actions } from "./person_actions.ts";
import { Facts } from "./person_facts_list.ts";
import { PersonMonths } from "./person_months.ts";
import { usePersonRecord } from "./person_record.ts";
import { words } from "../words/words.ts";
import { PicturesContext, usePictures } from "../chat/message/pictures.ts";

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
  const record = usePersonRecord(library, { channel: channel.channel, user: filter.user });
  const pictures = usePictures(library, channel.channel);
  const view = h(
    "div",
    { class: "person" },
    h(
      "header",
      { class: "person-head" },
      h(
        "h1",
        null,
        h("bdi", null, login),
        h("span", { class: "hint" }, words.value.person.inChannel(channel.channel)),
      ),
      h(
        "div",
        { class: "buttons" },
        h(PersonLinks, { user: login }),
        h(ExportMenu, { library, shown: { channel: channel.channel, ...span, filter } }),
        (atUs !== undefined || untilUs !== undefined) &&
          h(
            "a",
            { class: "button", ...linkTo({ atUs: undefined, untilUs: undefined }) },
            words.value.person.allTime,
          ),
      ),
    ),
    h(Facts, { run, facts, names: record.names ?? (library.isNode ? [] : facts.names) }),
    h(PersonMonths, { months: record.months, lines, toward: {}, current: shownMonth() }),
    h(HitsHistogram, {
      counts: run.counts.value,
      span: { fromUs: Math.min(run.searchedUs.value, span.untilUs), untilUs: span.untilUs },
    }),
    facts.actions.length > 0 && h(Actions, { actions: facts.actions }),
    h("h2", null, words.value.person.lines),
    h(HitList, { hits: lines, text: "" }),
    kind === "resting" && h("button", {
      type: "button",
      class: "primary more",
      onClick: () => void run.goOn(),
    }, words.value.person.earlier),
    kind === "done" && lines.length === 0 && h(
      "p",
      { class: "empty" },
      words.value.person.none(login, channel.channel),
    ),
  );
  return h(PicturesContext.Provider, { value: pictures }, view);
}

/** The month in the address, as `2026-07`; `undefined` if that is no whole month. */
function shownMonth(): string | undefined {
  const { atUs, untilUs } = route.value;
  if (atUs === undefined) return undefined;
  const month = isoDay(atUs, zone.value).slice(0, 7);
  const whole = monthSpan(month, zone.value);
  return whole?.fromUs === atUs && whole?.untilUs === untilUs ? month : undefined;
}
