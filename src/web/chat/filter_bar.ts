import { h, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { icon } from "../ui/icons.ts";
import { go, route } from "../state/route.ts";
import { type Filter, isEmptyFilter, NO_FILTER } from "../reading/filter.ts";

const COMMANDS: readonly (readonly [command: string, label: string])[] = [
  ["", "Everything"],
  ["PRIVMSG", "Messages"],
  ["USERNOTICE", "Subs, raids, announcements"],
  ["CLEARCHAT,CLEARMSG", "All moderation"],
  ["CLEARCHAT", "Bans and timeouts"],
  ["CLEARMSG", "Deletions"],
  ["NOTICE", "Notices"],
  ["ROOMSTATE", "Room settings"],
  ["JOIN", "Joins"],
  ["PART", "Parts"],
];
const TYPING_MS = 300;

/** Filters the messages. The filter stands in the address. */
export function FilterBar(): JSX.Element {
  const { filter, view } = route.value;
  const [draft, setDraft] = useState(filter);
  // The address may change otherwise: by Back, by a link.
  useEffect(() => setDraft(filter), [JSON.stringify(filter)]);
  // One step back undoes a search, however many letters it took.
  const isSearching = useRef(false);
  useEffect(() => {
    if (JSON.stringify(draft) === JSON.stringify(filter)) return;
    const timer = setTimeout(() => {
      go({ filter: draft }, { replace: isSearching.current });
      isSearching.current = true;
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [JSON.stringify(draft)]);
  const change = (part: Partial<Filter>): void => setDraft({ ...draft, ...part });
  return h(
    "search",
    {
      class: "filter-bar",
      "aria-label": "Filter messages",
      onFocusIn: () => void (isSearching.current = false),
    },
    h(
      "div",
      { class: "field grows" },
      icon("search"),
      h("input", {
        type: "search",
        placeholder: draft.isRegex ? "Regular expression" : "Search text",
        "aria-label": "Search text",
        value: draft.text,
        onInput: (event: Event) => change({ text: valueOf(event) }),
      }),
      h("button", {
        type: "button",
        class: "quiet only-icon toggle",
        "aria-pressed": draft.isRegex,
        "aria-label": "Regular expression",
        title: "Regular expression",
        onClick: () => change({ isRegex: !draft.isRegex }),
      }, ".*"),
    ),
    h("input", {
      class: "user",
      type: "search",
      placeholder: "User",
      "aria-label": "User",
      autoCapitalize: "none",
      spellcheck: false,
      value: draft.user,
      onInput: (event: Event) => change({ user: valueOf(event).trim() }),
    }),
    h(
      "select",
      {
        "aria-label": "Kind",
        value: draft.command,
        onChange: (event: Event) => change({ command: valueOf(event) }),
      },
      COMMANDS.map(([command, label]) => h("option", { key: command, value: command }, label)),
    ),
    !isEmptyFilter(draft) && !draft.thread && view === "chat" && h("button", {
      type: "button",
      class: "quiet",
      onClick: () => go({ view: "search", filter: draft, atUs: undefined, untilUs: undefined }),
    }, "All days"),
    !isEmptyFilter(draft) &&
      h(
        "button",
        { type: "button", class: "quiet", onClick: () => setDraft(NO_FILTER) },
        draft.thread ? "Leave the thread" : "Clear",
      ),
  );
}

function valueOf(event: Event): string {
  return (event.currentTarget as HTMLInputElement | HTMLSelectElement).value;
}
