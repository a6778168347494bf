import { h, type JSX } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../../../core/batch/message.ts";
import { formatText } from "../../../core/batch/message_text.ts";
import { fromSeconds } from "../../../core/time.ts";
import { reasonOf } from "../../state/archives_state.ts";
import { CopyButton } from "../../ui/copy_button.ts";
import { formatCounted, formatTime, isoDay } from "../../ui/format.ts";
import { icon } from "../../ui/icons.ts";
import { saveBlob } from "../../ui/save_blob.ts";
import { zone } from "../../ui/settings.ts";
import { words } from "../../words/words.ts";
import { NO_PICTURES, PicturesContext } from "../message/pictures.ts";
import { type RowSpan, rowsThatFit } from "./fit_lines.ts";
import { LineCount } from "./line_count.ts";
import {
  fetchMoment,
  isShortened,
  LINES_MAX,
  type LineSource,
  messagesOf,
  type MomentChoice,
  type MomentLine,
  momentLines,
} from "./moment_lines.ts";
import { MomentSheet } from "./moment_sheet.ts";
import { HEIGHT_MAX_PX, paintParts } from "./painting/paint_parts.ts";

/** What the dialog begins with. */
export interface MomentDialogProps {
  readonly day: LineSource;
  /** The lines that it offers first. */
  readonly chosen: MomentChoice;
  /** The address that leads to a message. */
  readonly linkOf: (message: Message) => string;
  readonly onClose: () => void;
}

/** Makes a picture and a text of a message, with as many lines around it as the reader likes. */
export function MomentDialog(
  { day, chosen, linkOf, onClose }: MomentDialogProps,
): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const [before, setBefore] = useState(chosen.before);
  const [after, setAfter] = useState(chosen.after);
  const [said, say] = useState<{ readonly text: string; readonly isBad: boolean } | undefined>();
  const pictures = useContext(PicturesContext)?.fetched ?? NO_PICTURES;
  const version = day.version.value;
  const [arrivals, countArrival] = useState(0);
  useEffect(() => day.messages.watch(() => countArrival((count) => count + 1)), [day]);
  const choice = { place: chosen.place, before, after };
  const moment = momentLines(day, choice, zone.value);
  const { lines, at } = moment;
  const messages = messagesOf(lines);
  const message = lines[at]?.message;
  const [fitting, setFitting] = useState<Fitting>({ from: 0, until: Infinity, isCut: false });
  const until = Math.min(fitting.until, lines.length);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => fetchMoment(day, choice, moment), [day, version, arrivals, before, after]);
  useLayoutEffect(() => {
    const fits = fittingRows(sheet.current!, at);
    if (JSON.stringify(fits) !== JSON.stringify(fitting)) setFitting(fits);
  });
  useEffect(() => say(undefined), [before, after]);
  const { channel } = day.request;
  const save = async (): Promise<void> => {
    try {
      const blob = await paintSheet(sheet.current!, at);
      const name = `${channel} ${nameOf(lines, at)}.png`;
      saveBlob(blob, name);
      say({ text: words.value.moment.saved(name), isBad: false });
    } catch (error) {
      say({ text: reasonOf(error), isBad: true });
    }
  };
  return h(
    "dialog",
    {
      class: "moment card",
      ref: dialog,
      "aria-label": words.value.moment.heading,
      onClose,
      // Escape closes the dialog alone, not the details behind it.
      onKeyDown: (event: KeyboardEvent) => event.stopPropagation(),
    },
    h(
      "header",
      null,
      h("h2", null, words.value.moment.heading),
      h("button", {
        type: "button",
        class: "quiet only-icon",
        "aria-label": words.value.moment.close,
        onClick: () => dialog.current?.close(),
      }, icon("close")),
    ),
    h(
      "div",
      { class: "moment-counts" },
      h(LineCount, { label: words.value.moment.before, count: before, onCount: setBefore }),
      h(LineCount, { label: words.value.moment.after, count: after, onCount: setAfter }),
      h("p", { class: "hint" }, words.value.moment.most(LINES_MAX)),
    ),
    h(
      "div",
      {
        class: "moment-preview",
        role: "region",
        tabIndex: 0,
        "aria-label": words.value.moment.preview,
      },
      h(
        PicturesContext.Provider,
        { value: pictures },
        h(MomentSheet, {
          channel,
          link: message && linkOf(message),
          lines,
          fitting: { ...fitting, until },
          element: sheet,
        }),
      ),
    ),
    h(
      "p",
      { class: said?.isBad ? "bad" : "hint", role: "status" },
      messages === undefined
        ? words.value.chat.loading
        : said?.text ?? linesText({ ...fitting, until }, lines),
    ),
    h(
      "div",
      { class: "buttons" },
      h("button", {
        type: "button",
        class: "primary",
        disabled: messages === undefined,
        onClick: () => void save(),
      }, words.value.moment.save),
      h(CopyButton, {
        label: words.value.detail.copyText,
        icon: "file",
        isDisabled: messages === undefined,
        text: () => `${(messages ?? []).map(formatText).join("\n")}\n`,
      }),
    ),
  );
}

/** The lines that have room in a picture beside its head and foot. */
interface Fitting extends RowSpan {
  /** There is one, and it has not. */
  readonly isCut: boolean;
}

function fittingRows(sheet: HTMLElement, at: number): Fitting {
  const heights = [...sheet.children].map((each) => each.getBoundingClientRect().height);
  const [headPx = 0] = heights;
  const roomPx = HEIGHT_MAX_PX - headPx - heights.at(-1)!;
  const isCut = heights[at + 1]! > roomPx;
  return { ...rowsThatFit(heights.slice(1, -1), { at, roomPx }), isCut };
}

function paintSheet(sheet: HTMLElement, at: number): Promise<Blob> {
  const { from, until } = fittingRows(sheet, at);
  const [head, ...rest] = sheet.children;
  return paintParts([head!, ...rest.slice(from, until), rest.at(-1)!], {
    ground: getComputedStyle(sheet).backgroundColor,
    failure: words.value.moment.failed,
  });
}

function linesText({ from, until, isCut }: Fitting, lines: readonly MomentLine[]): string {
  if (isCut || lines.some(isShortened)) return words.value.moment.isCut;
  const shown = until - from;
  const all = lines.length;
  return shown === all ? formatCounted(all, "line") : words.value.moment.notAll(shown, all);
}

/** `2026-08-01 18.02.09`, of the line that the moment is about: no system forbids the full stops in a name. */
function nameOf(lines: readonly MomentLine[], at: number): string {
  const timeUs = fromSeconds(lines[at]!.message!.time);
  const clock = formatTime(timeUs, zone.value).replaceAll(":", ".");
  return `${isoDay(timeUs, zone.value)} ${clock}`;
}
