import { isChannelName } from "../../core/archive_key.ts";
import { sentUs } from "../../core/content.ts";
import { HeardBatch } from "../../core/hearing/heard_batch.ts";
import { type ParsedLine, parseIrcLine } from "../../core/irc/irc_line.ts";
import { LaterTimestamps } from "../../core/hearing/later_timestamps.ts";
import { type IrcMessage, KEPT_COMMANDS } from "../../core/message.ts";
import {
  estimateRange,
  type Moment,
  SERVER_LAG_MAX_US,
  serverClockUs,
  type Timestamp,
} from "../../core/server_time.ts";
import { type Micros, MINUTE_US, minuteOf } from "../../core/time.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Checkpoint } from "../journal/entry.ts";
import { IgnoredLines } from "./ignored_lines.ts";

/** What was recorded of one minute of a channel. */
export interface RecordedBatch {
  readonly channel: string;
  readonly minuteUs: Micros;
  readonly heard: HeardBatch;
  /** The `mark` that was set when its first line came. */
  readonly firstMark: number;
}

// A minute is usually open for three: it lasts one, and closes one after it has ended.
const OPEN_MAX_US = 10 * MINUTE_US;

interface OpenBatch {
  readonly heard: HeardBatch;
  firstMark: number;
  /** The first line of it came then. */
  readonly openedUs: Micros;
}

/** A channel as one connection knows it. */
interface Room {
  readonly channel: string;
  /** What cuts the ranges of its messages. */
  readonly later: LaterTimestamps;
}

interface OpenConnection {
  readonly receiver: string;
  moment: Moment;
  last: Timestamp | undefined;
  /** Whether a channel's lines count only after its first ROOMSTATE. */
  needsRoomState: boolean;
  /** By target, as `#forsen`, whose first ROOMSTATE came. */
  readonly rooms: Map<string, Room>;
}

/**
 * What recording is, without a clock, a disk or a network: lines go in with the moment they came,
 * batches come out when they are closed. The same calls in the same order give the same batches,
 * which is why replaying a journal works.
 *
 * Lines that belong to a connection rather than to a channel, everything up to the first ROOMSTATE
 * there, are counted and not recorded; so is every line that is not kept for another reason.
 */
export class Recording {
  /** A number that goes with each new batch, for whoever must know when its lines came. */
  mark = 0;

  #run: string;
  readonly #wants: (channel: string, minuteUs: Micros) => boolean;
  readonly #reporter: Reporter;
  readonly #ignored: IgnoredLines;
  readonly #isMidway: boolean;
  readonly #isUntimed: boolean;
  readonly #connections = new Map<number, OpenConnection>();
  readonly #batches = new Map<string, Map<Micros, OpenBatch>>();
  #serverClock: Timestamp | undefined;

  /**
   * @param options.run the name of the run: receivers are `<run>.<n>`
   * @param options.isMidway the connections were open before the first line, as in a capture: their
   * channels need no ROOMSTATE
   * @param options.wants whether a minute of a channel is batched: all are, unless told
   * @param options.isUntimed nobody noted when the lines came: moments are made from what they say
   */
  constructor(
    options: {
      readonly run: string;
      readonly reporter: Reporter;
      readonly isMidway?: boolean;
      readonly isUntimed?: boolean;
      readonly wants?: (channel: string, minuteUs: Micros) => boolean;
    },
  ) {
    this.#run = options.run;
    this.#wants = options.wants ?? (() => true);
    this.#reporter = options.reporter;
    this.#ignored = new IgnoredLines(options.reporter);
    this.#isMidway = options.isMidway ?? false;
    this.#isUntimed = options.isUntimed ?? false;
  }

  /** The name of the run: receivers are `<run>.<n>`. */
  get run(): string {
    return this.#run;
  }

  /** Connection `n` was opened. */
  open(n: number, moment: Moment): void {
    this.#connections.delete(n);
    this.#connection(n, moment).needsRoomState = true;
  }

  /** Connection `n` is gone. */
  close(n: number): void {
    this.#connections.delete(n);
  }

  /** Something came over connection `n` that is no whole line. */
  piece(n: number, moment: Moment): void {
    this.#connection(n, moment).moment = moment;
    this.#ignored.count("piece of a line");
  }

