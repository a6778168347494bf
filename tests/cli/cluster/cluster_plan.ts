import process from "node:process";

/** What a cluster is put through. */
export interface ClusterPlan {
  readonly seed: string;
  /** For how long faults come, about, in seconds. */
  readonly seconds: number;
  readonly channels: readonly string[];
  /** Of all channels, to each recorder. */
  readonly linesPerSecond: number;
  /** The minutes in the journals of recorders that died before it all began. */
  readonly earlierMinutes: number;
  /** Messages that come again each tenth of a second. */
  readonly echoPerRound: number;
  readonly probeEvery: number;
  readonly heartbeatS: number;
  readonly diskMib: number;
  /** How often each fault happens. */
  readonly faults: Readonly<Record<Fault, number>>;
  /** For how long what is killed is away, in ms. */
  readonly awayMs: readonly [number, number];
  /** For how long a disk stays full after a worker met that, in ms. */
  readonly fullMs: number;
  /** How old a line is at most that is not stored, once the last fault is over, in seconds. */
  readonly storedMaxS: number;
}

/** What can go wrong. */
export type Fault =
  | "a worker is killed"
  | "the broker is killed"
  | "the database is killed"
  | "a recorder is killed and starts while the database is away"
  | "the database's disk is full"
  | "a worker is frozen"
  | "a worker is frozen while the broker and the database are killed";

const channelsOf = (count: number) => Array.from({ length: count }, (_, n) => `channel_${n}`);

/**
 * A few seconds of all faults; or with `CLUSTER_SECONDS` as long as that says, 1,000 lines a second, and in ten
 * minutes ten workers killed, three brokers, three databases.
 */
export function clusterPlan(): ClusterPlan {
  const seed = process.env["SIM_SEED"] ?? "cluster";
  const seconds = Number(process.env["CLUSTER_SECONDS"] ?? 0);
  if (!(seconds >= 60)) {
    return {
      ...{ seed, seconds: 0, channels: channelsOf(4), linesPerSecond: 100, earlierMinutes: 15 },
      ...{
        echoPerRound: 3,
        probeEvery: 10,
        heartbeatS: 10,
        diskMib: 192,
        fullMs: 0,
        storedMaxS: 60,
      },
      awayMs: [100, 500],
      faults: {
        "a worker is killed": 1,
        "the broker is killed": 0,
        "the database is killed": 0,
        "a recorder is killed and starts while the database is away": 1,
        "the database's disk is full": 1,
        "a worker is frozen": 0,
        "a worker is frozen while the broker and the database are killed": 1,
      },
    };
  }
  const times = (inTenMinutes: number) => Math.max(1, Math.round(inTenMinutes * seconds / 600));
  return {
    ...{ seed, seconds, channels: channelsOf(20), earlierMinutes: 60, echoPerRound: 2 },
    ...{ linesPerSecond: Number(process.env["CLUSTER_LINES"] ?? 1_000), probeEvery: 100 },
    ...{ heartbeatS: 5, diskMib: 3_000, fullMs: 10_000, awayMs: [300, 8_000], storedMaxS: 180 },
    faults: {
      "a worker is killed": times(10),
      "the broker is killed": times(2),
      "the database is killed": times(2),
      "a recorder is killed and starts while the database is away": 1,
      "the database's disk is full": 1,
      "a worker is frozen": times(2),
      "a worker is frozen while the broker and the database are killed": 1,
    },
  };
}
