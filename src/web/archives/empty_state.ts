import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import type { ArchivesState } from "../state/archives_state.ts";
import { RememberedPanel } from "./remembered_panel.ts";
import type { Library } from "../state/library.ts";
import { formatMoment, go, route } from "../state/route.ts";

/** Says why the page is empty, and what to do about it. */
export function EmptyState(
  { library, archives, channel: found }: {
    readonly library: Library;
    readonly archives: ArchivesState;
    /** The channel that is looked up, if the archives or the node have it. */
    readonly channel: string | undefined;
  },
): JSX.Element {
  const list = library.channelList.value;
  const shown = library.shown.value;
  if (library.node.value === "locked") return h(Locked, { library });
  if (list.kind === "looking") return h("p", { class: "empty", role: "status" }, "Looking…");
  if (list.kind === "failed") {
    return h("p", { class: "empty bad", role: "alert" }, list.reason);
  }
  if (found !== undefined) {
    if (shown.kind === "failed") {
      return h("p", { class: "empty bad", role: "alert" }, shown.reason);
    }
    const text = shown.kind === "empty" ? `No message of ${found} was stored yet` : "Looking…";
    return h("p", { class: "empty", role: "status" }, text);
  }
  const { channel, atUs } = route.value;
  const moment = atUs === undefined ? "" : ` at ${formatMoment(atUs).replace("T", " ")}`;
  const isEmpty = list.channels.length === 0;
  return h(
    "div",
    { class: "empty" },
    h(
      "h1",
      null,
      channel === undefined ? "Nothing to show yet" : `This link shows ${channel}${moment}`,
    ),
    h(
      "p",
      null,
      channel === undefined
        ? "Add an archive: a folder, a zip or a raw capture. It is read here, in your browser."
        : isEmpty
        ? "Add an archive that has it to see this moment."
        : "No open archive has this channel. Add one that has it.",
    ),
    h("button", {
      type: "button",
      class: "primary",
      onClick: () => go({ view: "archives" }),
    }, "Add an archive"),
    h(RememberedPanel, { archives }),
  );
}

/** Asks for the node's token, which is kept for this visit and never stands in the address. */
export function Locked({ library }: { readonly library: Library }): JSX.Element {
  const [isRefused, setRefused] = useState(false);
  const [token, setToken] = useState("");
  return h(
    "form",
    {
      class: "empty",
      onSubmit: async (event: Event) => {
        event.preventDefault();
        setRefused(!await library.unlock(token));
      },
    },
    h("h1", null, "This node asks for a token"),
    h("label", { class: "token" }, [
      "Token ",
      h("input", {
        type: "password",
        autoComplete: "current-password",
        value: token,
        onInput: (event: Event) => setToken((event.currentTarget as HTMLInputElement).value),
      }),
    ]),
    h("button", { type: "submit", class: "primary" }, "Open"),
    isRefused && h("p", { class: "bad", role: "alert" }, "The node refused this token"),
  );
}
