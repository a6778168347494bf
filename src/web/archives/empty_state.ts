import { h, type JSX } from "preact";
import { useState } from "preact/hooks";
import type { ArchivesState } from "../state/archives_state.ts";
import { RememberedPanel } from "./remembered_panel.ts";
import type { Library } from "../state/library.ts";
import { formatMoment, go, route } from "../state/route.ts";
import { words } from "../words/words.ts";

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
  if (list.kind === "looking") {
    return h("p", { class: "empty", role: "status" }, words.value.app.looking);
  }
  if (list.kind === "failed") {
    return h("p", { class: "empty bad", role: "alert" }, list.reason);
  }
  if (found !== undefined) {
    if (shown.kind === "failed") {
      return h("p", { class: "empty bad", role: "alert" }, shown.reason);
    }
    const text = shown.kind === "empty"
      ? words.value.app.noMessageOf(found)
      : words.value.app.looking;
    return h("p", { class: "empty", role: "status" }, text);
  }
  const { channel, atUs } = route.value;
  const moment = atUs === undefined ? "" : formatMoment(atUs).replace("T", " ");
  const isEmpty = list.channels.length === 0;
  return h(
    "div",
    { class: "empty" },
    h(
      "h1",
      null,
      channel === undefined
        ? words.value.app.nothingYet
        : words.value.app.linkShows(channel, moment),
    ),
    h(
      "p",
      null,
      channel === undefined
        ? words.value.app.addOne
        : isEmpty
        ? words.value.app.addForMoment
        : words.value.app.noOpenArchive,
    ),
    h("button", {
      type: "button",
      class: "primary",
      onClick: () => go({ view: "archives" }),
    }, words.value.app.addArchive),
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
    h("h1", null, words.value.app.asksForToken),
    h("label", { class: "token" }, [
      words.value.app.token,
      h("input", {
        type: "password",
        autoComplete: "current-password",
        value: token,
        onInput: (event: Event) => setToken((event.currentTarget as HTMLInputElement).value),
      }),
    ]),
    h("button", { type: "submit", class: "primary" }, words.value.app.open),
    isRefused && h("p", { class: "bad", role: "alert" }, words.value.app.tokenRefused),
  );
}
