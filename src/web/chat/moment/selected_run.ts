import { selectedAmong } from "../../ui/selected_among.ts";
import type { RowSpan } from "./fit_lines.ts";
import { LINES_MAX, type LineSource, type MomentChoice } from "./moment_lines.ts";

/** How many lines on each side of a message a reader is offered first. */
const AROUND = 2;

/** The rows on screen over which text is selected, if there are several. */
export function selectedRun(): RowSpan | undefined {
  const rows = selectedAmong(document.querySelectorAll(".chat-slab > [data-index]"));
  const indexes = rows.map((row) => Number(row.getAttribute("data-index")));
  return indexes.length < 2 ? undefined : { from: indexes[0]!, until: indexes.at(-1)! + 1 };
}

/** The lines of a run, about the message at `place`, or about the run's first one if that lies outside. */
export function choiceOf(
  { layout }: Pick<LineSource, "layout">,
  place: MomentChoice["place"],
  run: RowSpan | undefined,
): MomentChoice {
  if (run === undefined) return { place, before: AROUND, after: AROUND };
  const index = layout.indexOf(place);
  const isInside = index >= run.from && index < run.until;
  const about = isInside ? index : run.from;
  return {
    place: layout.at(about) ?? place,
    before: Math.min(about - run.from, LINES_MAX),
    after: Math.min(run.until - 1 - about, LINES_MAX),
  };
}
