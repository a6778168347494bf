import { isChannelName } from "../../core/archive/archive_key.ts";
import { contentOf, sentUs } from "../../core/batch/content.ts";
import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import { MinuteBuffer } from "../../core/recording/minute_buffer.ts";
import { isPlainText } from "../../core/json/canonical_json.ts";
import { foldChannel } from "../../core/irc/fold_channel.ts";
import { type ParsedLine, parseIrcLine } from "../../core/irc/irc_line.ts";
import { LaterTimestamps } from "../../core/recording/later_timestamps.ts";
import { type IrcMessage, KEPT_COMMANDS } from "../../core/batch/message.ts";
import { clockStateOf, ServerClock } from "../../core/recording/server_clock.ts";
import {
  estimateRange,
  type Moment,
  type Neighbours,
  rangeBetween,
  SERVER_LAG_MAX_US,
  serverClockUs,
  type Timestamp,
} from "../../core/recording/server_time.ts";
import { type Micros, MINUTE_US, minuteOf } from "../../core/time.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Checkpoint } from "../journal/entry.ts";
import { IgnoredLines } from "./ignored_lines.ts";
import type { ReceivedMessage } from "./received_message.ts";

/** The recorded batch of one minute of a channel. */
export interface RecordedBatch {
  readonly channel: string;
  readonly minuteUs: Micros;
  readonly buffer: MinuteBuffer;
  /** The segment of the journal in which its first line stands. */
  readonly firstSegment: number;
}

/** What the caller knows of a line. */
export interface LineOptions {
  /** The parsed line. @default parsed from the line */
  readonly parsed?: ParsedLine;
  /**
   * Whether the moment is no received time: only the times between which the line was delivered are known.
   */
  readonly between?: Neighbours;
}

// A minute is usually open for three: it lasts one, and closes one after it has ended.
const OPEN_MAX_US = 10 * MINUTE_US;

interface OpenBatch {
  readonly buffer: MinuteBuffer;
  firstSegment: number;
  /** When its first line came. */
  readonly openedUs: Micros;
}

/** A channel as one connection knows it. */
interface Room {
  readonly channel: string;
  /** The timestamps that cut the ranges of its messages. */
  readonly later: LaterTimestamps;
  /** Its first ROOMSTATE came, or none is needed: ranged messages are the channel's own. */
  isReady: boolean;
  /** When the server confirmed our JOIN, in elapsed time, if it did. */
  confirmedUs: Micros | undefined;
}

/** A server that confirmed a JOIN and sends no ROOMSTATE for this long sends none. */
const ROOMSTATE_WAIT_US = MINUTE_US;

interface OpenConnection {
  readonly receiver: string;
  moment: Moment;
  last: Timestamp | undefined;
  /** How long nothing was read from it, at the longest, since `last`. */
  unreadUs: Micros;
  /** Whether a channel's ranged lines count only after its first ROOMSTATE. */
  needsRoomState: boolean;
  /** By target, as `#forsen`. */
  readonly rooms: Map<string, Room>;
}

/**
 * Recording without a clock, a disk or a network: lines go in with the moment they came,
 * batches come out when they are closed. The same calls in the same order give the same batches,
 * which is why replaying a journal works.
 *
 * Ranged lines that belong to a connection rather than to a channel, those up to the first ROOMSTATE
 * there, are counted and not recorded; so is every line that is not kept for another reason.
 */
export class Recording {
  /** The current segment of the journal, noted in each new batch. */
  segment = 0;

  #run: string;
  readonly #wants: (channel: string, minuteUs: Micros) => boolean;
  readonly #reporter: Reporter;
  readonly #ignored: IgnoredLines;
  readonly #isMidway: boolean;
  readonly #compressor: ByteCompressor | undefined;
  readonly #onMessage: ((received: ReceivedMessage) => void) | undefined;
  readonly #connections = new Map<number, OpenConnection>();
  readonly #batches = new Map<string, Map<Micros, OpenBatch>>();
  readonly #serverClock = new ServerClock();

