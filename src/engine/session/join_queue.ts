import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { WakeSignal } from "./timing/wake_signal.ts";
import type { ChatConnection } from "./chat_connection.ts";
import { joinRefusal, withoutHash } from "./join_refusal.ts";
import type { ConnectionSlot } from "./connection_slot.ts";
import { JOIN_TIMEOUT_MS, type Membership } from "./membership.ts";
import { SlidingWindow } from "./timing/sliding_window.ts";

/**
 * Twitch takes 20 JOINs in 10 s from one account, all its connections together.
 *
 * @see {@link https://dev.twitch.tv/docs/irc/#rate-limits | Twitch rate limits}
 */
const JOINS_MAX = 20;

/** The window of {@link JOINS_MAX}, and a little more: JOINs may draw closer on the way. */
const JOIN_WINDOW_MS = 10_250;

/** What a queue needs. */
export interface JoinQueueOptions {
  /** Measures silence, waits and limits. */
  readonly clock: Clock;
  /** Takes reports of connections and channels, and counts. */
  readonly reporter: Reporter;
  /** The slots whose channels should be joined, as they are now. */
  readonly slots: () => Iterable<ConnectionSlot>;
}

/** A membership and its connection. */
interface Candidate {
  readonly connection: ChatConnection;
  readonly membership: Membership;
}

/**
 * Sends the JOINs of all connections, slowly enough for Twitch, and follows their outcome.
 *
 * Important channels go first, then those that no connection hears yet, then those that did not fail
 * before, then those that wait longest.
 */
export class JoinQueue {
  readonly #options: JoinQueueOptions;
  readonly #window = new SlidingWindow({ count: JOINS_MAX, lengthMs: JOIN_WINDOW_MS });
  readonly #wakeSignal = new WakeSignal();
  /** Channels whose failure was reported. */
  readonly #troubled = new Set<string>();
  #isStopped = false;

  /** A queue that does nothing before {@link JoinQueue.run}. */
  constructor(options: JoinQueueOptions) {
    this.#options = options;
  }

  /** Wakes the queue: there may be work. */
  wake(): void {
    this.#wakeSignal.wake();
  }

  /** Stops sending JOINs. */
  stop(): void {
    this.#isStopped = true;
    this.#wakeSignal.wake();
  }

  /** Forgets the failures of a channel that is no longer wanted. */
  forget(name: string): void {
    this.#troubled.delete(name);
  }

  /** Works until {@link JoinQueue.stop}. */
  async run(): Promise<void> {
    while (!this.#isStopped) await this.#wakeSignal.wait(this.#options.clock, this.#step());
  }

  /** Updates memberships from a message that `connection` heard. */
  heard(connection: ChatConnection, message: IrcMessage): void {
    const { command, params } = message;
    const refusal = joinRefusal(message);
    const name = refusal?.channel ?? withoutHash(params[command === "366" ? 1 : 0]);
    const membership = connection.memberships.get(name);
    if (membership === undefined) return;
    const nowUs = this.#options.clock.elapsedUs();
    if (refusal !== undefined) {
      if (membership.state === "refused") return;
      membership.refuse(refusal.reason, nowUs);
      this.#tell("Cannot join a channel, trying again later", { connection, membership });
    } else if (command === "ROOMSTATE") {
      this.#confirm(membership, nowUs);
    } else if (command === "366") {
      membership.isHalfIn = true;
    } else if (command === "PART" && membership.state === "joined") {
      membership.leave("parted by the server", nowUs);
      this.#tell("Removed from a channel, joining it again", { connection, membership });
    }
  }

  /** Does what is due; returns how long until the next step, in milliseconds. */
  #step(): number {
    const nowUs = this.#options.clock.elapsedUs();
    const queued: Candidate[] = [];
    let nextMs = Infinity;
    for (const candidate of this.#candidates()) {
      const waitMs = this.#review(candidate, nowUs);
      if (candidate.membership.state === "queued") queued.push(candidate);
      else nextMs = Math.min(nextMs, waitMs);
    }
    if (queued.length === 0) return nextMs;
    const waitMs = this.#window.waitMs(nowUs);
    if (waitMs > 0) return Math.min(nextMs, waitMs);
    queued.sort(this.#order());
    for (const candidate of queued) {
      const fullMs = this.#window.waitMs(nowUs);
      if (fullMs > 0) return Math.min(nextMs, fullMs);
      this.#window.take(nowUs);
      this.#ask(candidate, nowUs);
    }
    return Math.min(nextMs, JOIN_TIMEOUT_MS);
  }

  *#candidates(): Iterable<Candidate> {
    for (const slot of this.#options.slots()) {
      const connection = slot.active;
      if (connection?.phase !== "welcomed") continue;
      for (const membership of connection.memberships.values()) yield { connection, membership };
    }
  }

