import { JsonElements } from "../../../core/json/json_elements.ts";
import { MILLISECOND_US, TIME_END_US } from "../../../core/time.ts";
import { type FormatReader, type FoundEntry, refused, toFoundMessage } from "./format_reader.ts";
import { LineReader } from "./line_reader.ts";
import { CsvRows } from "./parts/csv_rows.ts";
import {
  fieldOf,
  listOf,
  type LooseObject,
  objectOf,
  parseObject,
  textOf,
  toLogin,
  toObject,
} from "./parts/json_fields.ts";
import { addPlace, formatEmotes } from "./parts/told_text.ts";

/** An object a line may be long: badges carry the addresses of their pictures. */
const LINE_LENGTH_MAX = 1024 * 1024;

/** What a reader of chat-downloader's files is told. */
export interface ChatDownloaderOptions {
  /** The channel's login: such files do not name it. */
  readonly channel: string | undefined;
}

/** A reader of chat-downloader's JSON: an array of items. */
export class ChatDownloaderReader implements FormatReader {
  readonly #elements = new JsonElements();
  readonly #channel: string | undefined;

  /** See {@link ChatDownloaderOptions}. */
  constructor({ channel }: ChatDownloaderOptions) {
    this.#channel = channel;
  }

  /** See {@link FormatReader}. */
  *push(text: string): Iterable<FoundEntry> {
    for (const { isInArray, text: json } of this.#elements.push(text)) {
      if (!isInArray) continue;
      if (json === undefined) yield refused("entry too long or too deep");
      else yield toEntry(parseObject(json), this.#channel);
    }
  }

  /** See {@link FormatReader}. */
  *end(): Iterable<FoundEntry> {
    if (!this.#elements.isDone || this.#elements.isBroken) yield refused("the file ends too early");
  }
}

/** A reader of chat-downloader's items, one a line. */
export class ChatDownloaderLinesReader extends LineReader {
  readonly #channel: string | undefined;

  /** See {@link ChatDownloaderOptions}. */
  constructor({ channel }: ChatDownloaderOptions) {
    super(LINE_LENGTH_MAX);
    this.#channel = channel;
  }

  protected override *take(line: string): Iterable<FoundEntry> {
    yield toEntry(parseObject(line), this.#channel);
  }
}

/** A reader of chat-downloader's CSV: nested fields stand in columns as `author.badges.0.name`. */
export class ChatDownloaderCsvReader implements FormatReader {
  readonly #rows = new CsvRows();
  readonly #channel: string | undefined;
  #columns: readonly (readonly string[])[] | undefined;

  /** See {@link ChatDownloaderOptions}. */
  constructor({ channel }: ChatDownloaderOptions) {
    this.#channel = channel;
  }

  /** See {@link FormatReader}. */
  *push(text: string): Iterable<FoundEntry> {
    for (const row of this.#rows.push(text)) yield* this.#row(row);
  }

  /** See {@link FormatReader}. */
  *end({ isTorn }: { readonly isTorn: boolean }): Iterable<FoundEntry> {
    for (const row of this.#rows.end()) {
      if (isTorn) yield refused("the file ends too early");
      else yield* this.#row(row);
    }
  }

  *#row(row: readonly string[] | undefined): Iterable<FoundEntry> {
    if (row === undefined) return yield refused("line too long");
    if (this.#columns === undefined) {
      this.#columns = row.map((name) => name.replace(/^\ufeff/, "").split("."));
      return;
    }
    yield toEntry(unflatten(this.#columns, row), this.#channel);
  }
}

/** Only a few levels are read: `author.badges.0.icons.0.url` is the deepest of interest. */
const LEVELS_MAX = 6;

type Nested = { [field: string]: unknown };

/** Undoes the flattening. Lists become objects with numbers as keys, which {@link listIn} takes. */
function unflatten(columns: readonly (readonly string[])[], row: readonly string[]): LooseObject {
  const root = newNested();
  for (const [i, path] of columns.entries()) {
    const value = row[i] ?? "";
    if (value === "" || path.length > LEVELS_MAX) continue;
    let at = root;
    for (const key of path.slice(0, -1)) {
      const inner = at[key];
      const next = typeof inner === "object" ? inner as Nested : newNested();
      at[key] = next;
      at = next;
    }
    at[path.at(-1)!] = value;
  }
  return root;
}

/** Column names come from outside: without a prototype each is just a key. */
function newNested(): Nested {
  return Object.create(null) as Nested;
}

function listIn(object: LooseObject | undefined, field: string): readonly unknown[] {
  const list = listOf(object, field);
  if (list.length > 0) return list;
  const nested = objectOf(object, field);
  return nested === undefined ? [] : Object.values(nested);
}

function toEntry(item: LooseObject | undefined, channel: string | undefined): FoundEntry {
  if (item === undefined) return refused("unreadable entry");
  const us = Number(textOf(item, "timestamp") ?? NaN);
  if (!(us >= 0 && us < TIME_END_US)) return refused("no time");
  const startUs = Math.floor(us / MILLISECOND_US) * MILLISECOND_US;
  if (channel === undefined) return refused("no channel: name it with --channel", startUs);
  const author = objectOf(item, "author");
  const type = textOf(item, "message_type") ?? "text_message";
  const display = textOf(author, "display_name") ?? textOf(author, "name");
  const told = { channel, startUs, endUs: startUs };
  const room = ["room-id", textOf(item, "channel_id")] as const;
  if (type === "ban_user" || type === "clear_chat") {
    return toFoundMessage({
      ...told,
      command: "CLEARCHAT",
      login: null,
      text: toLogin(textOf(item, "banned_user")),
      tags: [
        ["ban-duration", textOf(item, "ban_duration")],
        room,
        ["target-user-id", textOf(item, "target_author_id")],
      ],
    });
  }
  const login = toLogin(textOf(author, "name")) ?? toLogin(display);
  if (type === "delete_message") {
    return toFoundMessage({
      ...told,
      command: "CLEARMSG",
      login: null,
      text: textOf(item, "message") ?? "",
      tags: [["login", login], room, ["target-msg-id", textOf(item, "target_message_id")]],
    });
  }
  const system = textOf(item, "system_message");
  const text = textOf(item, "message");
  const isPlain = type === "text_message" && system === undefined;
  if (text === undefined && isPlain) return refused("no text", startUs);
  if (text === undefined && system === undefined) return refused("kind of entry not kept", startUs);
  return toFoundMessage({
    ...told,
    command: isPlain ? "PRIVMSG" : "USERNOTICE",
    login: login ?? null,
    text,
    tags: [
      ["badges", tellBadges(item, author)],
      ["bits", positive(textOf(item, "bits"))],
      ["client-nonce", textOf(item, "client_nonce")],
      ["color", textOf(item, "colour") ?? textOf(item, "author_colour")],
      ["custom-reward-id", textOf(item, "custom_reward_id")],
      ["display-name", display],
      ["emotes", tellEmotes(item)],
      ["id", textOf(item, "message_id")],
      ["login", isPlain ? undefined : login],
      ["msg-id", isPlain ? undefined : NOTICES.get(type) ?? type],
      ["reply-parent-msg-id", textOf(objectOf(item, "in_reply_to"), "message_id")],
      room,
      ["system-msg", system],
      ["user-id", textOf(author, "id")],
    ],
  });
}

/** The names of this format for Twitch's `msg-id`. */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ["subscription", "sub"],
  ["resubscription", "resub"],
  ["subscription_gift", "subgift"],
  ["mystery_subscription_gift", "submysterygift"],
]);

function tellBadges(item: LooseObject, author: LooseObject | undefined): string | undefined {
  const badges = [...listIn(author, "badges"), ...listIn(item, "author_badges")];
  const parts = badges.flatMap((each) => {
    const badge = toObject(each);
    const [name, version] = [textOf(badge, "name"), textOf(badge, "version")];
    return name === undefined || version === undefined ? [] : [`${name}/${version}`];
  });
  return parts.length === 0 ? undefined : parts.join(",");
}

function tellEmotes(item: LooseObject): string | undefined {
  const places = new Map<string, string[]>();
  for (const each of listIn(item, "emotes")) {
    const emote = toObject(each);
    const id = textOf(emote, "id");
    const locations = fieldOf(emote, "locations");
    const list = typeof locations === "string" ? locations.split(",") : listIn(emote, "locations");
    for (const place of list) {
      const isPlace = typeof place === "string" && /^\d{1,5}-\d{1,5}$/.test(place);
      if (id !== undefined && isPlace) addPlace(places, id, place);
    }
  }
  return formatEmotes(places);
}

function positive(amount: string | undefined): string | undefined {
  return amount !== undefined && /^[1-9]\d{0,9}$/.test(amount) ? amount : undefined;
}
