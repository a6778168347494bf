import {
  chatFolder,
  coverageFolder,
  isChannelName,
  parseHour,
  redactionFolder,
} from "../../../core/archive/archive_key.ts";
import { ChatloomError } from "../../../core/errors/errors.ts";
import type { AbortOptions } from "../../../ports/batch_store.ts";
import type { Peer } from "../../../ports/peer.ts";
import type { PruneMarks } from "../../../ports/notes/prune_marks.ts";
import type { ChannelDigest } from "../../api/files/archive_digest.ts";
import type { DamagedFiles } from "../state/damaged_files.ts";

/** An hour of chat or coverage of which a peer may have files that this archive lacks. */
export interface PlannedHour {
  readonly channel: string;
  readonly hour: string;
  /** Where its files are in the channel: `chat/HOUR` or `.chatloom/coverage/HOUR`. */
  readonly folder: string;
  /** The digests of both sides, if both are known: equal means the same as before. */
  readonly digests: string | undefined;
}

/** What {@link planHours} works with. */
export interface PlanHoursOptions extends AbortOptions {
  /** Leaves out the hours before this one; `""` leaves out none. */
  readonly since: string;
  /** Only these channels; all that the peer has if `undefined`. */
  readonly channels: readonly string[] | undefined;
  /** Channels that are left out. @default none */
  readonly isRefused?: ((channel: string) => boolean) | undefined;
  readonly marks: PruneMarks;
  readonly damage: DamagedFiles;
  /** The digests of the own archive. */
  localDigest(channel: string, since: string): Promise<ChannelDigest>;
  /** Pulls the redactions of a channel. */
  takeRedactions(channel: string): Promise<void>;
  /** Leaves out the hours after this one; none if `undefined`. */
  readonly upTo: string | undefined;
  /** Called when a request for a channel fails. Throws to stop; else the next channel follows. */
  onFailure(channel: string, error: unknown): void;
}

/** Hours to compare, latest first. */
export interface HoursPlan {
  readonly hours: readonly PlannedHour[];
  /** The hour with which the next plan continues, if there were too many for one. */
  readonly restUpTo: string | undefined;
}

/** A peer that lists more is no archive of chat. */
const PEER_CHANNELS_MAX = 10_000;
/** The hours of one plan: what all peers together plan must fit into memory. */
const PLAN_MAX = 20_000;

/**
 * Finds the hours in which `peer` may have missing files, latest first, without listing them. Pulls
 * redactions on the way, so that they are here before any batch. A channel for which the peer
 * fails is left out: its redactions may be missing.
 *
 * @throws {ChatloomError} when the peer or the store fails; `PEER_REFUSED` when the peer lists too much.
 */
export async function planHours(peer: Peer, options: PlanHoursOptions): Promise<HoursPlan> {
  let planned: PlannedHour[] = [];
  let isCut = false;
  const cut = () => {
    planned.sort(byHour);
    if (planned.length <= PLAN_MAX) return;
    planned = planned.slice(0, PLAN_MAX);
    isCut = true;
  };
  for (const channel of await differingChannels(peer, options)) {
    try {
      for (const hour of await differingHours(channel, peer, options)) planned.push(hour);
    } catch (error) {
      options.onFailure(channel, error);
    }
    if (planned.length > 2 * PLAN_MAX) cut();
  }
  cut();
  return { hours: planned, restUpTo: isCut ? planned.at(-1)?.hour : undefined };
}

function byHour(a: PlannedHour, b: PlannedHour): number {
  if (a.hour !== b.hour) return a.hour < b.hour ? 1 : -1;
  return `${a.channel}/${a.folder}` < `${b.channel}/${b.folder}` ? -1 : 1;
}

async function differingChannels(peer: Peer, options: PlanHoursOptions): Promise<string[]> {
  const { channels, since, damage, signal, isRefused = () => false } = options;
  if (channels !== undefined) return channels.filter((channel) => !isRefused(channel));
  const digests = await peer.digests({ since, signal });
  const names = [...digests?.keys() ?? await peer.channels({ signal })].filter(isChannelName);
  if (names.length > PEER_CHANNELS_MAX) throw tooMuch(peer, `${names.length} channels`);
  const differing: string[] = [];
  for (const channel of new Set(names)) {
    if (isRefused(channel)) continue;
    const theirs = digests?.get(channel);
    const isEqual = theirs !== undefined && !damage.isIn(channel) &&
      theirs === (await options.localDigest(channel, since)).digest;
    if (!isEqual) differing.push(channel);
  }
  return differing;
}

async function differingHours(
  channel: string,
  peer: Peer,
  options: PlanHoursOptions,
): Promise<PlannedHour[]> {
  const { damage, marks, upTo, signal } = options;
  const mark = await marks.get(channel, { signal });
  const since = mark > options.since ? mark : options.since;
  const theirs = await peer.channelDigest(channel, { since, signal });
  if (theirs === undefined) {
    await options.takeRedactions(channel);
    const hours = await peer.hours(channel, { signal });
    return wantedHours(hours, { since, upTo }).map((hour) => ({
      channel,
      hour,
      folder: folderIn(channel, chatFolder(channel), hour),
      digests: undefined,
    }));
  }
  const ours = await options.localDigest(channel, since);
  const hasDamage = (folder: string) => damage.of(folder).size > 0;
  if (theirs.redactions !== ours.redactions || hasDamage(redactionFolder(channel))) {
    await options.takeRedactions(channel);
  }
  const planned: PlannedHour[] = [];
  const kinds = [
    { hours: chatFolder(channel), there: theirs.hours, here: ours.hours },
    { hours: coverageFolder(channel), there: theirs.coverage, here: ours.coverage },
  ];
  for (const { hours, there, here } of kinds) {
    for (const hour of wantedHours([...there.keys()], { since, upTo })) {
      const isDamaged = hasDamage(`${hours}/${hour}`);
      const [theirDigest, ourDigest] = [there.get(hour)!, here[hour] ?? ""];
      if (theirDigest === ourDigest && !isDamaged) continue;
      const digests = isDamaged ? undefined : `${theirDigest} ${ourDigest}`;
      planned.push({ channel, hour, folder: folderIn(channel, hours, hour), digests });
    }
  }
  return planned;
}

/** The folder of an hour in `hours`, a folder of `channel`, as it stands in the channel. */
function folderIn(channel: string, hours: string, hour: string): string {
  return `${hours.slice(channel.length + 1)}/${hour}`;
}

function wantedHours(
  hours: readonly string[],
  { since, upTo }: { readonly since: string; readonly upTo: string | undefined },
): string[] {
  return [...new Set(hours)].filter((hour) =>
    hour >= since && (upTo === undefined || hour <= upTo) && parseHour(hour) !== undefined
  );
}

function tooMuch(peer: Peer, what: string): ChatloomError {
  return new ChatloomError("PEER_REFUSED", `Cannot sync with "${peer.name}": it lists ${what}`);
}
