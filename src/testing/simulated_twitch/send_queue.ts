import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Random } from "../../ports/random.ts";
import type { Chunk } from "../../ports/transport.ts";
import { type Framing, toFrames } from "./trouble/framing.ts";
import type { Schedule } from "./schedule.ts";
import type { ServerLink } from "./server_link.ts";
import { pingLine } from "../twitch_lines/server_lines.ts";

/** An entry of the queue. */
export type QueuedFrame =
  | {
    /** One line, without CR LF. */
    readonly line: string;
    /** The number of its event, if it is one. */
    readonly event?: number;
  }
  | {
    /** Frames to send as they are. */
    readonly frames: readonly Chunk[];
  }
  | {
    /** Runs when all entries before it are sent. */
    readonly act: () => void;
  };

/** What an {@link SendQueue} needs. */
export interface SendQueueOptions {
  /** The connection. */
  readonly link: ServerLink;
  /** Twitch's clock. */
  readonly schedule: Schedule;
  /** Decides how lines are framed. */
  readonly random: Random;
  /** How lines become frames. */
  readonly framing: Framing;
  /** After how many events a PING with their count is sent, 0 for never. */
  readonly probeEvery: number;
  /** Called for each event as it is sent. */
  readonly onDelivery: (event: number) => void;
  /** Called once, when the client reads so slowly that the queue is full. */
  readonly onOverflow: () => void;
}

// How much a server holds for a slow reader before it gives up: more than a minute of a very busy chat.
const FRAMES_MAX = 100_000;
const BUFFERED_MAX_BYTES = 4 * 1024 * 1024;
const LINES_AT_ONCE_MAX = 256;
const RETRY_MS = 20;

/** The frames that wait for one client. First in, first out, each not before its time. */
export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #random: Random;
  #frames: { readonly dueUs: Micros; readonly queued: QueuedFrame }[] = [];
  #sent = 0; // Entries before this index are sent; they are removed now and then.
  #lastDueUs: Micros = 0;
  #stalledUntilUs: Micros = 0;
  #deliveredCount = 0;
  #probedCount = 0;
  #pumpsAtUs: Micros = Infinity;
  #isClosed = false;

  /** An empty queue. */
  constructor(options: SendQueueOptions) {
    this.#options = options;
    this.#random = options.random;
  }

  /** The highest count that was sent in a PING. */
  get probedCount(): number {
    return this.#probedCount;
  }

  /** Sends `queued` at `dueUs` or later: earlier entries go first. */
  put(queued: QueuedFrame, dueUs: Micros): void {
    if (this.#isClosed) return;
    this.#lastDueUs = Math.max(this.#lastDueUs, dueUs);
    this.#frames.push({ dueUs: this.#lastDueUs, queued });
    if (this.#frames.length - this.#sent > FRAMES_MAX) {
      this.#isClosed = true;
      return this.#options.onOverflow();
    }
    this.#wakeAt(this.#lastDueUs);
  }

  /** Sends nothing until `untilUs`, then all at once. */
  stall(untilUs: Micros): void {
    this.#stalledUntilUs = Math.max(this.#stalledUntilUs, untilUs);
  }

  /** Stops sending. */
  discard(): void {
    this.#isClosed = true;
    this.#frames = [];
  }

  #wakeAt(atUs: Micros): void {
    if (this.#pumpsAtUs <= atUs) return;
    this.#pumpsAtUs = atUs;
    this.#options.schedule.at(atUs, () => {
      this.#pumpsAtUs = Infinity;
      this.#pump();
      const next = this.#frames[this.#sent];
      if (next === undefined || this.#isClosed) return;
      const nowUs = this.#options.schedule.nowUs();
      const isDue = next.dueUs <= nowUs;
      const retryUs = Math.max(nowUs + RETRY_MS * MILLISECOND_US, this.#stalledUntilUs);
      this.#wakeAt(isDue ? retryUs : next.dueUs);
    });
  }

  #pump(): void {
    const { link, schedule } = this.#options;
    const nowUs = schedule.nowUs();
    if (this.#isClosed || nowUs < this.#stalledUntilUs) return;
    let lines: string[] = [];
    for (;;) {
      const entry = this.#frames[this.#sent];
      if (entry === undefined || entry.dueUs > nowUs) break;
      if (link.bufferedBytes > BUFFERED_MAX_BYTES) break;
      this.#sent++;
      lines = this.#take(entry.queued, lines);
    }
    this.#send(lines);
    this.#clearAway();
  }

  /** Sends `queued` and returns the lines that still wait to be put into frames with others. */
  #take(queued: QueuedFrame, lines: string[]): string[] {
    if ("line" in queued) {
      lines.push(queued.line);
      if (queued.event !== undefined) this.#deliver(queued.event, lines);
      if (lines.length < LINES_AT_ONCE_MAX) return lines;
    }
    this.#send(lines);
    if ("frames" in queued) { for (const frame of queued.frames) this.#options.link.send(frame); }
    if ("act" in queued) queued.act();
    return [];
  }

  #deliver(event: number, lines: string[]): void {
    this.#options.onDelivery(event);
    this.#deliveredCount++;
    const { probeEvery } = this.#options;
    if (probeEvery > 0 && this.#deliveredCount % probeEvery === 0) {
      this.#probedCount = this.#deliveredCount;
      lines.push(pingLine(String(this.#deliveredCount)));
    }
  }

  #send(lines: readonly string[]): void {
    const { link, framing } = this.#options;
    for (const frame of toFrames(lines, { random: this.#random, framing })) link.send(frame);
  }

  #clearAway(): void {
    if (this.#sent < 1_000 && this.#sent < this.#frames.length) return;
    this.#frames.splice(0, this.#sent);
    this.#sent = 0;
  }
}
