/**
 * The tables of the index, all of them derived from files: they can be dropped and made again at any time.
 *
 * A minute's number is `channel * 2^27 + minutes since 1970`. A user is one row a channel and pair of names, so
 * that a change of one channel touches no row of another; what a user did stands in one row for six weeks, as
 * differences. A word is a number that hashes the word, the channel and its six weeks: the list of a frequent
 * word is short then, and the index holds no text. Names may be longer than a B-tree takes: they are hashed.
 */
export const INDEX_TABLES = `
  create table $S.index_state (
    is_one boolean primary key default true check (is_one),
    epoch uuid not null default gen_random_uuid(),
    salt int not null default floor(random() * 2147483647)::int,
    revision bigint not null default 0,
    is_unpurged boolean not null default false
  );
  insert into $S.index_state default values;
  create table $S.index_channel (
    no int generated always as identity primary key,
    name text collate "C" not null unique,
    revision bigint not null default 0
  );
  create table $S.index_hour (
    channel int not null,
    hour int not null,
    files text not null,
    orders text not null,
    folders text not null,
    counts text not null,
    people int[] not null,
    primary key (channel, hour)
  ) with (fillfactor = 80);
  create table $S.index_person (
    no int generated always as identity primary key,
    channel int not null,
    id text not null,
    login text not null
  );
  create index on $S.index_person (channel, md5(id || ' ' || login));
  create index on $S.index_person using hash (id) where id <> '';
  create index on $S.index_person using hash (login) where login <> '';
  create table $S.index_block (
    person int not null,
    block int not null,
    entries bytea not null,
    primary key (person, block)
  ) with (fillfactor = 80);
  create table $S.index_room (
    no int generated always as identity primary key,
    channel int not null,
    room text not null
  );
  create index on $S.index_room (channel);
  create table $S.index_room_hour (
    room int not null,
    hour int not null,
    first_us bigint not null,
    last_us bigint not null,
    primary key (room, hour)
  );
  create table $S.index_words (minute bigint primary key, tokens int[] not null);
  -- New words wait in a list that each search looks through: a short one.
  create index on $S.index_words using gin (tokens) with (gin_pending_list_limit = 1024);`;

/** The tables' names, the last one made first. */
export const INDEX_TABLE_NAMES: readonly string[] = [
  "index_words",
  "index_room_hour",
  "index_room",
  "index_block",
  "index_person",
  "index_hour",
  "index_channel",
  "index_state",
];

/** How many minutes since 1970 fit behind a channel's number. */
export const MINUTES_PER_CHANNEL: number = 2 ** 27;
