import { Fragment, h, type JSX } from "preact";
import { useState } from "preact/hooks";
import { icon } from "../../ui/icons.ts";
import { words } from "../../words/words.ts";
import { MomentDialog, type MomentProps } from "./moment_dialog.ts";

/** Opens the dialog that makes a picture and a text of a message and of those around it. */
export function MomentButton(props: MomentProps): JSX.Element {
  const [isOpen, open] = useState(false);
  return h(
    Fragment,
    null,
    h(
      "button",
      { type: "button", "aria-haspopup": "dialog", onClick: () => open(true) },
      icon("image"),
      words.value.moment.open,
    ),
    isOpen && h(MomentDialog, { ...props, onClose: () => open(false) }),
  );
}