  /**
   * Connection `n` brought a line.
   *
   * Moments of a connection must not go back, and no two lines of it may have the same received
   * time: that is all that tells two equal ones apart.
   */
  line(n: number, moment: Moment, line: string, parsed: ParsedLine = parseIrcLine(line)): void {
    const connection = this.#connection(n, moment);
    connection.moment = moment;
    if (!parsed.ok) return this.#ignored.count(`unreadable: ${parsed.reason}`);
    const { message } = parsed;
    // A welcome in the middle of a capture: from here on it shows a connection from its start.
    if (message.command === "001") {
      connection.needsRoomState = true;
      connection.rooms.clear();
    }
    const exactUs = sentUs(message.tags);
    if (exactUs !== undefined) {
      connection.last = { sentUs: exactUs, elapsedUs: moment.elapsedUs };
      this.#serverClock = connection.last;
    }
    if (!KEPT_COMMANDS.has(message.command)) return this.#ignored.countCommand(message.command);
    const room = connection.rooms.get(message.params[0] ?? "") ?? this.#enter(connection, message);
    if (room === undefined) return;
    const { channel, later } = room;

    const hearing = { line, receiver: connection.receiver, receivedUs: moment.receivedUs };
    if (exactUs !== undefined) {
      later.note(exactUs);
      this.#batchOf(channel, exactUs, moment)?.addExact(message, exactUs, hearing);
      return;
    }
    const range = estimateRange(message, {
      moment,
      last: connection.last,
      lastOfAny: this.#serverClock,
      isUntimed: this.#isUntimed,
    });
    const limits = { range, later: later.join() };
    this.#batchOf(channel, range.startUs, moment)?.addRanged(message, limits, hearing);
  }

  /**
   * A line of a file that says what came before.
   *
   * @throws {BatchSyntaxError} when it is none.
   */
  keep(line: string, { channel, minuteUs }: { channel: string; minuteUs: Micros }): void {
    this.#batchOf(channel, minuteUs, { receivedUs: 0, elapsedUs: 0 })?.addLine(line);
  }

  /**
   * The minutes that nothing can join any more: they ended long enough ago on the server's clock, as
   * far as it is known, and have been open for as long, so that what comes late comes together. Also
   * those that have been open for far too long, as a wrong timestamp opens tomorrow's: the journal
   * keeps all that came since.
   */
  closable(now: Moment): { readonly channel: string; readonly minuteUs: Micros }[] {
    const serverUs = this.#serverClock === undefined
      ? now.receivedUs
      : serverClockUs(this.#serverClock, now.elapsedUs);
    const closable = [];
    for (const [channel, batches] of this.#batches) {
      for (const [minuteUs, batch] of batches) {
        const hasEnded = minuteUs + MINUTE_US + SERVER_LAG_MAX_US <= serverUs;
        const openUs = now.elapsedUs - batch.openedUs;
        const isOld = openUs >= SERVER_LAG_MAX_US;
        if ((hasEnded && isOld) || openUs >= OPEN_MAX_US) closable.push({ channel, minuteUs });
      }
    }
    return closable;
  }

  /**
   * How far the last timestamp was behind the wall clock when it came: the lag of Twitch, and the
   * error of this machine's clock. `undefined` before the first.
   */
  serverLagUs(now: Moment): Micros | undefined {
    const clock = this.#serverClock;
    return clock === undefined ? undefined : now.receivedUs - serverClockUs(clock, now.elapsedUs);
  }

  /** All minutes that are open, in the order in which they are best closed: oldest first. */
  openBatches(): { readonly channel: string; readonly minuteUs: Micros }[] {
    const open = [...this.#batches].flatMap(([channel, batches]) =>
      [...batches.keys()].map((minuteUs) => ({ channel, minuteUs }))
    );
    return open.sort((a, b) => a.minuteUs - b.minuteUs);
  }

  /** What is in each open minute, oldest first. */
  openMinutes(): {
    readonly channel: string;
    readonly minuteUs: Micros;
    readonly heard: HeardBatch;
  }[] {
    return this.openBatches().map(({ channel, minuteUs }) => {
      const { heard } = this.#batches.get(channel)!.get(minuteUs)!;
      return { channel, minuteUs, heard };
    });
  }

  /** Sets the mark, also of all that is open: it was all written down once more. */
  remark(mark: number): void {
    this.mark = mark;
    for (const batches of this.#batches.values()) {
      for (const batch of batches.values()) batch.firstMark = mark;
    }
  }

  /** Closes a minute and returns what is in it; `undefined` if nothing is. */
  closeBatch(channel: string, minuteUs: Micros): RecordedBatch | undefined {
    const batches = this.#batches.get(channel);
    const batch = batches?.get(minuteUs);
    if (batches === undefined || batch === undefined) return undefined;
    batches.delete(minuteUs);
    if (batches.size === 0) this.#batches.delete(channel);
    const { heard, firstMark } = batch;
    heard.close();
    return { channel, minuteUs, heard, firstMark };
  }

  /** The smallest mark of all open batches; `undefined` if none is open. */
  oldestMark(): number | undefined {
    let oldest: number | undefined;
    for (const batches of this.#batches.values()) {
      for (const { firstMark } of batches.values()) {
        if (oldest === undefined || firstMark < oldest) oldest = firstMark;
      }
    }
    return oldest;
  }

  /** What {@link Recording.restore} needs to read on from here, the open batches apart. */
  checkpoint(): Checkpoint {
    const connections = [...this.#connections].map(([n, connection]) => ({
      n,
      moment: connection.moment,
      last: connection.last,
      channels: [...connection.rooms.values()].map(({ channel }) => channel),
    }));
    return { run: this.#run, serverClock: this.#serverClock, connections };
  }

