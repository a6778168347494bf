import { h, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Message } from "../../core/batch/message.ts";
import { parseTextSearch } from "../../core/text/text_search.ts";
import { fromSeconds, type Micros } from "../../core/time.ts";
import { MessageBody } from "../chat/message/message_row.ts";
import { messageRoute } from "../chat/message_link.ts";
import { route } from "../state/route.ts";
import { linkTo } from "../state/route_link.ts";
import { openCard } from "../state/shown_card.ts";
import { dayOf } from "../ui/day.ts";
import { formatCounted, formatDay } from "../ui/format.ts";
import { highlight } from "../ui/highlight.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

/** Found messages by day, from the last back. Each leads to its place in chat. */
export function HitList({ hits, text }: {
  readonly hits: readonly Message[];
  /** Words and phrases, which are highlighted where they stand. */
  readonly text: string;
}): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { words, phrases } = parseTextSearch(text);
    highlight(list.current!, ".text, .notice-text", [...words, ...phrases]);
  }, [hits, text]);
  return h(
    "div",
    { class: "hits", ref: list },
    byDay(hits).map(({ dayUs, messages }) =>
      h(
        "section",
        { key: dayUs, "aria-label": formatDay(dayUs, zone.value) },
        h(
          "h2",
          null,
          formatDay(dayUs, zone.value),
          h("span", { class: "hint" }, ` ${formatCounted(messages.length, "message")}`),
        ),
        h(
          "ul",
          null,
          messages.map((message, i) => h("li", { key: i, class: "hit" }, h(Hit, { message }))),
        ),
      )
    ),
  );
}

function Hit({ message }: { readonly message: Message }): JSX.Element {
  return h(
    "article",
    {
      class: `row is-${message.command.toLowerCase().replace(/[^a-z]/g, "")}`,
      onClick: (event: MouseEvent) => showPerson(event, message),
    },
    h(MessageBody, { message, mark: undefined, receiverCount: 0 }),
    h("a", { class: "hit-link", ...linkTo(messageRoute(message)) }, words.value.app.showInChat),
  );
}

/** A click on the name opens the card of the person. */
function showPerson({ target, currentTarget }: MouseEvent, message: Message): void {
  const { channel } = route.value;
  if (channel === undefined || (target as Element).closest(".name") === null) return;
  const link = (currentTarget as Element).querySelector<HTMLElement>(".hit-link");
  openCard(message, { channel, giveFocusBack: () => link?.focus() });
}

function byDay(hits: readonly Message[]): { dayUs: Micros; messages: Message[] }[] {
  const days: { dayUs: Micros; messages: Message[] }[] = [];
  for (const message of hits) {
    const dayUs = dayOf(fromSeconds(message.time), zone.value).fromUs;
    const last = days.at(-1);
    if (last?.dayUs === dayUs) last.messages.push(message);
    else days.push({ dayUs, messages: [message] });
  }
  return days;
}
