import { SightingSet } from "../../core/merge/sighting_set.ts";
import { type Micros, MINUTE_US } from "../../core/time.ts";
import { type MinuteFiles, type MinuteSpan, reachOver } from "../read/minute_closure.ts";

/** Minutes that a chain of sightings connects. */
export interface ChainSpan {
  /** The minutes to settle at once. */
  readonly span: MinuteSpan;
  /** No message of the minute can reach into another: its neighbours need not be read. */
  readonly isExactOnly: boolean;
  /** Further minutes to settle, each alone, where a chain is too long for one step. */
  readonly rest: readonly { readonly minuteUs: Micros; readonly isAlone: true }[];
}

const SPAN_MAX_MINUTES = 16;

/**
 * Finds the minutes over which the ranged messages of one minute extend: where their sightings stand
 * now, and where their events belong.
 */
export async function chainSpan(
  minuteUs: Micros,
  load: (minuteUs: Micros, isInside: boolean) => Promise<MinuteFiles>,
  { isAlone, takeRest }: {
    readonly isAlone?: boolean;
    /** Lets others run between long steps of work. @default never */
    readonly takeRest?: (() => Promise<void>) | undefined;
  },
): Promise<ChainSpan> {
  const span = { fromUs: minuteUs, toUs: minuteUs };
  if (isAlone) return { span, isExactOnly: false, rest: [] };
  const own = new SightingSet();
  for (const { ranged } of (await load(minuteUs, true)).loaded) own.addAll(ranged);
  if (own.isEmpty()) return { span, isExactOnly: true, rest: [] };
  const closure = await reachOver(span, load, takeRest);
  const chains = closure.ranged.chainsOf(own);
  const touched = new Set(chains.encodeMinutes().keys());
  for (const [at, { loaded }] of closure.minutes) {
    if (loaded.some(({ ranged }) => !ranged.chainsOf(chains).isEmpty())) touched.add(at);
  }
  touched.delete(minuteUs);
  const fromUs = Math.min(minuteUs, ...touched);
  const toUs = Math.max(minuteUs, ...touched);
  if ((toUs - fromUs) / MINUTE_US < SPAN_MAX_MINUTES) {
    return { span: { fromUs, toUs }, isExactOnly: false, rest: [] };
  }
  const rest = [...touched].sort((a, b) => a - b)
    .map((at) => ({ minuteUs: at, isAlone: true }) as const);
  return { span, isExactOnly: false, rest };
}
