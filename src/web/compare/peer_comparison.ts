import { h, type JSX } from "preact";
import { go } from "../state/route.ts";
import { words } from "../words/words.ts";
import type { ComparedDay } from "./compared_days.ts";
import { ComparedHours } from "./compared_hours.ts";
import { ComparedLegend } from "./compared_legend.ts";
import type { FoundDifferences } from "./use_comparison.ts";
import type { KnownPeers } from "./use_peers.ts";

/** What {@link PeerComparison} shows. */
export interface PeerComparisonProps {
  readonly peers: KnownPeers;
  /** The peer of the address, whatever it is. */
  readonly asked: string | undefined;
  /** What was found of the peer; nothing while none is compared with. */
  readonly comparison: {
    readonly found: FoundDifferences;
    readonly days: readonly ComparedDay[];
  } | undefined;
}

/** Compares a year of a channel with one of the node's peers: which has what the other lacks. */
export function PeerComparison(
  { peers: { names, failure }, asked, comparison }: PeerComparisonProps,
): JSX.Element | null {
  if (names === undefined || (names.length === 0 && asked === undefined)) return null;
  const told = words.value.compare;
  return h(
    "section",
    { class: "peer-compare", "aria-labelledby": "peer-compare-title" },
    h("h2", { id: "peer-compare-title" }, told.heading),
    names.length > 0 && h(PeerChoice, { names, asked }),
    asked !== undefined && comparison === undefined &&
      h("p", { role: "alert", class: "bad" }, failure ?? told.unknown),
    comparison !== undefined && h(Outcome, { found: comparison.found }),
    comparison !== undefined && h(ComparedLegend, { days: comparison.days }),
    comparison !== undefined && comparison.found.hours.length > 0 &&
      h(ComparedHours, { hours: comparison.found.hours }),
  );
}

function PeerChoice({ names, asked }: {
  readonly names: readonly string[];
  readonly asked: string | undefined;
}): JSX.Element {
  const told = words.value.compare;
  return h("label", null, [
    h("span", { class: "hint" }, `${told.peer} `),
    h(
      "select",
      {
        value: asked !== undefined && names.includes(asked) ? asked : "",
        onChange: (event: Event) => {
          const { value } = event.currentTarget as HTMLSelectElement;
          go({ peer: value === "" ? undefined : value });
        },
      },
      h("option", { value: "" }, told.none),
      names.map((name) => h("option", { key: name, value: name, class: "peer-name" }, name)),
    ),
  ]);
}

function Outcome({ found }: { readonly found: FoundDifferences }): JSX.Element {
  const { hours, equalHours, isRunning, failure } = found;
  const told = words.value.compare;
  return h(
    "p",
    { role: "status", class: failure === undefined ? "hint" : "bad" },
    failure ??
      (isRunning
        ? told.comparing(equalHours + hours.length)
        : told.found(hours.length, equalHours)),
  );
}
