import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import { LINES_MAX } from "./moment_lines.ts";

/** A field for a number of lines. */
export interface LineCountProps {
  readonly label: string;
  readonly count: number;
  /** Called with a whole number from 0 to {@link LINES_MAX}. */
  readonly onCount: (count: number) => void;
}

/** Asks for a number of lines. What is too much counts as the most, and is written so once the field is left. */
export function LineCount({ label, count, onCount }: LineCountProps): JSX.Element {
  const [typed, type] = useState<string | undefined>();
  return h(
    "label",
    null,
    label,
    h("input", {
      type: "number",
      min: 0,
      max: LINES_MAX,
      value: typed ?? `${count}`,
      onInput: (event: Event) => {
        const { value } = event.currentTarget as HTMLInputElement;
        type(value);
        if (/^\d+$/.test(value)) onCount(Math.min(Number(value), LINES_MAX));
      },
      onBlur: () => type(undefined),
    }),
  );
}
