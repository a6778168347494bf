import { h, type JSX } from "preact";
import { icon } from "../ui/icons.ts";
import type { ArchivesState } from "../state/archives_state.ts";
import { words } from "../words/words.ts";

/** The sources that were open before the page was reloaded, and how to open them again. */
export function RememberedPanel(
  { archives }: { readonly archives: ArchivesState },
): JSX.Element | null {
  const remembered = archives.remembered.value;
  if (remembered.length === 0) return null;
  return h(
    "section",
    { class: "remembered", "aria-labelledby": "remembered-title" },
    h("h2", { id: "remembered-title" }, words.value.archives.openBefore),
    h(
      "ul",
      { class: "cards" },
      remembered.map((source) =>
        h(
          "li",
          { key: source.id },
          h(
            "article",
            { class: "card", "aria-label": source.name },
            h(
              "header",
              null,
              h("h3", null, source.name),
              h("button", {
                type: "button",
                class: "quiet only-icon",
                "aria-label": words.value.archives.forget(source.name),
                onClick: () => void archives.forget(source),
              }, icon("close")),
            ),
            source.handle === undefined
              ? h(
                "p",
                { class: "hint" },
                words.value.archives.dropAgain,
              )
              : h("button", {
                type: "button",
                onClick: () => void archives.reopen(source),
              }, words.value.archives.openAgain),
          ),
        )
      ),
    ),
  );
}
