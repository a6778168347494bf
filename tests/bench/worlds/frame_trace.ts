import type { Page } from "playwright-core";

/** What a trace tells of some frames. */
export interface FrameTrace {
  /** How many were made. */
  readonly frames: number;
  /** How long they took together. */
  readonly seconds: number;
  /** For each, how long the page's main thread was at work for it, in ms of the processor's time. */
  readonly busyMs: readonly number[];
  /** Frames that the compositor dropped: the screen showed the one before once more. Follows the machine's load. */
  readonly dropped: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** When it began, in µs. */
  readonly ts: number;
  /** How long it took by the clock, and of the processor's time, in µs. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const FRAMES = 240;

/** Scrolls a list of chat on with every frame, and reads from a trace what the frames took. */
export async function frameTrace(page: Page, stepPx: number): Promise<FrameTrace> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, {
    // More of them would cost the frames more than their own work.
    categories: ["toplevel", "blink.user_timing", "disabled-by-default-devtools.timeline.frame"],
  });
  await page.evaluate(
    ({ stepPx, count }) =>
      new Promise<void>((resolve) => {
        const list = document.querySelector(".chat-scroll")!;
        let left = count;
        const step = (): void => {
          performance.mark("scroll frame");
          list.scrollTop += stepPx;
          if (left-- > 0) requestAnimationFrame(step);
          else resolve();
        };
        requestAnimationFrame(step);
      }),
    { stepPx, count: FRAMES },
  );
  const text = new TextDecoder().decode(await browser.stopTracing());
  const { traceEvents } = JSON.parse(text) as { readonly traceEvents: readonly TraceEvent[] };
  const marks = traceEvents.filter(({ name }) => name === "scroll frame");
  const { pid, tid } = marks[0]!;
  const begins = marks.map(({ ts }) => ts).sort((a, b) => a - b);
  const busyUs = begins.map(() => 0);
  for (const event of traceEvents) {
    const isTask = event.name === "RunTask" || event.name === "ThreadControllerImpl::RunTask";
    if (!isTask || event.pid !== pid || event.tid !== tid || event.ph !== "X") continue;
    // The task in which a frame begins contains its mark.
    const at = begins.findLastIndex((ts) => ts <= event.ts + (event.dur ?? 0));
    if (at >= 0) busyUs[at] = busyUs[at]! + (event.tdur ?? 0);
  }
  return {
    frames: begins.length - 1,
    seconds: (begins.at(-1)! - begins[0]!) / 1e6,
    busyMs: busyUs.slice(0, -1).map((us) => us / 1_000),
    dropped:
      traceEvents.filter(({ name, pid: of, ts }) =>
        name === "DroppedFrame" && of === pid && ts >= begins[0]! && ts <= begins.at(-1)!
      ).length,
  };
}
