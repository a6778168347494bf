import { h, type JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { toPrintable } from "../../core/json/printable.ts";
import { formatCounted } from "../ui/format.ts";
import { theme } from "../ui/settings.ts";
import { AXIS_PX } from "./chart.ts";
import type { Lane, TimelineModel } from "./timeline_model.ts";

const LANE_PX = 14;

/** For each receiver, when it heard chat, and how much of it. */
export function Lanes({ model, widthPx }: {
  readonly model: TimelineModel;
  readonly widthPx: number;
}): JSX.Element | null {
  if (model.lanes.length === 0) return null;
  return h(
    "section",
    { class: "lanes", "aria-labelledby": "lanes-title" },
    h("h2", { id: "lanes-title" }, "Receivers"),
    h(
      "ul",
      null,
      model.lanes.map((lane) =>
        h(
          "li",
          { key: lane.receiver },
          h("p", null, [
            h("code", null, toPrintable(lane.receiver)),
            h("span", { class: "hint" }, ` ${describe(lane, model)}`),
          ]),
          h(Strip, { lane, widthPx: widthPx - AXIS_PX }),
        )
      ),
    ),
  );
}

function describe(lane: Lane, { messages }: TimelineModel): string {
  const percent = messages === 0 ? 0 : Math.floor(lane.messages / messages * 1000) / 10;
  return `${formatCounted(lane.messages, "message")}, ${percent} %`;
}

function Strip({ lane, widthPx }: {
  readonly lane: Lane;
  readonly widthPx: number;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null && widthPx > 0) drawStrip(canvas.current, lane, widthPx);
  }, [lane, widthPx, theme.value]);
  return h("canvas", { ref: canvas, class: "strip", "aria-hidden": "true" });
}

/** A bar of full colour means that the receiver got every message of that time. */
function drawStrip(canvas: HTMLCanvasElement, { shares }: Lane, widthPx: number): void {
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
