import { type Moment, serverClockUs, type Timestamp } from "./server_time.ts";
import { HOUR_US, type Micros, MINUTE_US, SECOND_US } from "../time.ts";

/**
 * How far apart two timestamps of the same clock may be. No batch waits that long for a server
 * that lags; but a timestamp that a network held back must not count as wrong. Twitch drops a client that
 * is silent for longer.
 */
const LAG_MAX_US = 5 * MINUTE_US;

/** The first timestamp is believed at once if it is no further than this from the wall clock. */
const WALL_ERROR_MAX_US = 24 * HOUR_US;

/** This many timestamps in a row that agree with each other are believed, whatever they contradict. */
const AGREEING_MIN = 8;

/** 2020: a wall clock that is behind this was never set, and is ignored. */
const WALL_SET_US = 1_577_836_800 * SECOND_US;

/**
 * A wall clock that gets ahead of the monotonic one by more than this shows that the machine was
 * suspended, where the clock does not count that as time passed: a wall clock is rarely set by more.
 */
const SUSPENDED_MIN_US = 10 * MINUTE_US;

/** The state of a {@link ServerClock}, so that a journal can be read from the middle. */
export interface ServerClockState {
  /** The last timestamp that was believed. */
  readonly last: Timestamp | undefined;
  /** How far the server's clock can be ahead of the monotonic one: a timestamp ahead of that is wrong. */
  readonly limitUs: Micros | undefined;
  /** Wall clock less monotonic clock when the last one was believed. */
  readonly wallOffsetUs: Micros | undefined;
  /** The most that the wall clock was ahead of the monotonic one. */
  readonly wallOffsetMaxUs: Micros | undefined;
  /** The last timestamp that was not believed, and how many before it agreed with it, itself included. */
  readonly doubted: { readonly timestamp: Timestamp; readonly count: number } | undefined;
}

/** The state of a clock after one timestamp, as an older journal has it. */
export function clockStateOf(last: Timestamp | undefined): ServerClockState {
  const limitUs = last && last.sentUs - last.elapsedUs + LAG_MAX_US;
  return { ...NOTHING_KNOWN, last, limitUs };
}

/** The state of the connection that brings a timestamp. */
export interface TimestampOrigin {
  /** When the line came. */
  readonly moment: Moment;
  /** How long nothing was read from that connection, at the longest, since its last was believed. */
  readonly unreadUs: Micros;
  /** The last timestamp that was believed of the same connection. */
  readonly last: Timestamp | undefined;
}

/**
 * The server's clock, by the timestamps of all connections. A timestamp that contradicts what is
 * known is not believed: it counts for its own message alone.
 *
 * A timestamp may lag behind by minutes, by longer after a stretch in which nothing was read, and be
 * ahead of what is known by minutes. Several that agree with each other and come in a row are
 * believed anyway, as is one that agrees with the wall clock where that and the monotonic one differ.
 *
 * The same calls in the same order give the same, which is why replaying a journal works.
 */
export class ServerClock {
  #state: ServerClockState = NOTHING_KNOWN;

  /** The last timestamp that was believed; `undefined` before the first and after a suspension. */
  get last(): Timestamp | undefined {
    return this.#state.last;
  }

  /** The state for {@link ServerClock.restore}. */
  state(): ServerClockState {
    return this.#state;
  }

  /** Takes over a state. */
  restore(state: ServerClockState): void {
    this.#state = state;
  }

  /**
   * Notes that data was received at `moment`. Returns whether the machine was suspended before that: then
   * all timestamps from before are forgotten, as nothing tells how long ago they came.
   */
  pass(moment: Moment): boolean {
    const { wallOffsetMaxUs: knownUs } = this.#state;
    const wallOffsetMaxUs = offsetUs(moment);
    if (knownUs !== undefined && wallOffsetMaxUs <= knownUs) return false;
    const wasSuspended = knownUs !== undefined && wallOffsetMaxUs > knownUs + SUSPENDED_MIN_US;
    this.#state = { ...(wasSuspended ? NOTHING_KNOWN : this.#state), wallOffsetMaxUs };
    return wasSuspended;
  }

  /** Takes in the timestamp of a line. Returns whether it is believed. */
  note(sentUs: Micros, origin: TimestampOrigin): boolean {
    const timestamp = { sentUs, elapsedUs: origin.moment.elapsedUs };
    if (this.#isPlausible(timestamp, origin)) {
      this.#believe(timestamp, origin);
      return true;
    }
    const { doubted } = this.#state;
    const agrees = doubted !== undefined &&
      Math.abs(leadUs(timestamp, doubted.timestamp)) <= LAG_MAX_US;
    const count = agrees ? doubted.count + 1 : 1;
    if (count >= AGREEING_MIN) {
      this.#state = { ...this.#state, limitUs: undefined };
      this.#believe(timestamp, origin);
      return true;
    }
    this.#state = { ...this.#state, doubted: { timestamp, count } };
    return false;
  }

  #isPlausible(timestamp: Timestamp, { moment, unreadUs, last: own }: TimestampOrigin): boolean {
    const { last, limitUs, wallOffsetUs } = this.#state;
    if (last === undefined || limitUs === undefined) {
      if (moment.receivedUs < WALL_SET_US) return timestamp.sentUs >= WALL_SET_US;
      return Math.abs(timestamp.sentUs - moment.receivedUs) <= WALL_ERROR_MAX_US;
    }
    const aheadUs = timestamp.sentUs - timestamp.elapsedUs;
    // Lines that were not read for a while, as by a stopped process, lag by that much more.
    const isInTime = (passedMoreUs: Micros) =>
      aheadUs <= limitUs + passedMoreUs &&
      leadUs(timestamp, own ?? last) >= passedMoreUs - LAG_MAX_US - unreadUs;
    return isInTime(0) ||
      (wallOffsetUs !== undefined && isInTime(offsetUs(moment) - wallOffsetUs));
  }

  #believe(timestamp: Timestamp, { moment, unreadUs }: TimestampOrigin): void {
    const aheadUs = timestamp.sentUs - timestamp.elapsedUs;
    const { limitUs = aheadUs + LAG_MAX_US + unreadUs } = this.#state;
    this.#state = {
      ...this.#state,
      last: timestamp,
      limitUs: Math.max(limitUs, aheadUs + LAG_MAX_US),
      wallOffsetUs: offsetUs(moment),
      doubted: undefined,
    };
  }
}

const NOTHING_KNOWN: ServerClockState = {
  last: undefined,
  limitUs: undefined,
  wallOffsetUs: undefined,
  wallOffsetMaxUs: undefined,
  doubted: undefined,
};

/** How far `timestamp` puts the server's clock ahead of what `known` does. */
function leadUs(timestamp: Timestamp, known: Timestamp): Micros {
  return timestamp.sentUs - serverClockUs(known, timestamp.elapsedUs);
}

function offsetUs({ receivedUs, elapsedUs }: Moment): Micros {
  return receivedUs - elapsedUs;
}
