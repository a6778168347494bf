import { h, type JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { TIME_END_US } from "../../core/time.ts";
import { PersonLinks } from "../chat/person_links.ts";
import { NO_FILTER } from "../reading/filter.ts";
import { personFacts } from "../reading/person_facts.ts";
import { HitsHistogram } from "../search/hits_histogram.ts";
import { SearchRun } from "../search/search_run.ts";
import type { Library } from "../state/library.ts";
import { go, type Route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { closeCard, type ShownCard } from "../state/shown_card.ts";
import { icon } from "../ui/icons.ts";
import { Actions } from "./person_actions.ts";
import { Facts } from "./person_facts_list.ts";
import { PersonMonths } from "./person_months.ts";
import { usePersonRecord } from "./person_record.ts";
import { words } from "../words/words.ts";

/** How many lines are read by themselves; who wants more asks for them. */
const LINES_READ = 1_000;

/** As wide as this, a card is a sheet over what is shown; see the styles. */
const SHEET = "(max-width: 52rem)";

/** A person beside the chat: names, when they were seen, how much they said, what was removed. */
export function PersonCard({ library, card }: {
  readonly library: Library;
  readonly card: ShownCard;
}): JSX.Element {
  const { channel, user, login } = card;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), [card]);
  const filter = { ...NO_FILTER, user };
  const run = useMemo(
    () => new SearchRun({ channel, span: spanOf(library, channel), filter }, library.call),
    [channel, user, library.version.value],
  );
  useEffect(() => () => run.stop(), [run]);
  const lines = run.hits.value;
  const { kind } = run.status.value;
  useEffect(() => {
    if (kind === "resting" && lines.length > 0 && lines.length < LINES_READ) void run.goOn();
  }, [run, kind]);
  const facts = personFacts(lines);
  const record = usePersonRecord(library, { channel, user });
  const toward: Partial<Route> = {
    view: "person",
    channel,
    filter,
    atUs: undefined,
    untilUs: undefined,
  };
  return h(
    "aside",
    {
      class: "detail person-card",
      "aria-label": words.value.person.about(login),
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === "Escape") closeCard();
      },
      onClick: (event: MouseEvent) => {
        // A sheet would cover what the link leads to.
        const isLink = (event.target as Element).closest("a[href^='#'], .histogram-bar") !== null;
        if (isLink && matchMedia(SHEET).matches) closeCard();
      },
    },
    h(
      "header",
      null,
      h("h2", null, h("bdi", null, facts.names[0]?.login ?? login)),
      h("button", {
        ref: close,
        type: "button",
        class: "quiet only-icon",
        "aria-label": words.value.person.close,
        onClick: closeCard,
      }, icon("close")),
    ),
    h(
      "div",
      { class: "buttons" },
      h("a", { class: "button", ...linkTo(toward) }, words.value.person.allLines),
      h(PersonLinks, { user: login }),
    ),
    h(Facts, { run, facts, names: record.names ?? (library.isNode ? [] : facts.names) }),
    h(HitsHistogram, {
      counts: run.counts.value,
      span: {
        fromUs: facts.firstUs ?? run.span.fromUs,
        untilUs: (facts.lastUs ?? run.span.fromUs) + 1,
      },
      onPick: (span) => go({ ...toward, atUs: span.fromUs, untilUs: span.untilUs }),
    }),
    h(PersonMonths, { months: record.months, lines, toward }),
    facts.actions.length > 0 && h(Actions, { actions: facts.actions }),
    kind === "resting" && lines.length >= LINES_READ && h("button", {
      type: "button",
      onClick: () => void run.goOn(),
    }, words.value.person.earlier),
  );
}

/** The time of the channel, as far as it is known. */
function spanOf(library: Library, channel: string) {
  const { value: shown } = library.shown;
  const isKnown = shown.kind === "ready" && shown.span.channel === channel;
  const { fromUs, untilUs } = isKnown ? shown.span : { fromUs: 0, untilUs: TIME_END_US };
  return { fromUs, untilUs };
}
