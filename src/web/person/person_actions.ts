import { h, type JSX } from "preact";
import { fromSeconds } from "../../core/time.ts";
import { MessageBody } from "../chat/message/message_row.ts";
import { messageRoute } from "../chat/message_link.ts";
import type { Action } from "../reading/person_facts.ts";
import { linkTo } from "../state/route_link.ts";
import { formatDay } from "../ui/format.ts";
import { zone } from "../ui/settings.ts";
import { words } from "../words/words.ts";

/** What moderators did to a person, and the lines that it removed. */
export function Actions({ actions }: { readonly actions: readonly Action[] }): JSX.Element {
  return h(
    "section",
    { class: "person-actions", "aria-labelledby": "person-actions" },
    h("h2", { id: "person-actions" }, words.value.person.actions),
    h("p", { class: "hint" }, words.value.person.notByWhom),
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
            h(
              "a",
              { class: "hit-link", ...linkTo({ ...messageRoute(message) }) },
              words.value.app.showInChat,
            ),
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
