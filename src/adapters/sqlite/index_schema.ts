import type { Database } from "./load_sqlite.ts";

/** Goes up when another form makes the old ones void: an index is then made anew. */
export const SCHEMA_VERSION = 1;

/**
 * The tables.
 *
 * An hour's key is `channel * 2^21 + hours since 1970`, a document's (a minute's words) `channel * 2^27 +
 * minutes since 1970`: an integer key costs no index of its own, and a channel is a range of keys. What a
 * user did stands in one row for six weeks of a channel, as differences; `hour_people` says which rows an hour
 * has a part in. A row for each user and minute would take ten times the room. Twitch's ids are numbers, which
 * take half the room of their text.
 */
export const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
CREATE TABLE channels (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL) STRICT;
CREATE TABLE hours (
  key INTEGER PRIMARY KEY, files TEXT NOT NULL, orders TEXT NOT NULL, folders TEXT NOT NULL, counts TEXT NOT NULL
) STRICT;
CREATE TABLE hour_people (key INTEGER PRIMARY KEY, rooms TEXT NOT NULL, people BLOB NOT NULL, words BLOB NOT NULL) STRICT;
CREATE TABLE room_hours (
  channel INTEGER NOT NULL, room TEXT NOT NULL, hour INTEGER NOT NULL,
  first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, PRIMARY KEY (channel, room, hour)
) WITHOUT ROWID, STRICT;
CREATE TABLE people (no INTEGER PRIMARY KEY, id ANY NOT NULL, login TEXT NOT NULL) STRICT;
CREATE INDEX people_id ON people (id);
CREATE INDEX people_login ON people (login);
CREATE TABLE minutes (
  person INTEGER NOT NULL, channel INTEGER NOT NULL, block INTEGER NOT NULL, entries BLOB NOT NULL,
  PRIMARY KEY (person, channel, block)
) WITHOUT ROWID, STRICT;
CREATE VIRTUAL TABLE words USING fts5(
  tokens, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
`;

/** How each connection is set up. */
export function setUp(database: Database): void {
  // What is deleted is overwritten: an index must not keep what a redaction removed.
  database.exec("PRAGMA secure_delete = ON");
  // After a power cut the last hours may be missing and are indexed again; the rest is whole.
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("PRAGMA cache_size = -16384");
  database.exec("PRAGMA temp_store = MEMORY");
  database.exec("PRAGMA journal_size_limit = 16777216");
}

/** How many hours since 1970 fit behind a channel's number. */
export const HOURS_PER_CHANNEL: number = 2 ** 21;

/** How many minutes since 1970 fit behind a channel's number. */
export const MINUTES_PER_CHANNEL: number = 2 ** 27;

/** The value that stands for a user's id: a number where that is the same. */
export function idValue(id: string): string | number {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : id;
}