  /** Fails overdue JOINs and queues those that have waited; returns when to check again. */
  #review({ connection, membership }: Candidate, nowUs: Micros): number {
    if (membership.state === "asked") {
      const leftMs = JOIN_TIMEOUT_MS - membership.ageMs(nowUs);
      if (leftMs > 0) return leftMs;
      // No line came since: the connection is in doubt, not the channel.
      if (connection.heardUs <= membership.sinceUs) return 1_000;
      const reason = membership.isHalfIn ? "no room state" : "no answer";
      membership.refuse(reason, nowUs);
      this.#tell("Cannot join a channel, trying again later", { connection, membership });
    }
    if (membership.state !== "refused") return Infinity;
    const leftMs = (membership.retryUs - nowUs) / MILLISECOND_US;
    if (leftMs > 0) return leftMs;
    membership.queue(nowUs);
    return 0;
  }

  #order(): (a: Candidate, b: Candidate) => number {
    const heardNames = new Set<string>();
    for (const slot of this.#options.slots()) {
      for (const { memberships } of slot.connections) {
        for (const [name, { state }] of memberships) if (state === "joined") heardNames.add(name);
      }
    }
    const rank = ({ membership: { channel, failures } }: Candidate): number =>
      (channel.isImportant ? 0 : 4) + (heardNames.has(channel.name) ? 2 : 0) +
      (failures > 0 ? 1 : 0);
    return (a, b) => rank(a) - rank(b) || a.membership.sinceUs - b.membership.sinceUs;
  }

  #ask({ connection, membership }: Candidate, nowUs: Micros): void {
    const { name } = membership.channel;
    // A client that is in without the room's state does not get it by another JOIN.
    if (membership.isHalfIn) connection.send(`PART #${name}`);
    membership.ask(nowUs);
    connection.join(name);
    this.#options.reporter.count("session_join_attempts");
  }

  #confirm(membership: Membership, nowUs: Micros): void {
    if (membership.state === "joined") return; // The room changed its state.
    membership.confirm(nowUs);
    const { name, isImportant } = membership.channel;
    const isNews = this.#troubled.delete(name) || isImportant;
    this.#options.reporter.report(isNews ? "info" : "debug", "Joined a channel", { channel: name });
  }

  #tell(text: string, { connection, membership }: Candidate): void {
    if (connection.isReplaced) return; // No channel is joined there again; its successor reports for itself.
    const nowUs = this.#options.clock.elapsedUs();
    const { channel, reason = "", failures, retryUs } = membership;
    const isNew = !this.#troubled.has(channel.name);
    this.#troubled.add(channel.name);
    this.#options.reporter.count("session_join_failures", { reason });
    const severity = channel.isImportant ? "warning" : isNew ? "info" : "debug";
    const retryS = Math.round((retryUs - nowUs) / 1e6);
    this.#options.reporter.report(severity, text, {
      channel: channel.name,
      reason,
      failures,
      retryS,
    });
    this.#wakeSignal.wake();
  }
}
