import { h, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { icon } from "../ui/icons.ts";
import { go, route } from "../state/route.ts";
import { type Filter, isEmptyFilter, NO_FILTER } from "../reading/filter.ts";
import type { Words } from "../words/english.ts";
import { words } from "../words/words.ts";

const COMMANDS: readonly (readonly [command: string, kind: keyof Words["filter"]["kinds"]])[] = [
  ["", "all"],
  ["PRIVMSG", "messages"],
  ["USERNOTICE", "notices"],
  ["removed any", "removed"],
  ["removed deleted", "removedSingly"],
  ["removed timeout", "removedByTimeouts"],
  ["removed ban", "removedByBans"],
  ["CLEARCHAT,CLEARMSG", "moderation"],
  ["CLEARCHAT", "bans"],
  ["CLEARMSG", "deletions"],
  ["NOTICE", "server"],
  ["ROOMSTATE", "room"],
  ["JOIN", "joins"],
  ["PART", "parts"],
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
      "aria-label": words.value.filter.label,
      onFocusIn: () => void (isSearching.current = false),
    },
    h(
      "div",
      { class: "field grows" },
      icon("search"),
      h("input", {
        type: "search",
        placeholder: draft.isRegex ? words.value.filter.regex : words.value.filter.text,
        "aria-label": words.value.filter.text,
        value: draft.text,
        onInput: (event: Event) => change({ text: valueOf(event) }),
      }),
      h("button", {
        type: "button",
        class: "quiet only-icon toggle",
        "aria-pressed": draft.isRegex,
        "aria-label": words.value.filter.regex,
        title: words.value.filter.regex,
        onClick: () => change({ isRegex: !draft.isRegex }),
      }, ".*"),
    ),
    h("input", {
      class: "user",
      type: "search",
      placeholder: words.value.filter.user,
      "aria-label": words.value.filter.user,
      autoCapitalize: "none",
      spellcheck: false,
      value: draft.user,
      onInput: (event: Event) => change({ user: valueOf(event).trim() }),
    }),
    h(
      "select",
      {
        "aria-label": words.value.filter.kind,
        value: draft.removed === undefined ? draft.command : `removed ${draft.removed}`,
        onChange: (event: Event) => change(kindOf(valueOf(event))),
      },
      COMMANDS.map(([command, kind]) =>
        h("option", { key: command, value: command }, words.value.filter.kinds[kind])
      ),
    ),
    !isEmptyFilter(draft) && !draft.thread && view === "chat" && h("button", {
      type: "button",
      class: "quiet",
      onClick: () => go({ view: "search", filter: draft, atUs: undefined, untilUs: undefined }),
    }, words.value.app.allDays),
    !isEmptyFilter(draft) &&
      h(
        "button",
        { type: "button", class: "quiet", onClick: () => setDraft(NO_FILTER) },
        draft.thread ? words.value.filter.leaveThread : words.value.filter.clear,
      ),
    draft.removed !== undefined &&
      h("p", { class: "hint" }, words.value.filter.removedByWhom),
  );
}

function kindOf(value: string): Pick<Filter, "command" | "removed"> {
  const removed = /^removed (any|deleted|timeout|ban)$/.exec(value)?.[1] as Filter["removed"];
  return removed === undefined ? { command: value, removed } : { command: "", removed };
}

function valueOf(event: Event): string {
  return (event.currentTarget as HTMLInputElement | HTMLSelectElement).value;
}
