import type { Random } from "../../ports/random.ts";
import { between, chance } from "../chance/seeded_random.ts";
import type { Framing } from "./trouble/framing.ts";
import type { SimulatedConnection } from "./server_connection.ts";

/** A fault of a connection. `close` comes with a close frame, `drop` without. */
export type ConnectionFault = "close" | "drop" | "garbage" | "half-open" | "reconnect" | "stall";

const CONNECTION_FAULTS: readonly ConnectionFault[] = [
  "close",
  "drop",
  "garbage",
  "half-open",
  "reconnect",
  "stall",
];

/** A fault at a moment. */
export interface ScheduledFault {
  /** The fault. */
  readonly fault: ConnectionFault;
  /** When, in milliseconds since the simulation began. */
  readonly atMs: number;
  /** To which connection, by number. By default to all that are open then,. */
  readonly connection?: number;
}

/** The faults of a simulation. @default none */
export interface TwitchFaults {
  /** How likely each fault is for each connection in each second. */
  readonly perSecond?: { readonly [fault in ConnectionFault]?: number };
  /** Faults at known moments. */
  readonly scheduled?: readonly ScheduledFault[];
  /** How likely a connection is refused, in one of three ways. */
  readonly refuseChance?: number;
  /** How likely a JOIN is answered without ROOMSTATE. */
  readonly missingRoomStateChance?: number;
}

const RECONNECT_DEATH_MS = [1_000, 10_000] as const;
const STALL_MS = [500, 4_000] as const;

/** Applies `fault` to `connection`; `random` decides its details. */
export function applyFault(
  connection: SimulatedConnection,
  { fault, random }: { readonly fault: ConnectionFault; readonly random: Random },
): void {
  switch (fault) {
    case "close":
      return connection.drop({ withCloseFrame: true });
    case "drop":
      return connection.drop();
    case "garbage":
      return connection.garbage();
    case "half-open":
      return connection.halfOpen();
    case "reconnect":
      return connection.reconnect({ deathAfterMs: between(random, RECONNECT_DEATH_MS) });
    case "stall":
      return connection.stall(between(random, STALL_MS));
  }
}

/** Applies the faults of one second of `plan` to `connection`. */
export function applyChance(
  connection: SimulatedConnection,
  { plan, random }: { readonly plan: TwitchFaults; readonly random: Random },
): void {
  for (const fault of CONNECTION_FAULTS) {
    if (!chance(random, plan.perSecond?.[fault] ?? 0)) continue;
    if (connection.isOpen) applyFault(connection, { fault, random });
  }
}

/**
 * Reads faults from a text like `drop=0.01,split=0.2,reconnect@30,drop@60:2`, with commas
 * between. `FAULT=P`: for each connection in each second with probability P. `FAULT@S`: after S
 * seconds, to all connections or to number N with `:N`. `refuse=P`, `no-roomstate=P`: for each
 * connection or JOIN. `split=P`, `bytes=P`: for each frame.
 *
 * @throws {RangeError} when it has any other part.
 */
export function parseFaults(text: string): { faults: TwitchFaults; framing: Framing } {
  const perSecond: { [fault in ConnectionFault]?: number } = {};
  const scheduled: ScheduledFault[] = [];
  const chances = new Map<string, number>();
  for (const part of text.split(",").map((each) => each.trim()).filter((each) => each !== "")) {
    const moment = /^([a-z-]+)@(\d+(?:\.\d+)?)(?::(\d+))?$/.exec(part);
    const odds = /^([a-z-]+)=(\d+(?:\.\d+)?)$/.exec(part);
    const name = moment?.[1] ?? odds?.[1] ?? "";
    if (moment !== null && isConnectionFault(name)) {
      const connection = moment[3] === undefined ? {} : { connection: Number(moment[3]) };
      scheduled.push({ fault: name, atMs: Number(moment[2]) * 1000, ...connection });
    } else if (odds !== null && Number(odds[2]) <= 1 && isConnectionFault(name)) {
      perSecond[name] = Number(odds[2]);
    } else if (odds !== null && Number(odds[2]) <= 1 && OTHER_CHANCES.includes(name)) {
      chances.set(name, Number(odds[2]));
    } else {
      throw new RangeError(`Cannot read faults: "${part}" is not like drop=0.01 or drop@30`);
    }
  }
  return {
    faults: {
      perSecond,
      scheduled,
      refuseChance: chances.get("refuse") ?? 0,
      missingRoomStateChance: chances.get("no-roomstate") ?? 0,
    },
    framing: { splitChance: chances.get("split") ?? 0, bytesChance: chances.get("bytes") ?? 0 },
  };
}

const OTHER_CHANCES: readonly string[] = ["refuse", "no-roomstate", "split", "bytes"];

function isConnectionFault(name: string): name is ConnectionFault {
  return (CONNECTION_FAULTS as readonly string[]).includes(name);
}