  /**
   * @param options.run the name of the run: receivers are `<run>.<n>`
   * @param options.isMidway the connections were open before the first line, as in a capture: their
   * channels need no ROOMSTATE
   * @param options.wants whether a minute of a channel is batched; by default all are
   * @param options.compressor compresses batches in memory; by default they are not compressed
   * @param options.onMessage called for each message of a batch, once it is in it
   */
  constructor(
    options: {
      readonly run: string;
      readonly reporter: Reporter;
      readonly isMidway?: boolean;
      readonly wants?: (channel: string, minuteUs: Micros) => boolean;
      readonly compressor?: ByteCompressor | undefined;
      readonly onMessage?: ((received: ReceivedMessage) => void) | undefined;
    },
  ) {
    this.#run = options.run;
    this.#wants = options.wants ?? (() => true);
    this.#reporter = options.reporter;
    this.#ignored = new IgnoredLines(options.reporter);
    this.#isMidway = options.isMidway ?? false;
    this.#compressor = options.compressor;
    this.#onMessage = options.onMessage;
  }

  /** The name of the run: receivers are `<run>.<n>`. */
  get run(): string {
    return this.#run;
  }

  /** Notes that connection `n` was opened. */
  open(n: number, moment: Moment): void {
    this.#connections.delete(n);
    this.#connection(n, moment).needsRoomState = true;
  }

  /** Notes that connection `n` is gone. */
  close(n: number): void {
    this.#connections.delete(n);
  }

  /** Forgets all timestamps: the next lines come from another time. */
  forgetTimes(): void {
    this.#serverClock.restore(clockStateOf(undefined));
  }

  /** Notes that data came over connection `n` that is not recorded, for `reason`. */
  piece(n: number, moment: Moment, reason = "piece of a line"): void {
    this.#connection(n, moment).moment = moment;
    this.#ignored.count(reason);
  }

