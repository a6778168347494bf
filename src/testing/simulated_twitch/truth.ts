import type { Micros } from "../../core/time.ts";

/** One event of chat, as Twitch itself knows it. */
export interface TrueEvent {
  /** Counts all events of a simulation, from 0. */
  readonly seq: number;
  /** When it happened, by Twitch's clock. For a line with `tmi-sent-ts` exactly that instant. */
  readonly timeUs: Micros;
  /** Without `#`. */
  readonly channel: string;
  /** In upper case. */
  readonly command: string;
  /** The raw line with all its tags, without CR LF. */
  readonly line: string;
}

/** One event handed to one connection. It may still have been lost on the way. */
export interface Delivery {
  /** Counts this connection's deliveries, from 0. */
  readonly index: number;
  /** The {@link TrueEvent.seq} of what was delivered. */
  readonly event: number;
  /** When it was sent, by Twitch's clock. */
  readonly atUs: Micros;
}

/** The kind of a violation of Twitch's rules. */
export type ViolationKind =
  | "channel-limit"
  | "join-rate"
  | "not-logged-in"
  | "overlong-line"
  | "ping-unanswered"
  | "too-slow";

/** A client's violation of Twitch's rules. */
export interface Violation {
  /** Number of the connection. */
  readonly connection: number;
  /** By Twitch's clock. */
  readonly atUs: Micros;
  /** Which rule was broken. */
  readonly kind: ViolationKind;
  /** How, in words. */
  readonly detail: string;
}

/** The record of one connection. */
export interface ConnectionRecord {
  /** Counts connections, from 1. */
  readonly connection: number;
  /** By Twitch's clock. */
  readonly openedUs: Micros;
  /** The name it logged in with, once it has. */
  nick: string | undefined;
  /** By Twitch's clock, once it is closed. */
  closedUs: Micros | undefined;
  /** Why, once it is closed. */
  closedBecause: string | undefined;
  /** How many events were delivered to it. */
  deliveredCount: number;
  /**
   * The client answered a PING that was sent after this many deliveries, so it has surely read
   * those with an index below.
   */
  acknowledgedCount: number;
}

/** One line of a truth file. Times are in microseconds of Twitch's clock. */
export type TruthRecord =
  | ({ readonly type: "event" } & TrueEvent)
  | ({ readonly type: "delivery"; readonly connection: number } & Delivery)
  | {
    readonly type: "acknowledged";
    readonly connection: number;
    readonly count: number;
    readonly atUs: Micros;
  }
  | { readonly type: "opened"; readonly connection: number; readonly atUs: Micros }
  | {
    readonly type: "login";
    readonly connection: number;
    readonly nick: string;
    readonly atUs: Micros;
  }
  | {
    readonly type: "closed";
    readonly connection: number;
    readonly because: string;
    readonly atUs: Micros;
  }
  | ({ readonly type: "violation" } & Violation);

/** What to do with the truth. */
export interface TruthOptions {
  /** Keep every event and delivery in memory, for tests. Otherwise only counts and connections. */
  readonly isKept?: boolean;
  /** Called for every record as it happens, as to write it to a file. */
  readonly onRecord?: ((record: TruthRecord) => void) | undefined;
}

// Without keeping, only connections and violations grow; this many stay.
const RECORDS_MAX = 10_000;

/** What really happened, and which connection was sent what. Written by the simulation, read by tests. */
export class Truth {
  readonly #isKept: boolean;
  readonly #onRecord: ((record: TruthRecord) => void) | undefined;
  readonly #events: TrueEvent[] = [];
  readonly #deliveries = new Map<number, Delivery[]>();
  readonly #connections = new Map<number, ConnectionRecord>();
  readonly #violations: Violation[] = [];
  #eventCount = 0;
  #deliveryCount = 0;

  /** An empty truth. */
  constructor({ isKept = true, onRecord }: TruthOptions = {}) {
    this.#isKept = isKept;
    this.#onRecord = onRecord;
  }

  /** All events, in the order of `seq`. Empty if they are not kept. */
  get events(): readonly TrueEvent[] {
    return this.#events;
  }

