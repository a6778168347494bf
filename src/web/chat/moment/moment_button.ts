import { Fragment, h, type JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Message } from "../../../core/batch/message.ts";
import { icon } from "../../ui/icons.ts";
import { words } from "../../words/words.ts";
import type { RowSpan } from "./fit_lines.ts";
import { MomentDialog } from "./moment_dialog.ts";
import type { LinePlace, LineSource, MomentChoice } from "./moment_lines.ts";
import { choiceOf, selectedRun } from "./selected_run.ts";

/** The message that a moment is about, in its list. */
export interface MomentProps {
  readonly day: LineSource;
  readonly place: LinePlace;
  /** The address that leads to a message. */
  readonly linkOf: (message: Message) => string;
}

/** Opens the dialog that makes a picture and a text of a message and those around it, or of the selected rows. */
export function MomentButton({ day, place, linkOf }: MomentProps): JSX.Element {
  const [chosen, choose] = useState<MomentChoice | undefined>();
  const run = useRef<RowSpan | undefined>(undefined);
  return h(
    Fragment,
    null,
    h(
      "button",
      {
        type: "button",
        "aria-haspopup": "dialog",
        // The click itself may end the selection.
        onPointerDown: () => void (run.current = selectedRun()),
        onClick: () => {
          choose(choiceOf(day, place, run.current ?? selectedRun()));
          run.current = undefined;
        },
      },
      icon("image"),
      words.value.moment.open,
    ),
    chosen !== undefined &&
      h(MomentDialog, { day, chosen, linkOf, onClose: () => choose(undefined) }),
  );
}