  /**
   * Takes a line of connection `n`.
   *
   * Moments of a connection must not go back, and no two lines of it may have the same received
   * time: only the received time tells two equal lines apart.
   */
  line(n: number, moment: Moment, line: string, options: LineOptions = {}): void {
    const { parsed = parseIrcLine(line), between } = options;
    const connection = this.#connection(n, moment);
    const { elapsedUs, receivedUs } = connection.moment;
    // The monotonic clock may not have counted while the machine slept.
    const unreadUs = Math.max(moment.elapsedUs - elapsedUs, moment.receivedUs - receivedUs);
    connection.unreadUs = Math.max(connection.unreadUs, unreadUs);
    connection.moment = moment;
    this.#passTime(moment);
    if (!parsed.ok) return this.#ignored.count(`unreadable: ${parsed.reason}`);
    const exactUs = sentUs(parsed.message.tags);
    const isBelieved = exactUs !== undefined && this.#note(exactUs, connection);
    if (!KEPT_COMMANDS.has(parsed.message.command)) {
      this.#notKept(connection, parsed.message);
      return this.#ignored.countCommand(parsed.message.command);
    }
    const folded = foldChannel(line, parsed.message);
    const { message } = folded;
    const room = this.#roomOf(connection, message);
    if (room === undefined) return;
    const { channel, later } = room;
    const { receiver } = connection;
    const hearing = { line: folded.line, receiver, receivedUs: moment.receivedUs };
    const wasReady = isReady(room, moment);
    if (message.command === "ROOMSTATE") room.isReady = true;
    if (exactUs !== undefined) {
      if (isBelieved) later.note(exactUs);
      const batch = this.#batchOf(channel, exactUs, moment);
      if (batch === undefined) return;
      batch.addExact(message, exactUs, hearing);
      return this.#tell(message, {
        channel,
        ...hearing,
        startUs: exactUs,
        endUs: exactUs,
        isExact: true,
      });
    }
    if (!wasReady) return this.#ignored.count("before the first ROOMSTATE");
    const range = between !== undefined ? rangeBetween(message, between) : estimateRange(message, {
      moment,
      last: connection.last,
      lastOfAny: this.#serverClock.last,
    });
    if (range === undefined) return this.#ignored.count("no time near enough");
    const limits = { range, later: later.join() };
    const batch = this.#batchOf(channel, range.startUs, moment);
    if (batch === undefined) return;
    batch.addRanged(message, limits, hearing);
    this.#tell(message, { channel, ...hearing, ...range, isExact: false });
  }

  #tell(
    message: IrcMessage,
    known: Omit<ReceivedMessage, "content"> & { readonly line: string },
  ): void {
    const content = () => contentOf(message, { isPlain: isPlainText(known.line) });
    this.#onMessage?.({ ...known, content });
  }

  /** After a suspension the age of earlier timestamps is unknown. */
  #passTime(moment: Moment): void {
    if (!this.#serverClock.pass(moment)) return;
    for (const connection of this.#connections.values()) connection.last = undefined;
    this.#reporter.report("info", "The machine was suspended: times are estimated anew");
  }

  /** Takes a timestamp; returns whether it is believed. */
  #note(sentUs: Micros, connection: OpenConnection): boolean {
    const { moment } = connection;
    if (!this.#serverClock.note(sentUs, connection)) {
      this.#reporter.count("wild_timestamps");
      return false;
    }
    connection.unreadUs = 0;
    connection.last = { sentUs, elapsedUs: moment.elapsedUs };
    return true;
  }

  /** Follows what a line says about the connection itself. */
  #notKept(connection: OpenConnection, { command, params }: IrcMessage): void {
    // Another welcome: from here on all channels are joined anew.
    if (command === "001") {
      connection.needsRoomState = true;
      connection.rooms.clear();
    }
    if (command !== "366" || !connection.needsRoomState) return;
    const target = params[1]?.toLowerCase() ?? "";
    const channel = channelOf(target);
    if (channel === undefined) return;
    const room = connection.rooms.get(target) ?? newRoom(channel);
    room.confirmedUs ??= connection.moment.elapsedUs;
    connection.rooms.set(target, room);
  }

  /**
   * Takes a line of a file with earlier messages.
   *
   * @throws {BatchSyntaxError} when it is none.
   */
  keep(line: string, { channel, minuteUs }: { channel: string; minuteUs: Micros }): void {
    this.#batchOf(channel, minuteUs, { receivedUs: 0, elapsedUs: 0 })?.addLine(line);
  }

  /**
   * The minutes that no message can join any more: they ended long enough ago on the server's clock, as
   * far as it is known, and have been open for as long, so that late messages come together. Also
   * those that have been open for far too long, as when a wrong timestamp opens tomorrow's: the journal
   * keeps all lines since.
   */
  closable(now: Moment): { readonly channel: string; readonly minuteUs: Micros }[] {
    const { last } = this.#serverClock;
    const serverUs = last === undefined ? now.receivedUs : serverClockUs(last, now.elapsedUs);
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
    const clock = this.#serverClock.last;
    return clock === undefined ? undefined : now.receivedUs - serverClockUs(clock, now.elapsedUs);
  }

  /** All open minutes, in the order in which to close them: oldest first. */
  openBatches(): { readonly channel: string; readonly minuteUs: Micros }[] {
    const open = [...this.#batches].flatMap(([channel, batches]) =>
      [...batches.keys()].map((minuteUs) => ({ channel, minuteUs }))
    );
    return open.sort((a, b) => a.minuteUs - b.minuteUs);
  }

  /** The open batches, oldest first. */
  openMinutes(): {
    readonly channel: string;
    readonly minuteUs: Micros;
    readonly buffer: MinuteBuffer;
  }[] {
    return this.openBatches().map(({ channel, minuteUs }) => {
      const { buffer } = this.#batches.get(channel)!.get(minuteUs)!;
      return { channel, minuteUs, buffer };
    });
  }

  /** The channels that have open batches. */
  openChannels(): Iterable<string> {
    return this.#batches.keys();
  }

  /** The open batches of a channel, in no order. */
  *openMinutesOf(
    channel: string,
  ): Iterable<{ readonly minuteUs: Micros; readonly buffer: MinuteBuffer }> {
    for (const [minuteUs, { buffer }] of this.#batches.get(channel) ?? []) {
      yield { minuteUs, buffer };
    }
  }

  /** Sets the segment, also of all open batches, which were written to it once more. */
  moveTo(segment: number): void {
    this.segment = segment;
    for (const batches of this.#batches.values()) {
      for (const batch of batches.values()) batch.firstSegment = segment;
    }
  }

  /** Closes a minute and returns its batch; `undefined` if it has none. */
  closeBatch(channel: string, minuteUs: Micros): RecordedBatch | undefined {
    const batches = this.#batches.get(channel);
    const batch = batches?.get(minuteUs);
    if (batches === undefined || batch === undefined) return undefined;
    batches.delete(minuteUs);
    if (batches.size === 0) this.#batches.delete(channel);
    const { buffer, firstSegment } = batch;
    buffer.close();
    return { channel, minuteUs, buffer, firstSegment };
  }

  /** The smallest segment of all open batches; `undefined` if none is open. */
  oldestSegment(): number | undefined {
    let oldest: number | undefined;
    for (const batches of this.#batches.values()) {
      for (const { firstSegment } of batches.values()) {
        if (oldest === undefined || firstSegment < oldest) oldest = firstSegment;
      }
    }
    return oldest;
  }

  /** The state for {@link Recording.restore}, without the open batches. */
  checkpoint(): Checkpoint {
    const connections = [...this.#connections].map(([n, connection]) => ({
      n,
      moment: connection.moment,
      last: connection.last,
      unreadUs: connection.unreadUs,
      channels: [...connection.rooms.values()].filter((room) => room.isReady)
        .map(({ channel }) => channel),
      confirmed: [...connection.rooms.values()].flatMap(({ channel, isReady, confirmedUs }) =>
        isReady || confirmedUs === undefined ? [] : [[channel, confirmedUs] as const]
      ),
    }));
    const clock = this.#serverClock.state();
    return { run: this.#run, serverClock: clock.last, clock, connections };
  }

  /** Takes over the state of a checkpoint, its run too. */
  restore(checkpoint: Checkpoint): void {
    this.#run = checkpoint.run;
    const { serverClock, clock = clockStateOf(serverClock) } = checkpoint;
    this.#serverClock.restore(clock);
    this.#connections.clear();
    for (const { channels, confirmed = [], ...state } of checkpoint.connections) {
      const { n, moment, last, unreadUs = 0 } = state;
      const rooms = new Map(channels.map((channel) => [`#${channel}`, newRoom(channel, true)]));
      for (const [channel, confirmedUs] of confirmed) {
        rooms.set(`#${channel}`, { ...newRoom(channel), confirmedUs });
      }
      const receiver = this.#receiverOf(n);
      const known = { receiver, moment, last, unreadUs, rooms };
      this.#connections.set(n, { ...known, needsRoomState: true });
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
      unreadUs: 0,
      needsRoomState: !this.#isMidway,
      rooms: new Map<string, Room>(),
    };
    this.#connections.set(n, connection);
    return connection;
  }

  /** The channel of a message; `undefined`, and counted, if it has none. */
  #roomOf(connection: OpenConnection, message: IrcMessage): Room | undefined {
    const target = message.params[0] ?? "";
    const known = connection.rooms.get(target);
    if (known !== undefined) return known;
    const channel = channelOf(target);
    if (channel === undefined) {
      return void this.#ignored.count(target.startsWith(CHAT_ROOM) ? "chat room" : "no channel");
    }
    const room = newRoom(channel, !connection.needsRoomState);
    connection.rooms.set(target, room);
    return room;
  }

  #batchOf(channel: string, timeUs: Micros, { elapsedUs }: Moment): MinuteBuffer | undefined {
    const minuteUs = minuteOf(timeUs);
    if (!this.#wants(channel, minuteUs)) return undefined;
    let batches = this.#batches.get(channel);
    if (batches === undefined) this.#batches.set(channel, batches = new Map());
    let batch = batches.get(minuteUs);
    if (batch === undefined) {
      batch = {
        buffer: new MinuteBuffer(this.#compressor),
        firstSegment: this.segment,
        openedUs: elapsedUs,
      };
      batches.set(minuteUs, batch);
    }
    return batch.buffer;
  }
}

/** The prefix of chat rooms, which Twitch had until 2019. They are no channels. */
const CHAT_ROOM = "#chatrooms:";

function newRoom(channel: string, isReady = false): Room {
  return { channel, later: new LaterTimestamps(), isReady, confirmedUs: undefined };
}

/** Whether a ranged message that comes now belongs to the channel and not to the connection. */
function isReady({ isReady, confirmedUs }: Room, { elapsedUs }: Moment): boolean {
  return isReady || (confirmedUs !== undefined && elapsedUs - confirmedUs >= ROOMSTATE_WAIT_US);
}

function channelOf(target: string): string | undefined {
  if (!target.startsWith("#")) return undefined;
  const channel = target.slice(1);
  return isChannelName(channel) ? channel : undefined;
}
