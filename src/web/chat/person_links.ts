import { Fragment, h, type JSX } from "preact";
import { NO_FILTER } from "../reading/filter.ts";
import { linkTo } from "../state/route_link.ts";
import { icon } from "../ui/icons.ts";
import { words } from "../words/words.ts";

/** Twitch's logins. Anything else would lead to another page of Twitch than a channel's. */
const LOGIN = /^\w{1,25}$/;

/** Where more of a person is found: all lines of the channel, and Twitch. */
export function PersonLinks({ user }: { readonly user: string }): JSX.Element {
  const search = {
    view: "search",
    atUs: undefined,
    untilUs: undefined,
    filter: { ...NO_FILTER, user },
  } as const;
  return h(
    Fragment,
    null,
    h("a", { class: "button", ...linkTo(search) }, icon("search"), words.value.app.allDays),
    LOGIN.test(user) && h(
      "a",
      {
        class: "button",
        href: `https://www.twitch.tv/${user.toLowerCase()}`,
        target: "_blank",
        rel: "noopener noreferrer",
      },
      icon("link"),
      words.value.person.onTwitch,
    ),
  );
}
