import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import type { Micros } from "../../core/time.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ChannelFiles } from "../read/files/channel_files.ts";
import {
  closeExact,
  type MinuteFiles,
  type MinuteSpan,
  readClosure,
} from "../read/minute_closure.ts";
import { MinuteLoader } from "../read/minute_loader.ts";
import { carryOut } from "./carry_out.ts";
import { chainSpan } from "./chain_span.ts";
import { type PendingMinute, planOf } from "./settle_plan.ts";
import { type SettleVerdict, verdictOn } from "./settle_verdict.ts";

/** What settling minutes works with. */
export interface SettleMinuteOptions {
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
  /** The channel's files, with its redactions refreshed. */
  readonly files: ChannelFiles;
  /** Called every few milliseconds of work: lets others run. @default never */
  readonly rest?: (() => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of settling some minutes. */
export interface SettledMinutes {
  /** The minutes that were checked. */
  readonly span: MinuteSpan;
  /** How many batches were written. */
  readonly written: number;
  /** How many files were deleted. */
  readonly deleted: number;
  /** The minutes to settle next because of this one, in this order. */
  readonly due: readonly PendingMinute[];
  /** The batches of these minutes that were found, ascending. */
  readonly before: readonly ArchiveKey[];
  /**
   * The batches that these minutes have now, ascending, if nothing is left to be done there; `undefined` if
   * something is left alone, or has to wait, or files of other hours than those beside had a part in them.
   */
  readonly after: readonly ArchiveKey[] | undefined;
}

/**
 * Settles the minute of `minuteUs`: afterwards its messages stand in the normal form, one file a
 * minute, and, unless it is settled alone, so do those that extend from it into the minutes
 * beside it.
 *
 * Writes first. Deletes a file only when every sighting in it that no redaction covers stands in
 * other files that are safe on the disk. Files that cannot be used are left alone. What is in the
 * normal form already costs reading, no writing.
 *
 * The caller holds the channel's lock. SETTLING.md says what could happen without.
 *
 * @throws {ChatloomError} when the store fails. Nothing is lost; settling again goes on from there.
 * @throws {SnapshotStaleError} when a file vanishes meanwhile: then try again.
 */
export async function settleMinute(
  { minuteUs, isAlone }: PendingMinute,
  options: SettleMinuteOptions,
): Promise<SettledMinutes> {
  const loader = new MinuteLoader(options);
  const load: LoadMinute = (at, isInside) => loader.load(at, isInside);
  const { rest } = options;
  const chain = await chainSpan(minuteUs, load, { isAlone, takeRest: rest });
  const closure = chain.isExactOnly
    ? await closeExact(minuteUs, load, rest)
    : await readClosure(chain.span, load, rest);
  const plan = await planOf(closure, { ...options, span: chain.span });
  const settled = await carryOut(await verdictOn(plan, options), options);
  // A minute that changed may affect others.
  const hanging = [...plan.missing, ...plan.surplus].map((batch) => batch.minuteUs)
    .filter((at) => at !== minuteUs)
    .map((at) => ({ minuteUs: at, isAlone: false }));
  return { ...settled, due: [...settled.due, ...hanging, ...chain.rest] };
}

/**
 * Begins to settle all minutes of `span` at once, as {@link settleMinute} settles each of them alone: reads
 * and works out what to write and delete. For callers that visit all minutes. All files of the span are in
 * memory until the result is dropped. Changes nothing.
 *
 * @throws {ChatloomError} when the store fails.
 * @throws {SnapshotStaleError} as {@link settleMinute} does.
 */
export async function planSpan(
  span: MinuteSpan,
  options: SettleMinuteOptions,
): Promise<SettleVerdict> {
  const loader = new MinuteLoader(options);
  const load: LoadMinute = (at, isInside) => loader.load(at, isInside);
  const closure = await readClosure(span, load, options.rest);
  return await verdictOn(await planOf(closure, { ...options, span }), options);
}

type LoadMinute = (minuteUs: Micros, isInside?: boolean) => Promise<MinuteFiles>;
