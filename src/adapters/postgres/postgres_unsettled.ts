import { randomUUID } from "node:crypto";
import { isChannelName, parseHour } from "../../core/archive/archive_key.ts";
import { Mutex } from "../../async/mutex.ts";
import type { UnsettledNotes, UnsettledPlace } from "../../ports/notes/unsettled_notes.ts";
import type { AdvisoryLocks } from "./advisory_locks.ts";
import type { PostgresClient, Row } from "./connection/postgres_client.ts";

const ATTEMPT = "keep notes on what to settle";

/**
 * Notes on what to settle in the archive at the client's address, under an id of this process. That it lives
 * is told by an advisory lock on the id, which the server frees when the process ends.
 */
export class PostgresUnsettled implements UnsettledNotes {
  readonly #client: PostgresClient;
  readonly #locks: AdvisoryLocks;
  readonly #table: string;
  readonly #id = randomUUID();
  readonly #noted = new Map<string, UnsettledPlace>();
  readonly #starting = new Mutex();
  #isHeld = false;

  /** Notes of this process; it is seen to live from the first one on. */
  constructor(client: PostgresClient, locks: AdvisoryLocks) {
    this.#client = client;
    this.#locks = locks;
    this.#table = `"${client.address.schema}".unsettled`;
  }

  async add(place: UnsettledPlace): Promise<void> {
    await this.#showLife();
    this.#noted.set(nameOf(place), place);
    await this.#insert([place]);
  }

  async remove(place: UnsettledPlace): Promise<void> {
    if (!this.#noted.delete(nameOf(place))) return;
    await this.#client.ask({
      text: `delete from ${this.#table} where owner = $1 and channel = $2 and hour = $3`,
      values: [this.#id, place.channel, place.hour],
    }, { attempt: ATTEMPT });
  }

  async takeOver(): Promise<readonly UnsettledPlace[]> {
    await this.#showLife();
    // The locks are this statement's: where two processes do it at once, one gets the notes.
    const rows = await this.#client.ask({
      text: `with dead as materialized (
          select owner from (select distinct owner from ${this.#table} where owner <> $1) other
          where pg_try_advisory_xact_lock(hashtextextended($2 || owner::text, 0))
        ), moved as (
          delete from ${this.#table} note using dead where note.owner = dead.owner
          returning note.channel, note.hour
        ), kept as (
          insert into ${this.#table} (owner, channel, hour)
          select distinct $1::uuid, channel, hour from moved on conflict do nothing
        )
        select distinct channel, hour from moved`,
      values: [this.#id, this.#lockPrefix()],
    }, { attempt: ATTEMPT });
    const places = rows.flatMap(placeOf);
    for (const place of places) this.#noted.set(nameOf(place), place);
    return places;
  }

  /** Has other processes see that this one lives. */
  async #showLife(): Promise<void> {
    await this.#starting.run(async () => {
      if (this.#isHeld) return;
      // Others may have taken the notes over while the connection was lost.
      const onRegained = async () => await this.#insert([...this.#noted.values()]);
      const name = this.#lockPrefix() + this.#id;
      await this.#client.again(() => this.#locks.hold(name, onRegained), { attempt: ATTEMPT });
      this.#isHeld = true;
    });
  }

  async #insert(places: readonly UnsettledPlace[]): Promise<void> {
    await this.#client.ask({
      text: `insert into ${this.#table} (owner, channel, hour)
        select $1::uuid, * from unnest($2::text[], $3::text[]) on conflict do nothing`,
      values: [this.#id, places.map(({ channel }) => channel), places.map(({ hour }) => hour)],
    }, { attempt: ATTEMPT });
  }

  #lockPrefix(): string {
    return `chatloom process ${this.#client.address.schema} `;
  }
}

function nameOf({ channel, hour }: UnsettledPlace): string {
  return `${channel} ${hour}`;
}

function placeOf(row: Row): UnsettledPlace[] {
  const [channel, hour] = [String(row["channel"]), String(row["hour"])];
  const isPlace = isChannelName(channel) && (hour === "" || parseHour(hour) !== undefined);
  return isPlace ? [{ channel, hour }] : [];
}
