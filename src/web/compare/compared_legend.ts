import { h, type JSX } from "preact";
import { words } from "../words/words.ts";
import type { ComparedDay } from "./compared_days.ts";

const SHOWN = ["here", "there", "differs", "same", "waiting"] as const;

/** What the marks of a compared calendar say, and how many days have each. */
export function ComparedLegend({ days }: { readonly days: readonly ComparedDay[] }): JSX.Element {
  const { legend, verdicts } = words.value.compare;
  return h(
    "ul",
    { class: "legend compared-legend" },
    SHOWN.map((verdict) => {
      const count = days.filter((each) => each.verdict === verdict).length;
      return h("li", { key: verdict }, [
        h("span", { class: `swatch is-peer-${verdict}`, "aria-hidden": "true" }),
        legend(verdicts[verdict], count),
      ]);
    }),
  );
}
