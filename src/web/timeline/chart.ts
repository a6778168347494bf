// uPlot: 50 kB, draws hundreds of thousands of points on a canvas without waiting.
import uPlot from "uplot";
import { type Micros, SECOND_US } from "../../core/time.ts";
import type { Span } from "../reading/chat_archive.ts";
import { RECEIVERS_TOLD_APART } from "../reading/minute_summary.ts";
import type { TimelineModel } from "./timeline_model.ts";
import { words } from "../words/words.ts";

/** How wide the scale on the left is; rows begin at the same place. */
export const AXIS_PX = 56;

/** Room to the right of the chart, for half of the last label; rows end at the same place. */
export const LAST_LABEL_PX = 36;

/** The events of a chart. */
export interface ChartEvents {
  /** A span was selected with the pointer. */
  readonly onSelect: (span: Span) => void;
  /** A moment was clicked. */
  readonly onClick: (atUs: Micros) => void;
  /** The pointer is over a bar, or over none. */
  readonly onHover: (bar: number | undefined) => void;
}

const CHART_PX = 300;
const COLORS = ["--one", "--two", "--three", "--four"];

/** Messages a minute over time, stacked by how many receivers saw them, with silences marked. */
export class Chart {
  readonly #plot: uPlot;
  #model: TimelineModel;

  /** Draws into `place`. */
  constructor(
    place: HTMLElement,
    { model, isUtc, events }: {
      readonly model: TimelineModel;
      readonly isUtc: boolean;
      readonly events: ChartEvents;
    },
  ) {
    this.#model = model;
    this.#plot = new uPlot(this.#options(place, isUtc, events), toColumns(model), place);
    this.#plot.over.addEventListener("click", (event) => {
      const isDrag = this.#plot.select.width > 3;
      if (!isDrag) events.onClick(this.#plot.posToVal(event.offsetX, "x") * SECOND_US);
    });
  }

  /** Draws other data. */
  show(model: TimelineModel): void {
    this.#model = model;
    this.#plot.setData(toColumns(model));
  }

  /** Draws anew, in other colours or another width. */
  redraw(widthPx: number): void {
    this.#plot.setSize({ width: widthPx, height: CHART_PX });
  }

  /** Removes the chart. */
  remove(): void {
    this.#plot.destroy();
  }

  #options(place: HTMLElement, isUtc: boolean, events: ChartEvents): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => cssColor("--soft"),
      grid: { stroke: () => cssColor("--line"), width: 1 },
      ticks: { stroke: () => cssColor("--line"), width: 1 },
      font: "12px system-ui, sans-serif",
    };
    return {
      width: place.clientWidth,
      height: CHART_PX,
      legend: { show: false },
      // Labels are centred under their ticks: the last needs room beyond the edge.
      padding: [12, LAST_LABEL_PX, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      tzDate: (seconds) =>
        isUtc ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000),
      scales: {
        x: { range: () => [this.#model.span.fromUs, this.#model.span.untilUs].map(toS) as Pair },
        y: { range: (_, __, max) => [0, Math.max(4, (max ?? 0) * 1.08)] },
      },
      axes: [{ ...axis, values: timeLabels(words.value.axisDay) }, { ...axis, size: AXIS_PX }],
      series: [{}, ...seriesOf()],
      hooks: {
        drawClear: [(plot) => this.#drawSilences(plot)],
        setSelect: [(plot) => {
          if (plot.select.width < 4) return;
          const { left, width } = plot.select;
          const [fromUs, untilUs] = [left, left + width].map((px) =>
            Math.round(plot.posToVal(px, "x") * SECOND_US)
          ) as unknown as Pair;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events.onSelect({ fromUs, untilUs });
        }],
        setCursor: [(plot) => events.onHover(plot.cursor.idx ?? undefined)],
      },
    };
  }

  #drawSilences(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { kind, fromUs, untilUs } of this.#model.silences) {
      const left = plot.valToPos(toS(fromUs), "x", true);
      const width = Math.max(2, plot.valToPos(toS(untilUs), "x", true) - left);
      const color = cssColor(kind === "unrecorded" ? "--gap" : "--soft");
      const place = { left, width, top: bbox.top, height: bbox.height };
      ctx.fillStyle = color;
      if (kind === "unrecorded") {
        ctx.globalAlpha = 0.14;
        ctx.fillRect(left, bbox.top, width, bbox.height);
      }
      ctx.globalAlpha = 1;
      ctx.fillRect(left, bbox.top + bbox.height - 4, width, 4);
      if (kind === "unrecorded") drawHatching(ctx, { color, ...place });
    }
    ctx.restore();
  }
}

type Pair = [number, number];

function toS(timeUs: Micros): number {
  return timeUs / SECOND_US;
}

/** The widest stack goes first, the others are drawn over it: so each shows as its own part. */
function seriesOf(): uPlot.Series[] {
  const bars = uPlot.paths.bars!({ size: [1, Infinity], gap: 0, align: 1 });
  return COLORS.map((name) => ({
    paths: bars,
    points: { show: false },
    fill: () => cssColor(name),
    stroke: () => cssColor(name),
    width: 0,
  }));
}

/** Columns of uPlot: times, then sums: all, all but those of one receiver, and so on. */
function toColumns({ times, counts }: TimelineModel): uPlot.AlignedData {
  const columns = Array.from(
    { length: RECEIVERS_TOLD_APART },
    (_, least) => counts.map((each) => each.slice(least).reduce((sum, count) => sum + count, 0)),
  );
  return [times.map(toS), ...columns];
}

function drawHatching(
  ctx: CanvasRenderingContext2D,
  { color, left, width, top, height }: {
    readonly color: string;
    readonly left: number;
    readonly width: number;
    readonly top: number;
    readonly height: number;
  },
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.globalAlpha = 0.35;
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += 10) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Smallest step, format, and what is added where day or minute change: as uPlot wants it. Hours go
// from 0 to 23 everywhere in chatloom.
function timeLabels(day: string): uPlot.Axis.Values {
  return [
    [86_400, day, null, null, null, null, null, null, 1],
    [60, "{HH}:{mm}", `\n${day}`, null, `\n${day}`, null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", `\n${day}`, null, `\n${day}`, null, null, null, 1],
  ] as unknown as uPlot.Axis.Values;
}
