import { Fragment, h, type JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { icon } from "../ui/icons.ts";
import type { ArchivesState } from "../state/archives_state.ts";
import { ComparisonPanel } from "./comparison_panel.ts";
import { takeDropped, takeFolder, takeLoose } from "../sources/intake.ts";
import { MergePanel } from "./merge_panel.ts";
import { RememberedPanel } from "./remembered_panel.ts";
import { SourceCard } from "./source_card.ts";
import { words } from "../words/words.ts";

/** Takes archives, checks, compares and merges them. */
export function ArchivesView({ archives }: { readonly archives: ArchivesState }): JSX.Element {
  const sources = archives.sources.value;
  return h(
    "div",
    { class: "page archives" },
    h("h1", null, words.value.archives.heading),
    h(
      "p",
      { class: "lead" },
      words.value.archives.lead,
    ),
    h(DropZone, { archives, isCompact: sources.length > 0 }),
    h(RememberedPanel, { archives }),
    sources.length > 0 && h(
      Fragment,
      null,
      h(
        "section",
        { "aria-labelledby": "sources-title" },
        h("h2", { id: "sources-title" }, words.value.archives.sources),
        h(
          "ul",
          { class: "cards" },
          sources.map((source) => h("li", { key: source.number }, h(SourceCard, { source }))),
        ),
      ),
      h(ComparisonPanel, { archives }),
      h(MergePanel, { archives }),
    ),
  );
}

interface DropZoneProps {
  readonly archives: ArchivesState;
  /** A source is there already: a short text is enough. */
  readonly isCompact: boolean;
}

function DropZone({ archives, isCompact }: DropZoneProps): JSX.Element {
  const [isOver, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  return h(
    "section",
    {
      class: `drop-zone${isOver ? " is-over" : ""}${isCompact ? " is-compact" : ""}`,
      "aria-label": words.value.archives.add,
      onDragOver: (event: DragEvent) => {
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: async (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer === null) return;
        await archives.addDropped(() => takeDropped(event.dataTransfer!));
      },
    },
    !isCompact && icon("drop"),
    h(
      "div",
      { class: "drop-words" },
      h(
        "p",
        { class: "drop-title" },
        isCompact ? words.value.archives.another : words.value.archives.drop,
      ),
      h("p", { class: "hint" }, words.value.archives.kinds),
    ),
    h(
      "div",
      { class: "buttons" },
      h(
        "button",
        {
          type: "button",
          onClick: () => folder.current?.click(),
        },
        icon("folder"),
        words.value.archives.chooseFolder,
      ),
      h(
        "button",
        {
          type: "button",
          onClick: () => files.current?.click(),
        },
        icon("file"),
        words.value.archives.chooseFiles,
      ),
    ),
    h("input", {
      ref: files,
      class: "picker",
      type: "file",
      multiple: true,
      tabIndex: -1,
      "aria-hidden": "true",
      "data-pick": "files",
      onChange: (event: Event) => void archives.add(takeLoose(takeFiles(event))),
    }),
    h("input", {
      ref: folder,
      class: "picker",
      type: "file",
      webkitdirectory: true,
      tabIndex: -1,
      "aria-hidden": "true",
      "data-pick": "folder",
      onChange: (event: Event) => void archives.add(takeFolder(takeFiles(event))),
    } as Record<string, unknown>),
  );
}

/** The picked files; the same may be picked again. */
function takeFiles(event: Event): File[] {
  const input = event.currentTarget as HTMLInputElement;
  const picked = [...input.files ?? []];
  input.value = "";
  return picked;
}