  /** Takes over what was known at a checkpoint, its run too. */
  restore(checkpoint: Checkpoint): void {
    this.#run = checkpoint.run;
    this.#serverClock = checkpoint.serverClock;
    this.#connections.clear();
    for (const { n, moment, last, channels } of checkpoint.connections) {
      const rooms = new Map(channels.map((channel) => [`#${channel}`, newRoom(channel)]));
      const receiver = this.#receiverOf(n);
      this.#connections.set(n, { receiver, moment, last, needsRoomState: true, rooms });
    }
  }

  #receiverOf(n: number): string {
    return `${this.#run}.${n}`;
  }

  #connection(n: number, moment: Moment): OpenConnection {
    const known = this.#connections.get(n);
    if (known !== undefined) return known;
    const connection = {
      receiver: this.#receiverOf(n),
      moment,
      last: undefined,
      needsRoomState: !this.#isMidway,
      rooms: new Map<string, Room>(),
    };
    this.#connections.set(n, connection);
    return connection;
  }

  /** The channel of a message that may be the first of it; `undefined`, and counted, if it has none yet. */
  #enter(connection: OpenConnection, message: IrcMessage): Room | undefined {
    const channel = channelOf(message);
    if (channel === undefined) return void this.#ignored.count("no channel");
    const room = newRoom(channel);
    const isOurs = connection.needsRoomState;
    if (!isOurs || message.command === "ROOMSTATE") connection.rooms.set(`#${channel}`, room);
    if (!isOurs) return room;
    return void this.#ignored.count("before the first ROOMSTATE");
  }

  #batchOf(channel: string, timeUs: Micros, { elapsedUs }: Moment): HeardBatch | undefined {
    const minuteUs = minuteOf(timeUs);
    if (!this.#wants(channel, minuteUs)) return undefined;
    let batches = this.#batches.get(channel);
    if (batches === undefined) this.#batches.set(channel, batches = new Map());
    let batch = batches.get(minuteUs);
    if (batch === undefined) {
      batch = { heard: new HeardBatch(), firstMark: this.mark, openedUs: elapsedUs };
      batches.set(minuteUs, batch);
    }
    return batch.heard;
  }
}

function newRoom(channel: string): Room {
  return { channel, later: new LaterTimestamps() };
}

function channelOf(message: IrcMessage): string | undefined {
  const target = message.params[0];
  if (target === undefined || !target.startsWith("#")) return undefined;
  const channel = target.slice(1);
  return isChannelName(channel) ? channel : undefined;
}
