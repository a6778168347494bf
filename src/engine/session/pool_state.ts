import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChatConnection, ConnectionPhase } from "./chat_connection.ts";
import type { ConnectionSlot } from "./connection_slot.ts";
import type { Membership, MembershipState, WantedChannel } from "./membership.ts";

/** One connection of a pool. */
export interface ConnectionState {
  /** Its id, once it was open. */
  readonly receiver: string | undefined;
  /** Its phase. */
  readonly phase: ConnectionPhase;
  /** Whether another took over and this one only goes on until it dies. */
  readonly isReplaced: boolean;
  /** How long ago it began, in milliseconds. */
  readonly ageMs: number;
  /** How long ago the server was last heard, in milliseconds. */
  readonly silentMs: number;
  /** In how many channels it is. */
  readonly joinedCount: number;
}

/** One channel of a pool. */
export interface ChannelState {
  /** The channel. */
  readonly name: string;
  /** Whether its failures are warnings and its retries fast. */
  readonly isImportant: boolean;
  /** The receivers of the connections that are in it, those that were replaced included. */
  readonly joinedBy: readonly string[];
  /** How far each connection is that should be in it. Empty while there is none. */
  readonly memberships: readonly MembershipState[];
  /** Why a JOIN failed last, if one waits for its next try. */
  readonly reason: string | undefined;
  /** How long it is in its state, the longest, in milliseconds. 0 without a membership. */
  readonly ageMs: number;
}

/** The state of a pool, for logs and pages. */
export interface PoolState {
  /** All connections, oldest slot first. */
  readonly connections: readonly ConnectionState[];
  /** How many connections wait before they are opened again. */
  readonly waitingCount: number;
  /** All wanted channels, in the order they were given. */
  readonly channels: readonly ChannelState[];
}

/** The state of `slots`. Each membership is looked at once, however many channels there are. */
export function describePool(
  slots: Iterable<ConnectionSlot>,
  { wanted, clock }: {
    readonly wanted: ReadonlyMap<string, WantedChannel>;
    readonly clock: Clock;
  },
): PoolState {
  const nowUs = clock.elapsedUs();
  const connections: ConnectionState[] = [];
  const joinedBy = new Map<string, string[]>();
  const current = new Map<string, Membership[]>();
  let waitingCount = 0;
  for (const slot of slots) {
    if (slot.active === undefined) waitingCount++;
    for (const connection of slot.connections) {
      connections.push(connectionState(connection, nowUs));
      const { receiver, memberships } = connection;
      for (const [name, membership] of memberships) {
        if (connection === slot.active) addTo(current, name, membership);
        if (membership.state === "joined" && receiver !== undefined) {
          addTo(joinedBy, name, receiver);
        }
      }
    }
  }
  const channels = [...wanted.values()].map((channel) =>
    channelState(channel, {
      joinedBy: joinedBy.get(channel.name) ?? [],
      current: current.get(channel.name) ?? [],
      nowUs,
    })
  );
  return { connections, waitingCount, channels };
}

function addTo<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}

function connectionState(connection: ChatConnection, nowUs: Micros): ConnectionState {
  const { receiver, phase, isReplaced, startedUs, heardUs, joinedCount } = connection;
  return {
    receiver,
    phase,
    isReplaced,
    ageMs: (nowUs - startedUs) / MILLISECOND_US,
    silentMs: (nowUs - heardUs) / MILLISECOND_US,
    joinedCount,
  };
}

function channelState(
  { name, isImportant }: WantedChannel,
  { joinedBy, current, nowUs }: {
    readonly joinedBy: readonly string[];
    readonly current: readonly Membership[];
    readonly nowUs: Micros;
  },
): ChannelState {
  return {
    name,
    isImportant,
    joinedBy,
    memberships: current.map((membership) => membership.state),
    reason: current.find((membership) => membership.reason !== undefined)?.reason,
    ageMs: Math.max(0, ...current.map((membership) => membership.ageMs(nowUs))),
  };
}