  /** The number of events. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** How many deliveries were made, to all connections. */
  get deliveryCount(): number {
    return this.#deliveryCount;
  }

  /** The violations of clients, in order. */
  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** All connections there were, in the order they were opened. */
  get connections(): readonly Readonly<ConnectionRecord>[] {
    return [...this.#connections.values()];
  }

  /** The deliveries to connection number `connection`, in order. Empty if they are not kept. */
  deliveriesTo(connection: number): readonly Delivery[] {
    return this.#deliveries.get(connection) ?? [];
  }

  /** The events sent to connection number `connection`, in the order they were sent. */
  deliveredTo(connection: number): readonly TrueEvent[] {
    return this.deliveriesTo(connection).map(({ event }) => this.#events[event]!);
  }

  /** The events that the client of connection number `connection` has surely read, in order. */
  acknowledgedBy(connection: number): readonly TrueEvent[] {
    const count = this.#connections.get(connection)?.acknowledgedCount ?? 0;
    return this.deliveredTo(connection).slice(0, count);
  }

  /** Adds an event. For the simulation. */
  addEvent(event: Omit<TrueEvent, "seq">): TrueEvent {
    const { timeUs, channel, command, line } = event;
    const numbered = { seq: this.#eventCount++, timeUs, channel, command, line };
    if (this.#isKept) this.#events.push(numbered);
    this.#onRecord?.({ type: "event", ...numbered });
    return numbered;
  }

  /** Adds a connection. For the simulation. */
  addConnection(connection: number, atUs: Micros): void {
    this.#connections.set(connection, {
      connection,
      openedUs: atUs,
      nick: undefined,
      closedUs: undefined,
      closedBecause: undefined,
      deliveredCount: 0,
      acknowledgedCount: 0,
    });
    if (this.#isKept) this.#deliveries.set(connection, []);
    else this.#forgetClosed();
    this.#onRecord?.({ type: "opened", connection, atUs });
  }

  /** Notes who logged in. For the simulation. */
  addLogin(connection: number, { nick, atUs }: { nick: string; atUs: Micros }): void {
    const record = this.#connections.get(connection);
    if (record !== undefined) record.nick = nick;
    this.#onRecord?.({ type: "login", connection, nick, atUs });
  }

  /** Notes the end of a connection. For the simulation. */
  addClose(connection: number, { because, atUs }: { because: string; atUs: Micros }): void {
    const record = this.#connections.get(connection);
    if (record !== undefined) {
      record.closedUs = atUs;
      record.closedBecause = because;
    }
    this.#onRecord?.({ type: "closed", connection, because, atUs });
  }

  /** Adds a delivery. For the simulation. */
  addDelivery(connection: number, { event, atUs }: { event: number; atUs: Micros }): void {
    const record = this.#connections.get(connection);
    if (record === undefined) return;
    const delivery = { index: record.deliveredCount++, event, atUs };
    this.#deliveryCount++;
    this.#deliveries.get(connection)?.push(delivery);
    this.#onRecord?.({ type: "delivery", connection, ...delivery });
  }

  /** Notes that the client has read its first `count` deliveries. For the simulation. */
  addAcknowledgement(connection: number, { count, atUs }: { count: number; atUs: Micros }): void {
    const record = this.#connections.get(connection);
    if (record === undefined || count <= record.acknowledgedCount) return;
    record.acknowledgedCount = count;
    this.#onRecord?.({ type: "acknowledged", connection, count, atUs });
  }

  /** Adds a violation. For the simulation. */
  addViolation(violation: Violation): void {
    this.#violations.push(violation);
    if (!this.#isKept && this.#violations.length > RECORDS_MAX) this.#violations.shift();
    this.#onRecord?.({ type: "violation", ...violation });
  }

  #forgetClosed(): void {
    if (this.#connections.size <= RECORDS_MAX) return;
    for (const [number, { closedUs }] of this.#connections) {
      if (closedUs === undefined) continue;
      this.#connections.delete(number);
      return;
    }
  }
}
