import { h, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { escapeControls } from "../../core/json/escape_controls.ts";
import { formatPercent } from "../ui/format.ts";
import { theme } from "../ui/settings.ts";
import { AXIS_PX, LAST_LABEL_PX } from "./chart.ts";
import type { ReceiverRow, TimelineModel } from "./timeline_model.ts";
import { words } from "../words/words.ts";

const LANE_PX = 14;

/** For each receiver, when it heard chat, and how much of it. */
export function ReceiverRows({ model, widthPx }: {
  readonly model: TimelineModel;
  readonly widthPx: number;
}): JSX.Element | null {
  if (model.rows.length === 0) return null;
  return h(
    "section",
    { class: "receiver-rows", "aria-labelledby": "receiver-rows-title" },
    h("h2", { id: "receiver-rows-title" }, words.value.timeline.rows),
    h(
      "ul",
      null,
      model.rows.map((row) =>
        h(
          "li",
          { key: row.receiver },
          h("p", null, [
            h("code", null, escapeControls(row.receiver)),
            h("span", { class: "hint" }, describe(row, model)),
          ]),
          h(Strip, { row, widthPx: widthPx - AXIS_PX - LAST_LABEL_PX }),
        )
      ),
    ),
  );
}

function describe(row: ReceiverRow, { messages }: TimelineModel): string {
  const percent = messages === 0 ? 0 : Math.floor(row.messages / messages * 1000) / 10;
  return words.value.timeline.row(row.messages, formatPercent(percent));
}

function Strip({ row, widthPx }: {
  readonly row: ReceiverRow;
  readonly widthPx: number;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null && widthPx > 0) drawStrip(canvas.current, row, widthPx);
  }, [row, widthPx, theme.value]);
  return h("canvas", { ref: canvas, class: "strip", "aria-hidden": "true" });
}

/** A bar of full colour means that the receiver got every message of that time. */
function drawStrip(canvas: HTMLCanvasElement, { shares }: ReceiverRow, widthPx: number): void {
  const scale = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(widthPx * scale);
  canvas.height = Math.round(LANE_PX * scale);
  const ctx = canvas.getContext("2d")!;
  ctx.fillStyle = getComputedStyle(canvas).color;
  for (const [i, share] of shares.entries()) {
    if (share === 0) continue;
    const from = Math.round(i / shares.length * canvas.width);
    const to = Math.max(from + 1, Math.round((i + 1) / shares.length * canvas.width));
    ctx.globalAlpha = 0.25 + 0.75 * share;
    ctx.fillRect(from, 0, to - from, canvas.height);
  }
}
