import { Fragment, h, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { FILE_TYPES } from "../../engine/export/file_types.ts";
import type { Span } from "../reading/chat_archive.ts";
import type { ExportRequest } from "../reading/shown_export.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";
import { isoDay } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { zone } from "../ui/settings.ts";
import { saveBlob } from "../ui/save_blob.ts";
import { words } from "../words/words.ts";

/** What is exported: what is shown. */
export interface ExportMenuProps {
  readonly library: Library;
  readonly shown: Omit<ExportRequest, "format">;
}

const FORMATS = ["td-text", "csv", "json", "ndjson", "td-json", "raw", "html"] as const;

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly messages: number; readonly cancel: () => void }
  | { readonly kind: "ended"; readonly said: string; readonly isBad: boolean };

/** Offers what is shown as a file, in the formats of other tools. */
export function ExportMenu({ library, shown }: ExportMenuProps): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  const [state, show] = useState<State>({ kind: "idle" });
  const key = JSON.stringify(shown);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    show({ kind: "idle" });
    return () => running.current?.abort();
  }, [key]);
  const save = async (format: ExportRequest["format"]): Promise<void> => {
    running.current?.abort();
    const controller = running.current = new AbortController();
    const { signal } = controller;
    const cancel = (): void => {
      controller.abort();
      show({ kind: "idle" });
    };
    show({ kind: "running", messages: 0, cancel });
    try {
      const { blob, messages } = await library.call("export", { ...shown, format }, {
        signal,
        onProgress: ({ messages }) => show({ kind: "running", messages, cancel }),
      });
      const name = fileName(shown.channel, shown, format);
      saveBlob(blob, name);
      const said = words.value.saving.saved(messages, name);
      show({ kind: "ended", said, isBad: false });
    } catch (error) {
      if (!signal.aborted) show({ kind: "ended", said: reasonOf(error), isBad: true });
    }
  };
  return h(
    "details",
    {
      class: "export-menu",
      ref: menu,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== "Escape" || !menu.current?.open) return;
        menu.current.open = false;
        menu.current.querySelector("summary")?.focus();
      },
      onFocusOut: (event: FocusEvent) => {
        const { relatedTarget } = event;
        if (relatedTarget !== null && !menu.current?.contains(relatedTarget as Node)) {
          menu.current!.open = false;
        }
      },
    },
    h(
      "summary",
      { class: "button", title: words.value.saving.title },
      icon("drop"),
      words.value.saving.export,
    ),
    h(
      "div",
      { class: "export-panel card" },
      FORMATS.map((format) =>
        h("button", {
          key: format,
          type: "button",
          class: "quiet",
          onClick: () => void save(format),
        }, words.value.saving.formats[format])
      ),
      h(Progress, { state }),
    ),
  );
}

function Progress({ state }: { readonly state: State }): JSX.Element {
  return h(
    Fragment,
    null,
    h(
      "p",
      { role: "status", class: state.kind === "ended" && state.isBad ? "bad" : "hint" },
      state.kind === "running"
        ? words.value.saving.written(state.messages)
        : state.kind === "ended"
        ? state.said
        : words.value.saving.what,
    ),
    state.kind === "running" &&
      h("button", { type: "button", onClick: state.cancel }, words.value.app.cancel),
  );
}

/** `forsen 2026-08-01.csv`, or with the last day behind two dots. */
function fileName(channel: string, { fromUs, untilUs }: Span, format: ExportRequest["format"]) {
  const [from, to] = [isoDay(fromUs, zone.value), isoDay(untilUs - 1, zone.value)];
  return `${channel} ${from === to ? from : `${from}..${to}`}.${FILE_TYPES[format][1]}`;
}
