import { h, type JSX } from "preact";
import { words } from "../words/words.ts";

/** What a progress bar shows. */
export interface ProgressBarProps {
  /** The work: `Merging`. */
  readonly label: string;
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  readonly unit: "minute" | "percent";
  readonly onCancel?: () => void;
}

/** The progress of running work. */
export function ProgressBar({ label, done, total, unit, onCancel }: ProgressBarProps): JSX.Element {
  const text = total === 0
    ? `${label}…`
    : unit === "percent"
    ? words.value.merging.percentOf(label, done)
    : words.value.merging.minutesOf(label, done, total);
  return h(
    "div",
    { class: "progress" },
    h("progress", {
      "aria-label": label,
      max: 1,
      value: total === 0 ? undefined : Math.min(1, done / total),
    }),
    h("span", { class: "progress-text" }, text),
    onCancel !== undefined &&
      h("button", { type: "button", onClick: onCancel }, words.value.app.cancel),
  );
}
