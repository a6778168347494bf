import type { IrcMessage } from "../../core/batch/message.ts";
import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { WakeSignal } from "./timing/wake_signal.ts";
import type { ChatConnection } from "./chat_connection.ts";
import { joinRefusal, withoutHash } from "./join_refusal.ts";
import type { ConnectionSlot } from "./connection_slot.ts";
import { JOIN_TIMEOUT_MS, type Membership } from "./membership.ts";
import { type JoinBurst, JoinWindow } from "./timing/join_window.ts";
import { pause } from "./timing/pause.ts";

/**
 * Twitch takes 20 JOINs in 10 s from one account, all its connections together.
 *
 * @see {@link https://dev.twitch.tv/docs/irc/#rate-limits | Twitch rate limits}
 */
export const JOIN_RATE_DEFAULT = 20;

/** … and 2,000 from a verified bot. */
export const JOIN_RATE_MAX = 2_000;

/** What a queue needs. */
export interface JoinQueueOptions {
  /** Measures silence, waits and limits. */
  readonly clock: Clock;
  /** Takes reports of connections and channels, and counts. */
  readonly reporter: Reporter;
  /** The slots whose channels should be joined, as they are now. */
  readonly slots: () => Iterable<ConnectionSlot>;
  /** How many JOINs may arrive in any 10 s. @default {@link JOIN_RATE_DEFAULT} */
  readonly joinRate?: number | undefined;
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
  readonly #window: JoinWindow;
  /** Whether as many channels as fit share a line: at rates above everyone's, JOINs come by the thousand. */
  readonly #sharesLines: boolean;
  /** With which burst a JOIN left that has no answer yet. */
  readonly #bursts = new WeakMap<Membership, JoinBurst>();
  readonly #wakeSignal = new WakeSignal();
  /** Channels whose failure was reported. */
  readonly #troubled = new Set<string>();
  /** When the next step comes by itself. */
  #wakesAtUs: Micros = Infinity;
  #isStopped = false;

  /** A queue that does nothing before {@link JoinQueue.run}. */
  constructor(options: JoinQueueOptions) {
    const { joinRate = JOIN_RATE_DEFAULT } = options;
    this.#options = options;
    this.#window = new JoinWindow(joinRate);
    this.#sharesLines = joinRate > JOIN_RATE_DEFAULT;
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
    const { clock } = this.#options;
    while (!this.#isStopped) {
      this.#wakesAtUs = -Infinity; // What happens within a step is part of it.
      const waitMs = this.#step();
      this.#wakesAtUs = clock.elapsedUs() + waitMs * MILLISECOND_US;
      // After an overlong sleep unread answers wait: that is no fault of a channel.
      await pause(waitMs, { clock, wakeSignal: this.#wakeSignal });
    }
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
      this.#answered(membership, nowUs);
      if (membership.state === "refused") return;
      membership.refuse(refusal.reason, nowUs);
      this.#tell("Cannot join a channel, trying again later", { connection, membership });
    } else if (command === "ROOMSTATE") {
      this.#answered(membership, nowUs);
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
    const room = this.#window.room(nowUs);
    if (room > 0) this.#askAll(queued.sort(this.#order()).slice(0, room), nowUs);
    const waitMs = room < queued.length ? this.#window.waitMs(nowUs) : JOIN_TIMEOUT_MS;
    return Math.min(nextMs, waitMs);
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

  #askAll(candidates: readonly Candidate[], nowUs: Micros): void {
    const departures = new Map<ChatConnection, { burst: JoinBurst; names: string[] }>();
    for (const { connection, membership } of candidates) {
      let departure = departures.get(connection);
      if (departure === undefined) {
        departure = { burst: this.#window.begin(nowUs), names: [] };
        departures.set(connection, departure);
      }
      const { name } = membership.channel;
      // A client that is in without the room's state does not get it by another JOIN.
      if (membership.isHalfIn) connection.send(`PART #${name}`);
      membership.ask(nowUs);
      departure.names.push(name);
      this.#window.add(departure.burst);
      this.#bursts.set(membership, departure.burst);
    }
    for (const [connection, { names }] of departures) {
      connection.join(names, { sharesLines: this.#sharesLines });
    }
    this.#options.reporter.count("session_join_attempts", {}, candidates.length);
  }

  /** The last JOIN of `membership` has arrived, if that was not known. */
  #answered(membership: Membership, nowUs: Micros): void {
    const burst = this.#bursts.get(membership);
    if (burst === undefined) return;
    this.#bursts.delete(membership);
    this.#window.answer(burst, nowUs);
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
    // A step goes through all channels: not for each of thousands that are refused.
    if (retryUs < this.#wakesAtUs) this.#wakeSignal.wake();
  }
}
