import { perBatchMs, type Taken } from "./measure_way.ts";

const CHANNELS = 10_000;
const RECEIVERS = 2;
const MINUTES = 1_440;
const SECONDS = 86_400;

/** What was measured of the way through workers that settle. */
export interface DayFigures {
  /** Storing through workers, of one batch each. */
  readonly stored: Taken;
  /** Storing and settling through workers, in the cores of workers and database, of one batch each. */
  readonly settled: Taken;
  /** Bytes of a batch, as they are put. */
  readonly batchBytes: number;
  /** Bytes of a batch on its way through the broker. */
  readonly sentBytes: number;
  /** Bytes of a settled minute in the database, with its keys. */
  readonly keptBytes: number;
  /** Bytes of the database's log, a batch. */
  readonly logBytes: number;
}

/** A line of what a day of ten thousand channels needs. */
export interface Need {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
}

/** What a day of ten thousand channels needs, each busy all day and heard by two recorders. */
export function dayNeeds(
  { stored, settled, batchBytes, sentBytes, keptBytes, logBytes }: DayFigures,
): Need[] {
  const batches = CHANNELS * RECEIVERS * MINUTES;
  const perSecond = batches / SECONDS;
  const cores = (ms: number) => ms / 1000 * perSecond;
  return [
    { name: "batches a day", figure: batches / 1e6, unit: "million" },
    { name: "batches a second, on average", figure: perSecond, unit: "batches/s" },
    { name: "put a day", figure: batches * batchBytes / 1e9, unit: "GB" },
    { name: "through the broker a day", figure: batches * sentBytes / 1e9, unit: "GB" },
    {
      name: "kept in the database a day",
      figure: CHANNELS * MINUTES * keptBytes / 1e9,
      unit: "GB",
    },
    { name: "log of the database a day", figure: batches * logBytes / 1e9, unit: "GB" },
    { name: "recorders, for sending", figure: cores(perBatchMs(stored, "client")), unit: "cores" },
    { name: "broker", figure: cores(perBatchMs(stored, "broker")), unit: "cores" },
    { name: "workers", figure: cores(perBatchMs(settled, "workers")), unit: "cores" },
    { name: "database", figure: cores(perBatchMs(settled, "database")), unit: "cores" },
  ].map((need) => ({ ...need, name: `10,000 channels: ${need.name}` }));
}
