import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import { icon } from "./icons.ts";
import { words } from "../words/words.ts";

/** What a button copies. */
export interface CopyProps {
  readonly label: string;
  readonly icon: "link" | "file";
  readonly text: () => string;
  readonly isDisabled?: boolean;
}

/** Copies a text, and says so in place of its label. */
export function CopyButton(
  { label, icon: name, text, isDisabled = false }: CopyProps,
): JSX.Element {
  const [said, say] = useState("");
  return h(
    "button",
    {
      type: "button",
      disabled: isDisabled,
      onClick: async () => {
        try {
          await navigator.clipboard.writeText(text());
          say(words.value.detail.copied);
        } catch {
          say(words.value.detail.notAllowed); // Pages on plain http may not.
        }
        setTimeout(() => say(""), 2_000);
      },
    },
    icon(name),
    h("span", { "aria-live": "polite" }, said || label),
  );
}
