import { isChannelName } from "../../core/archive_key.ts";
import { isPlainText } from "../../core/canonical_json.ts";
import { contentOf, sentUs } from "../../core/content.ts";
import type { HeardMessage } from "../../core/encode_heard.ts";
import { type ParsedLine, parseIrcLine } from "../../core/irc_line.ts";
import { cutEnd, type LaterTimestamp, LaterTimestamps } from "../../core/later_timestamps.ts";
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

/** A message as one connection got it, in a batch that may still be open. */
export interface RecordedMessage extends HeardMessage {
  readonly command: string;
}

/** What was recorded of one minute of a channel, in the order in which it came. */
export interface RecordedBatch {
  readonly channel: string;
  readonly minuteUs: Micros;
  readonly messages: readonly RecordedMessage[];
  /** The `mark` that was set when its first line came. */
  readonly firstMark: number;
}

interface OpenMessage extends RecordedMessage {
  endUs: Micros;
  /** Of a ranged message: what may still cut its range. */
  readonly later: LaterTimestamp | undefined;
}

interface OpenBatch {
  readonly messages: OpenMessage[];
  readonly firstMark: number;
  /** The first line of it came then. */
  readonly openedUs: Micros;
}

interface OpenConnection {
  readonly receiver: string;
  moment: Moment;
  last: Timestamp | undefined;
  /** Whether a channel's lines count only after its first ROOMSTATE. */
  needsRoomState: boolean;
  /** By channel whose first ROOMSTATE came: what cuts its ranges. */
  readonly channels: Map<string, LaterTimestamps>;
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

  readonly #run: string;
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
   * @param options.isUntimed nobody noted when the lines came: moments are made from what they say
   */
  constructor(
    options: {
      readonly run: string;
      readonly reporter: Reporter;
      readonly isMidway?: boolean;
      readonly isUntimed?: boolean;
    },
  ) {
    this.#run = options.run;
    this.#reporter = options.reporter;
    this.#ignored = new IgnoredLines(options.reporter);
    this.#isMidway = options.isMidway ?? false;
    this.#isUntimed = options.isUntimed ?? false;
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
      connection.channels.clear();
    }
    const exactUs = sentUs(message.tags);
    if (exactUs !== undefined) {
      connection.last = { sentUs: exactUs, elapsedUs: moment.elapsedUs };
      this.#serverClock = connection.last;
    }
    if (!KEPT_COMMANDS.has(message.command)) return this.#ignored.countCommand(message.command);
    const channel = channelOf(message);
    if (channel === undefined) return this.#ignored.count("no channel");
    const later = this.#joined(connection, channel, message.command);
    if (later === undefined) return this.#ignored.count("before the first ROOMSTATE");

    const range = exactUs === undefined
      ? estimateRange(message, {
        moment,
        last: connection.last,
        lastOfAny: this.#serverClock,
        isUntimed: this.#isUntimed,
      })
      : { startUs: exactUs, endUs: exactUs };
    if (exactUs !== undefined) later.note(exactUs);
    this.#add(channel, {
      command: message.command,
      content: contentOf(message, { isPlain: isPlainText(line) }),
      receiver: connection.receiver,
      receivedUs: moment.receivedUs,
      isExact: exactUs !== undefined,
      startUs: range.startUs,
      endUs: range.endUs,
      later: exactUs === undefined ? later.join() : undefined,
    }, moment.elapsedUs);
  }

  /**
   * How far this machine's clock is ahead of the server's, as the last timestamp tells it: how long
   * that message took to get here, and how wrong the clock is. `undefined` before any timestamp.
   */
  serverLagUs(now: Moment): Micros | undefined {
    if (this.#serverClock === undefined) return undefined;
    return now.receivedUs - serverClockUs(this.#serverClock, now.elapsedUs);
  }

  /**
   * The minutes that nothing can join any more: they ended long enough ago on the server's clock, as
   * far as it is known, and have been open for as long, so that what comes late comes together.
   */
  closable(now: Moment): { readonly channel: string; readonly minuteUs: Micros }[] {
    const serverUs = this.#serverClock === undefined
      ? now.receivedUs
      : serverClockUs(this.#serverClock, now.elapsedUs);
    const closable = [];
    for (const [channel, batches] of this.#batches) {
      for (const [minuteUs, batch] of batches) {
        const hasEnded = minuteUs + MINUTE_US + SERVER_LAG_MAX_US <= serverUs;
        const isOld = batch.openedUs + SERVER_LAG_MAX_US <= now.elapsedUs;
        if (hasEnded && isOld) closable.push({ channel, minuteUs });
      }
    }
    return closable;
  }

  /** All minutes that are open, in the order in which they are best closed: oldest first. */
  openBatches(): { readonly channel: string; readonly minuteUs: Micros }[] {
    const open = [...this.#batches].flatMap(([channel, batches]) =>
      [...batches.keys()].map((minuteUs) => ({ channel, minuteUs }))
    );
    return open.sort((a, b) => a.minuteUs - b.minuteUs);
  }

  /** Closes a minute and returns what is in it; `undefined` if nothing is. */
  closeBatch(channel: string, minuteUs: Micros): RecordedBatch | undefined {
    const batches = this.#batches.get(channel);
    const batch = batches?.get(minuteUs);
    if (batches === undefined || batch === undefined) return undefined;
    batches.delete(minuteUs);
    if (batches.size === 0) this.#batches.delete(channel);
    const { messages, firstMark } = batch;
    for (const message of messages) {
      if (message.later !== undefined) message.endUs = cutEnd(message, message.later);
    }
    return { channel, minuteUs, messages, firstMark };
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
      channels: [...connection.channels.keys()],
    }));
    return { run: this.#run, serverClock: this.#serverClock, connections };
  }

  /** Takes over what was known at a checkpoint. */
  restore(checkpoint: Checkpoint): void {
    this.#serverClock = checkpoint.serverClock;
    this.#connections.clear();
    for (const { n, moment, last, channels } of checkpoint.connections) {
      const cuts = new Map(channels.map((channel) => [channel, new LaterTimestamps()]));
      const receiver = this.#receiverOf(n);
      this.#connections.set(n, { receiver, moment, last, needsRoomState: true, channels: cuts });
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
      channels: new Map<string, LaterTimestamps>(),
    };
    this.#connections.set(n, connection);
    return connection;
  }

  /** What cuts the ranges of `channel`; `undefined` if this line still belongs to the connection. */
  #joined(
    connection: OpenConnection,
    channel: string,
    command: string,
  ): LaterTimestamps | undefined {
    const known = connection.channels.get(channel);
    if (known !== undefined) return known;
    if (connection.needsRoomState && command !== "ROOMSTATE") return undefined;
    const later = new LaterTimestamps();
    connection.channels.set(channel, later);
    return connection.needsRoomState ? undefined : later;
  }

  #add(channel: string, message: OpenMessage, elapsedUs: Micros): void {
    let batches = this.#batches.get(channel);
    if (batches === undefined) this.#batches.set(channel, batches = new Map());
    const minuteUs = minuteOf(message.startUs);
    let batch = batches.get(minuteUs);
    if (batch === undefined) {
      batch = { messages: [], firstMark: this.mark, openedUs: elapsedUs };
      batches.set(minuteUs, batch);
    }
    batch.messages.push(message);
  }
}

function channelOf(message: IrcMessage): string | undefined {
  const target = message.params[0];
  if (target === undefined || !target.startsWith("#")) return undefined;
  const channel = target.slice(1);
  return isChannelName(channel) ? channel : undefined;
}
