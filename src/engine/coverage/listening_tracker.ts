import { isChannelName } from "../../core/archive/archive_key.ts";
import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, SECOND_US } from "../../core/time.ts";
import { joinRefusal, withoutHash } from "../session/join_refusal.ts";

/** A stretch of elapsed time in which a connection was listening to a channel. */
export interface ListeningInterval {
  /** The number of the connection in its run. */
  readonly n: number;
  readonly channel: string;
  /** When its JOIN was confirmed, and the last sign of life since, in elapsed time. */
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** The state of a {@link ListeningTracker}, so that a journal can be read from the middle. */
export interface ListeningState {
  /** Our name on connections, by number. */
  readonly nicks: readonly (readonly [n: number, nick: string])[];
  /** Intervals as `[n, channel, fromUs, toUs, 1 if it goes on]`. */
  readonly stays: readonly (readonly [number, string, Micros, Micros, 0 | 1])[];
}

/** Intervals that were taken out overlap with their rest by this much: seconds are rounded inwards. */
const OVERLAP_US = 5 * SECOND_US;

interface OpenConnection {
  nick: string;
  lastUs: Micros;
  /** Channel → since when the connection is in it. */
  readonly since: Map<string, Micros>;
}

/**
 * When each connection listened to each channel: from the room state that confirms a JOIN
 * to the last sign of life before we left, were thrown out or the connection ended. A silence before
 * a later line was none: lines come in order, so nothing was missed.
 *
 * The same calls in the same order give the same, which is why replaying a journal works.
 */
export class ListeningTracker {
  readonly #connections = new Map<number, OpenConnection>();
  #ended: ListeningInterval[] = [];
  #taken: readonly ListeningInterval[] = [];

  /** Notes that connection `n` was opened at `atUs` of elapsed time. */
  open(n: number, atUs: Micros): void {
    this.close(n);
    this.#connections.set(n, { nick: "", lastUs: atUs, since: new Map() });
  }

  /** Notes that data came over connection `n`. */
  heard(n: number, atUs: Micros): void {
    const connection = this.#connections.get(n);
    if (connection !== undefined) connection.lastUs = Math.max(connection.lastUs, atUs);
  }

  /** Notes that this message came. */
  message(n: number, message: IrcMessage): void {
    const connection = this.#connections.get(n);
    if (connection === undefined) return;
    const { command, params, sender } = message;
    switch (command) {
      case "001":
        connection.nick = params[0]?.toLowerCase() ?? "";
        return;
      case "ROOMSTATE": {
        const channel = withoutHash(params[0]);
        if (!isChannelName(channel) || connection.since.has(channel)) return;
        connection.since.set(channel, connection.lastUs);
        return;
      }
      case "PART":
        if (sender?.toLowerCase() === connection.nick) this.#leave(n, withoutHash(params[0]));
        return;
      default: {
        const refusal = joinRefusal(message);
        if (refusal !== undefined) this.#leave(n, refusal.channel);
      }
    }
  }

  /** Notes that connection `n` is gone; its last sign of life counts. */
  close(n: number): void {
    for (const channel of [...this.#connections.get(n)?.since.keys() ?? []]) {
      this.#leave(n, channel);
    }
    this.#connections.delete(n);
  }

  /**
   * Takes out all intervals so far, for storing; one that goes on is taken out again later, with its
   * rest. Until {@link ListeningTracker.stored} or {@link ListeningTracker.notStored} it still stands in
   * checkpoints.
   */
  take(): readonly ListeningInterval[] {
    const stays = this.#all().map(([n, channel, fromUs, toUs]) => ({ n, channel, fromUs, toUs }));
    this.#ended = [];
    this.#taken = stays;
    for (const { lastUs, since } of this.#connections.values()) {
      for (const [channel, fromUs] of since) {
        since.set(channel, Math.max(fromUs, lastUs - OVERLAP_US));
      }
    }
    return stays;
  }

  /** Notes that the intervals are stored. */
  stored(): void {
    this.#taken = [];
  }

  /** Notes that the intervals could not be stored: the next call takes them out again. */
  notStored(): void {
    this.#ended = [...this.#taken, ...this.#ended];
    this.#taken = [];
  }

  /** The state for {@link ListeningTracker.restore}. */
  checkpoint(): ListeningState {
    const nicks = [...this.#connections].map(([n, { nick }]) => [n, nick] as const);
    return { nicks, stays: this.#all() };
  }

  /** Adds the state of a checkpoint to what is known already. */
  restore({ nicks, stays }: ListeningState): void {
    for (const n of [...this.#connections.keys()]) this.close(n);
    for (const [n, nick] of nicks) {
      this.#connections.set(n, { nick, lastUs: 0, since: new Map() });
    }
    for (const [n, channel, fromUs, toUs, goesOn] of stays) {
      const connection = this.#connections.get(n);
      if (goesOn === 0 || connection === undefined) {
        this.#ended.push({ n, channel, fromUs, toUs });
        continue;
      }
      connection.since.set(channel, fromUs);
      connection.lastUs = Math.max(connection.lastUs, toUs);
    }
  }

  #leave(n: number, channel: string): void {
    const connection = this.#connections.get(n);
    const fromUs = connection?.since.get(channel);
    if (connection === undefined || fromUs === undefined) return;
    connection.since.delete(channel);
    this.#ended.push({ n, channel, fromUs, toUs: connection.lastUs });
  }

  #all(): (readonly [number, string, Micros, Micros, 0 | 1])[] {
    const ended = [...this.#taken, ...this.#ended].map(({ n, channel, fromUs, toUs }) =>
      [n, channel, fromUs, toUs, 0] as const
    );
    const open = [...this.#connections].flatMap(([n, { lastUs, since }]) =>
      [...since].map(([channel, fromUs]) => [n, channel, fromUs, lastUs, 1] as const)
    );
    return [...ended, ...open];
  }
}

/**
 * Whether a line can be a message that {@link ListeningTracker.message} looks at: cheaper than parsing it.
 */
export function mayConcernListening(line: string): boolean {
  return /(?:^| )(?:001|ROOMSTATE|PART|NOTICE|4\d\d) /.test(line);
}

/** Whether `value` is what {@link ListeningTracker.checkpoint} gives. */
export function isListeningState(value: unknown): value is ListeningState {
  const { nicks, stays } = (value ?? {}) as { [field: string]: unknown };
  return Array.isArray(nicks) && Array.isArray(stays) &&
    nicks.every((each) =>
      Array.isArray(each) && Number.isSafeInteger(each[0]) && typeof each[1] === "string"
    ) &&
    stays.every((each) =>
      Array.isArray(each) && Number.isSafeInteger(each[0]) &&
      typeof each[1] === "string" && isChannelName(each[1]) &&
      Number.isSafeInteger(each[2]) && Number.isSafeInteger(each[3]) &&
      (each[4] === 0 || each[4] === 1)
    );
}
