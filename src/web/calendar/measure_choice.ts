import { h, type JSX } from "preact";
import { words } from "../words/words.ts";

/** What colours tell: how much chat, when no recorder listened, or what a peer has otherwise. */
export type Measure = "messages" | "gaps" | "peer";

/** Chooses what colours tell; differences only where the year is compared with a peer's. */
export function MeasureChoice({ measure, isCompared, onChoose }: {
  readonly measure: Measure;
  readonly isCompared: boolean;
  readonly onChoose: (measure: Measure) => void;
}): JSX.Element {
  const { byMessages, byGaps, byPeer, colours } = words.value.calendar;
  const choices: (readonly [Measure, string])[] = [
    ["messages", byMessages],
    ["gaps", byGaps],
    ...isCompared ? [["peer", byPeer] as const] : [],
  ];
  return h(
    "div",
    { class: "measure", role: "group", "aria-label": colours },
    choices.map(([each, label]) =>
      h("button", {
        key: each,
        type: "button",
        "aria-pressed": each === measure ? "true" : "false",
        onClick: () => onChoose(each),
      }, label)
    ),
  );
}
